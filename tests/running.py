"""The real service for browser tests: ``manage.py up`` in a process of its own, on a free port."""

import hashlib
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import pytest

T = TypeVar("T")
ROOT = Path(__file__).resolve().parent.parent
MANAGE = ROOT / "manage.py"
START_SECONDS = 150.0
STOP_SECONDS = 30.0
UNDO_SECONDS = 1
# The same for all workers of a test run, as they copy a data directory that one of them made.
RUN = os.environ.get("PYTEST_XDIST_TESTRUNUID") or secrets.token_hex(16)
FIRST_ACCOUNTS = ("admin", "reviewer")
NEW_ACCOUNT = """
from django.contrib.auth.models import Group, User
user = User.objects.create_user({name!r}, password={password!r}, is_staff={in_admin})
user.groups.add(Group.objects.get(name={role!r}))
"""


@dataclass(frozen=True)
class Credentials:
    username: str
    password: str


@dataclass
class Service:
    """A running service.

    ``url`` has no slash at its end, ``data`` is the private data directory (``data / "db.sqlite3"``,
    ``data / "store"``), ``log`` what all its processes printed. ``credentials`` holds the accounts
    "admin" (superuser, no reviewer) and "reviewer".
    """

    url: str
    data: Path
    log: Path
    environment: dict[str, str]
    credentials: dict[str, Credentials]
    process: subprocess.Popen[bytes]

    def manage(self, *arguments: str) -> str:
        """Run a management command on the service's data; what it printed. Fails when the command fails."""
        done = subprocess.run(
            [sys.executable, MANAGE, *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{arguments} failed:\n{done.stdout}{done.stderr}"
        return done.stdout

    def add_reviewer(self, name: str) -> Credentials:
        """One more account that may review."""
        return self._add(name, "Reviewer")

    def add_partner_manager(self, name: str) -> Credentials:
        """An account that may manage partners in the admin."""
        return self._add(name, "Partner manager", in_admin=True)

    def _add(self, name: str, role: str, *, in_admin: bool = False) -> Credentials:
        account = Credentials(name, secrets.token_urlsafe(16))
        code = NEW_ACCOUNT.format(name=name, password=account.password, role=role, in_admin=in_admin)
        self.manage("shell", "-c", code)
        self.credentials[name] = account
        return account

    def worker_pid(self) -> int | None:
        """The process of ``manage.py runworker``, None while there is none."""
        return next((pid for pid in children_of(self.process.pid) if b"runworker" in command_of(pid)), None)

    def kill_worker(self) -> int:
        """SIGKILL the worker as it stands and return its process id; ``up`` starts another after a second."""
        pid = self.worker_pid()
        assert pid is not None, f"no worker is running:\n{self.printed()}"
        os.kill(pid, signal.SIGKILL)
        return pid

    def restart_worker(self) -> None:
        """Kill the worker and return as soon as another one runs in its place."""
        killed = self.kill_worker()
        wait_for(lambda: self.worker_pid() not in {None, killed}, 30, "another worker")

    def has_ended(self) -> bool:
        return self.process.poll() is not None

    def demo_case(self, name: str) -> tuple[str, str]:
        """Number and secret of a case of the demo, as ``up --demo`` printed them."""
        found = re.search(rf"Demo case {name}: number (\S+), secret (\S+)", self.printed())
        assert found, f"no demo case {name}:\n{self.printed()}"
        return found[1], found[2]

    def printed(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")


def wait_for(look: Callable[[], T], seconds: float, what: str) -> T:
    """Look again and again until there is something true, and return it; fails after ``seconds``."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        if time.monotonic() > deadline:
            pytest.fail(f"waited {seconds:g} s for {what}")
        time.sleep(0.1)
    return found


@contextmanager
def running_service(data: Path, *options: str, **environment: str) -> Iterator[Service]:
    """Start the service on ``data`` and stop it as Ctrl-C would; fails when it leaves a process.

    ``data`` is empty or absent, or was made by a service of the same test run that has ended.
    ``options`` go to ``up`` (such as "--demo"), ``environment`` on top of what tests need.
    """
    port, given = free_port(), {**surroundings(), **environment}
    log = data.with_suffix(".log")
    command = [sys.executable, str(MANAGE), "up", "--port", str(port), "--data", str(data), *options]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=ROOT, env=given, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
        )
    service = Service(
        url=f"http://127.0.0.1:{port}",
        data=data,
        log=log,
        environment={**given, "ARC_DATA": str(data), "ARC_PUBLIC_URL": f"http://127.0.0.1:{port}"},
        credentials={name: Credentials(name, password) for name, password in first_passwords().items()},
        process=process,
    )
    try:
        wait_for(
            lambda: process.poll() is not None or "Ctrl-C" in service.printed(), START_SECONDS, "the start"
        )
        assert not service.has_ended(), f"the service did not start:\n{service.printed()}"
        yield service
    finally:
        stop(process)


def prepare_data(data: Path) -> None:
    """Make ``data`` what a service finds that ran once: database, first accounts, static files."""
    data.mkdir(mode=0o700)
    given = {**surroundings(), "ARC_DATA": str(data)}
    done = subprocess.run(
        [sys.executable, MANAGE, "prepare"], cwd=ROOT, env=given, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"prepare failed:\n{done.stdout}{done.stderr}"


def surroundings() -> dict[str, str]:
    """The environment of a service under test: nothing of this machine's own settings."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("ARC_", "DJANGO_"))}
    return {
        **clean,
        **{f"ARC_{name.upper()}_PASSWORD": password for name, password in first_passwords().items()},
        "ARC_UNDO_SECONDS": str(UNDO_SECONDS),
        "ARC_REQUIRE_MFA": "off",
        # Everybody in these tests comes from one address.
        **{f"ARC_LIMIT_{what}": "100000" for what in ("UPLOADS", "LOOKUPS", "SIGN_INS")},
    }


def first_passwords() -> dict[str, str]:
    return {name: hashlib.sha256(f"{RUN} {name}".encode()).hexdigest() for name in FIRST_ACCOUNTS}


def stop(process: subprocess.Popen[bytes]) -> None:
    family = children_of(process.pid)
    process.send_signal(signal.SIGINT)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        pytest.fail(f"the service did not stop in {STOP_SECONDS:g} s")
    assert not [pid for pid in family if command_of(pid)], "the service left processes behind"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def children_of(pid: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []


def command_of(pid: int) -> bytes:
    """The command line of a process; empty when it has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""
