import uuid

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from enrollment.models import Photo


class Fingerprint(models.Model):
    """What is kept of a protected photo. ``document`` is the engine's JSON form; confidential."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    photo = models.OneToOneField(Photo, on_delete=models.PROTECT, related_name="+")
    version = models.CharField(max_length=40)
    document = models.JSONField()
    created_at = models.DateTimeField(db_default=Now())


class WaitingSketch(models.Model):
    """What is kept of a waiting photo to find it in other cases: confidential, gone when decided.

    ``sketch`` is empty until it was drawn; ``attempts`` counts how often that was tried, so that a photo that
    cannot be read is given up. ``compared_at`` is null until its neighbours were looked for.
    """

    photo = models.OneToOneField(Photo, on_delete=models.PROTECT, primary_key=True, related_name="+")
    sketch = models.BinaryField(default=b"")
    attempts = models.PositiveSmallIntegerField(default=0)
    compared_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["photo"], condition=models.Q(compared_at__isnull=True), name="sketch_not_compared"
            )
        ]


class FeedRecord(models.Model):
    """The latest word to partners on one fingerprint: sent, or withdrawn for ever (tombstone)."""

    fingerprint_id = models.UUIDField(primary_key=True)
    seq = models.BigIntegerField(unique=True)
    tombstone = models.BooleanField(default=False)
    published_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["seq"]


class FeedHead(models.Model):
    """The last sequence number given out, one row; locking it puts concurrent writers in line."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    seq = models.BigIntegerField(default=0)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="feed_head_is_one")]


class Heartbeat(models.Model):
    """When the task cluster last did a piece of work; the watchdog reads it."""

    name = models.CharField(max_length=40, primary_key=True)
    beat_at = models.DateTimeField()

    class Meta:
        verbose_name = _("task overview")
        verbose_name_plural = _("tasks")

    def __str__(self) -> str:
        return self.name


class Partner(models.Model):
    """A platform or helpline that fetches the feed."""

    class Kind(models.TextChoices):
        PLATFORM = "platform", _("Platform")
        HELPLINE = "helpline", _("Helpline or NGO")

    name = models.CharField(max_length=200, unique=True)
    kind = models.CharField(max_length=20, choices=Kind.choices, default=Kind.PLATFORM)
    contact = models.EmailField(blank=True, help_text=_("Whom to write to about this connection."))
    active = models.BooleanField(default=True, help_text=_("Inactive partners get nothing, at once."))
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind__in=["platform", "helpline"]), name="partner_kind_is_known"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class PartnerKeyQuerySet(models.QuerySet["PartnerKey"]):
    def live(self) -> "PartnerKeyQuerySet":
        """Neither revoked nor expired; two at most per partner, so that a key can be replaced calmly."""
        return self.filter(revoked_at__isnull=True).filter(
            models.Q(expires_at__isnull=True) | models.Q(expires_at__gt=Now())
        )

    def usable(self) -> "PartnerKeyQuerySet":
        return self.live().filter(partner__active=True)


class PartnerKey(models.Model):
    """An access key ``prefix_secret``; only the prefix and the SHA-256 of the whole are stored."""

    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="keys")
    prefix = models.CharField(max_length=12, unique=True)
    digest = models.CharField(max_length=64)
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    objects = PartnerKeyQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.prefix
