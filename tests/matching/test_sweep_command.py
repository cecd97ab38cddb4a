from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection
from photo_rows import MakePhoto

from enrollment.states import PhotoState
from matching import backlog


def sweep(*arguments: str) -> str:
    out = StringIO()
    call_command("sweep", *arguments, stdout=out)
    return out.getvalue()


def test_it_says_what_it_did_in_one_line(make_photo: MakePhoto) -> None:
    make_photo(PhotoState.COVERED)
    said = sweep()
    assert said.startswith("Steps done 2, retried 0, lapsed 0, strays removed 0; left to fingerprint 0,")
    assert said.count("\n") == 1


def test_it_ends_with_an_error_while_a_photo_is_failed(make_photo: MakePhoto) -> None:
    make_photo(PhotoState.FAILED)
    with pytest.raises(CommandError, match=r"ALARM: failed 1 .*--retry-failed") as error:
        sweep()
    assert error.value.returncode == 1
    assert "retried 1" in sweep("--retry-failed")


def test_it_ends_with_an_error_while_something_waits_for_too_long(make_photo: MakePhoto) -> None:
    make_photo(PhotoState.WITHDRAWN, due_at="2026-01-01T00:00Z", lease_until="2999-01-01T00:00Z")
    with pytest.raises(CommandError, match="ALARM: not deleted for too long 1"):
        sweep()


@pytest.mark.sqlite
@pytest.mark.django_db
def test_a_missing_database_is_told_in_one_sentence_and_none_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = tmp_path / "db.sqlite3"
    monkeypatch.setitem(connection.settings_dict, "NAME", missing)
    with pytest.raises(CommandError, match=r"^database-missing: .* Hint: .*restore"):
        sweep()
    assert not missing.exists()


@pytest.mark.django_db
def test_a_database_that_does_not_answer_is_told_in_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise OperationalError("database is locked")

    monkeypatch.setattr(backlog, "measure", fail)
    with pytest.raises(CommandError, match=r"^database-unusable: .*locked.* Hint: "):
        sweep()
