"""Each check refuses its unsafe configuration, says what to do, and is silent on a safe one."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.checks import CheckMessage, run_checks
from pytest_django import Settings

from arcsite import checks
from enrollment.signals import photo_moved

Spoil = Callable[[Settings, Path], None]


def set_plain_http(settings: Settings, _: Path) -> None:
    settings.ARC_PUBLIC_URL, settings.ARC_HTTPS = "http://cover.example.org", False


def set_debug(settings: Settings, _: Path) -> None:
    settings.DEBUG = True


def set_equal_secrets(settings: Settings, _: Path) -> None:
    settings.ARC_PEPPER = settings.ARC_MASTER_KEY


def set_spooling(settings: Settings, _: Path) -> None:
    settings.FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.TemporaryFileUploadHandler"]


def set_open_directory(settings: Settings, directory: Path) -> None:
    directory.chmod(0o755)
    settings.DATA_DIR = directory


UNSAFE: dict[str, Spoil] = {
    "arc.E001": set_plain_http,
    "arc.E002": set_debug,
    "arc.E003": set_equal_secrets,
    "arc.E004": set_spooling,
    "arc.E005": set_open_directory,
}


def ours(messages: list[CheckMessage]) -> list[str]:
    return [message.id for message in messages if message.id and message.id.startswith("arc.")]


def test_a_safe_configuration_passes() -> None:
    assert ours(run_checks()) == []


@pytest.mark.parametrize("code", UNSAFE)
def test_it_refuses_with_a_hint(code: str, settings: Settings, tmp_path: Path) -> None:
    UNSAFE[code](settings, tmp_path)
    found = [message for message in run_checks() if message.id == code]
    assert len(found) == 1
    assert found[0].hint


def test_it_refuses_when_nothing_audits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(photo_moved, "receivers", [])
    assert [message.id for message in checks.every_step_is_audited(None)] == ["arc.E006"]


def test_a_missing_data_directory_is_not_an_open_one(settings: Settings, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path / "absent"
    assert checks.data_directory_is_private(None) == []
