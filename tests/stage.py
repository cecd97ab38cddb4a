"""A data directory of its own and the mortals that work on it: killed, restarted, looked at from outside."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import oracle
from marked_photos import new_canary
from project_files import ROOT

from enrollment import receipts
from enrollment.originals import STRAY_AFTER_SECONDS

TESTS = Path(__file__).parent
# A crash is recovered within a lease and a sweep: 60 + 30 seconds.
BEYOND_THE_LEASE = 30.0


class Refused(Exception):
    """The order ended with an exception of the service; its type is the text."""


@dataclass(frozen=True)
class Sender:
    """Somebody with a form open and photos that carry canaries."""

    canaries: tuple[str, ...]
    token: str = field(default_factory=receipts.new_token)

    @property
    def number(self) -> str:
        return receipts.derive(self.token).number


class Stage:
    """The settings are those of a real service without undo time. Leases are not waited for but set back."""

    def __init__(self, data: Path, database: sqlite3.Connection) -> None:
        self.data = data
        self.temp, self.log = data.with_name("tmp"), data.with_name("log")
        self.canaries: list[str] = []
        self.confirmed: dict[str, int] = {}
        for directory in (data, data / "store", data / "run", self.temp):
            directory.mkdir(mode=0o700)
        self.database = data / "db.sqlite3"
        with sqlite3.connect(self.database) as copy:
            database.backup(copy)
        copy.close()
        self._mortals = self.start(str(TESTS / "mortals.py"))

    @property
    def elsewhere(self) -> dict[str, str]:
        """Settings that put something outside the data directory."""
        return {}

    def refresh(self) -> None:
        """Before the oracle looks: the file that it reads is the database itself."""

    def sender(self, photos: int = 2) -> Sender:
        return Sender(tuple(new_canary() for _ in range(photos)))

    def send(self, sender: Sender, **options: str) -> dict[str, Any]:
        """Press the form's button; what was confirmed is remembered for the oracle."""
        self.canaries += sender.canaries
        answer: dict[str, Any] = self.do("send", sender.token, *sender.canaries, **options)
        if answer["number"]:
            self.confirmed[answer["number"]] = len(sender.canaries)
        return answer

    def do(self, verb: str, *args: str, **options: str) -> Any:
        """Have a process of its own do something; its answer. Raises Refused."""
        outcome = self._order(verb, args, options)
        if "error" in outcome:
            raise Refused(outcome["error"])
        assert "killed" not in outcome, f"{verb} was killed"
        return outcome["answer"]

    def die(self, point: str, verb: str, *args: str) -> None:
        """Have a process killed at the point; fails when it does not get there or breaks a promise there."""
        outcome = self._order(verb, args, {"crash": point})
        assert outcome == {"killed": signal.SIGKILL}, f"{point} was not reached: {outcome}"
        assert self._look(strays=True) == []

    def recover(self) -> float:
        """Sweep as the worker would after the leases ran out; the seconds that took beyond the lease."""
        self.end_leases()
        started = time.monotonic()
        while left := self._unsettled():
            waited = time.monotonic() - started
            assert waited < BEYOND_THE_LEASE, f"after {waited:.0f} s still {left}"
            self.do("manage", "sweep")
        return time.monotonic() - started

    def _unsettled(self) -> list[tuple[str, str]]:
        self.refresh()
        return oracle.unsettled(self.data)

    def end_leases(self) -> None:
        """As if the lease of whoever was killed had run out by now."""
        self.change(
            "UPDATE enrollment_photo SET lease_until = '2026-01-01 00:00:00' WHERE lease_until IS NOT NULL"
        )

    def deliver_again(self, *numbers: str) -> None:
        """The queue delivers at least once: two more messages for each photo change nothing."""
        for _ in range(2):
            assert self.do("work", *numbers) == 0

    def _look(self, *, strays: bool) -> list[str]:
        self.refresh()
        return oracle.faults(
            self.data,
            confirmed=self.confirmed,
            canaries=self.canaries,
            temp=self.temp,
            logs=[self.log],
            strays=strays,
        )

    def grow_old(self) -> None:
        """Let every file of the store look too old for an upload that is still at work."""
        past = time.time() - STRAY_AFTER_SECONDS - 60
        for file in (self.data / "store").iterdir():
            os.utime(file, (past, past), follow_symlinks=False)

    def faults(self) -> list[str]:
        """Whatever the oracle finds, after the strays of crashes were swept away."""
        at_once = self._look(strays=True)
        self.grow_old()
        self.do("manage", "sweep")
        return at_once + self._look(strays=False)

    def change(self, statement: str, *values: object) -> None:
        """Change the database behind the service's back."""
        connection = sqlite3.connect(self.database, timeout=20)
        with connection:
            connection.execute(statement, values)
        connection.close()

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        self.refresh()
        with oracle.reading(self.data) as connection:
            return connection.execute(statement).fetchall()

    def states(self) -> list[str]:
        return sorted(state for (state,) in self.query("SELECT state FROM enrollment_photo"))

    def stored(self) -> list[Path]:
        return sorted((self.data / "store").iterdir())

    def close(self) -> None:
        assert self._mortals.stdin is not None
        self._mortals.stdin.close()
        self._mortals.wait(20)
        assert self._mortals.stdout is not None
        self._mortals.stdout.close()

    def start(self, *arguments: str, **settings: str) -> "subprocess.Popen[bytes]":
        """A Python process of the service, with pipes and with this stage's log as its standard error."""
        environment = {
            **os.environ,  # with the throw-away secrets of this test run
            "ARC_DATA": str(self.data),
            "ARC_UNDO_SECONDS": "0",
            "DJANGO_SETTINGS_MODULE": "arcsite.settings",
            "PYTHONPATH": os.pathsep.join([str(ROOT), str(TESTS)]),
            "TMPDIR": str(self.temp),
            **self.elsewhere,
            **settings,
        }
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, *arguments],
                cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
            )  # fmt: skip

    def _order(self, verb: str, args: Sequence[str], options: dict[str, str]) -> dict[str, Any]:
        assert self._mortals.stdin is not None
        assert self._mortals.stdout is not None
        order = {"verb": verb, "args": args, "options": options}
        self._mortals.stdin.write(json.dumps(order).encode() + b"\n")
        self._mortals.stdin.flush()
        line = self._mortals.stdout.readline()
        assert line, self.log.read_text()
        outcome: dict[str, Any] = json.loads(line)
        return outcome


MakeStage = Callable[..., Stage]
