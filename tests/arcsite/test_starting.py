"""A web server that is started directly refuses what `manage.py` refuses, in sentences and for good."""

import os
import subprocess
import sys
from typing import Any

import pytest
from project_files import ROOT
from pytest_django import Settings

from arcsite import starting

# On PostgreSQL one of the checks asks it.
pytestmark = pytest.mark.django_db


def test_a_sound_configuration_starts() -> None:
    starting.refuse_unsafe()


def test_an_unsafe_one_is_refused_with_every_hint(settings: Settings) -> None:
    settings.ARC_PUBLIC_URL, settings.ARC_HTTPS = "http://cover.example.org", False
    settings.DEBUG = True
    with pytest.raises(starting.Unsafe) as refusal:
        starting.refuse_unsafe()
    lines = str(refusal.value).splitlines()[1:]
    assert {line.partition(":")[0] for line in lines} >= {"arc.E001", "arc.E002"}
    assert all(" Hint: " in line for line in lines)


def test_a_warning_starts(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.ARC_TRUSTED_PROXIES = 1
    starting.refuse_unsafe()


@pytest.mark.processes
@pytest.mark.parametrize(("url", "refused"), [("http://cover.example.org", True), ("", False)])
def test_gunicorn_itself_says_why_and_ends(url: str, refused: bool) -> None:
    command = [sys.executable, "-m", "gunicorn", "arcsite.wsgi:application"]
    command += ["--check-config"] if not refused else ["--bind", "127.0.0.1:0", "--no-control-socket"]
    environment: dict[str, Any] = {**os.environ, "ARC_PUBLIC_URL": url}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode != 0) is refused
    assert ("arc.E001: " in done.stderr) is refused
    assert "Traceback" not in done.stderr
