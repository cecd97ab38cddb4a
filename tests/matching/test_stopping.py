import os
import signal
import threading
import time

import pytest

from matching.stopping import StopSignals


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_is_noted_and_ends_the_wait(number: int) -> None:
    with StopSignals() as signals:
        threading.Timer(0.05, os.kill, (os.getpid(), number)).start()
        started = time.monotonic()
        signals.wait(10)
        assert time.monotonic() - started < 5
        assert signals.requested
        signals.wait(10)
    assert time.monotonic() - started < 5


def test_a_child_that_ends_cuts_the_wait_short_and_requests_nothing() -> None:
    with StopSignals() as signals:
        child = os.posix_spawn("/bin/true", ["true"], {})
        started = time.monotonic()
        signals.wait(10)
        assert time.monotonic() - started < 5
        assert not signals.requested
        os.waitpid(child, 0)


def test_without_a_signal_it_waits() -> None:
    with StopSignals() as signals:
        started = time.monotonic()
        signals.wait(0.05)
        assert time.monotonic() - started >= 0.05


def test_the_handlers_before_are_put_back() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD)]
    with StopSignals():
        pass
    assert [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD)] == before
