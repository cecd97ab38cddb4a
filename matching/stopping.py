"""SIGTERM and SIGINT as a flag, with a wait that they cut short."""

import select
import signal
import socket
from types import FrameType, TracebackType
from typing import Self


class StopSignals:
    """Within the context ``requested`` turns true on SIGTERM or SIGINT. Main thread only."""

    def __init__(self) -> None:
        self.requested = False

    def __enter__(self) -> Self:
        # A pipe rather than an event: a handler that takes a lock may interrupt the holder of that lock.
        self._reader, self._writer = socket.socketpair()
        self._reader.setblocking(False)
        self._writer.setblocking(False)
        self._fd_before = signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)
        self._before = {
            signal.SIGTERM: signal.signal(signal.SIGTERM, self._request),
            signal.SIGINT: signal.signal(signal.SIGINT, self._request),
            # Only to be woken: the end of a child is seen at once.
            signal.SIGCHLD: signal.signal(signal.SIGCHLD, lambda *_: None),
        }
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._fd_before)
        self._reader.close()
        self._writer.close()

    def wait(self, seconds: float) -> None:
        """Return after ``seconds``, or at once when a signal came."""
        ready, _, _ = select.select([self._reader], [], [], 0 if self.requested else seconds)
        if ready:
            self._reader.recv(4096)

    def _request(self, number: int, frame: FrameType | None) -> None:
        self.requested = True
