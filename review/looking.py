"""For how long somebody has looked: arithmetic on moments, without a clock and without a database."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, order=True)
class Span:
    """One look, from its start to its end; both are moments of the same time zone."""

    start: datetime
    end: datetime


@dataclass(frozen=True)
class Limits:
    """A reviewer's day: photos and looking time, and the looking time after which ``rest`` is due."""

    photos: int
    looking: timedelta
    stretch: timedelta
    rest: timedelta


@dataclass(frozen=True)
class Budget:
    """What somebody has used of their day; ``break_until`` is set while a break is due."""

    limits: Limits
    photos: int
    looked: timedelta
    stretch: timedelta
    break_until: datetime | None

    @property
    def photos_left(self) -> int:
        return max(0, self.limits.photos - self.photos)

    @property
    def looking_left(self) -> timedelta:
        return max(timedelta(), self.limits.looking - self.looked)

    @property
    def until_break(self) -> timedelta:
        """How much looking is left before a break is due."""
        return max(timedelta(), self.limits.stretch - self.stretch)

    @property
    def is_spent(self) -> bool:
        return not self.photos_left or not self.looking_left


def budget(looks: Iterable[Span], limits: Limits, *, day_began: datetime, now: datetime) -> Budget:
    """What the looks of this day and before come to.

    A look that began before the day counts as time only for its part of the day, and as a photo not at all.
    A run of looks ends with a pause of ``limits.rest``, at whatever hour: midnight is no rest.
    """
    spans = sorted(looks)
    united = merged(spans)
    recent = last_run(united, limits.rest)
    rested = not recent or recent[-1].end + limits.rest <= now
    stretch = timedelta() if rested else total(recent)
    due = not rested and stretch >= limits.stretch
    return Budget(
        limits,
        photos=sum(span.start >= day_began for span in spans),
        looked=total(Span(max(span.start, day_began), span.end) for span in united if span.end > day_began),
        stretch=stretch,
        break_until=recent[-1].end + limits.rest if due else None,
    )


def merged(spans: Iterable[Span]) -> list[Span]:
    """The same time without overlaps, in order: two pictures looked at together tire once."""
    united: list[Span] = []
    for span in sorted(spans):
        if united and span.start <= united[-1].end:
            united[-1] = Span(united[-1].start, max(united[-1].end, span.end))
        else:
            united.append(span)
    return united


def last_run(spans: list[Span], rest: timedelta) -> list[Span]:
    """The last of these spans (in order, apart from each other) that no pause of ``rest`` divides."""
    run = spans[-1:]
    for earlier in reversed(spans[:-1]):
        if run[0].start - earlier.end >= rest:
            break
        run.insert(0, earlier)
    return run


def total(spans: Iterable[Span]) -> timedelta:
    return sum((span.end - span.start for span in spans), timedelta())
