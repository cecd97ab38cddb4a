"""Reading the feed: what one partner may see, page by page, as the very text that it is sent.

Every record's text was made when it was published, so a page of a thousand is one statement and one joining
of texts, whatever the size of the feed.
"""

import uuid
from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import TextField
from django.db.models.functions import Cast, Now

from enrollment.pepper import peppered
from matching import feed
from matching.models import FeedHead, Partner, PartnerProgress

PAGE = 1000
LARGEST_PAGE = 5000

Row = tuple[int, str, str, str]


class CursorAhead(Exception):
    """The cursor lies beyond everything ever published here."""


class Behind(Exception):
    """More was confirmed before: everything through ``applied``."""

    def __init__(self, applied: int) -> None:
        super().__init__(f"confirmed through {applied} before")
        self.applied = applied


@dataclass(frozen=True)
class Page:
    """The JSON texts of records in order of ``seq``. ``next`` is the cursor of the following page: behind
    the last record, or with nothing ``more`` behind all that was published, whoever may see it."""

    feed: str
    records: list[str]
    next: int
    more: bool

    def text(self) -> str:
        records, more = ",".join(self.records), "true" if self.more else "false"
        return f'{{"feed":"{self.feed}","records":[{records}],"next":{self.next},"more":{more}}}'


def page(partner: Partner, *, after: int, limit: int, versions: Collection[str] | None = None) -> Page:
    """At most ``limit`` records after ``after``, as this partner may see them.

    Of versions not among ``versions`` it is told only that they are there. Raises CursorAhead.
    """
    # Before the records: what is numbered up to here was committed, so the page has all of it.
    head = _head()
    if after > head.seq:
        raise CursorAhead
    found = _rows(partner, after, limit + 1)
    rows, more = found[:limit], len(found) > limit
    ids = feed.public_ids(partner, b"".join(bytes.fromhex(row[1].replace("-", "")) for row in rows))
    records = [_text(row, id_, versions) for row, id_ in zip(rows, ids, strict=True)]
    last = rows[-1][0] if rows else after
    return Page(_identity(partner, head), records, last if more else max(last, head.seq), more)


def identity(partner: Partner) -> str:
    """Which feed the partner's numbers are of. The one of test records is another than the real one: what
    was read of it is no place to go on from."""
    return _identity(partner, _head())


def head() -> int:
    """The last number given out."""
    return _head().seq


def note_pulled(partner: Partner, through: int) -> None:
    """Remember that the partner was sent everything through a number, if that is news."""
    _advance(partner, PartnerProgress.Kind.PULLED, through)


def confirm(partner: Partner, applied: int) -> int:
    """The partner says that everything through ``applied`` is in force with it; the same again is no news.

    Raises CursorAhead or Behind. Call in a transaction.
    """
    if applied > head():
        raise CursorAhead
    _advance(partner, PartnerProgress.Kind.APPLIED, applied)
    stands = Partner.objects.values_list("applied", flat=True).get(pk=partner.pk)
    if stands > applied:
        raise Behind(stands)
    return stands


def _advance(partner: Partner, kind: PartnerProgress.Kind, through: int) -> None:
    """Of two calls at once, the one further on stands, whichever ends last."""
    behind = Partner.objects.filter(pk=partner.pk, **{f"{kind.value}__lt": through})
    if behind.exists() and behind.update(**{kind.value: through, f"{kind.value}_at": Now()}):
        PartnerProgress.objects.bulk_create(
            [PartnerProgress(partner=partner, kind=kind, through=through)], ignore_conflicts=True
        )


def _head() -> FeedHead:
    return FeedHead.objects.filter(pk=1).first() or FeedHead.objects.get_or_create(pk=1)[0]


def _identity(partner: Partner, head: FeedHead) -> str:
    if partner.stage == Partner.Stage.LIVE:
        return str(head.feed_id)
    return str(uuid.UUID(bytes=peppered("test-feed", head.feed_id.bytes, str(partner.pk))[:16], version=4))


def _rows(partner: Partner, after: int, most: int) -> list[Row]:
    """Seq, id in hexadecimal, version, text: as they are stored. Making Python's UUIDs of the ids would take
    as long as everything else."""
    records = feed.visible(partner).filter(seq__gt=after).annotate(hex=Cast("fingerprint_id", TextField()))
    return list(records.order_by("seq").values_list("seq", "hex", "version", "wire")[:most])


def _text(row: Row, id_: str, versions: Collection[str] | None) -> str:
    seq, _, version, wire = row
    if not wire:  # a tombstone: by constraint, and by nothing else
        return f'{{"seq":{seq},"id":"{id_}","status":"withdrawn"}}'
    if versions is not None and version not in versions:
        return f'{{"seq":{seq},"id":"{id_}","status":"unsupported","version":"{version}"}}'
    return f'{{"seq":{seq},"id":"{id_}","status":"active","fingerprint":{wire}}}'
