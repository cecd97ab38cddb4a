"""Photos and videos against an index, here or by several workers, results in the order of the files."""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Protocol, TypeVar

from matching.cli.files import VIDEO_SUFFIXES
from matching.cli.looking import Sighting, Task
from matching.cli.places import Place
from matching.cli.problems import READING_ERRORS, Problem, problem_of
from matching.cli.stills import Still, stills_of

# Stills searched together: enough to share each block of the index, few enough for a lively progress bar.
BATCH = 16
# Photos handed to a worker together, at most: the more, the less their way there and back costs each. What is
# handed out when a scan is killed is looked at twice, which may be this share of all photos.
MOST_TOGETHER, MOST_AGAIN = 64, 0.01
_KILLED = Problem("killed", "The process that scanned it was killed, perhaps for want of memory.")


@dataclass(frozen=True)
class Scanned:
    """What was seen in one file, in order of time, best first; and why it could not be read (to its end)."""

    photo: str
    sightings: list[Sighting]
    problem: Problem | None = None


Promise = TypeVar("Promise")


class WorkersLost(Exception):
    """Nobody is left to scan; ``str(error)`` is a sentence without its final stop, ``code`` kebab-case."""

    code = "workers-lost"


class Workers(Protocol[Promise]):
    """Processes that scan batches; ``ahead`` batches are handed out at most before the first is awaited."""

    @property
    def ahead(self) -> int: ...

    def submit(self, photos: Sequence[Place]) -> Promise: ...

    def results(self, photos: Sequence[Place], promise: Promise) -> list[Scanned]:
        """Wait for a batch. Of photos that kill whoever scans them each is ``killed``, and no other.

        Raises WorkersLost.
        """
        ...


def scan_here(task: Task, photos: Sequence[Place]) -> Iterator[list[Scanned]]:
    """Yield one result per file, in their order, batch by batch."""
    for batch in in_batches(photos, BATCH):
        yield scan_batch(task, batch)


def scan_with(workers: Workers[Promise], photos: Sequence[Place], size: int) -> Iterator[list[Scanned]]:
    """Yield what ``scan_here`` does in batches of a size: all workers busy, few ahead of the one awaited."""
    waiting = deque[tuple[Sequence[Place], Promise]]()
    for batch in in_batches(photos, size):
        waiting.append((batch, workers.submit(batch)))
        if len(waiting) > workers.ahead:
            yield workers.results(*waiting.popleft())
    while waiting:
        yield workers.results(*waiting.popleft())


def worthwhile(jobs: int, photos: int) -> int:
    """Return how many of so many processes would have a batch to scan."""
    return min(jobs, -(-photos // BATCH))


def handed_together(photos: int, ahead: int) -> int:
    """Return how many of so many photos go to a worker at once, when so many batches go ahead of one."""
    # One more, so that it stays below the share.
    return max(BATCH, min(MOST_TOGETHER, int(MOST_AGAIN * photos) // (ahead + 2)))


def in_batches(photos: Sequence[Place], size: int) -> Iterator[list[Place]]:
    """Yield photos in batches and each video, which is a batch in itself, alone; all in their order."""
    batch: list[Place] = []
    for photo in photos:
        video = photo.suffix.lower() in VIDEO_SUFFIXES
        if batch and (video or len(batch) == size):
            yield batch
            batch = []
        batch.append(photo)
        if video:
            yield batch
            batch = []
    if batch:
        yield batch


def scan_batch(task: Task, photos: Sequence[Place]) -> list[Scanned]:
    """Return one result per file; stills are searched together, whichever files they are of."""
    seen: list[list[Sighting]] = [[] for _ in photos]
    problems: dict[int, Problem] = {}
    stills = _stills(photos, problems)
    while part := list(islice(stills, BATCH)):
        found = task.search([still for _, still in part])
        for (at, _), sightings in zip(part, found, strict=True):
            seen[at] += sightings
    return [Scanned(str(photo), seen[at], problems.get(at)) for at, photo in enumerate(photos)]


def killed(photo: Place) -> Scanned:
    """Return what is said of a photo that killed the process that scanned it."""
    return Scanned(str(photo), [], _KILLED)


def _stills(photos: Sequence[Place], problems: dict[int, Problem]) -> Iterator[tuple[int, Still]]:
    """Yield (number of the file, still), and fill in what was wrong with files."""
    for at, photo in enumerate(photos):
        try:
            for still in stills_of(photo):
                yield at, still
        except READING_ERRORS as error:
            problems[at] = problem_of(error)
