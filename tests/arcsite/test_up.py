"""`up` prepares everything once, names what is in its way in one sentence, and serves."""

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import OperationalError
from project_files import ROOT
from pytest_django import Settings

from arcsite import assets, preparing
from arcsite.launcher import Launcher, only_one
from arcsite.management.commands import up

pytestmark = pytest.mark.processes

Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def data(settings: Settings, tmp_path: Path) -> Path:
    settings.DATA_DIR = tmp_path
    settings.STATIC_ROOT = tmp_path / "static"
    (tmp_path / "run").mkdir()
    return tmp_path


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def launched(monkeypatch: pytest.MonkeyPatch) -> list[Launcher]:
    """Launchers that served at once and were then told to stop."""
    launchers: list[Launcher] = []

    def run(self: Launcher, when_serving: Callable[[], None]) -> None:
        launchers.append(self)
        when_serving()

    monkeypatch.setattr(Launcher, "run", run)
    return launchers


def run_up(**options: Any) -> str:
    out = StringIO()
    call_command("up", stdout=out, **options)
    return out.getvalue()


@pytest.mark.django_db
def test_the_first_start_shows_passwords_and_addresses(
    data: Path, port: int, launched: list[Launcher]
) -> None:
    shown = run_up(port=port)
    password = re.search(r"admin +(\S+) +administration", shown)
    assert password
    assert User.objects.get(username="admin").check_password(password[1])
    assert re.findall(r"http://127\.0\.0\.1:8000(/\S*)", shown) == ["/", "/review/", "/admin/"]
    assert f"127.0.0.1:{port}" in shown
    assert [child.name for child in launched[0].children] == ["web server", "worker"]


@pytest.mark.django_db
def test_it_says_what_the_first_sign_in_asks_for(
    data: Path, port: int, launched: list[Launcher], settings: Settings
) -> None:
    settings.ARC_REQUIRE_MFA = True
    shown = run_up(port=port)
    assert "asks to set up an authenticator app" in shown
    assert "without a second factor" not in shown


@pytest.mark.django_db
def test_it_says_when_no_second_factor_is_asked_for(
    data: Path, port: int, launched: list[Launcher], settings: Settings
) -> None:
    settings.ARC_REQUIRE_MFA = False
    shown = run_up(port=port)
    assert "without a second factor" in shown
    assert "authenticator app" not in shown


@pytest.mark.django_db
def test_the_second_start_shows_no_password(data: Path, port: int, launched: list[Launcher]) -> None:
    run_up(port=port)
    assert "First accounts" not in run_up(port=port)
    assert len(launched) == 2


@pytest.mark.django_db
def test_a_given_password_is_not_shown(
    data: Path, port: int, launched: list[Launcher], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARC_ADMIN_PASSWORD", "seven green bottles")
    shown = run_up(port=port)
    assert "seven" not in shown
    assert "(as set in the environment)" in shown


@pytest.mark.django_db
def test_the_demo_is_loaded_only_when_asked(
    data: Path, port: int, launched: list[Launcher], monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded: list[bool] = []
    monkeypatch.setattr(up, "load_demo", lambda: loaded.append(True))
    run_up(port=port)
    assert loaded == []
    run_up(port=port, demo=True)
    assert loaded == [True]


@pytest.mark.django_db
def test_a_port_in_use_comes_before_any_work(data: Path, port: int, launched: list[Launcher]) -> None:
    with socket.create_server(("127.0.0.1", port)), pytest.raises(CommandError, match=f"Port {port} "):
        run_up(port=port)
    assert not User.objects.exists()
    assert launched == []


def test_a_second_up_is_refused(data: Path, port: int, launched: list[Launcher]) -> None:
    with only_one(data / "run"), pytest.raises(CommandError, match="ARC already runs on"):
        run_up(port=port)
    assert launched == []


def test_an_unusable_database_is_named(data: Path, port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> bool:
        raise OperationalError("attempt to write a readonly database")

    monkeypatch.setattr(preparing, "has_unapplied_migrations", fail)
    with pytest.raises(CommandError, match="The database cannot be used: attempt to write a readonly"):
        run_up(port=port)


@pytest.mark.django_db
def test_a_weak_given_password_stops_the_start(
    data: Path, port: int, launched: list[Launcher], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARC_ADMIN_PASSWORD", "password")
    with pytest.raises(CommandError, match="ARC_ADMIN_PASSWORD is refused"):
        run_up(port=port)
    assert launched == []


@pytest.mark.parametrize("port", ["0", "65536", "http"])
def test_a_port_that_is_none_is_refused(port: str) -> None:
    with pytest.raises(CommandError, match="--port"):
        call_command("up", f"--port={port}")


def test_the_server_listens_here_and_writes_nothing_about_visitors() -> None:
    server = list(up.children(8123)[0].command)
    assert server[server.index("--bind") + 1] == "127.0.0.1:8123"
    assert server[server.index("--forwarded-allow-ips") + 1] == "127.0.0.1,::1"
    assert "--no-control-socket" in server
    assert not any("access" in argument for argument in server)


def test_static_files_are_collected_once_per_change(
    data: Path, settings: Settings, tmp_path_factory: pytest.TempPathFactory
) -> None:
    source = tmp_path_factory.mktemp("sources")
    (source / "a.css").write_text("p { color: red }")
    settings.STATICFILES_DIRS = [source]
    settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
    settings.STORAGES = {
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"}
    }
    assert [assets.collect_if_changed(), assets.collect_if_changed()] == [True, False]
    (source / "b.css").write_text("p { color: blue }")
    assert [assets.collect_if_changed(), assets.collect_if_changed()] == [True, False]
    assert len(list((data / "static").glob("b.*.css"))) == 1
    (data / "static" / "staticfiles.json").unlink()
    assert assets.collect_if_changed()


@pytest.fixture
def start(tmp_path: Path, port: int) -> Iterator[Start]:
    """Starts the real command on a data directory of its own."""
    started: list[subprocess.Popen[str]] = []
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ARC_")}

    def run(*arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, str(ROOT / "manage.py"), "up", "--port", str(port), *arguments]
        command += ["--data", str(tmp_path / "data")]
        started.append(
            subprocess.Popen(
                command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
            )
        )
        return started[-1]

    yield run
    for process in started:
        process.kill()
        with process:
            process.wait()


def read_until(process: subprocess.Popen[str], text: str) -> str:
    """Everything it says up to the line with this text."""
    assert process.stdout is not None
    said = ""
    for line in process.stdout:
        said += line
        if text in line:
            return said
    raise AssertionError(f"it ended without saying {text!r}: {said}")


def status_of(port: int, path: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    finally:
        connection.close()


@pytest.mark.slow
def test_the_whole_service_starts_twice_and_leaves_nothing(start: Start, port: int, tmp_path: Path) -> None:
    first = start()
    assert "First accounts" in read_until(first, "Ctrl-C")
    assert status_of(port, "/") == 200
    assert status_of(port, "/review/") == 302
    refused = start()
    assert refused.communicate()[0].startswith("CommandError: ARC already runs on")
    assert refused.returncode == 1
    first.send_signal(signal.SIGINT)
    assert first.wait(20) == 0
    assert processes_of(tmp_path) == []

    second = start()
    assert "First accounts" not in read_until(second, "Ctrl-C")
    second.kill()
    second.wait()
    deadline = time.monotonic() + 15
    while processes_of(tmp_path):
        assert time.monotonic() < deadline, processes_of(tmp_path)
        time.sleep(0.1)


def processes_of(data: Path) -> list[str]:
    """The command lines of all processes that were given this data directory."""
    mark, found = str(data).encode(), []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (process / "environ").read_bytes():
                found.append((process / "cmdline").read_text().replace("\0", " "))
        except OSError:
            continue
    return found
