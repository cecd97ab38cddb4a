"""The units in docs/systemd/ keep what the service promises, and run what `up` and the README run."""

import shutil
import subprocess
from pathlib import Path

import pytest
from project_files import ROOT
from units import DATA, INSTALLED, SYSTEMD, commands_of, container_command, settings_of

from arcsite.management.commands.up import children

SERVICES = sorted(SYSTEMD.glob("*.service"))
TIMERS = sorted(SYSTEMD.glob("*.timer"))
ANALYZE = shutil.which("systemd-analyze")
# What each service must say; nothing of a photo in a core file or on a disk, nobody else's files in reach.
PROMISED = {
    ("KillMode", "mixed"),
    ("LimitCORE", "0"),
    ("UMask", "0077"),
    ("PrivateTmp", "yes"),
    ("NoNewPrivileges", "yes"),
    ("ProtectSystem", "strict"),
    ("ProtectHome", "yes"),
    ("CapabilityBoundingSet", ""),
    ("StateDirectoryMode", "0700"),
    ("User", "arc"),
}
PYTHON = f"{INSTALLED}/.venv/bin/python"


def test_all_are_there() -> None:
    names = [unit.name for unit in SERVICES + TIMERS]
    assert names == [
        "arc-backup.service", "arc-sweep.service", "arc-web.service", "arc-worker.service",
        "arc-backup.timer", "arc-sweep.timer",
    ]  # fmt: skip


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.name)
def test_a_service_keeps_the_promises(unit: Path) -> None:
    found = settings_of(unit)
    assert set(found) >= PROMISED
    room = dict(found)["RuntimeDirectory"]
    environment = dict(found)["Environment"].split()
    # /run is in memory, and systemd's private /tmp need not be.
    assert {f"TMPDIR=/run/{room}", f"ARC_DATA={DATA}"} <= set(environment)
    assert room == unit.stem


@pytest.mark.parametrize("name", ["arc-web.service", "arc-worker.service"])
def test_what_stays_up_says_that_it_is(name: str) -> None:
    assert {("Type", "notify"), ("NotifyAccess", "main"), ("Restart", "always")} <= set(
        settings_of(SYSTEMD / name)
    )


def test_the_worker_is_watched() -> None:
    """It tells systemd at every turn, and the longest a turn can take is far below this."""
    assert ("WatchdogSec", "90") in settings_of(SYSTEMD / "arc-worker.service")


def options(command: list[str]) -> dict[str, str]:
    """The options of a gunicorn command, but for what differs by place."""
    place = command.index("arcsite.wsgi:application") + 1
    words = iter(command[place:])
    found = {word: "" if word == "--no-control-socket" else next(words) for word in words}
    return {name: found[name] for name in found.keys() - {"--bind", "--chdir", "--forwarded-allow-ips"}}


def test_the_web_server_is_the_one_that_up_starts() -> None:
    ours = options(list(children(8000)[0].command))
    assert len(ours) >= 6
    (web,) = commands_of(SYSTEMD / "arc-web.service")
    assert options(web) == options(container_command()) == ours
    assert web[web.index("--bind") + 1].startswith("127.0.0.1:")
    assert web[web.index("--forwarded-allow-ips") + 1] == "127.0.0.1,::1"
    assert web[0] == container_command()[0] == PYTHON


def test_the_worker_is_the_one_that_up_starts() -> None:
    assert commands_of(SYSTEMD / "arc-worker.service") == [[PYTHON, "manage.py", "runworker"]]
    assert children(8000)[1].command[-1] == "runworker"


@pytest.mark.skipif(ANALYZE is None, reason="systemd-analyze is not installed")
def test_systemd_understands_them(tmp_path: Path) -> None:
    """Installed here, as somebody who exists here."""
    assert ANALYZE is not None
    for unit in SERVICES + TIMERS:
        text = unit.read_text().replace(INSTALLED, str(ROOT))
        text = text.replace(f"{ROOT}/.venv/bin/python", "/bin/sh").replace("=arc\n", "=root\n")
        (tmp_path / unit.name).write_text(text)
    found = subprocess.run(
        [ANALYZE, "verify", "--man=no", *sorted(tmp_path.iterdir())],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (found.returncode, found.stderr) == (0, "")
