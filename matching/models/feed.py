"""The feed: one record per fingerprint, numbered by its latest word."""

import uuid

from django.db import models
from django.db.models.functions import Now

from enrollment.models import Photo
from matching.models.partners import Partner


class FeedRecord(models.Model):
    """The latest word to partners on one fingerprint: sent, or withdrawn for ever (tombstone).

    ``active_seq`` is the number under which the fingerprint itself first went out, ``photo`` whose it is:
    both outlive it, so that its sender can see who had it and who confirmed the withdrawal. A record with a
    ``partner`` is planted: that partner alone sees it, and there is no photo.

    ``wire`` is the JSON text that partners are sent, made of the allowed fields once, when it is published:
    a page is made of such texts as they are. A tombstone has none.
    """

    fingerprint_id = models.UUIDField(primary_key=True)
    seq = models.BigIntegerField(unique=True)
    active_seq = models.BigIntegerField(null=True, blank=True)
    tombstone = models.BooleanField(default=False)
    version = models.CharField(max_length=40, blank=True)
    wire = models.TextField(blank=True)
    published_at = models.DateTimeField(db_default=Now())
    photo = models.ForeignKey(Photo, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    partner = models.ForeignKey(
        Partner, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )

    class Meta:
        ordering = ["seq"]
        indexes = [
            models.Index(fields=["partner", "seq"], name="feed_by_partner"),
            models.Index(fields=["seq"], condition=models.Q(tombstone=True), name="feed_tombstones"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(tombstone=True, wire="")
                | (models.Q(tombstone=False) & ~models.Q(wire="")),
                name="feed_tombstone_is_empty",
            ),
            models.CheckConstraint(
                condition=models.Q(photo__isnull=True) | models.Q(partner__isnull=True),
                name="feed_planted_without_photo",
            ),
        ]


class FeedHead(models.Model):
    """The last sequence number given out, one row; locking it puts concurrent writers in line.

    ``feed_id`` tells this feed from every other, so that no partner goes on with a cursor of another service.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    seq = models.BigIntegerField(default=0)
    feed_id = models.UUIDField(default=uuid.uuid4, editable=False)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="feed_head_is_one")]


class Planted(models.Model):
    """A fingerprint of no photo, for one partner: to try the connection with, or to trace a leak by.

    ``due_seq`` is the number of the feed with which it goes out, null once it did.
    """

    class Kind(models.TextChoices):
        TEST = "test"
        CANARY = "canary"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    document = models.JSONField()
    due_seq = models.BigIntegerField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [
            models.Index(
                fields=["due_seq"], condition=models.Q(due_seq__isnull=False), name="planted_waiting"
            )
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind__in=["test", "canary"]), name="planted_kind_is_known"
            ),
        ]


class Withheld(models.Model):
    """A partner that the sender of the photo left out: it never sees this record."""

    record = models.ForeignKey(FeedRecord, on_delete=models.CASCADE, related_name="withheld")
    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["record", "partner"], name="withheld_once")]
