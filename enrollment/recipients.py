"""Who gets fingerprints and what they said, as far as a submitter is told it.

Enrollment knows no partner: a later stage keeps the book and installs it when the service starts. Without
one there are no partners, and every page says so.
"""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class Withdrawal(StrEnum):
    """What became of taking a fingerprint back at one partner."""

    WAITING = "waiting"
    CONFIRMED = "confirmed"


@dataclass(frozen=True)
class ListedPartner:
    """A partner that gets fingerprints now. ``slug`` never changes; ``kind`` is platform or helpline."""

    slug: str
    name: str
    kind: str


@dataclass(frozen=True)
class Sightings:
    """How many copies of one photo a partner reported, by the last outcome it told of each."""

    seen: int = 0
    blocked: int = 0
    removed: int = 0
    not_removed: int = 0
    disputed: int = 0

    @property
    def any(self) -> bool:
        return any((self.seen, self.blocked, self.removed, self.not_removed, self.disputed))


@dataclass(frozen=True)
class Delivery:
    """One photo at one partner.

    ``sent_at`` is when the partner first fetched the fingerprint, ``confirmed`` that it said it uses the
    latest word on it. ``withdrawal`` is set once the fingerprint was taken back (withdrawn, expired, paused)
    after it was sent; then ``withdrawal_deadline`` is when the partner must have confirmed that.
    """

    partner: str
    sent_at: datetime | None = None
    confirmed: bool = False
    sightings: Sightings = field(default_factory=Sightings)
    withdrawal: Withdrawal | None = None
    withdrawal_deadline: datetime | None = None


class PartnerBook(Protocol):
    """What the stage that deals with partners can tell a submitter."""

    def listed(self) -> Sequence[ListedPartner]:
        """Every partner that gets fingerprints now, by name."""

    def deliveries(self, photo_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, list[Delivery]]:
        """By photo, one entry for each partner that may have it or was ever sent it, by name.

        A photo without any may be missing.
        """


class NoPartners:
    """The book of a service that has no partners."""

    def listed(self) -> Sequence[ListedPartner]:
        return []

    def deliveries(self, photo_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, list[Delivery]]:
        return {}


_installed: list[PartnerBook] = []


def install(book: PartnerBook) -> None:
    """Use this book from now on; called once, when the service starts."""
    _installed[:] = [book]


def book() -> PartnerBook:
    return _installed[-1] if _installed else NoPartners()
