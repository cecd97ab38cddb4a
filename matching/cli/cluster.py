"""The adapter to a Dask cluster (extra ``scan``): batches out, results in, the list once to every host."""

from collections.abc import Sequence
from concurrent.futures import CancelledError
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from distributed import Client, Future
from distributed.scheduler import KilledWorker

from matching.cli import spread
from matching.cli.looking import Task
from matching.cli.places import Place
from matching.cli.scanning import Scanned, WorkersLost, killed
from matching.cli.usage import UsageError

CONNECT_SECONDS, NOBODY_SECONDS = 20, 60
# Handed out ahead for each worker: enough that none waits for the way back, few enough to be remembered.
AHEAD_EACH = 4
SENDINGS = 5
_GONE = (OSError, CancelledError)


class Cluster:
    """Workers on any number of hosts, one thread each. ``folder`` must outlive it. Raises UsageError."""

    def __init__(self, address: str, task: Task, folder: Path) -> None:
        self._address, self._list = address, spread.Shared.of(task, folder)
        try:
            self._client = Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
        except (*_GONE, ValueError) as error:
            raise UsageError("no-cluster", f"no Dask scheduler answers at {address}") from error
        if {worker["nthreads"] for worker in self._workers().values()} != {1}:
            self._client.close()
            sentence = f"{address} needs workers of one thread each: dask worker --nthreads 1 --nworkers -1"
            raise UsageError("no-workers", sentence)
        self._send()

    @property
    def ahead(self) -> int:
        return AHEAD_EACH * max(1, len(self._workers()))

    def submit(self, photos: Sequence[Place]) -> "Future[list[Scanned]]":
        return self._client.submit(spread.scan, self._list.key, list(photos), pure=False)

    def results(self, photos: Sequence[Place], promise: "Future[list[Scanned]]") -> list[Scanned]:
        """Wait for a batch: one that kills workers is done photo by photo. Raises WorkersLost."""
        try:
            return self._awaited(promise)
        except spread.NotHere:  # a host that joined meanwhile
            self._send()
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
        while True:
            try:
                return promise.result(timeout=NOBODY_SECONDS)
            except TimeoutError:
                if not self._workers():
                    raise WorkersLost(f"no worker is left at {self._address}") from None
            except _GONE as error:
                raise WorkersLost(f"the cluster at {self._address} went away ({error})") from error

    def _workers(self) -> dict[str, Any]:
        return dict(self._client.scheduler_info(n_workers=-1)["workers"])

    def _send(self) -> None:
        """Give the list to one worker of each host that lacks it; then to all, for some share no disk."""
        reasons: list[object] = []
        for attempt in range(SENDINGS):
            here = self._client.run(spread.has, self._list.key, on_error="return")
            lacking = {at: urlsplit(at).hostname for at, whole in here.items() if whole is not True}
            if not lacking:
                return
            chosen = [*({host: at for at, host in lacking.items()}.values() if not attempt else lacking)]
            for offset, part in self._list.parts():
                kept = self._client.run(
                    spread.keep, self._list.key, offset, part, workers=chosen, on_error="return"
                )
                reasons += [reason for reason in kept.values() if reason is not None]
        raise WorkersLost(
            f"a worker at {self._address} cannot keep the list ({reasons[-1] if reasons else 'it went away'})"
        )
