import uuid

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from enrollment.models import Photo


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
        permissions = [
            ("review_photo", "May review photos"),
            ("review_guardian", "May review photos sent by guardians"),
            ("decide_escalated", "May decide escalated photos"),
        ]

    def __str__(self) -> str:
        return f"{self.photo_id} by {self.reviewer_id}"


class Skip(models.Model):
    """A reviewer would rather not see this photo for a while; others may."""

    photo = models.ForeignKey(Photo, on_delete=models.PROTECT, related_name="skips")
    reviewer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="skips")
    until = models.DateTimeField()

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["photo", "reviewer"], name="skip_once_per_photo_and_reviewer")
        ]


class Assignment(models.Model):
    """Which lead an escalated photo was given to; nobody else can claim it then."""

    photo = models.OneToOneField(Photo, on_delete=models.PROTECT, related_name="assignment")
    lead = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="assignments")
    assigned_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(db_default=Now())

    class Meta:
        default_permissions = ()
        permissions = [("lead_team", "May see the team's load and assign escalated photos")]
