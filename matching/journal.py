"""What even an old backup must learn: which fingerprints partners know of or had to give back, which photos
were withdrawn, and of which the extended fingerprint was taken back.

An append-only file beside the database, never part of a backup of it; ids only. A line is on the disk before
its transaction commits. A line whose transaction then failed does no harm: restoring would retract what
nobody was sent, or withdraw what its owner asked to have withdrawn.
"""

import os
import re
import uuid
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db import OperationalError

NAME = "journal"
PUBLISHED, WITHDRAWN, RETRACTED, NARROWED = "published", "withdrawn", "retracted", "narrowed"
_LINE = re.compile(r"(published|withdrawn|retracted|narrowed) ([0-9a-f]{32})")
_FLAGS = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC


class NotNoted(OperationalError):
    """The line could not be made durable. To everybody above it is what a failed commit would be."""


@dataclass(frozen=True)
class Journal:
    """Ids of the fingerprints ever ``published`` or ``retracted``, and of the photos ever ``withdrawn`` or
    ``narrowed`` (without the extended fingerprint from then on)."""

    published: frozenset[uuid.UUID]
    withdrawn: frozenset[uuid.UUID]
    retracted: frozenset[uuid.UUID] = frozenset()
    narrowed: frozenset[uuid.UUID] = frozenset()


def note(event: str, subject: uuid.UUID) -> None:
    """Write one durable line. Call in the transaction it belongs to. Raises NotNoted."""
    try:
        descriptor = os.open(_path(), _FLAGS, 0o600)
        try:
            _append(descriptor, f"\n{event} {subject.hex}".encode("ascii"))
        finally:
            os.close(descriptor)
    except OSError as error:
        raise NotNoted(f"the journal cannot be written: {error.strerror}") from error


def read() -> Journal:
    """Everything noted so far; empty without a file. A line torn by a crash is skipped: it was no commit."""
    try:
        text = _path().read_text(encoding="ascii", errors="replace")
    except FileNotFoundError:
        text = ""
    found: dict[str, set[uuid.UUID]] = {word: set() for word in (PUBLISHED, WITHDRAWN, RETRACTED, NARROWED)}
    for line in text.splitlines():
        if whole := _LINE.fullmatch(line):
            found[whole[1]].add(uuid.UUID(whole[2]))
    return Journal(**{word: frozenset(ids) for word, ids in found.items()})


def _path() -> Path:
    return Path(settings.DATA_DIR) / NAME


def _append(descriptor: int, line: bytes) -> None:
    """One write, so that lines of several processes never mix; the line break comes first, so that the
    next line survives a torn one."""
    new = os.fstat(descriptor).st_size == 0
    if os.write(descriptor, line) != len(line):
        raise OSError(28, "No space left on device")
    os.fsync(descriptor)
    if new:
        directory = os.open(_path().parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)
