"""Real gunicorn with two processes of one thread each: whoever waits, waits in one queue."""

import http.client
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from running import free_port, wait_for

pytestmark = pytest.mark.processes

ROOT = Path(__file__).parents[2]
VISITORS = 12


@pytest.fixture
def port() -> Iterator[int]:
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "unhurried_app:application", "--chdir", str(ROOT / "tests")]
    command += ["--bind", f"127.0.0.1:{port}", "--workers", "2", "--threads", "1", "--no-control-socket"]
    command += ["--worker-class", "arcsite.web_worker.OneQueueWorker", "--log-level", "warning"]
    process = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(ROOT)})
    try:
        wait_for(lambda: len({_answer(port) for _ in range(8)} - {""}) == 2, 30, "both processes")
        yield port
    finally:
        process.terminate()
        process.wait()


def _answer(port: int, path: str = "/") -> str:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
        try:
            connection.request("GET", path, headers={"Connection": "close"})
            return connection.getresponse().read().decode()
        except OSError:
            return ""


def test_two_processes_share_those_who_come_at_once(port: int) -> None:
    with ThreadPoolExecutor(VISITORS) as crowd:
        answers = Counter(crowd.map(lambda _: _answer(port, "/work"), range(VISITORS)))
    assert sum(answers.values()) == VISITORS
    assert min(answers.values()) >= VISITORS // 2 - 1
    assert len(answers) == 2


@pytest.fixture
def open_connections(port: int) -> Iterator[list[http.client.HTTPConnection]]:
    """Six that were answered and are kept open."""
    connections = [http.client.HTTPConnection("127.0.0.1", port, timeout=30) for _ in range(6)]
    for connection in connections:
        _asked(connection, "/")
    yield connections
    for connection in connections:
        connection.close()


def _asked(connection: http.client.HTTPConnection, path: str) -> None:
    connection.request("GET", path)
    assert connection.getresponse().read()


def test_connections_that_say_nothing_more_keep_nobody_out(
    port: int, open_connections: list[http.client.HTTPConnection]
) -> None:
    started = time.monotonic()
    assert _answer(port)
    assert time.monotonic() - started < 1


def test_connections_that_never_rest_keep_nobody_out(
    port: int, open_connections: list[http.client.HTTPConnection]
) -> None:
    over = threading.Event()

    def go_on(connection: http.client.HTTPConnection) -> None:
        while not over.is_set():
            _asked(connection, "/work")

    with ThreadPoolExecutor(len(open_connections)) as crowd:
        busy = [crowd.submit(go_on, connection) for connection in open_connections]
        time.sleep(1)
        started = time.monotonic()
        answered = [_answer(port) for _ in range(3)]
        elapsed = time.monotonic() - started
        over.set()
    assert all(answered)
    assert elapsed < 10
    assert not [one.exception() for one in busy if one.exception()]
