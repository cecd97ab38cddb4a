"""The life of a photo: its states, and every edge between them.

awaiting_review -> covered     -> fingerprinted -> protected
                -> not_covered -> closed
                -> lapsed      -> closed            nobody decided in time
any of them     -> withdrawn                        the submitter's word, at once
covered         -> failed                           three attempts, then a person must look
"""

from django.db import models
from django.utils.translation import gettext_lazy as _


class PhotoState(models.TextChoices):
    AWAITING_REVIEW = "awaiting_review", _("Waiting for a reviewer")
    COVERED = "covered", _("Protected by the terms, being prepared")
    FINGERPRINTED = "fingerprinted", _("Fingerprint stored, photo being deleted")
    PROTECTED = "protected", _("Protected")
    NOT_COVERED = "not_covered", _("Not protected by the terms, photo being deleted")
    LAPSED = "lapsed", _("Not decided in time, photo being deleted")
    CLOSED = "closed", _("Closed")
    FAILED = "failed", _("Delayed, a person is looking into it")
    WITHDRAWN = "withdrawn", _("Withdrawn")

    @property
    def withdrawable(self) -> bool:
        """Whether there is anything left to take back; of a closed photo nothing is."""
        return self in Edge.WITHDRAW.sources and self is not PhotoState.CLOSED

    @classmethod
    def purging(cls) -> list["PhotoState"]:
        """States in which the original has no further use and must go."""
        return [cls.FINGERPRINTED, cls.NOT_COVERED, cls.LAPSED, cls.WITHDRAWN]


class Edge(models.TextChoices):
    """A transition's name, as it stands in the audit and on the timeline."""

    DECIDE_COVERED = "decide_covered", _("Decided: protected by the terms")
    DECIDE_NOT_COVERED = "decide_not_covered", _("Decided: not protected by the terms")
    STORE_FINGERPRINT = "store_fingerprint", _("Fingerprint stored")
    PROTECT = "protect", _("Original deleted, protection active")
    CLOSE = "close", _("Original deleted, closed")
    LAPSE = "lapse", _("Not decided in time")
    FAIL = "fail", _("Processing failed")
    RETRY = "retry", _("Processing tried again")
    LOSE = "lose", _("Original lost, or not usable in time")
    WITHDRAW = "withdraw", _("Withdrawn by the submitter")

    @property
    def sources(self) -> frozenset[PhotoState]:
        return TRANSITIONS[self][0]

    @property
    def target(self) -> PhotoState:
        return TRANSITIONS[self][1]


TRANSITIONS: dict[Edge, tuple[frozenset[PhotoState], PhotoState]] = {
    Edge.DECIDE_COVERED: (frozenset({PhotoState.AWAITING_REVIEW}), PhotoState.COVERED),
    Edge.DECIDE_NOT_COVERED: (frozenset({PhotoState.AWAITING_REVIEW}), PhotoState.NOT_COVERED),
    Edge.STORE_FINGERPRINT: (frozenset({PhotoState.COVERED}), PhotoState.FINGERPRINTED),
    Edge.PROTECT: (frozenset({PhotoState.FINGERPRINTED}), PhotoState.PROTECTED),
    Edge.CLOSE: (frozenset({PhotoState.NOT_COVERED, PhotoState.LAPSED}), PhotoState.CLOSED),
    Edge.LAPSE: (frozenset({PhotoState.AWAITING_REVIEW}), PhotoState.LAPSED),
    Edge.FAIL: (frozenset({PhotoState.COVERED}), PhotoState.FAILED),
    Edge.RETRY: (frozenset({PhotoState.FAILED}), PhotoState.COVERED),
    Edge.LOSE: (
        frozenset({PhotoState.AWAITING_REVIEW, PhotoState.COVERED, PhotoState.FAILED}),
        PhotoState.LAPSED,
    ),
    Edge.WITHDRAW: (frozenset(set(PhotoState) - {PhotoState.WITHDRAWN}), PhotoState.WITHDRAWN),
}


class TimelineEvent(models.TextChoices):
    """What the submitter reads about one photo, in plain words."""

    RECEIVED = "received", _("We received your covered photo.")
    DECIDED_COVERED = Edge.DECIDE_COVERED.value, _("A reviewer decided: protected by the terms.")
    DECIDED_NOT_COVERED = Edge.DECIDE_NOT_COVERED.value, _("A reviewer decided: not protected by the terms.")
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
    WITHDRAWN = Edge.WITHDRAW.value, _("You withdrew this photo. Matching stopped at once.")
    PURGED = "purge", _("Your covered photo was deleted.")
