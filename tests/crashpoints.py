"""Named moments at which a process of the service is killed.

They are laid around the service's own functions from outside, in a process that is about to be killed:
production code has no line for them, not even one that does nothing. A point that no longer exists fails
its test, because the process then survives.
"""

import importlib
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce, wraps
from typing import Any, Literal

COMMIT = "django.db.backends.base.base:BaseDatabaseWrapper.commit"


@dataclass(frozen=True)
class Point:
    """Before or after the ``nth`` call of ``at`` (module:name), counted only during calls of ``within``."""

    moment: Literal["before", "after"]
    at: str
    within: str = ""
    nth: int = 1


POINTS = {
    # Upload of two photos: files first, then one transaction.
    "U1": Point("before", "enrollment.originals:seal"),
    "U2": Point("before", "os:fsync", within="enrollment.folder:Folder.write"),
    "U3": Point("before", "os:rename", within="enrollment.folder:Folder.write"),
    "U4": Point("after", "os:rename", within="enrollment.folder:Folder.write", nth=2),
    "U5": Point("after", "enrollment.originals:seal"),
    "U6": Point("before", "enrollment.services:_record"),
    "U7": Point("before", COMMIT, within="enrollment.services:_record"),
    "U8": Point("after", "enrollment.services:_record"),
    # Decision: claim checked, decision, state with timeline and audit, commit.
    "D1": Point("before", "review.services:_record"),
    "D2": Point("before", "review.services:move"),
    "D3": Point("before", COMMIT, within="review.services:decide"),
    "D4": Point("after", "review.services:decide"),
    # Undo: state, decision, claim, commit.
    "B1": Point("before", "review.services:move", within="review.services:undo"),
    "B2": Point("before", COMMIT, within="review.services:undo"),
    "B3": Point("after", "review.services:undo"),
    # Alarm: decision, state, commit, wake-up.
    "A1": Point("before", "review.services:move", within="review.services:alarm"),
    "A2": Point("before", COMMIT, within="review.services:alarm"),
    "A3": Point("before", "matching.dispatch:nudge", within="review.services:alarm"),
    # Sent again: a file of its own, then one transaction.
    "R1": Point("before", "os:rename", within="enrollment.services:resend"),
    "R2": Point("after", "enrollment.originals:seal", within="enrollment.services:resend"),
    "R3": Point("before", COMMIT, within="enrollment.services:_record_again"),
    "R4": Point("after", "enrollment.services:_record_again"),
    # Questioned: the journal, the feed, the state, commit.
    "S1": Point("after", "matching.journal:note", within="review.services:suspend"),
    "S2": Point("before", COMMIT, within="review.services:suspend"),
    "S3": Point("after", "review.services:suspend"),
    # Disputed by a report: its row, then the same, one commit.
    "Q1": Point("before", "review.services:suspend", within="matching.sightings:report"),
    "Q2": Point("before", COMMIT, within="matching.sightings:report"),
    "Q3": Point("after", "matching.sightings:report"),
    # Fingerprint: claim, open, a child decodes, one transaction.
    "H1": Point("before", "matching.leases:claim"),
    "H2": Point("after", "matching.leases:claim"),
    "H3": Point("after", "enrollment.originals:open_original"),
    "H4": Point(
        "after", "enrollment.sandbox:_Helper.hand_over", within="matching.services:fingerprint_photo"
    ),
    "H5": Point("after", "enrollment.sandbox:fingerprint"),
    "H6": Point("after", "enrollment.transitions:move", within="matching.services:_store"),
    "H7": Point("before", COMMIT, within="matching.services:_store"),
    "H8": Point("after", "matching.services:_store"),
    # Purge: claim, key, file, look, one transaction, log.
    "P1": Point("after", "matching.leases:claim", within="matching.services:purge_photo"),
    "P2": Point("before", "enrollment.originals:_remove_file"),
    "P3": Point("after", "os:unlink", within="enrollment.originals:_remove_file"),
    "P4": Point("after", "enrollment.originals:destroy"),
    "P5": Point("before", COMMIT, within="matching.services:_confirm_destroyed"),
    "P6": Point("before", "matching.wal:truncate"),
    # Withdrawal of both photos of a case in one transaction; then the wake-up.
    "W1": Point("after", "matching.journal:note", within="enrollment.services:withdraw", nth=2),
    "W2": Point("before", COMMIT, within="enrollment.services:withdraw"),
    "W3": Point("before", "matching.dispatch:nudge"),
    # A term over: the feed, the state, commit; the sweep goes on with the next photo.
    "E1": Point("after", "matching.feed:withdraw", within="enrollment.services:_moved"),
    "E2": Point("before", COMMIT, within="enrollment.services:_moved"),
    "E3": Point("after", "enrollment.services:_moved"),
    # The extended fingerprints of both photos taken back: the journal, the feed, commit.
    "N1": Point("after", "matching.journal:note", within="enrollment.services:revoke_extended", nth=2),
    "N2": Point("after", "matching.feed:narrow", within="enrollment.services:revoke_extended"),
    "N3": Point("before", COMMIT, within="enrollment.services:revoke_extended"),
    # Publication, part of the purge's transaction.
    "F1": Point("after", "matching.journal:note", within="matching.feed:publish"),
    "F2": Point("after", "matching.feed:publish"),
}


def arm(point: Point, reached: Callable[[], None]) -> None:
    """From now on call ``reached`` at the point. There is no way back: for processes that end soon."""
    inside = threading.local()
    calls = 0

    def during(run: Callable[..., Any], *args: Any, **options: Any) -> Any:
        inside.depth = getattr(inside, "depth", 0) + 1
        try:
            return run(*args, **options)
        finally:
            inside.depth -= 1

    def watched(run: Callable[..., Any], *args: Any, **options: Any) -> Any:
        nonlocal calls
        if point.within and not getattr(inside, "depth", 0):
            return run(*args, **options)
        calls += 1
        here = calls == point.nth
        if here and point.moment == "before":
            reached()
        result = run(*args, **options)
        if here and point.moment == "after":
            reached()
        return result

    _wrap(point.at, watched)
    if point.within:
        _wrap(point.within, during)


def _wrap(place: str, around: Callable[..., Any]) -> None:
    module, _, path = place.partition(":")
    *owners, name = path.split(".")
    owner = reduce(getattr, owners, importlib.import_module(module))
    original = getattr(owner, name)

    @wraps(original)
    def wrapper(*args: Any, **options: Any) -> Any:
        return around(original, *args, **options)

    setattr(owner, name, wrapper)
