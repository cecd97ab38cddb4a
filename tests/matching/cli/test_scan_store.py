"""``arc scan --store``: the folder of ``arc pull`` in the place of a file of fingerprints."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from grids import enroll

from matching.cli.fingerprints_file import read_fingerprints
from matching.cli.looking import Task
from matching.cli.pull_folder import Draft, locked
from matching.cli.pull_news import News
from matching.cli.stills import stills_of
from matching.cli.stored import CURRENT, open_pulled, read_pulled
from matching.client.pages import Changes
from matching.engine.errors import CorruptStore
from matching.engine.fingerprint import Fingerprint
from matching.engine.index import Index
from matching.engine.rows import Rows

pytestmark = pytest.mark.pictures

Arc = Callable[..., Any]


def put_in_force(folder: Path, entries: dict[str, Fingerprint | None], through: int) -> None:
    active = {id_: each for id_, each in entries.items() if each is not None}
    news = News()
    news.add(Changes([*active], Rows.of([*active.values()]), entries.keys() - active, 0))
    with locked(folder):
        Draft(folder, anew=False).commit(news, feed="feed", after=through)


@pytest.fixture
def store(fingerprints: Path, tmp_path: Path) -> Path:
    index = read_fingerprints(str(fingerprints)).index
    put_in_force(tmp_path / "pulled", {id_: index.get(id_) for id_ in index}, len(index))
    return tmp_path / "pulled"


def test_it_finds_what_the_file_finds(arc: Arc, fingerprints: Path, public: Path, store: Path) -> None:
    by_store = arc("scan", "--store", store, public)
    assert by_store.status == 0
    assert len(by_store.lines) == 4
    assert by_store.lines == arc("scan", "--fingerprints", fingerprints, public).lines
    assert "8 photos against 4 fingerprints" in by_store.errors


@pytest.mark.slow
def test_several_processes_open_the_folder_themselves(
    arc: Arc, public: Path, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("matching.cli.scanning.BATCH", 3)
    together = arc("scan", "--store", store, "--jobs", "2", public)
    assert together.lines == arc("scan", "--store", store, public).lines


def test_one_of_both_is_needed_and_not_more(arc: Arc, fingerprints: Path, public: Path, store: Path) -> None:
    assert arc("scan", public).status == 2
    assert arc("scan", "--store", store, "--fingerprints", fingerprints, public).status == 2


def test_a_folder_that_nothing_was_pulled_into_says_what_to_do(
    arc: Arc, public: Path, tmp_path: Path
) -> None:
    ran = arc("scan", "--store", tmp_path, public)
    assert (ran.status, ran.lines) == (2, [])
    assert "arc pull" in ran.errors
    assert ran.errors.endswith("(no-fingerprints)\n")


def test_an_empty_feed_is_no_fault(arc: Arc, public: Path, tmp_path: Path) -> None:
    put_in_force(tmp_path / "pulled", {}, 0)
    ran = arc("scan", "--store", tmp_path / "pulled", public)
    assert (ran.status, ran.lines) == (0, [])


def test_a_folder_that_is_replaced_meanwhile_is_scanned_to_its_end(public: Path, store: Path) -> None:
    opened = read_pulled(str(store))
    task, [still] = Task(opened.index, store=opened.store), stills_of(public / "copy-0.jpg")
    put_in_force(store, {"photo-0": None, "another": enroll(1)}, 9)
    [[sighting]] = task.search([still])
    assert sighting.match.id == "photo-0"
    later = task.recipe(store).task()  # a process that starts later sees the newer
    assert later.search([still]) == [[]]
    assert "another" in later.index


def test_files_that_are_replaced_while_they_are_opened_are_looked_for_again(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    really = Index.open
    missed: list[tuple[Path, ...]] = []

    def replaced_meanwhile(*paths: Path, verify: bool = True) -> Index:
        if len(missed) < 2:
            missed.append(paths)
            put_in_force(store, {"photo-1": None, f"another-{len(missed)}": enroll(1)}, 10 + len(missed))
        return really(*paths, verify=verify)

    monkeypatch.setattr("matching.cli.stored.Index.open", replaced_meanwhile)
    assert {"another-1", "another-2"} <= set(open_pulled(store))


def test_a_missing_file_is_damage(store: Path) -> None:
    for file in store.glob("*.arc"):
        file.unlink()
    with pytest.raises(CorruptStore, match="missing"):
        open_pulled(store)


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", "{" * 2000, '{"format": 1, "version": "arc-1", "feed": "f", "after": -1, "stores": []}',
     '{"format": 1, "version": "arc-1", "feed": 1, "after": 1, "stores": []}',
     '{"format": 1, "version": "arc-1", "feed": "f", "after": true, "stores": []}',
     '{"format": 1, "version": "arc-1", "feed": "f", "after": 1, "stores": ["/etc/passwd"]}',
     '{"format": 1, "version": "arc-1", "feed": "f", "after": 1, "stores": [], "more": 1}'],
)  # fmt: skip
def test_a_spoiled_list_of_files_is_refused(store: Path, text: str) -> None:
    (store / CURRENT).write_text(text)
    with pytest.raises(CorruptStore, match=CURRENT):
        open_pulled(store)


def test_a_list_of_another_program_says_so(arc: Arc, public: Path, store: Path) -> None:
    text = (store / CURRENT).read_text()
    (store / CURRENT).write_text(text.replace('"arc-', '"arc-9'))
    ran = arc("scan", "--store", store, public)
    assert (ran.status, ran.errors.endswith("(newer-version)\n")) == (2, True)
    assert "--resync" in ran.errors
