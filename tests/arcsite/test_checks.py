"""Each check refuses its unsafe configuration, says what to do, and is silent on a safe one."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path

import pytest
from django.contrib import admin
from django.core.checks import CheckMessage, run_checks
from django_q.models import Schedule
from project_files import ROOT
from pytest_django import Settings

from arcsite import checks, deployment_checks
from enrollment.signals import photo_moved

pytestmark = pytest.mark.processes

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


def set_no_second_factor(settings: Settings, _: Path) -> None:
    settings.ARC_PUBLIC_URL, settings.ARC_HTTPS = "https://cover.example.org", True
    settings.ARC_REQUIRE_MFA = False


def set_typed_secret(settings: Settings, _: Path) -> None:
    settings.ARC_PEPPER = "abcabcabc" * 5


def set_example_secret(settings: Settings, _: Path) -> None:
    settings.SECRET_KEY = "django-insecure-" + settings.ARC_PEPPER


def set_forgetful_database(settings: Settings, _: Path) -> None:
    settings.DATABASES["default"]["OPTIONS"]["init_command"] = "PRAGMA journal_mode=WAL"


def set_atomic_requests(settings: Settings, _: Path) -> None:
    settings.DATABASES["default"]["ATOMIC_REQUESTS"] = True


def set_uncounted_proxy(settings: Settings, _: Path) -> None:
    settings.ARC_PUBLIC_URL, settings.ARC_HTTPS = "https://cover.example.org", True


def set_imagined_proxy(settings: Settings, _: Path) -> None:
    settings.ARC_TRUSTED_PROXIES = 1


def set_temporary_disk(settings: Settings, directory: Path) -> None:
    set_uncounted_proxy(settings, directory)


def set_key_beside_photos(settings: Settings, directory: Path) -> None:
    set_uncounted_proxy(settings, directory)
    (directory / "master_key").touch()
    settings.DATA_DIR, settings.ARC_MASTER_KEY_PATH = directory, directory / "master_key"


def set_guardian_route(settings: Settings, _: Path) -> None:
    settings.ARC_GUARDIAN_ROUTE = True


UNSAFE: dict[str, Spoil] = {
    "arc.E001": set_plain_http,
    "arc.E002": set_debug,
    "arc.E003": set_equal_secrets,
    "arc.E004": set_spooling,
    "arc.E005": set_open_directory,
    "arc.E007": set_no_second_factor,
    "arc.E008": set_typed_secret,
    "arc.E008 again": set_example_secret,
    "arc.E009": set_forgetful_database,
    "arc.E009 again": set_atomic_requests,
    "arc.W001": set_uncounted_proxy,
    "arc.W002": set_imagined_proxy,
    "arc.W003": set_temporary_disk,
    "arc.W004": set_key_beside_photos,
    "arc.W005": set_guardian_route,
}
HTTPS = {"ARC_PUBLIC_URL": "https://cover.example.org", "ARC_TRUSTED_PROXIES": "1", "ARC_REQUIRE_MFA": "on"}


@pytest.fixture(autouse=True)
def temporary_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever this machine has: here, temporary files lie on a disk."""
    monkeypatch.setattr(deployment_checks, "filesystem_of", lambda directory: "ext4")


@pytest.fixture(autouse=True)
def unspoiled(settings: Settings) -> Iterator[None]:
    """Django warns of another DATABASES, so the one there is gets spoiled, and is mended afterwards."""
    default = settings.DATABASES["default"]
    kept = deepcopy(default)
    yield
    default.clear()
    default.update(kept)


def ours(messages: list[CheckMessage]) -> list[str]:
    return [message.id for message in messages if message.id and message.id.startswith("arc.")]


def test_a_safe_configuration_passes() -> None:
    assert ours(run_checks()) == []


@pytest.mark.parametrize("code", UNSAFE)
def test_it_refuses_with_a_hint(code: str, settings: Settings, tmp_path: Path) -> None:
    UNSAFE[code](settings, tmp_path)
    found = [message for message in run_checks() if message.id == code.partition(" ")[0]]
    assert len(found) == 1
    assert found[0].hint


def test_it_refuses_when_nothing_audits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(photo_moved, "receivers", [])
    assert [message.id for message in checks.every_step_is_audited(None)] == ["arc.E006"]


def test_a_missing_data_directory_is_not_an_open_one(settings: Settings, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path / "absent"
    assert checks.data_directory_is_private(None) == []


def test_it_refuses_the_task_queue_in_the_admin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(admin.site._registry, Schedule, admin.ModelAdmin(Schedule, admin.site))
    assert "arc.E010" in ours(run_checks())


def test_a_mounted_memory_disk_is_recognised(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.undo()
    mounts = tmp_path / "mounts"
    inner = tmp_path / "in memory"
    inner.mkdir()
    mounted = str(inner.resolve()).replace(" ", "\\040")
    mounts.write_text(f"/dev/sda1 / ext4 rw 0 0\ntmpfs {mounted} tmpfs rw 0 0\n")
    monkeypatch.setattr(deployment_checks, "MOUNTS", mounts)
    assert deployment_checks.filesystem_of(inner / "deeper") == "tmpfs"
    assert deployment_checks.filesystem_of(tmp_path) == "ext4"
    monkeypatch.setattr(deployment_checks, "MOUNTS", tmp_path / "absent")
    assert deployment_checks.filesystem_of(inner) == ""


def check_deploy(**environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "manage.py"), "check", "--deploy", "--fail-level", "WARNING"]
    return subprocess.run(
        command, env=os.environ | environment, cwd=ROOT, capture_output=True, text=True, check=False
    )


@pytest.mark.skipif(
    not Path("/dev/shm").is_dir(),
    reason="no memory disk on this machine to hold temporary files (on Linux: mount a tmpfs at /dev/shm)",
)
def test_a_deployment_by_the_book_has_no_issues() -> None:
    done = check_deploy(**HTTPS, TMPDIR="/dev/shm")
    assert (done.returncode, done.stdout) == (0, "System check identified no issues (0 silenced).\n"), (
        done.stderr
    )


def test_a_dangerous_one_does_not_start() -> None:
    done = check_deploy(**HTTPS | {"ARC_REQUIRE_MFA": "off"})
    assert done.returncode == 1
    assert "arc.E007" in done.stderr
