"""A service of its own: a data directory, a database file, and real processes to be killed."""

import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from project_files import ROOT

from arcsite import datadir
from matching import processes

ACTIONS = Path(__file__).parent / "live_actions.py"


def until(holds: Callable[[], bool], seconds: float) -> float:
    """Wait until it holds; returns how long that took, or fails."""
    started = time.monotonic()
    while not holds():
        waited = time.monotonic() - started
        assert waited < seconds, f"still not after {seconds} s"
        time.sleep(0.05)
    return time.monotonic() - started


class LiveService:
    """Commands and the worker run on one data directory, as an operator would run them."""

    def __init__(self, data: Path, **settings: str) -> None:
        self.data = datadir.create(data)
        self._environment = {
            **os.environ,  # with the throw-away secrets of this test run
            **settings,
            "ARC_DATA": str(self.data),
            "DJANGO_SETTINGS_MODULE": "arcsite.settings",
            "PYTHONPATH": str(ROOT),
        }
        self.manage("migrate", "-v0")

    def manage(self, *arguments: str) -> str:
        return self._run("-m", "django", *arguments)

    def act(self, *arguments: str) -> list[str]:
        """See live_actions.py; returns the lines it printed."""
        return self._run(str(ACTIONS), *arguments).splitlines()

    def start_worker(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", "django", "runworker"], cwd=ROOT, env=self._environment
        )

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        """Ask the database file itself, read-only."""
        connection = sqlite3.connect(f"file:{self.data / 'db.sqlite3'}?mode=ro", uri=True, timeout=20)
        try:
            return connection.execute(statement).fetchall()
        finally:
            connection.close()

    def states(self) -> list[str]:
        return sorted(state for (state,) in self.query("SELECT state FROM enrollment_photo"))

    def children(self) -> list[int]:
        """The living processes of the cluster and the sweeps, whoever their parent is now."""
        return [pid for kind in ("cluster", "sweep") for pid in _living(f"{kind}:{self.data}")]

    def stored(self) -> list[str]:
        return sorted(file.name for file in (self.data / "store").iterdir())

    def everything(self) -> bytes:
        """All bytes of the data directory but its secrets."""
        files = (path for path in self.data.rglob("*") if path.is_file() and "secrets" not in path.parts)
        return b"".join(path.read_bytes() for path in files)

    def _run(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, *arguments], cwd=ROOT, env=self._environment, check=False, capture_output=True
        )
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode()


def _living(mark: str) -> Iterator[int]:
    for pid, descriptor in processes.marked(mark):
        os.close(descriptor)
        yield pid
