"""All fingerprints in one file that every web process maps: kept by the worker, a little behind the feed.

The file is named after the algorithm, the feed, and the number of the feed through which it goes, so that no
file is ever taken for another. What was withdrawn since is in it until it is written anew: whoever searches
it asks the database about what was found. As confidential as the database beside it, and in no backup.
"""

import json
import logging
import re
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db.models import Q

from matching.engine.errors import EngineError
from matching.engine.fingerprint import VERSION, Fingerprint
from matching.engine.index import Index
from matching.engine.jsonform import FIELDS, all_from_json
from matching.models import FeedHead, FeedRecord

logger = logging.getLogger(__name__)

DIRECTORY = "index"
# So many new fingerprints each process takes in by itself; more, and the file is written anew.
MANY_NEW = 500
# What was withdrawn is gone from the file after this and a second for each ten megabytes to be written.
REST_SECONDS = 30.0
BYTES_A_SECOND = 10_000_000
AT_ONCE = 2000
# A process that was killed while it wrote leaves its part behind.
PART_SECONDS = 600.0
_NAME = re.compile(rf"{VERSION}-([0-9a-f]{{32}})-([0-9]{{1,19}})\.arc")


@dataclass(frozen=True)
class Shelf:
    """One file, and the number of the feed through which it goes."""

    path: Path
    through: int


@dataclass(frozen=True)
class Entry:
    """The latest word on one fingerprint: its JSON text, empty when it was withdrawn."""

    seq: int
    id: uuid.UUID
    wire: str


def newest(feed_id: uuid.UUID) -> Shelf | None:
    """The file that goes furthest; None when there is none of this feed and algorithm yet."""
    found = [
        Shelf(path, int(name[2]))
        for path in _files()
        if (name := _NAME.fullmatch(path.name)) and name[1] == feed_id.hex
    ]
    return max(found, key=lambda shelf: shelf.through, default=None)


def is_due() -> bool:
    """Whether the file should be written (anew) now."""
    head = FeedHead.objects.filter(pk=1).first()
    if head is None or head.seq == 0:
        return False
    shelf = newest(head.feed_id)
    if shelf is None:
        return True
    since = FeedRecord.objects.filter(seq__gt=shelf.through)
    if since.filter(tombstone=False)[:MANY_NEW].count() >= MANY_NEW:
        return True
    # A tombstone without the number of its fingerprint comes from the journal: it may have been in here, too.
    held = Q(active_seq__lte=shelf.through) | Q(active_seq__isnull=True)
    return _is_rested(shelf) and since.filter(held, tombstone=True).exists()


def renew(seconds: float) -> int:
    """Bring the file up to the feed, or as far as about so many seconds allow; returns how many entries.

    May run in two processes at once: of two files, the one that goes further is used.
    """
    until, head = time.monotonic() + seconds, FeedHead.objects.filter(pk=1).first()
    if head is None:
        return 0
    index, through = _so_far(head.feed_id)
    before, taken = through, 0
    while through < head.seq and (taken == 0 or time.monotonic() < until):
        found = entries(through, head.seq, AT_ONCE)
        take_in(index, found)
        taken += len(found)
        through = found[-1].seq if len(found) == AT_ONCE else head.seq
    if through > before:
        index.save(_directory() / f"{VERSION}-{head.feed_id.hex}-{through}.arc")
        _tidy(head.feed_id)
    return taken


def opened(shelf: Shelf) -> Index:
    """The file's index, mapped. Raises FileNotFoundError when it was replaced, or is damaged: then with an
    alarm, and it will be written anew."""
    try:
        return Index.open(shelf.path)
    except EngineError:
        logger.critical("ALARM %s was damaged; it is written anew", shelf.path.name)
        shelf.path.unlink(missing_ok=True)
        raise FileNotFoundError(shelf.path) from None


def entries(after: int, through: int, limit: int, *, withdrawn: bool = True) -> list[Entry]:
    """What the feed says after one number through another, oldest first, whoever may see it."""
    records = FeedRecord.objects.filter(seq__gt=after, seq__lte=through).order_by("seq")
    if not withdrawn:
        records = records.filter(tombstone=False)
    return [Entry(*row) for row in records.values_list("seq", "fingerprint_id", "wire")[:limit]]


def take_in(index: Index, found: Sequence[Entry]) -> None:
    """Replace in the index what it holds under these ids. Other algorithms' fingerprints are left out."""
    for entry in found:
        if entry.id.hex in index:
            index.remove(entry.id.hex)
    told = [entry for entry in found if entry.wire]
    for entry, fingerprint in zip(told, _read([entry.wire for entry in told]), strict=True):
        if fingerprint is not None:
            index.add(entry.id.hex, fingerprint)


def _read(wires: Sequence[str]) -> list[Fingerprint | None]:
    """The fingerprints without their extended sketches, which no search here reads."""
    documents = [_plain(wire) for wire in wires]
    try:
        return [*all_from_json(documents)] if documents else []
    except EngineError:
        return [_read_one(document) for document in documents]


def _plain(wire: str) -> dict[str, object]:
    document = json.loads(wire)
    return {name: document[name] for name in FIELDS}


def _read_one(document: Mapping[str, object]) -> Fingerprint | None:
    try:
        return all_from_json([document])[0]
    except EngineError:
        return None


def _so_far(feed_id: uuid.UUID) -> tuple[Index, int]:
    shelf = newest(feed_id)
    try:
        return (opened(shelf), shelf.through) if shelf else (Index(), 0)
    except FileNotFoundError:
        return Index(), 0


def _tidy(feed_id: uuid.UUID) -> None:
    """Remove all files but the newest; whoever has an older one mapped keeps it until the next request."""
    kept = newest(feed_id)
    for path in _files():
        writing = path.suffix == ".part" and not _is_older(path, PART_SECONDS)
        if not writing and (kept is None or path != kept.path):
            path.unlink(missing_ok=True)


def _is_rested(shelf: Shelf) -> bool:
    try:
        return _is_older(shelf.path, REST_SECONDS + shelf.path.stat().st_size / BYTES_A_SECOND)
    except FileNotFoundError:
        return False


def _is_older(path: Path, seconds: float) -> bool:
    try:
        return time.time() - path.stat().st_mtime > seconds
    except FileNotFoundError:
        return False


def _files() -> list[Path]:
    return list(_directory().iterdir())


def _directory() -> Path:
    """Private whatever the process's mask: what lies there is confidential."""
    directory = Path(settings.DATA_DIR) / DIRECTORY
    directory.mkdir(mode=0o700, exist_ok=True)
    return directory
