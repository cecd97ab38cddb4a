import os
import stat
import uuid
from pathlib import Path

import pytest
from django.db import DatabaseError
from pytest_django import Settings

from matching import journal
from matching.journal import PUBLISHED, WITHDRAWN, Journal, NotNoted

# Fixed: test ids are made of them, and must be the same in every process.
ONE, OTHER = uuid.UUID(int=1 << 120), uuid.UUID(int=2 << 120)


@pytest.fixture(autouse=True)
def file(settings: Settings, tmp_path: Path) -> Path:
    settings.DATA_DIR = tmp_path
    return tmp_path / "journal"


def test_what_was_noted_is_read_back(file: Path) -> None:
    journal.note(PUBLISHED, ONE)
    journal.note(WITHDRAWN, OTHER)
    journal.note(WITHDRAWN, OTHER)
    assert journal.read() == Journal(published=frozenset({ONE}), withdrawn=frozenset({OTHER}))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_without_a_file_nothing_happened() -> None:
    assert journal.read() == Journal(frozenset(), frozenset())


@pytest.mark.parametrize(
    "torn", ["\n", "\nwith", "\nwithdrawn 0123", f"\nwithdrawn {ONE.hex}"[:-1], "\n\0\xff"]
)
def test_a_torn_line_spoils_no_other(file: Path, torn: str) -> None:
    journal.note(WITHDRAWN, ONE)
    with file.open("ab") as open_file:
        open_file.write(torn.encode("latin-1"))
    journal.note(WITHDRAWN, OTHER)
    assert journal.read().withdrawn == {ONE, OTHER}


def test_a_line_is_on_the_disk_before_it_returns(monkeypatch: pytest.MonkeyPatch, file: Path) -> None:
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: synced.append(os.fstat(descriptor).st_ino))
    journal.note(WITHDRAWN, ONE)
    assert synced == [file.stat().st_ino, file.parent.stat().st_ino], "the new file's name as well"
    journal.note(WITHDRAWN, OTHER)
    assert synced[2:] == [file.stat().st_ino]


@pytest.mark.parametrize("broken", ["write", "fsync"])
def test_what_cannot_be_noted_must_not_commit(monkeypatch: pytest.MonkeyPatch, broken: str) -> None:
    def fail(*_: object) -> int:
        if broken == "write":
            return 3
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, broken, fail)
    with pytest.raises(NotNoted, match="No space left") as caught:
        journal.note(WITHDRAWN, ONE)
    assert isinstance(caught.value, DatabaseError)


def test_no_symbolic_link_is_followed(file: Path, tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_bytes(b"precious")
    file.symlink_to(target)
    with pytest.raises(NotNoted):
        journal.note(WITHDRAWN, ONE)
    assert target.read_bytes() == b"precious"
