"""Web and worker as their units start them, each alone, and the documented proxy in front of the web.

They share a data directory and nothing else. What they log is JSON and names no sender.
"""

import contextlib
import http.client
import json
import os
import re
import secrets
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import drawing
import pytest
import safety_headers
import urllib3
from installed import Role, started
from project_files import ROOT
from proxy import NAME, NGINX, as_installed, needs_nginx
from running import free_port, wait_for

from arcsite.bench_visitor import CSRF_FIELD

pytestmark = [pytest.mark.slow, pytest.mark.processes]
TOKEN = "t" * 43
SLOW_SENDERS = 12
AS_TEXT = re.compile(r"\[?\d{4}-\d\d-\d\d ")
BEGUN = 700_000  # more than nginx keeps in a buffer of its own
MEMORY = Path("/dev/shm")


@dataclass(frozen=True)
class Web:
    """The web server behind no proxy yet, and what the worker needs to join it."""

    port: int
    environment: dict[str, str]
    directory: Path
    role: Role

    def ask(self, path: str, **headers: str) -> tuple[int, str]:
        """As a watcher on the machine does: plain HTTP, by number."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        with contextlib.closing(connection):
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()

    def parts(self) -> dict[str, str]:
        found: dict[str, str] = json.loads(self.ask("/readyz")[1])["parts"]
        return found


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    directory = tmp_path_factory.mktemp("installed")
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("ARC_", "DJANGO_"))},
        "ARC_DATA": str(directory / "data"),
        "ARC_PUBLIC_URL": f"https://{NAME}",
        "ARC_TRUSTED_PROXIES": "1",
        "ARC_METRICS_TOKEN": TOKEN,
        "ARC_LOG_FORMAT": "json",
    }
    subprocess.run(
        [sys.executable, "manage.py", "prepare"], cwd=ROOT, env=environment, check=True, capture_output=True
    )
    port = free_port()
    with started("arc-web", environment, directory, port=port) as role:
        assert role.tells("READY=1"), (directory / "arc-web.log").read_text()
        yield Web(port, environment, directory, role)
        assert role.stop() == 0
    assert_logs_are_json_and_silent(directory / "arc-web.log")


def assert_logs_are_json_and_silent(log: Path) -> None:
    """But for what Django prints of the system checks' warnings when a command starts."""
    lines = log.read_text().splitlines()
    assert [line for line in lines if AS_TEXT.match(line)] == []
    ours = [json.loads(line) for line in lines if line.startswith("{")]
    assert all({"time", "level", "logger", "message", "code"} <= line.keys() for line in ours)
    assert "198.51.100" not in log.read_text()
    assert "photo.png" not in log.read_text()


def test_each_role_runs_alone(web: Web) -> None:
    """The web serves without a worker and says that it misses one; the worker brings it to be ready."""
    assert web.ask("/healthz")[0] == 200
    status, text = web.ask("/metrics", Authorization=f"Bearer {TOKEN}")
    assert (status, "arc_worker_silence_seconds +Inf" in text) == (200, True)
    assert web.parts() == {"database": "ok", "store": "ok", "worker": "not ok", "due work": "ok"}
    with started("arc-worker", web.environment, web.directory) as worker:
        assert worker.tells("READY=1"), (web.directory / "arc-worker.log").read_text()
        assert worker.tells("WATCHDOG=1")
        wait_for(lambda: web.ask("/readyz")[0] == 200, 60, "a service that is ready")
        assert worker.stop() == 0
        assert worker.tells("STOPPING=1")
    assert_logs_are_json_and_silent(web.directory / "arc-worker.log")


class Proxy:
    """nginx with the documented configuration, on ports of its own, and its buffer in memory."""

    def __init__(self, directory: Path, body: Path, web: Web) -> None:
        self.body, self.port = body, free_port()
        ports = {
            "listen 443 ": f"listen 127.0.0.1:{self.port} ",
            "listen 80;": f"listen 127.0.0.1:{free_port()};",
            "127.0.0.1:8000": f"127.0.0.1:{web.port}",
        }
        command = [NGINX, "-e", "stderr", "-g", "daemon off;", "-p", str(directory)]
        command += ["-c", str(as_installed(directory, body, ports))]
        self.said = directory / "said"
        with self.said.open("wb") as said:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=said, stderr=said)
        self._tls = ssl.create_default_context(cafile=directory / "certificate.pem")
        self._tls.check_hostname = False
        self.browser = urllib3.HTTPSConnectionPool(
            "127.0.0.1", self.port, ssl_context=self._tls, assert_hostname=False, retries=False, timeout=30,
            headers={"Host": NAME, "X-Forwarded-For": "198.51.100.7"},
        )  # fmt: skip
        wait_for(self.answers, 20, "nginx")

    def answers(self) -> bool:
        assert self.process.poll() is None, self.said.read_text()
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", self.port), 1).close()
            return True
        return False

    def get(self, path: str, timeout: float = 30) -> Any:
        return self.browser.request("GET", path, redirect=False, timeout=timeout)

    def send_photo(self, photo: bytes) -> Any:
        """Through the form, as a browser does."""
        form = self.get("/send/")
        token = CSRF_FIELD.search(form.data)
        assert token is not None
        fields = {"csrfmiddlewaretoken": token[1].decode(), "token": secrets.token_urlsafe(32)}
        fields |= {"in_photo": "on", "not_consented": "on", "adult": "on"}
        cookie = form.headers["Set-Cookie"].partition(";")[0]
        return self.browser.request(
            "POST",
            "/send/",
            fields=[*fields.items(), ("photos", ("photo.png", photo, "image/png"))],
            headers={**self.browser.headers, "Cookie": cookie, "Origin": f"https://{NAME}"},
        )

    def begin(self) -> ssl.SSLSocket:
        """A sender on a bad line: the first part of an upload, and then nothing."""
        line = socket.create_connection(("127.0.0.1", self.port), 20)
        sender = self._tls.wrap_socket(line)
        sender.sendall(slow_head() + b"x" * BEGUN)
        return sender

    def open_files(self) -> set[str]:
        """Everything that its processes hold open and that lies somewhere."""
        found: set[str] = set()
        for pid in processes_of(self.process.pid):
            for entry in Path(f"/proc/{pid}/fd").iterdir():
                with contextlib.suppress(OSError):
                    found.add(str(entry.readlink()))
        return {path for path in found if path.startswith("/")}

    def stop(self) -> None:
        self.browser.close()
        self.process.terminate()
        self.process.wait(20)


def slow_head() -> bytes:
    return (
        f"POST /send/ HTTP/1.1\r\nHost: {NAME}\r\nContent-Type: multipart/form-data; boundary=x\r\n"
        "Content-Length: 5000000\r\n\r\n"
    ).encode()


def processes_of(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *map(int, children)]


@pytest.fixture
def proxy(web: Web, tmp_path: Path) -> Iterator[Proxy]:
    where = MEMORY if MEMORY.is_dir() else tmp_path
    with tempfile.TemporaryDirectory(dir=where, prefix="arc-body-") as body:
        proxy = Proxy(tmp_path, Path(body), web)
        try:
            yield proxy
        finally:
            proxy.stop()


@needs_nginx
def test_an_upload_goes_through_and_leaves_nothing_at_the_proxy(proxy: Proxy, tmp_path: Path) -> None:
    photo = drawing.png(drawing.cover(drawing.natural(width=900, height=700), drawing.random_shapes(3, 0.2)))
    assert len(photo) > BEGUN
    answer = proxy.send_photo(photo)
    assert answer.status == 200
    assert b'id="case-number"' in answer.data
    page = proxy.get("/limits/")
    assert safety_headers.faults(page.headers) == []
    assert "max-age=" in page.headers["Strict-Transport-Security"]
    assert [proxy.get(path).status for path in ("/healthz", "/readyz", "/metrics")] == [200, 404, 404]
    assert not any(path.is_file() for path in proxy.body.rglob("*"))
    assert proxy.said.read_text() == ""
    assert {path.name for path in tmp_path.rglob("*") if path.is_file()} == {
        "certificate.pem", "key.pem", "nginx.conf", "pid", "said",
    }  # fmt: skip
    # Its own standard streams aside: no log is open anywhere, and no body.
    assert proxy.open_files() - {"/dev/null", str(proxy.said)} == set()


@needs_nginx
def test_slow_senders_wait_in_memory_and_hold_nobody_up(proxy: Proxy, web: Web) -> None:
    with contextlib.ExitStack() as lines:
        for _ in range(SLOW_SENDERS):
            lines.enter_context(proxy.begin())
        wait_for(
            lambda: sum(path.startswith(str(proxy.body)) for path in proxy.open_files()) >= 1, 20, "a body"
        )
        began = time.monotonic()
        assert proxy.get("/limits/", timeout=10).status == 200
        assert time.monotonic() - began < 5
    wait_for(lambda: not any(str(proxy.body) in path for path in proxy.open_files()), 40, "no body left")


def test_without_the_proxy_they_do_hold_everybody_up(web: Web) -> None:
    """What the proxy is for: so the test before can fail."""
    with contextlib.ExitStack() as lines:
        for _ in range(SLOW_SENDERS):
            line = socket.create_connection(("127.0.0.1", web.port), 20)
            lines.enter_context(line)
            line.sendall(slow_head().replace(b"\r\n\r\n", b"\r\nX-Forwarded-Proto: https\r\n\r\n") + b"x")
        time.sleep(0.5)
        connection = http.client.HTTPConnection("127.0.0.1", web.port, timeout=2)
        lines.enter_context(contextlib.closing(connection))
        connection.request("GET", "/limits/", headers={"Host": NAME, "X-Forwarded-Proto": "https"})
        with pytest.raises(TimeoutError):
            connection.getresponse()
