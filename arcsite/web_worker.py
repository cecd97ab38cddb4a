"""How a web process takes connections: what waits, waits for all processes, in the order it came.

A process that takes whatever comes fills a queue of its own, and the visitors in the longer of two wait
longer than those who came after them to the other.
"""

from gunicorn.workers.gthread import ThreadWorker


class OneQueueWorker(ThreadWorker):
    """gunicorn's worker with threads, which accepts a connection only when a thread is free for it."""

    @property
    def worker_connections(self) -> int:
        """How many it may hold now: those that nobody is at work on do not count."""
        idle = len(self.keepalived_conns) + len(self.pending_conns)
        return min(int(self.cfg.worker_connections), idle + int(self.cfg.threads))

    @worker_connections.setter
    def worker_connections(self, _: int) -> None:
        """As configured: read there."""
