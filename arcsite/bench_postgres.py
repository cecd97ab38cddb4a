"""A PostgreSQL server for as long as a measurement or a test lasts: a temporary directory, a socket in it."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

ACCOUNT = "postgres"
START_SECONDS = 30.0
# For what need not be kept, and not be measured: nothing reaches a disk.
FORGETFUL = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "shared_buffers=16MB")


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


def url(socket: Path | str, name: str = "postgres") -> str:
    """The DATABASE_URL of a database of the server whose socket lies in this directory."""
    return f"postgresql://{ACCOUNT}@/{name}?host={socket}"


def create_database(socket: Path | str, name: str) -> str:
    """Make an empty database; its DATABASE_URL."""
    with psycopg.connect(url(socket), autocommit=True) as server:
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    return url(socket, name)


@dataclass
class Server:
    """A server in ``directory``, which is also where its socket lies."""

    directory: Path
    settings: Sequence[str] = ()
    process: "subprocess.Popen[bytes] | None" = None

    def start(self) -> None:
        """Start it, after a kill as often as it takes until nobody holds its memory any more."""
        deadline = time.monotonic() + START_SECONDS
        while not self._started():
            assert time.monotonic() < deadline, (self.directory / "log").read_text()
            time.sleep(0.2)

    def kill(self) -> None:
        """As a power cut would end it: no goodbye to anybody. What was committed is in its files."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait()

    def _started(self) -> bool:
        options = [part for setting in ("listen_addresses=", *self.settings) for part in ("-c", setting)]
        data: list[str | Path] = ["-D", self.directory / "data", "-k", self.directory]
        command: list[str | Path] = [*_as_account(), _program("postgres"), *data, *options]
        with (self.directory / "log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, cwd=self.directory)
        ready: list[str | Path] = [_program("pg_isready"), "-q", "-h", self.directory]
        while subprocess.run(ready, check=False).returncode:
            if self.process.poll() is not None:
                return False
            time.sleep(0.1)
        return self.process.poll() is None


@contextmanager
def server(settings: Sequence[str] = ()) -> Iterator[Server]:
    """A running server; its superuser ``postgres`` needs no password. It keeps what it is told, as PostgreSQL
    does, but for ``settings``."""
    # Short, because the path of a socket may have 107 characters at most.
    made = Server(Path(tempfile.mkdtemp(prefix="arc-pg-")), settings)
    try:
        if os.geteuid() == 0:
            shutil.chown(made.directory, ACCOUNT, ACCOUNT)
        options = ["-U", ACCOUNT, "-A", "trust", "-N", "-E", "UTF8"]
        command: list[str | Path] = [*_as_account(), _program("initdb"), "-D", made.directory / "data"]
        subprocess.run([*command, *options], check=True, capture_output=True, cwd=made.directory)
        made.start()
        yield made
    finally:
        made.stop()
        shutil.rmtree(made.directory)


def _program(name: str) -> Path:
    programs = binaries()
    assert programs is not None
    return programs / name


def _as_account() -> list[str]:
    if os.geteuid() != 0:
        return []
    return ["setpriv", f"--reuid={ACCOUNT}", f"--regid={ACCOUNT}", "--clear-groups"]


def _account_exists() -> bool:
    return any(line.startswith(f"{ACCOUNT}:") for line in Path("/etc/passwd").read_text().splitlines())
