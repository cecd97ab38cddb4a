"""A Redis server of a test's own: a socket in a temporary directory, nothing on the disk, no network."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from running import wait_for

START_SECONDS = 20.0


def why_not() -> str:
    return "" if shutil.which("redis-server") else "no Redis on this machine (on Debian: apt install redis)"


@dataclass
class Server:
    socket: Path
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        return f"unix://{self.socket}"

    def start(self) -> None:
        options = ["--port", "0", "--unixsocket", str(self.socket), "--save", "", "--appendonly", "no"]
        self.socket.unlink(missing_ok=True)
        self.process = subprocess.Popen(
            ["redis-server", *options], cwd=self.socket.parent, stdout=subprocess.DEVNULL
        )
        wait_for(self.socket.exists, START_SECONDS, "Redis")

    def kill(self) -> None:
        """With everything it held."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()


@contextmanager
def server() -> Iterator[Server]:
    directory = Path(tempfile.mkdtemp(prefix="arc-redis-"))
    made = Server(directory / "socket")
    try:
        made.start()
        yield made
    finally:
        made.kill()
        shutil.rmtree(directory)
