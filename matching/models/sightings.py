"""What partners report back."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from matching.models.feed import FeedRecord
from matching.models.partners import Partner


class Outcome(models.TextChoices):
    """What a partner did about a public photo that matched."""

    SEEN = "seen", _("seen")
    BLOCKED = "blocked", _("blocked")
    REMOVED = "removed", _("removed")
    NOT_REMOVED = "not_removed", _("not removed")
    DISPUTED = "disputed", _("disputed")


class Sighting(models.Model):
    """One match at a partner and its latest outcome.

    Of the partner's own name for the match only a keyed digest is kept: it may point at a person.
    """

    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="sightings")
    record = models.ForeignKey(FeedRecord, on_delete=models.PROTECT, related_name="sightings")
    reference_digest = models.CharField(max_length=64)
    outcome = models.CharField(max_length=20, choices=Outcome.choices)
    created_at = models.DateTimeField(db_default=Now())
    changed_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["created_at", "id"]
        indexes = [models.Index(fields=["partner", "changed_at"], name="sighting_latest")]
        constraints = [
            models.UniqueConstraint(fields=["partner", "reference_digest"], name="sighting_reference_once"),
            models.CheckConstraint(
                condition=models.Q(outcome__in=Outcome.values), name="sighting_outcome_is_known"
            ),
        ]
