"""Whether, and why, the sender of a photo may send it again now."""

from collections.abc import Iterable

from enrollment.models import Photo, TimelineEntry
from enrollment.states import Occasion, PhotoState, TimelineEvent

# Of a photo that still shows too much after that, a person should talk with its sender.
MOST_ROUNDS = 5
_ENDINGS = {
    TimelineEvent.DECIDED_NOT_COVERED: Occasion.APPEAL,
    TimelineEvent.DECIDED_NEEDS_COVERING: Occasion.COVERED_MORE,
    TimelineEvent.LAPSED: Occasion.AGAIN,
    TimelineEvent.LOST: Occasion.AGAIN,
}


def occasion_of(photo: Photo, timeline: Iterable[TimelineEntry]) -> Occasion | None:
    """What sending this photo again would be; ``None`` when it is not the time for it.

    ``timeline`` are the photo's entries in order. Of a decision there is one appeal.
    """
    if photo.state == PhotoState.SUSPENDED:
        return Occasion.CONTESTED
    if photo.state == PhotoState.EXPIRED:
        return Occasion.RENEWED
    if photo.state != PhotoState.CLOSED:
        return None
    ended = [_ENDINGS[TimelineEvent(entry.event)] for entry in timeline if entry.event in _ENDINGS]
    occasion = ended[-1] if ended else None
    if occasion is Occasion.APPEAL and photo.appealed_at is not None:
        return None
    if occasion is Occasion.COVERED_MORE and photo.round >= MOST_ROUNDS:
        return None
    return occasion
