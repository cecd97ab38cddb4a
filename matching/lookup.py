"""Public photos looked up among all fingerprints, in memory of this process.

Each process maps the worker's file (``shelf``) and adds what was published since. That is only where to look:
of what matches a photo, a partner is told what the database says that it may know at this moment. So what was
withdrawn, or kept from the partner, is not found from the next request on, however old the file is.
"""

import threading
import uuid
from dataclasses import dataclass

from matching import feed, shelf
from matching.engine.grid import Grid
from matching.engine.index import Index, Match
from matching.models import FeedHead, Partner
from matching.shelf import Shelf

# New fingerprints taken in by one request; a tenth of a second at most.
MOST_NEW = 1000
# Of one photo that was listed again and again, the best are enough.
MOST_FOUND = 500


class CatchingUp(Exception):
    """Not everything published is in memory yet; the next requests come further."""


@dataclass(frozen=True)
class Found:
    """A fingerprint that matches a photo. ``rate``: share of unrelated photos that would match as well."""

    id: uuid.UUID
    rate: float
    mirrored: bool


def find(partner: Partner, grid: Grid) -> list[Found]:
    """What the partner may know of a photo's grid [64, 64], best first. Raises CatchingUp."""
    found = _index.search(grid)
    told = feed.visible(partner).filter(pk__in=[one.id for one in found], tombstone=False)
    visible = set(told.values_list("pk", flat=True)) if found else set()
    return [one for one in found if one.id in visible]


class _Lookup:
    """The index of this process. Threads share it: what one search reads is never changed, only replaced.

    A newer file is opened by one of the requests that see it, beside the others: they go on with the older
    one, and with what was published since, for as long as it takes.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._opening = threading.Lock()
        self._start(None)

    def search(self, grid: Grid) -> list[Found]:
        """All that match, best first, withdrawn ones among them. Raises CatchingUp."""
        head = FeedHead.objects.filter(pk=1).first()
        if head is not None:
            self._map_newest(head.feed_id)
        with self._lock:
            self._follow(head)
            indexes = (self._mapped, self._recent)
        best: dict[str, Match] = {}
        for match in (match for index in indexes for match in index.search(grid[None])[0]):
            if match.id not in best or match.rate < best[match.id].rate:
                best[match.id] = match
        matches = sorted(best.values(), key=lambda match: (match.rate, match.id))[:MOST_FOUND]
        return [Found(uuid.UUID(match.id), match.rate, match.mirrored) for match in matches]

    def _start(self, feed_id: uuid.UUID | None) -> None:
        self._feed_id, self._through = feed_id, 0
        self._shelf: Shelf | None = None
        self._mapped, self._recent = Index(), Index()

    def _map_newest(self, feed_id: uuid.UUID) -> None:
        """Begin anew with a newer file, if there is one; only who has none yet waits for somebody else's."""
        if not self._is_newer(shelf.newest(feed_id)):
            return
        if not self._opening.acquire(blocking=self._shelf is None):
            return
        try:
            newest = shelf.newest(feed_id)
            if newest is not None and self._is_newer(newest):
                self._begin_with(feed_id, newest, shelf.opened(newest))
        except FileNotFoundError:  # replaced meanwhile: the next request finds the other one
            return
        finally:
            self._opening.release()

    def _is_newer(self, newest: Shelf | None) -> bool:
        return newest is not None and newest != self._shelf

    def _begin_with(self, feed_id: uuid.UUID, newest: Shelf, mapped: Index) -> None:
        """What was taken in since the file was written is taken in again."""
        with self._lock:
            self._feed_id, self._shelf, self._through = feed_id, newest, newest.through
            self._mapped, self._recent = mapped, Index()

    def _follow(self, head: FeedHead | None) -> None:
        """Take in what was published since, as far as this head. Raises CatchingUp."""
        if head is None or head.feed_id != self._feed_id:
            self._start(head.feed_id if head else None)
        if head is None:
            return
        found = shelf.entries(self._through, head.seq, MOST_NEW + 1, withdrawn=False)
        some = found[:MOST_NEW]
        if some:
            recent = Index()
            recent.merge(self._recent)
            shelf.take_in(recent, some)
            recent.compact()
            self._recent = recent
        # Another request may have looked at the head later, and come further.
        self._through = max(self._through, head.seq if some == found else some[-1].seq)
        if some != found:
            raise CatchingUp


_index = _Lookup()
