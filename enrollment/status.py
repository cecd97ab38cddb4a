"""What the submitter is shown of a case: states in plain words, the decision, and what we hold right now."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from enrollment import originals, recipients
from enrollment.models import Case, Photo, TimelineEntry
from enrollment.occasions import occasion_of
from enrollment.recipients import Delivery, Withdrawal
from enrollment.refusals import percent
from enrollment.states import Occasion, PhotoState, TimelineEvent

EXPLANATIONS = {
    PhotoState.AWAITING_REVIEW: _(
        "A trained reviewer will look at your covered photo. You do not have to do anything."
    ),
    PhotoState.SECOND_OPINION: _(
        "A second reviewer will look at your covered photo as well. You do not have to do anything."
    ),
    PhotoState.ESCALATED: _(
        "A senior reviewer will look at your covered photo. You do not have to do anything."
    ),
    PhotoState.COVERED: _("We are making the fingerprint. Your covered photo is deleted right after that."),
    PhotoState.FINGERPRINTED: _("The fingerprint is ready. We are deleting your covered photo now."),
    PhotoState.PROTECTED: _("Our partners get the fingerprint and can recognise copies of this photo."),
    PhotoState.SUSPENDED: _(
        "A platform asked us to look again, and we no longer have your photo. Please send the covered photo "
        "once more; another reviewer decides. Meanwhile copies are not recognised."
    ),
    PhotoState.EXPIRED: _(
        "The term you chose is over. We deleted the fingerprint, and our partners must stop using theirs."
    ),
    PhotoState.NEEDS_COVERING: _(
        "Too much could still be seen for us to go on. We are deleting what you sent; then you can cover "
        "more and send it again."
    ),
    PhotoState.NOT_COVERED: _("Nothing is matched for this photo. We are deleting it now."),
    PhotoState.LAPSED: _("We are sorry: we did not manage to decide in time. You can send it again."),
    PhotoState.CLOSED: _("Nothing is matched for this photo, and we no longer have it."),
    PhotoState.FAILED: _("This takes longer than it should. You do not have to do anything."),
    PhotoState.WITHDRAWN: _("Nothing is matched for this photo any more."),
}
# What is left to do for the sender when the photo may be sent again.
INVITATIONS = {
    Occasion.APPEAL: _(
        "If you see it differently, send the covered photo again: another reviewer looks at it. You can do "
        "this once."
    ),
    Occasion.COVERED_MORE: _("Please cover more of it and send it again; somebody looks at it anew."),
    Occasion.AGAIN: _("You can send the covered photo again. We are sorry for the trouble."),
    Occasion.CONTESTED: _("Please send the covered photo again, so that protection can go on."),
    Occasion.RENEWED: _(
        "If you still need protection, send the covered photo again. A reviewer looks at it anew, and the "
        "same term starts afresh."
    ),
}
TONES = {
    PhotoState.PROTECTED: "good",
    PhotoState.SUSPENDED: "warn",
    PhotoState.EXPIRED: "warn",
    PhotoState.NEEDS_COVERING: "warn",
    PhotoState.NOT_COVERED: "warn",
    PhotoState.LAPSED: "warn",
    PhotoState.FAILED: "warn",
}
DECISIONS = frozenset(
    {
        TimelineEvent.DECIDED_COVERED,
        TimelineEvent.DECIDED_NOT_COVERED,
        TimelineEvent.DECIDED_NEEDS_COVERING,
    }
)
# After these, what was decided before no longer stands.
OVER = frozenset(
    {
        TimelineEvent.UNDONE,
        TimelineEvent.SECOND_OPINION_UNDONE,
        TimelineEvent.ESCALATION_UNDONE,
        TimelineEvent.SENT_AGAIN,
    }
)
# Told on the way, without anything changing for the photo.
ASIDES = frozenset(
    {
        TimelineEvent.NARROWED,
        TimelineEvent.SEEN_AT_PARTNER,
        TimelineEvent.BLOCKED_AT_PARTNER,
        TimelineEvent.REMOVED_AT_PARTNER,
        TimelineEvent.NOT_REMOVED_AT_PARTNER,
    }
)
WITH_FINGERPRINT = frozenset({PhotoState.FINGERPRINTED, PhotoState.PROTECTED})


@dataclass(frozen=True)
class Ruling:
    """A reviewer's word: the clause of the terms it rests on, and the reason in the reviewer's own words."""

    clause: str
    clause_text: str
    reason: str


@dataclass(frozen=True)
class Deliveries:
    """Partners that have one photo's fingerprint, are to get it, or had it.

    ``taken_back`` are those who had it and were told to stop, ``let_go`` those of them who confirmed that.
    """

    rows: list[Delivery]

    @property
    def in_use(self) -> list[Delivery]:
        return [row for row in self.rows if row.confirmed and row.withdrawal is None]

    @property
    def taken_back(self) -> list[Delivery]:
        return [row for row in self.rows if row.withdrawal is not None]

    @property
    def let_go(self) -> list[Delivery]:
        return [row for row in self.rows if row.withdrawal is Withdrawal.CONFIRMED]


@dataclass(frozen=True)
class PhotoStatus:
    """One photo as its sender sees it. ``coverage`` is a percentage; no picture, ever.

    ``decide_by`` is our term, ``answer_by`` the sender's, ``ends_at`` when protection ends as they wished.
    ``occasion`` says what sending it again would be, ``invitation`` says so in a sentence; both are empty
    when that is not possible. ``recorded`` is whether the photo was deleted after it was last sent.
    """

    position: int
    label: str
    tone: str
    explanation: str
    since: datetime
    received_at: datetime
    decide_by: datetime | None
    answer_by: datetime | None
    ends_at: datetime | None
    coverage: float
    width: int
    height: int
    ruling: Ruling | None
    timeline: list[TimelineEntry]
    holds_photo: bool
    deleting: bool
    holds_fingerprint: bool
    withdrawable: bool
    occasion: Occasion | None
    invitation: str
    deliveries: Deliveries
    recorded: bool


def photos_of(case: Case) -> list[PhotoStatus]:
    """Every photo of the case in the order it was sent, looked up now."""
    rows = list(case.photos.order_by("position").prefetch_related("timeline"))
    sent = recipients.book().deliveries([photo.pk for photo in rows])
    return [_status_of(photo, sent.get(photo.pk, [])) for photo in rows]


def _status_of(photo: Photo, sent: list[Delivery]) -> PhotoStatus:
    state = PhotoState(photo.state)
    timeline = list(photo.timeline.all())
    waiting = state in PhotoState.waiting()
    occasion = occasion_of(photo, timeline)
    return PhotoStatus(
        position=photo.position,
        label=str(state.label),
        tone=TONES.get(state, ""),
        explanation=str(EXPLANATIONS[state]),
        since=_since(photo, timeline),
        received_at=photo.received_at,
        decide_by=photo.received_at + timedelta(days=settings.ARC_REVIEW_DAYS) if waiting else None,
        answer_by=photo.due_at if state is PhotoState.SUSPENDED else None,
        ends_at=photo.expires_at if state is PhotoState.PROTECTED else None,
        coverage=percent(photo.coverage),
        width=photo.width,
        height=photo.height,
        ruling=_ruling(timeline),
        timeline=timeline,
        holds_photo=originals.is_held(photo.pk),
        deleting=state in PhotoState.purging(),
        holds_fingerprint=state in WITH_FINGERPRINT,
        withdrawable=state.withdrawable,
        occasion=occasion,
        invitation=str(INVITATIONS[occasion]) if occasion else "",
        deliveries=_told(sent, protected=state is PhotoState.PROTECTED),
        recorded=photo.original_removed_at is not None,
    )


def _since(photo: Photo, timeline: list[TimelineEntry]) -> datetime:
    """When the photo came to its state."""
    changes = [entry.at for entry in timeline if entry.event not in ASIDES]
    return changes[-1] if changes else photo.received_at


def _told(sent: list[Delivery], *, protected: bool) -> Deliveries:
    """Before and after protection a partner that neither has nor saw anything is of no interest."""
    return Deliveries([row for row in sent if protected or row.sent_at is not None or row.sightings.any])


def _ruling(timeline: list[TimelineEntry]) -> Ruling | None:
    """The decision that stands, from the details that the deciding stage left on the timeline."""
    for entry in reversed(timeline):
        if entry.event in OVER:
            return None
        if entry.event in DECISIONS:
            details = entry.details
            return Ruling(
                clause=str(details.get("clause", "")),
                clause_text=str(details.get("clause_text", "")),
                reason=str(details.get("reason", "")),
            )
    return None
