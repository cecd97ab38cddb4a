"""A service of its own for measuring: real processes on the throw-away data directory of ``bench``."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http import HTTPStatus
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from django.conf import settings

from arcsite import datadir, launcher

START_SECONDS, STOP_SECONDS = 180.0, 30.0
ENVIRONMENT = {
    "ARC_REQUIRE_MFA": "off",
    # Everybody who is measured comes from one address.
    **{f"ARC_LIMIT_{what}": "1000000" for what in ("UPLOADS", "LOOKUPS", "SIGN_INS", "CALLS", "MATCHES")},
}


class NotMeasured(Exception):
    """What was to be measured did not run; the text says why."""


@contextmanager
def serving(**settings: str) -> Iterator[int]:
    """The port of web server and worker as ``up`` starts them with these settings, both at work already.

    Raises NotMeasured.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    datadir.create(_directory())
    with _process("up", "--port", str(port), "--data", str(_directory()), **settings) as up:
        deadline = time.monotonic() + START_SECONDS
        # Until the worker is ready as well, both are loading, on all processors.
        while launcher.status_of(port, "/readyz") != HTTPStatus.OK:
            if up.poll() is not None or time.monotonic() > deadline:
                raise NotMeasured(f"the service did not start:\n{_log().read_text()}")
            time.sleep(0.1)
        yield port


def on_postgres(arguments: Sequence[str]) -> int:
    """``bench`` with these arguments on a PostgreSQL server of its own; its status. Raises NotMeasured."""
    if find_spec("psycopg") is None:
        raise NotMeasured("--postgres needs a package: .venv/bin/pip install -e '.[postgres]'")
    postgres = import_module("arcsite.bench_postgres")
    if reason := postgres.why_not():
        raise NotMeasured(reason)
    with postgres.server() as server:
        environment = {**os.environ, "DATABASE_URL": postgres.create_database(server.directory, "bench")}
        command = [sys.executable, str(datadir.CHECKOUT / "manage.py"), "bench", *arguments]
        return subprocess.run(command, env=environment, check=False).returncode


@contextmanager
def working() -> Iterator[None]:
    """The worker alone."""
    with _process("runworker"):
        yield


@contextmanager
def _process(*arguments: str, **settings: str) -> Iterator[subprocess.Popen[bytes]]:
    environment = {**os.environ, **ENVIRONMENT, **settings}
    command = [sys.executable, str(datadir.CHECKOUT / "manage.py"), *arguments]
    _log().parent.mkdir(mode=0o700, exist_ok=True)
    with _log().open("ab") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _log() -> Path:
    return _directory() / "run" / "bench.log"


def _directory() -> Path:
    return Path(settings.DATA_DIR)
