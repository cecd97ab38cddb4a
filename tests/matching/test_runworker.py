from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db.backends.signals import connection_created
from django.db.utils import ConnectionHandler

from matching import supervisor
from matching.management.commands.runworker import PATIENCE_MS, be_impatient


@pytest.fixture(autouse=True)
def patient_again() -> Iterator[None]:
    """The receiver belongs to the process of the command; tests share theirs."""
    yield
    connection_created.disconnect(dispatch_uid="matching.runworker")


def test_it_supervises_the_data_directory(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[Path, Path]] = []
    monkeypatch.setattr(supervisor, "supervise", lambda data, directory: asked.append((data, directory)))
    call_command("runworker")
    assert asked == [(settings.DATA_DIR, settings.BASE_DIR)]


def test_a_second_worker_is_told_that_it_is_not_needed() -> None:
    with supervisor.only_one(settings.DATA_DIR / "run"), pytest.raises(CommandError, match="already runs"):
        call_command("runworker")


@pytest.mark.sqlite
@pytest.mark.django_db
def test_its_connections_do_not_wait_long_for_a_locked_database(tmp_path: Path) -> None:
    connection_created.connect(be_impatient, dispatch_uid="matching.runworker")
    alias = {**settings.DATABASES["default"], "NAME": tmp_path / "file.sqlite3"}
    connection = ConnectionHandler({"default": alias})["default"]
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout")
        assert cursor.fetchone() == (PATIENCE_MS,)
    connection.close()
