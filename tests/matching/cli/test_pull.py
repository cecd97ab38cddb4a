"""``arc pull`` against the contract, its refusals, and what may go wrong on the way."""

import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from feed_server import KEY, FeedServer, serving
from grids import draw_grid, enroll, enroll_extended
from pulled_folders import cursor, down, expected, held, passed

from matching.cli.stored import CURRENT, open_pulled

Arc = Callable[..., Any]

pytestmark = pytest.mark.usefixtures("quick")


def test_everything_is_pulled_kept_under_its_id_and_confirmed(
    arc: Arc, server: FeedServer, folder: Path
) -> None:
    server.publish("wide", enroll_extended(9))
    ran = arc("pull", "--url", server.url, "--store", folder)
    assert (ran.status, ran.lines) == (0, [])
    assert ran.errors.startswith("arc: 9 new or changed, 0 withdrawn in ")
    assert held(folder) == {
        **{f"id-{number}": enroll(number) for number in range(8)},
        "wide": enroll_extended(9),
    }
    assert cursor(folder) == ("feed-one", 9)
    assert server.confirmed == [9]
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_what_is_withdrawn_is_forgotten_in_the_files_themselves(
    arc: Arc, server: FeedServer, folder: Path
) -> None:
    arc("pull", "--url", server.url, "--store", folder)
    server.withdraw("id-3")
    server.withdraw("never-heard-of")
    server.publish("id-5", enroll(25))
    server.publish("id-20", enroll(20))
    assert arc("pull", "--url", server.url, "--store", folder).status == 0
    assert set(held(folder)) == expected(server)
    assert held(folder)["id-5"] == enroll(25)
    assert server.confirmed == [8, 12]
    everything = b"".join(file.read_bytes() for file in folder.iterdir())
    assert enroll(4).hash in everything
    assert enroll(3).hash not in everything
    assert enroll(5).hash not in everything
    index = open_pulled(folder)
    assert [match.id for match in index.search(draw_grid(3)[None])[0]] == []
    assert [match.id for match in index.search(draw_grid(20)[None])[0]] == ["id-20"]


def test_any_history_ends_in_the_same_set_in_few_files(arc: Arc, server: FeedServer, folder: Path) -> None:
    for number in range(8, 60):
        server.publish(f"id-{number}", enroll(number % 8))
        if number % 3:
            server.withdraw(f"id-{number * 7 % 40}")
        if number % 6 == 0:
            assert arc("pull", "--url", server.url, "--store", folder).status == 0
            assert set(held(folder)) == expected(server)
    arc("pull", "--url", server.url, "--store", folder)
    assert set(held(folder)) == expected(server)
    files = list(folder.glob("*.arc"))
    assert len(files) <= 6
    assert {file.name for file in folder.iterdir()} == {"lock", CURRENT, *(file.name for file in files)}


def test_a_feed_without_records_is_no_fault(arc: Arc, folder: Path) -> None:
    with serving(FeedServer()) as server:
        assert arc("pull", "--url", server.url, "--store", folder).status == 0
    assert held(folder) == {}


def test_records_of_a_newer_kind_are_passed_over_and_told(arc: Arc, server: FeedServer, folder: Path) -> None:
    arc("pull", "--url", server.url, "--store", folder)
    server.outgrow("id-2")
    server.outgrow("id-30")
    ran = arc("pull", "--url", server.url, "--store", folder)
    assert ran.status == 1
    assert "2 of a newer kind passed over" in ran.errors
    assert "update arc" in ran.errors
    assert set(held(folder)) == expected(server)  # what it replaced is not matched any longer
    again = arc("pull", "--url", server.url, "--store", folder)
    assert "2 earlier ones too: update arc" in again.errors


def test_a_key_comes_from_a_file_as_well(
    arc: Arc, server: FeedServer, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ARC_KEY")
    file = tmp_path / "key"
    file.write_text(f"{KEY}\n")
    assert arc("pull", "--url", server.url, "--store", folder, "--key-file", file).status == 0
    assert set(held(folder)) == expected(server)


@pytest.mark.parametrize(
    ("key", "code"), [(None, "no-key"), ("  ", "no-key"), ("two words", "bad-key"), ("clé", "bad-key")]
)
def test_a_key_that_cannot_be_one_is_not_sent_nor_shown(
    arc: Arc, server: FeedServer, folder: Path, monkeypatch: pytest.MonkeyPatch, key: str | None, code: str
) -> None:
    monkeypatch.delenv("ARC_KEY")
    if key:
        monkeypatch.setenv("ARC_KEY", key)
    ran = arc("pull", "--url", server.url, "--store", folder)
    assert ran.status == 2
    assert ran.errors.endswith(f"({code})\n")
    assert key is None or not key.strip() or key not in ran.errors
    assert server.asked == []


@pytest.mark.parametrize(
    "url",
    ["example.org", "ftp://example.org", "http://example.org", "https://me:secret@example.org", "https://",
     "https://example.org/?key=1", "https://[::1", "https://example.org:port"],
)  # fmt: skip
def test_a_key_travels_only_where_nobody_listens(arc: Arc, folder: Path, url: str) -> None:
    ran = arc("pull", "--url", url, "--store", folder)
    assert ran.status == 2
    assert ran.errors.endswith("(bad-address)\n")
    assert "secret" not in ran.errors


def test_a_wrong_key_is_told_and_changes_nothing(arc: Arc, server: FeedServer, folder: Path) -> None:
    arc("pull", "--url", server.url, "--store", folder)
    before = cursor(folder)
    server.key = "rotated"
    ran = arc("pull", "--url", server.url, "--store", folder)
    assert ran.status == 1
    assert ran.errors.endswith("(key-not-accepted)\n")
    assert KEY not in ran.errors
    assert cursor(folder) == before


def test_another_feed_needs_a_word_and_leaves_no_ghosts(arc: Arc, server: FeedServer, folder: Path) -> None:
    arc("pull", "--url", server.url, "--store", folder)
    server.feed, server.records, server.head, server.confirmed = "feed-two", {}, 0, []
    for number in range(40, 48):
        server.publish(f"other-{number}", enroll(number))
    ran = arc("pull", "--url", server.url, "--store", folder)
    assert ran.status == 1
    assert "--resync" in ran.errors
    assert ran.errors.endswith("(another-feed)\n")
    assert len(held(folder)) == 8
    assert arc("pull", "--url", server.url, "--store", folder, "--resync").status == 0
    assert set(held(folder)) == expected(server)
    assert (cursor(folder), server.confirmed) == (("feed-two", 8), [8])


def test_a_folder_ahead_of_the_feed_is_told_so(arc: Arc, server: FeedServer, folder: Path) -> None:
    arc("pull", "--url", server.url, "--store", folder)
    server.head = 4
    ran = arc("pull", "--url", server.url, "--store", folder)
    assert ran.status == 1
    assert "--resync" in ran.errors
    assert ran.errors.endswith("(cursor-ahead)\n")


def test_a_resync_replaces_at_once_and_goes_on_after_a_failure(
    arc: Arc, server: FeedServer, folder: Path
) -> None:
    arc("pull", "--url", server.url, "--store", folder)
    for number in range(8, 14):
        server.publish(f"id-{number}", enroll(number))
    server.withdraw("id-1")
    server.faults.extend([passed] * 3 + [down] * 5)
    server.asked.clear()
    ran = arc("pull", "--url", server.url, "--store", folder, "--resync")
    assert (ran.status, len(held(folder))) == (1, 8)  # the old ones, withdrawn or not, until all is there
    assert server.confirmed == [8]
    server.asked.clear()
    assert arc("pull", "--url", server.url, "--store", folder).status == 0
    assert "after=10" in server.asked[0]
    assert set(held(folder)) == expected(server)
    assert server.confirmed == [8, 15]
    assert not (folder / "resync.json").exists()


def test_a_resync_of_a_feed_that_changes_meanwhile_starts_again(
    arc: Arc, server: FeedServer, folder: Path
) -> None:
    server.faults.extend([passed] * 2 + [down] * 5)
    assert arc("pull", "--url", server.url, "--store", folder, "--resync").status == 1
    server.feed, server.records, server.head = "feed-two", {}, 0
    server.publish("other", enroll(40))
    assert arc("pull", "--url", server.url, "--store", folder).status == 0
    assert set(held(folder)) == {"other"}


def test_a_confirmation_that_is_behind_is_no_fault(arc: Arc, server: FeedServer, folder: Path) -> None:
    server.head += 5
    server.confirmed = [13]  # by another machine with the same key
    assert arc("pull", "--url", server.url, "--store", folder).status == 0
    assert server.confirmed == [13]


def test_a_confirmation_that_was_lost_is_sent_by_the_next_pull(
    arc: Arc, server: FeedServer, folder: Path
) -> None:
    server.faults.extend([passed] * 3 + [down] * 5)
    assert arc("pull", "--url", server.url, "--store", folder).status == 1
    assert (len(held(folder)), server.confirmed) == (8, [])
    assert arc("pull", "--url", server.url, "--store", folder).status == 0
    assert server.confirmed == [8]


def test_other_peoples_folders_are_left_alone(arc: Arc, server: FeedServer, tmp_path: Path) -> None:
    (tmp_path / "diary.txt").write_text("mine")
    ran = arc("pull", "--url", server.url, "--store", tmp_path)
    assert ran.status == 2
    assert ran.errors.endswith("(not-a-store)\n")
    assert [file.name for file in tmp_path.iterdir()] == ["diary.txt"]


def test_a_damaged_folder_is_made_anew_when_asked(arc: Arc, server: FeedServer, folder: Path) -> None:
    arc("pull", "--url", server.url, "--store", folder)
    (folder / CURRENT).write_text('{"format": 1, "version": "arc-1", "stores": ["../../etc/passwd"]}')
    for command in (["pull", "--url", server.url], ["scan", str(folder)]):
        ran = arc(*command, "--store", folder)
        assert (ran.status, ran.errors.endswith("(corrupt-store)\n")) == (2, True)
        assert "--resync" in ran.errors
    assert arc("pull", "--url", server.url, "--store", folder, "--resync").status == 0
    assert set(held(folder)) == expected(server)


def test_a_damaged_file_is_not_copied_into_a_sound_one(arc: Arc, server: FeedServer, folder: Path) -> None:
    arc("pull", "--url", server.url, "--store", folder)
    for file in folder.glob("*.arc"):
        data = bytearray(file.read_bytes())
        data[-1000] ^= 1
        file.write_bytes(data)
    server.withdraw("id-3")
    ran = arc("pull", "--url", server.url, "--store", folder)
    assert (ran.status, ran.errors.endswith("(corrupt-store)\n")) == (2, True)
    assert cursor(folder) == ("feed-one", 8)


def test_a_full_disk_leaves_what_was_there(
    arc: Arc, server: FeedServer, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arc("pull", "--url", server.url, "--store", folder)
    server.withdraw("id-3")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", full)
        ran = arc("pull", "--url", server.url, "--store", folder)
    assert (ran.status, ran.errors.endswith("(cannot-write)\n")) == (3, True)
    assert (len(held(folder)), cursor(folder), server.confirmed) == (8, ("feed-one", 8), [8])


def test_watching_asks_again_and_does_not_fetch_what_it_has(
    arc: Arc, server: FeedServer, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rounds = iter(["nothing", "nothing", "withdrawal", "nothing"])

    def between(seconds: float) -> None:
        assert seconds == 20
        happens = next(rounds, None)
        if happens is None:
            raise KeyboardInterrupt
        if happens == "withdrawal":
            server.withdraw("id-3")

    monkeypatch.setattr("matching.cli.pull.time.sleep", between)
    ran = arc("pull", "--url", server.url, "--store", folder, "--watch", "20")
    assert ran.status == 130
    assert server.confirmed == [8, 9]
    assert ran.errors.count("\n") == 3  # the first pull, the withdrawal, the interruption
    assert set(held(folder)) == expected(server)
