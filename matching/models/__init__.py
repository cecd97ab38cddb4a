"""The rows of the matching stage, one noun per file."""

from matching.models.feed import FeedHead, FeedRecord, Planted, Withheld
from matching.models.fingerprints import Fingerprint, WaitingSketch
from matching.models.partners import (
    Call,
    Partner,
    PartnerCalls,
    PartnerKey,
    PartnerKeyQuerySet,
    PartnerProgress,
    Scope,
)
from matching.models.publication import PublishedDay
from matching.models.sightings import Outcome, Sighting
from matching.models.work import Heartbeat

__all__ = [
    "Call",
    "FeedHead",
    "FeedRecord",
    "Fingerprint",
    "Heartbeat",
    "Outcome",
    "Partner",
    "PartnerCalls",
    "PartnerKey",
    "PartnerKeyQuerySet",
    "PartnerProgress",
    "Planted",
    "PublishedDay",
    "Scope",
    "Sighting",
    "WaitingSketch",
    "Withheld",
]
