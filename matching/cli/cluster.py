"""The adapter to a Dask cluster (extra ``scan``): batches out, results in."""

import time
from collections.abc import Sequence
from concurrent.futures import CancelledError
from contextlib import suppress
from typing import Any

from distributed import Client, Future
from distributed.scheduler import KilledWorker

from matching.cli import spread
from matching.cli.looking import Task
from matching.cli.places import Place
from matching.cli.scanning import Scanned, WorkersLost, killed
from matching.cli.usage import UsageError

CONNECT_SECONDS, NOBODY_SECONDS, COUNTED_EVERY = 20, 60, 1.0
# Handed out for each worker: one batch more than it works on, so that it never waits for the way back. When
# this process is killed, what is handed out is done in vain.
AHEAD_EACH = 2
_GONE = (OSError, CancelledError)


class Cluster:
    """Workers on any number of hosts, one thread each. Raises UsageError."""

    def __init__(self, address: str, task: Task) -> None:
        self._address, self._list = address, spread.Shared.of(task)
        self._count_again, self._ahead = 0.0, 0
        try:
            self._client = Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
        except (*_GONE, ValueError) as error:
            raise UsageError("no-cluster", f"no Dask scheduler answers at {address}") from error
        if {worker["nthreads"] for worker in self._workers().values()} != {1}:
            self._client.close()
            sentence = f"{address} needs workers of one thread each: dask worker --nthreads 1 --nworkers -1"
            raise UsageError("no-workers", sentence)
        self._list.hand_round(self._client.run)

    @property
    def ahead(self) -> int:
        if time.monotonic() >= self._count_again:
            self._count_again = time.monotonic() + COUNTED_EVERY
            self._ahead = AHEAD_EACH * max(1, len(self._workers()))
        return self._ahead

    def submit(self, photos: Sequence[Place]) -> "Future[list[Scanned]]":
        return self._client.submit(spread.scan, self._list.key, list(photos), pure=False)

    def results(self, photos: Sequence[Place], promise: "Future[list[Scanned]]") -> list[Scanned]:
        """Wait for a batch: one that kills workers is done photo by photo. Raises WorkersLost."""
        try:
            return self._awaited(promise)
        except spread.NotHere:  # a host that joined meanwhile
            self._list.hand_round(self._client.run)
            return self.results(photos, self.submit(photos))
        except KilledWorker:
            if len(photos) == 1:
                return [killed(photos[0])]
            return [self.results([photo], self.submit([photo]))[0] for photo in photos]

    def close(self) -> None:
        with suppress(*_GONE):
            self._client.run(spread.forget, self._list.key, on_error="ignore")
            self._client.close()

    def _awaited(self, promise: "Future[list[Scanned]]") -> list[Scanned]:
        try:
            while True:
                with suppress(TimeoutError):
                    return promise.result(timeout=NOBODY_SECONDS)
                if not self._workers():
                    raise WorkersLost(f"no worker is left at {self._address}")
        except _GONE as error:
            raise WorkersLost(f"the cluster at {self._address} went away ({error})") from error

    def _workers(self) -> dict[str, Any]:
        return dict(self._client.scheduler_info(n_workers=-1)["workers"])
