from django.conf import settings
from django.db import models
from django.db.models.functions import Length, Now
from django.db.models.lookups import LessThanOrEqual
from django.utils.translation import gettext_lazy as _

from enrollment.models import Photo
from enrollment.states import PhotoState
from review.models.terms import Clause, Outcome

REASON_MAX_LENGTH = 1000


class Step(models.TextChoices):
    """What a reviewer's word did to the photo."""

    OPINION = "opinion", _("Opinion; another person decides")
    FINAL = "final", _("Decision")
    SECOND_OPINION_ASKED = "second_opinion_asked", _("Opinion, and a second one asked for")
    ESCALATED = "escalated", _("Passed to a lead")
    ALARM = "alarm", _("Alarm: still uncovered")

    @classmethod
    def ending(cls) -> list["Step"]:
        """The steps after which nobody decides on the photo as it was sent."""
        return [cls.FINAL, cls.ALARM]

    @classmethod
    def opinions(cls) -> list["Step"]:
        return [cls.OPINION, cls.SECOND_OPINION_ASKED]


class Evidence(models.TextChoices):
    """What a reviewer ticks beside the terms. The weak ones call for a second person."""

    COVER_FITS = "cover_fits", _("Place and shape of the cover fit what a clause describes")
    FACES_COVERED = "faces_covered", _("Every face is covered")
    REAL_PERSON = "real_person", _("A real person is in the photo")
    LITTLE_BODY = "little_body", _("Little of a body is visible")
    SCREENSHOT = "screenshot", _("It is a screenshot")
    MOSTLY_TEXT = "mostly_text", _("It is mostly text")
    SEEN_PUBLICLY = "seen_publicly", _("I have seen this picture in public before")

    @property
    def is_weak(self) -> bool:
        return self in _WEAK


_WEAK = frozenset({Evidence.LITTLE_BODY, Evidence.SCREENSHOT, Evidence.MOSTLY_TEXT, Evidence.SEEN_PUBLICLY})
_RULING = [Step.FINAL, Step.OPINION, Step.SECOND_OPINION_ASKED]


class DecisionQuerySet(models.QuerySet["Decision"]):
    def standing(self) -> "DecisionQuerySet":
        """Those that were not taken back."""
        return self.filter(undone_at__isnull=True)

    def of_this_round(self, photo: Photo) -> "DecisionQuerySet":
        return self.filter(photo=photo, round=photo.round)


class Decision(models.Model):
    """A reviewer's word on one photo, pinned to the clause (and so to the terms) it rests on.

    ``claim_token`` is the claim it was made under: the same form sent twice is known by it. ``came_from``
    is the state it leads back to when it is undone. Outcome and clause are those of an opinion or a final
    decision; an escalation and an alarm have none. ``overturned`` says that a later final decision on the
    same photo came to the other result.
    """

    photo = models.ForeignKey(Photo, on_delete=models.PROTECT, related_name="decisions", db_index=False)
    round = models.PositiveSmallIntegerField(default=1)
    reviewer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="decisions", db_index=False
    )
    claim_token = models.UUIDField(unique=True)
    step = models.CharField(max_length=20, choices=Step.choices, default=Step.FINAL)
    outcome = models.CharField(max_length=20, choices=Outcome.choices, null=True, blank=True)
    clause = models.ForeignKey(
        Clause, on_delete=models.PROTECT, null=True, blank=True, related_name="decisions"
    )
    reason = models.TextField(blank=True, max_length=REASON_MAX_LENGTH)
    evidence = models.JSONField(default=list, blank=True)
    came_from = models.CharField(
        max_length=20, choices=PhotoState.choices, default=PhotoState.AWAITING_REVIEW
    )
    decided_at = models.DateTimeField(db_default=Now())
    undone_at = models.DateTimeField(null=True, blank=True)
    overturned = models.BooleanField(default=False)

    objects = DecisionQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["photo", "round"],
                condition=models.Q(step__in=Step.ending(), undone_at__isnull=True),
                name="decision_final_once_per_round",
            ),
            models.UniqueConstraint(
                fields=["photo", "round", "reviewer"],
                condition=models.Q(undone_at__isnull=True),
                name="decision_once_per_reviewer",
            ),
            models.CheckConstraint(condition=models.Q(step__in=Step.values), name="decision_step_is_known"),
            models.CheckConstraint(
                condition=models.Q(outcome__isnull=True) | models.Q(outcome__in=Outcome.values),
                name="decision_outcome_is_known",
            ),
            models.CheckConstraint(
                condition=models.Q(step__in=_RULING, outcome__isnull=False, clause__isnull=False)
                | (~models.Q(step__in=_RULING) & models.Q(outcome__isnull=True, clause__isnull=True)),
                name="decision_rests_on_a_clause",
            ),
            models.CheckConstraint(
                condition=~models.Q(outcome=Outcome.NOT_COVERED) & ~models.Q(step=Step.ESCALATED)
                | ~models.Q(reason=""),
                name="decision_refusal_has_a_reason",
            ),
            models.CheckConstraint(
                condition=LessThanOrEqual(Length("reason"), REASON_MAX_LENGTH),
                name="decision_reason_is_short",
            ),
            models.CheckConstraint(
                condition=models.Q(came_from__in=PhotoState.waiting()), name="decision_came_from_waiting"
            ),
        ]
        indexes = [
            # Both, or SQLite reads all that a reviewer ever decided for each photo of the queue.
            models.Index(fields=["photo", "reviewer"], name="decision_by_photo"),
            models.Index(fields=["reviewer", "decided_at"], name="decision_by_reviewer"),
            models.Index(fields=["decided_at"], name="decision_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.photo_id} {self.step} {self.outcome or ''}".rstrip()
