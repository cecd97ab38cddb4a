"""The life of a photo: its states, and every edge between them.

awaiting_review -> second_opinion, escalated        another person must look as well
any of these    -> covered        -> fingerprinted -> protected
                -> not_covered    -> closed
                -> needs_covering -> closed         purged, and the sender is asked to cover more
                -> lapsed         -> closed         nobody decided in time
a decision      -> where it came from               taken back within the undo window
protected       -> suspended                        questioned by a partner; matching stops meanwhile
protected       -> expired                          the term that the sender chose is over
closed, suspended, expired -> awaiting_review       the sender sends the covered photo again
any of them     -> withdrawn                        the submitter's word, at once
covered         -> failed                           three attempts, then a person must look
"""

from django.db import models
from django.utils.translation import gettext_lazy as _


class PhotoState(models.TextChoices):
    AWAITING_REVIEW = "awaiting_review", _("Waiting for a reviewer")
    SECOND_OPINION = "second_opinion", _("Waiting for a second reviewer")
    ESCALATED = "escalated", _("Waiting for a lead")
    COVERED = "covered", _("Protected by the terms, being prepared")
    FINGERPRINTED = "fingerprinted", _("Fingerprint stored, photo being deleted")
    PROTECTED = "protected", _("Protected")
    SUSPENDED = "suspended", _("Paused: a platform questioned it; please send the covered photo again")
    EXPIRED = "expired", _("Ended: the term you chose is over")
    NOT_COVERED = "not_covered", _("Not protected by the terms, photo being deleted")
    NEEDS_COVERING = "needs_covering", _("More covering needed, photo being deleted")
    LAPSED = "lapsed", _("Not decided in time, photo being deleted")
    CLOSED = "closed", _("Closed")
    FAILED = "failed", _("Delayed, a person is looking into it")
    WITHDRAWN = "withdrawn", _("Withdrawn")

    @property
    def withdrawable(self) -> bool:
        """Whether there is anything left to take back; of a closed or expired photo nothing is."""
        return self in Edge.WITHDRAW.sources and self not in {PhotoState.CLOSED, PhotoState.EXPIRED}

    @classmethod
    def waiting(cls) -> list["PhotoState"]:
        """States in which a person has to look at the photo."""
        return [cls.AWAITING_REVIEW, cls.SECOND_OPINION, cls.ESCALATED]

    @classmethod
    def purging(cls) -> list["PhotoState"]:
        """States in which the original has no further use and must go."""
        return [cls.FINGERPRINTED, cls.NOT_COVERED, cls.NEEDS_COVERING, cls.LAPSED, cls.WITHDRAWN]

    @classmethod
    def without_original(cls) -> list["PhotoState"]:
        """States that a photo only reaches when its original is gone."""
        return [cls.PROTECTED, cls.SUSPENDED, cls.EXPIRED, cls.CLOSED]


class Edge(models.TextChoices):
    """A transition's name, as it stands in the audit and on the timeline."""

    ASK_SECOND_OPINION = "ask_second_opinion", _("A second opinion is asked for")
    ESCALATE = "escalate", _("Passed to a lead")
    DECIDE_COVERED = "decide_covered", _("Decided: protected by the terms")
    DECIDE_NOT_COVERED = "decide_not_covered", _("Decided: not protected by the terms")
    DECIDE_NEEDS_COVERING = "decide_needs_covering", _("Decided: more must be covered")
    UNDO_TO_QUEUE = "undo_to_queue", _("Decision taken back")
    UNDO_TO_SECOND_OPINION = "undo_to_second_opinion", _("Second opinion taken back")
    UNDO_TO_ESCALATED = "undo_to_escalated", _("Decision of a lead taken back")
    STORE_FINGERPRINT = "store_fingerprint", _("Fingerprint stored")
    PROTECT = "protect", _("Original deleted, protection active")
    CLOSE = "close", _("Original deleted, closed")
    LAPSE = "lapse", _("Not decided in time")
    FAIL = "fail", _("Processing failed")
    RETRY = "retry", _("Processing tried again")
    LOSE = "lose", _("Original lost, or not usable in time")
    SUSPEND = "suspend", _("Questioned by a partner, matching paused")
    EXPIRE = "expire", _("Chosen term over")
    RESEND = "resend", _("Covered photo sent again")
    WITHDRAW = "withdraw", _("Withdrawn")

    @property
    def sources(self) -> frozenset[PhotoState]:
        return TRANSITIONS[self][0]

    @property
    def target(self) -> PhotoState:
        return TRANSITIONS[self][1]


_WAITING = frozenset(PhotoState.waiting())
_DECIDED = frozenset({PhotoState.COVERED, PhotoState.NOT_COVERED, PhotoState.NEEDS_COVERING})
_ASKED = frozenset({PhotoState.SECOND_OPINION, PhotoState.ESCALATED})

TRANSITIONS: dict[Edge, tuple[frozenset[PhotoState], PhotoState]] = {
    Edge.ASK_SECOND_OPINION: (frozenset({PhotoState.AWAITING_REVIEW}), PhotoState.SECOND_OPINION),
    Edge.ESCALATE: (
        frozenset({PhotoState.AWAITING_REVIEW, PhotoState.SECOND_OPINION}),
        PhotoState.ESCALATED,
    ),
    Edge.DECIDE_COVERED: (_WAITING, PhotoState.COVERED),
    Edge.DECIDE_NOT_COVERED: (_WAITING, PhotoState.NOT_COVERED),
    Edge.DECIDE_NEEDS_COVERING: (_WAITING, PhotoState.NEEDS_COVERING),
    Edge.UNDO_TO_QUEUE: (_DECIDED | _ASKED, PhotoState.AWAITING_REVIEW),
    Edge.UNDO_TO_SECOND_OPINION: (_DECIDED | {PhotoState.ESCALATED}, PhotoState.SECOND_OPINION),
    Edge.UNDO_TO_ESCALATED: (_DECIDED, PhotoState.ESCALATED),
    Edge.STORE_FINGERPRINT: (frozenset({PhotoState.COVERED}), PhotoState.FINGERPRINTED),
    Edge.PROTECT: (frozenset({PhotoState.FINGERPRINTED}), PhotoState.PROTECTED),
    Edge.CLOSE: (
        frozenset({PhotoState.NOT_COVERED, PhotoState.NEEDS_COVERING, PhotoState.LAPSED}),
        PhotoState.CLOSED,
    ),
    Edge.LAPSE: (_WAITING, PhotoState.LAPSED),
    Edge.FAIL: (frozenset({PhotoState.COVERED}), PhotoState.FAILED),
    Edge.RETRY: (frozenset({PhotoState.FAILED}), PhotoState.COVERED),
    Edge.LOSE: (_WAITING | {PhotoState.COVERED, PhotoState.FAILED}, PhotoState.LAPSED),
    Edge.SUSPEND: (frozenset({PhotoState.PROTECTED}), PhotoState.SUSPENDED),
    Edge.EXPIRE: (frozenset({PhotoState.PROTECTED}), PhotoState.EXPIRED),
    Edge.RESEND: (
        frozenset({PhotoState.CLOSED, PhotoState.SUSPENDED, PhotoState.EXPIRED}),
        PhotoState.AWAITING_REVIEW,
    ),
    Edge.WITHDRAW: (frozenset(set(PhotoState) - {PhotoState.WITHDRAWN}), PhotoState.WITHDRAWN),
}


class Occasion(models.TextChoices):
    """Why a photo is with us this time."""

    FIRST = "first", _("sent for the first time")
    APPEAL = "appeal", _("appeal")
    COVERED_MORE = "covered_more", _("more was covered")
    AGAIN = "again", _("sent again after a delay or an accident of ours")
    CONTESTED = "contested", _("questioned by a partner")
    RENEWED = "renewed", _("sent again for a new term")


class TimelineEvent(models.TextChoices):
    """What the submitter reads about one photo, in plain words."""

    RECEIVED = "received", _("We received your covered photo.")
    ASKED_SECOND_OPINION = Edge.ASK_SECOND_OPINION.value, _("A second reviewer will look at it as well.")
    ESCALATED = Edge.ESCALATE.value, _("A senior reviewer will look at it.")
    DECIDED_COVERED = Edge.DECIDE_COVERED.value, _("A reviewer decided: protected by the terms.")
    DECIDED_NOT_COVERED = Edge.DECIDE_NOT_COVERED.value, _("A reviewer decided: not protected by the terms.")
    DECIDED_NEEDS_COVERING = (
        Edge.DECIDE_NEEDS_COVERING.value,
        _("A reviewer asks you to cover more. What you sent is being deleted."),
    )
    UNDONE = Edge.UNDO_TO_QUEUE.value, _("The reviewer took that back and looks again.")
    SECOND_OPINION_UNDONE = (
        Edge.UNDO_TO_SECOND_OPINION.value,
        _("The second reviewer took that back and looks again."),
    )
    ESCALATION_UNDONE = (
        Edge.UNDO_TO_ESCALATED.value,
        _("The senior reviewer took that back and looks again."),
    )
    FINGERPRINTED = Edge.STORE_FINGERPRINT.value, _("The fingerprint was stored.")
    PROTECTED = Edge.PROTECT.value, _("Your covered photo was deleted. Protection is active.")
    CLOSED = Edge.CLOSE.value, _("Your covered photo was deleted. This photo is closed.")
    LAPSED = Edge.LAPSE.value, _("Nobody could decide in time, so we are deleting your covered photo.")
    FAILED = Edge.FAIL.value, _("Something on our side went wrong. A person is looking into it.")
    RETRIED = Edge.RETRY.value, _("We are trying again.")
    LOST = (
        Edge.LOSE.value,
        _("An accident on our side: we cannot use your covered photo. Please send it again."),
    )
    SUSPENDED = (
        Edge.SUSPEND.value,
        _("A platform questioned this photo, so matching is paused. Please send the covered photo again."),
    )
    EXPIRED = (
        Edge.EXPIRE.value,
        _("The term you chose is over. Matching stopped, and the fingerprint was deleted."),
    )
    NARROWED = "narrow", _("You took back the extended fingerprint. The plain one goes on.")
    SEEN_AT_PARTNER = "sighting_seen", _("A partner saw a copy of this photo.")
    BLOCKED_AT_PARTNER = "sighting_blocked", _("A partner blocked a copy of this photo.")
    REMOVED_AT_PARTNER = "sighting_removed", _("A partner removed a copy of this photo.")
    NOT_REMOVED_AT_PARTNER = (
        "sighting_not_removed",
        _("A partner saw a copy of this photo and did not remove it."),
    )
    SENT_AGAIN = Edge.RESEND.value, _("We received your covered photo again.")
    WITHDRAWN = Edge.WITHDRAW.value, _("This photo was withdrawn. Matching stopped at once.")
    PURGED = "purge", _("Your covered photo was deleted.")
