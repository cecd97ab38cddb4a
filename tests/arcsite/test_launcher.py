"""The launcher keeps its children running and never leaves one behind, however it ends itself."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from arcsite.launcher import CannotRun, Child, describe, only_one, require_free

pytestmark = pytest.mark.processes

SERVER = """
import http.server
http.server.ThreadingHTTPServer(("127.0.0.1", {port}), http.server.BaseHTTPRequestHandler).serve_forever()
"""
SLEEPER = """
import os, pathlib, signal, time
def write_pid():
    with pathlib.Path({file!r}).open("a") as file:
        file.write(f"{{os.getpid()}}\\n")
write_pid()
{extra}
time.sleep(60)
"""
DRIVER = """
import sys
from arcsite import launcher
from arcsite.launcher import Child, Launcher
launcher.GRACE = 0.5
def say(line):
    print(line, flush=True)
children = [
    Child("web server", [sys.executable, "-c", {server!r}]),
    Child("worker", [sys.executable, "-c", {worker!r}], pause=0.05),
]
try:
    Launcher(children, {port}, say).run(lambda: say("serving"))
except launcher.CannotRun as error:
    sys.exit(str(error))
say("stopped")
"""

Launch = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def pids(tmp_path: Path) -> Path:
    """Where the worker writes its process id, each time it starts."""
    return tmp_path / "pids"


@pytest.fixture
def launch(port: int, pids: Path) -> Iterator[Launch]:
    started: list[subprocess.Popen[str]] = []

    def run(*, server: str = SERVER, extra: str = "pass") -> subprocess.Popen[str]:
        worker = SLEEPER.format(file=str(pids), extra=extra)
        program = DRIVER.format(server=server.format(port=port), worker=worker, port=port)
        command = [sys.executable, "-c", program]
        started.append(subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))
        return started[-1]

    yield run
    for process in started:
        process.kill()
        with process:
            process.wait()


def read_until(process: subprocess.Popen[str], text: str) -> str:
    assert process.stdout is not None
    for line in process.stdout:
        if text in line:
            return line
    raise AssertionError(f"it ended without saying {text!r}: {process.stderr and process.stderr.read()}")


def starts(pids: Path, *, at_least: int) -> list[int]:
    """The worker's process ids so far, once there are that many."""
    found: list[int] = []

    def enough() -> bool:
        found[:] = map(int, pids.read_text().split()) if pids.exists() else []
        return len(found) >= at_least

    wait_for(enough)
    return found


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in ten seconds"
        time.sleep(0.02)


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_everything(number: signal.Signals, launch: Launch, pids: Path) -> None:
    process = launch()
    read_until(process, "serving")
    (worker,) = starts(pids, at_least=1)
    process.send_signal(number)
    read_until(process, "stopped")
    assert process.wait() == 0
    assert not is_alive(worker)


def test_a_child_that_dies_is_started_again(launch: Launch, pids: Path) -> None:
    process = launch()
    read_until(process, "serving")
    (first,) = starts(pids, at_least=1)
    os.kill(first, signal.SIGKILL)
    assert "The worker stopped (killed by signal 9); starting it again in" in read_until(process, "worker")
    first_again, second = starts(pids, at_least=2)
    assert first_again == first
    assert is_alive(second)


def test_the_pause_grows_with_each_failure(launch: Launch, pids: Path) -> None:
    process = launch(extra="raise SystemExit(3)")
    pauses = [read_until(process, "exit status 3").rpartition("in ")[2] for _ in range(6)]
    assert pauses[0] == "0 s.\n"
    assert float(pauses[-1].split()[0]) >= 1


def test_a_child_that_ignores_the_signal_is_killed(launch: Launch, pids: Path) -> None:
    process = launch(extra="signal.signal(signal.SIGTERM, signal.SIG_IGN)")
    read_until(process, "serving")
    (worker,) = starts(pids, at_least=1)
    time.sleep(0.1)
    process.terminate()
    assert "The worker did not stop" in read_until(process, "was killed")
    assert process.wait() == 0
    assert not is_alive(worker)


def test_what_a_child_started_goes_with_it(launch: Launch, pids: Path) -> None:
    process = launch(extra="if os.fork() == 0: write_pid()")
    read_until(process, "serving")
    workers = starts(pids, at_least=2)
    process.terminate()
    assert process.wait() == 0
    wait_for(lambda: not any(map(is_alive, workers)))


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells children of a death")
def test_killing_the_launcher_leaves_no_orphan(launch: Launch, pids: Path, port: int) -> None:
    process = launch()
    read_until(process, "serving")
    (worker,) = starts(pids, at_least=1)
    process.kill()
    process.wait()
    wait_for(lambda: not is_alive(worker))
    wait_for(lambda: is_free(port))


def is_free(port: int) -> bool:
    try:
        require_free(port)
    except CannotRun:
        return False
    return True


def test_a_server_that_cannot_start_ends_it(launch: Launch, pids: Path) -> None:
    process = launch(server="raise SystemExit(4)")
    assert process.wait() == 1
    assert process.stderr is not None
    assert process.stderr.read().startswith("The web server did not start.")
    assert not pids.exists()


def test_a_port_in_use_is_named(port: int) -> None:
    require_free(port)
    with (
        socket.create_server(("127.0.0.1", port)),
        pytest.raises(CannotRun, match=f"Port {port} .*in use.*--port"),
    ):
        require_free(port)


def test_one_launcher_per_data_directory(tmp_path: Path) -> None:
    run = tmp_path / "run"
    run.mkdir()
    with (
        only_one(run),
        pytest.raises(CannotRun, match=rf"already runs on .*process {os.getpid()}"),
        only_one(run),
    ):
        pass
    with only_one(run):
        pass


def test_a_child_not_started_yet_has_ended() -> None:
    child = Child("worker", ["absent"])
    child.ask_to_stop()
    child.kill()
    assert child.ended()


@pytest.mark.parametrize(
    ("status", "text"), [(0, "exit status 0"), (3, "exit status 3"), (-9, "killed by signal 9")]
)
def test_it_says_how_a_child_ended(status: int, text: str) -> None:
    assert describe(status) == text
