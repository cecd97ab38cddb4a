"""A host that has other secrets than the others of its database does not start, whichever process it is."""

import json
import secrets
from io import StringIO
from pathlib import Path

import pytest
from django.core.checks import CheckMessage, run_checks
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import DatabaseError, connection
from pytest_django import Settings

from arcsite import restoring, shared_secrets, starting
from review import audit
from review.models import AuditEntry

pytestmark = pytest.mark.django_db


@pytest.fixture
def prepared(monkeypatch: pytest.MonkeyPatch) -> None:
    """A first host has been here."""
    monkeypatch.setattr(connection, "vendor", "postgresql")
    shared_secrets.require_same()


def found() -> list[CheckMessage]:
    return [fault for fault in run_checks() if fault.id == "arc.E015"]


def test_what_is_noted_tells_no_secret(prepared: None, settings: Settings) -> None:
    shared_secrets.require_same()
    entries = AuditEntry.objects.all()
    assert {entry.action for entry in entries} == {shared_secrets.PEPPER, shared_secrets.MASTER_KEY}
    assert len(entries) == 2
    for entry in entries:
        assert len(json.loads(entry.details)["mark"]) == shared_secrets.DIGITS
        assert settings.ARC_PEPPER not in entry.details
        assert settings.ARC_MASTER_KEY not in entry.details
    assert not audit.verify().fault
    assert found() == []


@pytest.mark.parametrize("name", ["ARC_PEPPER", "ARC_MASTER_KEY"])
def test_another_secret_is_refused_by_whatever_starts(prepared: None, settings: Settings, name: str) -> None:
    setattr(settings, name, secrets.token_urlsafe(48))
    with pytest.raises(ImproperlyConfigured, match=f"another {name}"):
        shared_secrets.require_same()
    (fault,) = found()
    assert name in fault.msg
    assert fault.hint
    with pytest.raises(starting.Unsafe, match=r"arc\.E015"):
        starting.refuse_unsafe()


def test_a_new_master_key_is_what_hosts_are_held_to(
    prepared: None, settings: Settings, tmp_path: Path
) -> None:
    file = tmp_path / "key"
    file.write_text(secrets.token_urlsafe(48))
    call_command("rotate_master_key", file, stdout=StringIO())
    assert len(found()) == 1
    call_command("rotate_master_key", file, stdout=StringIO())
    settings.ARC_MASTER_KEY = file.read_text()
    assert found() == []
    assert AuditEntry.objects.filter(action=shared_secrets.MASTER_KEY).count() == 2


def test_a_backup_from_before_a_new_master_key_may_be_restored(
    prepared: None, settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings.DATA_DIR = tmp_path  # a journal of its own, in which nothing was published yet
    settings.ARC_MASTER_KEY = secrets.token_urlsafe(48)
    monkeypatch.setattr(restoring, "migrate", lambda: None)
    restoring.reapply()
    assert found() == []


def test_a_silent_database_says_so_elsewhere(prepared: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def silent() -> list[str]:
        raise DatabaseError("it is away")

    monkeypatch.setattr(shared_secrets, "differing", silent)
    assert found() == []


@pytest.mark.sqlite
def test_one_machine_has_nothing_to_compare(settings: Settings) -> None:
    shared_secrets.require_same()
    settings.ARC_PEPPER = secrets.token_urlsafe(48)
    assert found() == []
    assert not AuditEntry.objects.exists()
