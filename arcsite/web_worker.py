"""How a web process takes connections: what waits, waits for all processes, in the order it came.

A process that takes whatever comes fills a queue of its own, and the visitors in the longer of two wait
longer than those who came after them to the other.
"""

from concurrent.futures import Future
from typing import Any

from gunicorn.workers.gthread import TConn, ThreadWorker


class OneQueueWorker(ThreadWorker):
    """gunicorn's worker with threads, which accepts no more connections than it has threads to greet them.

    Connections that were kept open after an answer do not count: they neither keep newcomers out, nor wait.
    """

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._newcomers: set[TConn] = set()

    @property
    def worker_connections(self) -> int:
        """How many connections of any kind there may be for another one to be accepted."""
        return int(self.cfg.worker_connections) if len(self._newcomers) < self.cfg.threads else 0

    @worker_connections.setter
    def worker_connections(self, _: int) -> None:
        """As configured: read there."""

    def enqueue_req(self, conn: TConn) -> None:
        if not conn.initialized:
            self._newcomers.add(conn)
        super().enqueue_req(conn)

    def finish_request(self, conn: TConn, fs: "Future[Any]") -> None:
        self._newcomers.discard(conn)
        super().finish_request(conn, fs)
