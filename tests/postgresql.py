"""A PostgreSQL server of the test run's own: a temporary directory, a socket in it, no network."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ACCOUNT = "postgres"
START_SECONDS = 30.0
# Nothing here is to outlive the test, so nothing needs to reach a disk.
SETTINGS = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "shared_buffers=16MB")


def binaries() -> Path | None:
    """Where the server's programs are: the newest version that is installed, None without any."""
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    on_path = [Path(path).resolve().parent for path in [shutil.which("postgres")] if path]
    return next((place for place in [*installed, *on_path] if _is_complete(place)), None)


def _is_complete(place: Path) -> bool:
    return all((place / name).exists() for name in ("initdb", "postgres", "pg_isready"))


def why_not() -> str:
    """What is missing for a private server here; empty when nothing is."""
    if binaries() is None:
        return "no PostgreSQL on this machine (on Debian: apt install postgresql)"
    if os.geteuid() == 0 and (shutil.which("setpriv") is None or not _account_exists()):
        return "PostgreSQL does not run as root, and there is no account postgres to run it as"
    return ""


@contextmanager
def private_server() -> Iterator[Path]:
    """The directory of the server's socket; its superuser ``postgres`` needs no password."""
    programs = binaries()
    assert programs is not None
    # Short, because the path of a socket may have 107 characters at most.
    directory = Path(tempfile.mkdtemp(prefix="arc-pg-"))
    try:
        if os.geteuid() == 0:
            shutil.chown(directory, ACCOUNT, ACCOUNT)
        command: list[str | Path] = [
            programs / "initdb",
            "-D",
            directory / "data",
            "-U",
            ACCOUNT,
            "-A",
            "trust",
            "-N",
            "-E",
            "UTF8",
        ]
        subprocess.run([*_as_account(), *command], check=True, capture_output=True, cwd=directory)
        with _running(programs, directory):
            yield directory
    finally:
        shutil.rmtree(directory)


@contextmanager
def _running(programs: Path, directory: Path) -> Iterator[None]:
    options = [part for setting in ("listen_addresses=", *SETTINGS) for part in ("-c", setting)]
    command: list[str | Path] = [programs / "postgres", "-D", directory / "data", "-k", directory, *options]
    with (directory / "log").open("wb") as log:
        server = subprocess.Popen([*_as_account(), *command], stdout=log, stderr=log, cwd=directory)
    try:
        deadline = time.monotonic() + START_SECONDS
        ready: list[str | Path] = [programs / "pg_isready", "-q", "-h", directory]
        while subprocess.run(ready, check=False).returncode:
            assert server.poll() is None, (directory / "log").read_text()
            assert time.monotonic() < deadline, "PostgreSQL did not start"
            time.sleep(0.1)
        yield
    finally:
        server.terminate()
        server.wait()


def _as_account() -> list[str]:
    if os.geteuid() != 0:
        return []
    return ["setpriv", f"--reuid={ACCOUNT}", f"--regid={ACCOUNT}", "--clear-groups"]


def _account_exists() -> bool:
    return any(line.startswith(f"{ACCOUNT}:") for line in Path("/etc/passwd").read_text().splitlines())
