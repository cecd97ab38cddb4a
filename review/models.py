import uuid

from django.conf import settings
from django.db import models
from django.db.models.functions import Length, Now
from django.db.models.lookups import LessThanOrEqual
from django.utils.translation import gettext_lazy as _

from enrollment.models import Photo

REASON_MAX_LENGTH = 1000


class Outcome(models.TextChoices):
    COVERED = "covered", _("Protected by the terms")
    NOT_COVERED = "not_covered", _("Not protected by the terms")


class TermsQuerySet(models.QuerySet["TermsVersion"]):
    def current(self) -> "TermsVersion":
        """The wording that decisions rest on today: the highest number."""
        return self.order_by("-number")[:1].get()


class TermsVersion(models.Model):
    """One published wording of the protection terms. Never changed: a new wording is a new version."""

    number = models.PositiveIntegerField(unique=True)
    title = models.CharField(max_length=200)
    preamble = models.TextField()
    published_at = models.DateTimeField(db_default=Now())

    objects = TermsQuerySet.as_manager()

    class Meta:
        ordering = ["-number"]
        default_permissions = ("view",)
        verbose_name = "protection terms"
        verbose_name_plural = "protection terms"

    def __str__(self) -> str:
        return f"{self.title} (version {self.number})"


class Clause(models.Model):
    """A reason within one version of the terms; it argues for one outcome."""

    terms = models.ForeignKey(TermsVersion, on_delete=models.PROTECT, related_name="clauses")
    code = models.CharField(max_length=10)
    outcome = models.CharField(max_length=20, choices=Outcome.choices)
    text = models.TextField()

    class Meta:
        ordering = ["code"]
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(fields=["terms", "code"], name="clause_code_once_per_terms"),
            models.CheckConstraint(
                condition=models.Q(outcome__in=Outcome.values), name="clause_outcome_is_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.text}"


class ClaimQuerySet(models.QuerySet["Claim"]):
    def live(self) -> "ClaimQuerySet":
        return self.filter(expires_at__gt=Now())

    def lapsed(self) -> "ClaimQuerySet":
        return self.filter(expires_at__lte=Now())

    def with_remaining(self) -> "ClaimQuerySet":
        """Each claim with the time it has left by the database's clock, as ``remaining``."""
        left = models.ExpressionWrapper(models.F("expires_at") - Now(), models.DurationField())
        return self.annotate(remaining=left)


class Claim(models.Model):
    """A reviewer's lease on one photo. One row per photo; an expired row may be taken over."""

    photo = models.OneToOneField(Photo, on_delete=models.PROTECT, related_name="claim")
    reviewer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="claims")
    token = models.UUIDField(default=uuid.uuid4)
    claimed_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()

    objects = ClaimQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        permissions = [("review_photo", "May review photos")]

    def __str__(self) -> str:
        return f"{self.photo_id} by {self.reviewer_id}"


class Decision(models.Model):
    """A reviewer's word on one photo, pinned to the clause (and so to the terms) it rests on.

    ``claim_token`` is the claim it was made under: the same form sent twice is known by it.
    """

    photo = models.OneToOneField(Photo, on_delete=models.PROTECT, related_name="decision")
    reviewer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="decisions")
    claim_token = models.UUIDField(unique=True)
    outcome = models.CharField(max_length=20, choices=Outcome.choices)
    clause = models.ForeignKey(Clause, on_delete=models.PROTECT, related_name="decisions")
    reason = models.TextField(blank=True, max_length=REASON_MAX_LENGTH)
    decided_at = models.DateTimeField(db_default=Now())

    class Meta:
        default_permissions = ()
        constraints = [
            models.CheckConstraint(
                condition=models.Q(outcome__in=Outcome.values), name="decision_outcome_is_known"
            ),
            models.CheckConstraint(
                condition=~models.Q(outcome=Outcome.NOT_COVERED) | ~models.Q(reason=""),
                name="decision_refusal_has_a_reason",
            ),
            models.CheckConstraint(
                condition=LessThanOrEqual(Length("reason"), REASON_MAX_LENGTH),
                name="decision_reason_is_short",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.photo_id} {self.outcome}"


class AuditEntry(models.Model):
    """One link of the append-only chain; triggers refuse UPDATE and DELETE (``review/audit.py``)."""

    seq = models.BigIntegerField(primary_key=True)
    at = models.CharField(max_length=32)
    actor = models.CharField(max_length=64)
    action = models.CharField(max_length=40)
    photo = models.UUIDField(null=True)
    case = models.CharField(max_length=10, blank=True)
    details = models.TextField()
    previous = models.CharField(max_length=64)
    digest = models.CharField(max_length=64)

    class Meta:
        ordering = ["-seq"]
        default_permissions = ("view",)
        verbose_name_plural = "audit entries"
        constraints = [
            models.CheckConstraint(condition=~models.Q(actor=""), name="audit_actor_is_set"),
            models.CheckConstraint(condition=models.Q(seq__gte=1), name="audit_starts_at_one"),
        ]
        indexes = [
            models.Index(fields=["case", "-seq"], name="audit_by_case"),
            models.Index(fields=["photo", "-seq"], name="audit_by_photo"),
            models.Index(fields=["actor", "-seq"], name="audit_by_actor"),
            models.Index(fields=["action", "-seq"], name="audit_by_action"),
        ]

    def __str__(self) -> str:
        return f"{self.seq} {self.action}"


class AuditHead(models.Model):
    """The end of the chain, one row: where the next entry joins."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    seq = models.BigIntegerField(default=0)
    digest = models.CharField(max_length=64)

    class Meta:
        default_permissions = ()
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="audit_head_is_one")]

    def __str__(self) -> str:
        return f"{self.seq} {self.digest}"
