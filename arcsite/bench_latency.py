"""How long it takes until a partner that asks every second knows of a decision, and of a withdrawal.

The undo window is part of the first: nothing that a reviewer may still take back leaves the house.
"""

import statistics
import time
import uuid
from collections.abc import Sequence

from django.conf import settings

from arcsite.bench_figures import Figure
from arcsite.bench_partner import partner_key
from arcsite.bench_queue import decide, fill_queue, new_reviewer
from arcsite.bench_service import NotMeasured, serving
from arcsite.bench_visitor import HOST
from enrollment import services
from enrollment.models import Photo
from matching import feed
from matching.client.errors import ServiceError
from matching.client.service import Service
from matching.models import Fingerprint, Partner, Scope

REPEATS, FEWEST = 10, 5
POLL_SECONDS, GIVE_UP_SECONDS = 1.0, 120.0
LISTED_WITHIN, WITHDRAWN_WITHIN = 20.0, 5.0


class Watcher:
    """A partner's program: it asks what is new, and a second later again."""

    def __init__(self, port: int) -> None:
        key = partner_key(Scope.FEED)
        self.partner = Partner.objects.get(keys__prefix=key.partition("_")[0])
        self._service = Service(f"http://{HOST}:{port}", key)
        self._feed: str | None = None
        self._after = 0
        self._told: dict[str, str] = {}

    def waits_for(self, photo_id: uuid.UUID) -> tuple[str, float]:
        """The id under which the photo's fingerprint came, and after how many seconds."""
        started = time.perf_counter()
        while (id_ := self._id_of(photo_id)) is None or self._told.get(id_) != "active":
            self._ask_again(started)
        return id_, time.perf_counter() - started

    def waits_for_the_end_of(self, id_: str) -> float:
        """After how many seconds this record was withdrawn."""
        started = time.perf_counter()
        while self._told[id_] != "withdrawn":
            self._ask_again(started)
        return time.perf_counter() - started

    def _id_of(self, photo_id: uuid.UUID) -> str | None:
        made = Fingerprint.objects.filter(photo_id=photo_id).values_list("pk", flat=True).first()
        return None if made is None else feed.public_id(self.partner, made)

    def _ask_again(self, started: float) -> None:
        if time.perf_counter() - started > GIVE_UP_SECONDS:
            raise NotMeasured(f"nothing was told in {GIVE_UP_SECONDS:.0f} s")
        time.sleep(POLL_SECONDS)
        try:
            page = self._service.page(self._after, self._feed)
        except ServiceError as error:
            raise NotMeasured(str(error)) from None
        if page is not None:
            self._told |= {str(record["id"]): str(record["status"]) for record in page.records}
            self._feed, self._after = page.feed, page.next


def latency(share: float) -> list[Figure]:
    """Photos decided and withdrawn one after the other, ``share`` of ten but five at least."""
    listed, withdrawn = [], []
    with serving() as port:
        watcher, reviewer = Watcher(port), new_reviewer()
        for _ in range(max(FEWEST, round(REPEATS * share))):
            fill_queue(1)
            photo_id = decide(reviewer)
            id_, seconds = watcher.waits_for(photo_id)
            listed.append(seconds)
            services.withdraw([Photo.objects.get(pk=photo_id)])
            withdrawn.append(watcher.waits_for_the_end_of(id_))
    return summary(listed, withdrawn)


def summary(listed: Sequence[float], withdrawn: Sequence[float]) -> list[Figure]:
    """Medians, and the longest beside the goals; all in seconds."""
    undo = f"{settings.ARC_UNDO_SECONDS} s to undo among them"
    return [
        *_both(f"from a decision to a partner ({undo})", listed, LISTED_WITHIN),
        *_both("from a withdrawal to a partner", withdrawn, WITHDRAWN_WITHIN),
    ]


def _both(name: str, seconds: Sequence[float], goal: float) -> list[Figure]:
    longest = max(seconds)
    return [
        Figure(f"{name}: median of {len(seconds)}", f"{statistics.median(seconds):.1f} s"),
        Figure(f"{name}: longest", f"{longest:.1f} s", f"< {goal:g} s", longest < goal),
    ]
