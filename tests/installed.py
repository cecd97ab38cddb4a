"""The service as docs/systemd/ runs it, one role at a time, with the test in the place of systemd."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from project_files import ROOT
from units import INSTALLED, SYSTEMD, commands_of

PYTHON = f"{INSTALLED}/.venv/bin/python"
START_SECONDS, STOP_SECONDS = 60.0, 20.0


class Role:
    """A running unit: its process, and what it tells systemd."""

    def __init__(self, process: subprocess.Popen[bytes], manager: socket.socket) -> None:
        self.process, self._manager = process, manager

    def tells(self, state: str) -> bool:
        """Wait until it says so; False when it does not."""
        self._manager.settimeout(START_SECONDS)
        try:
            while state not in self._manager.recv(4096).decode().splitlines():
                pass
        except TimeoutError:
            return False
        return True

    def stop(self) -> int:
        """SIGTERM, as KillMode=mixed sends it first; the exit status."""
        # What nobody read meanwhile fills the queue, and later words would be dropped.
        self._manager.setblocking(False)
        with suppress(BlockingIOError):
            while self._manager.recv(4096):
                pass
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(STOP_SECONDS)


def command_of(unit: str, *, port: int = 0) -> list[str]:
    """What the unit runs, with this checkout's own Python and a port of one's own."""
    (command,) = commands_of(SYSTEMD / f"{unit}.service")
    assert command[0] == PYTHON
    own = {PYTHON: sys.executable, INSTALLED: str(ROOT), "127.0.0.1:8000": f"127.0.0.1:{port}"}
    return [own.get(word, word) for word in command]


@contextmanager
def started(unit: str, environment: dict[str, str], directory: Path, *, port: int = 0) -> Iterator[Role]:
    """Run the unit until the end; its log goes to ``directory``. Whatever is left of it then is killed."""
    address = directory / f"{unit}.notify"
    with (
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager,
        (directory / f"{unit}.log").open("wb") as log,
    ):
        manager.bind(str(address))
        process = subprocess.Popen(
            command_of(unit, port=port),
            cwd=ROOT,
            env={**environment, "NOTIFY_SOCKET": str(address)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            yield Role(process, manager)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
