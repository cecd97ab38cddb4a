"""What must hold after anything at all happened to a service, read from its data directory alone.

``faults`` answers with one sentence for each broken promise and shares no code with the service but the
table of states: it reads the database file, the store and the logs as an investigator would.
"""

import hashlib
import json
import re
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from enrollment.photo import WORKING_MAGIC
from enrollment.states import TRANSITIONS, Edge, PhotoState

WAITING = {PhotoState.AWAITING_REVIEW, PhotoState.SECOND_OPINION, PhotoState.ESCALATED}
SETTLED = {PhotoState.PROTECTED, PhotoState.EXPIRED, PhotoState.CLOSED, PhotoState.WITHDRAWN}
WITH_FINGERPRINT = {PhotoState.FINGERPRINTED, PhotoState.PROTECTED}
BEFORE_THE_PURGE = WAITING | {PhotoState.COVERED, PhotoState.FAILED}
SEALED = b"ARC1"
PICTURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"\xff\xd8\xff\xe1", WORKING_MAGIC)
ADDRESS = re.compile(r"\b(?:\d{1,3}\.){3}\d{1,3}\b")
ARC = (255, 168, 230)
SPOKEN = frozenset(edge for edge in Edge if edge.startswith("decide_")) | {
    Edge.ASK_SECOND_OPINION,
    Edge.ESCALATE,
}
SIGHTINGS = {f"sighting_{outcome}" for outcome in ("seen", "blocked", "removed", "not_removed")}
SHORT_STEPS = frozenset({"received", "purge", "narrow"} | SIGHTINGS)  # told, but no change of state


@contextmanager
def reading(data: Path) -> Iterator[sqlite3.Connection]:
    """The database of a data directory, read-only."""
    uri = f"{(data / 'db.sqlite3').as_uri()}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True, timeout=20)) as connection:
        yield connection


def faults(
    data: Path,
    *,
    confirmed: Mapping[str, int],
    canaries: Sequence[str] = (),
    temp: Path | None = None,
    logs: Sequence[Path] = (),
    elsewhere: Sequence[Path] = (),
    strays: bool = False,
) -> list[str]:
    """Every broken invariant, I1 to I9 less I7, one sentence each.

    ``confirmed`` maps the case numbers that people were shown to their photos, ``elsewhere`` are further
    files that may hold no canary, such as backups. With ``strays``, files without a key are no fault: a
    crash may leave them until they are swept. All else holds at every moment, not only in the end.
    """
    with reading(data) as rows:
        rows.execute("BEGIN")
        return [
            *_cases(rows, confirmed),
            *_store(rows, data / "store", strays),
            *_fingerprints(rows),
            *_audit(rows),
            *_decisions(rows),
            *_feed(rows, data / "journal"),
            *_temporary(temp),
            *_canaries([data, *elsewhere, *logs, *([temp] if temp else [])], canaries),
            *_pictures(data),
            *_logs(logs, data / "secrets", confirmed),
        ]


def unsettled(data: Path) -> list[tuple[str, str]]:
    """Photos that somebody or something still has to finish: (id, state). Those in the queue are not."""
    with reading(data) as rows:
        found = rows.execute("SELECT id, state, original_removed_at FROM enrollment_photo").fetchall()
    resting = WAITING | {PhotoState.FAILED, PhotoState.SUSPENDED}
    return [
        (photo, state)
        for photo, state, removed in found
        if state not in resting and not (state in SETTLED and removed)
    ]


def _cases(rows: sqlite3.Connection, confirmed: Mapping[str, int]) -> Iterator[str]:
    """I1: whatever was confirmed is there, whole and in a legal state."""
    counts = dict(
        rows.execute(
            "SELECT c.number, COUNT(p.id) FROM enrollment_case c"
            " LEFT JOIN enrollment_photo p ON p.case_id = c.id GROUP BY c.id"
        )
    )
    for number, photos in confirmed.items():
        if counts.get(number) != photos:
            yield f"I1 case {number} has {counts.get(number)} photos of {photos}"
    for (state,) in rows.execute("SELECT DISTINCT state FROM enrollment_photo"):
        if state not in PhotoState.values:
            yield f"I1 there is no state {state}"


def _store(rows: sqlite3.Connection, store: Path, strays: bool) -> Iterator[str]:
    """I2: a file for each key, a key for each file, and both only while they are needed."""
    files = {path.name for path in store.iterdir()} if store.exists() else set()
    photos = rows.execute(
        "SELECT p.id, COALESCE(p.sealed_as, p.id), p.state, p.original_removed_at, k.photo_id IS NOT NULL"
        " FROM enrollment_photo p LEFT JOIN enrollment_originalkey k ON k.photo_id = p.id"
    ).fetchall()
    keyed = {file for _, file, _, _, key in photos if key}
    if not strays:
        yield from (f"I2 file {name} has no key" for name in files - keyed)
    yield from (f"I2 the key of file {name} has no file" for name in keyed - files)
    for photo, file, state, removed, key in photos:
        if removed and (key or file in files):
            yield f"I2 photo {photo} is called removed and is still there"
        if state in BEFORE_THE_PURGE and not key:
            yield f"I2 photo {photo} is {state} and its original is lost"
        if state in PhotoState.without_original() and not removed:
            yield f"I2 photo {photo} is {state} and was never purged"


def _fingerprints(rows: sqlite3.Connection) -> Iterator[str]:
    """I3: one fingerprint for each photo that has earned it, none for any other."""
    counts = Counter(photo for (photo,) in rows.execute("SELECT photo_id FROM matching_fingerprint"))
    for photo, state in rows.execute("SELECT id, state FROM enrollment_photo"):
        if (found := counts.pop(photo, 0)) != (state in WITH_FINGERPRINT):
            yield f"I3 photo {photo} is {state} with {found} fingerprints"
    yield from (f"I3 there is a fingerprint of no photo {photo}" for photo in counts)
    unwanted = rows.execute(
        "SELECT f.photo_id FROM matching_fingerprint f JOIN enrollment_photo p ON p.id = f.photo_id"
        " JOIN enrollment_case c ON c.id = p.case_id"
        " WHERE NOT c.extended AND json_extract(f.document, '$.extended') IS NOT NULL"
        " UNION SELECT r.photo_id FROM matching_feedrecord r JOIN enrollment_photo p ON p.id = r.photo_id"
        " JOIN enrollment_case c ON c.id = p.case_id"
        " WHERE NOT c.extended AND r.wire LIKE '%\"extended\"%'"
    )
    yield from (f"I3 photo {photo} has an extended fingerprint that nobody wants" for (photo,) in unwanted)


def _audit(rows: sqlite3.Connection) -> Iterator[str]:
    """I4: the chain holds, and tells of each photo exactly what its timeline tells: one legal way."""
    previous, actions = "0" * 64, defaultdict(list)
    fields = 'seq, at, actor, action, photo, "case", details, previous, digest'
    entries = rows.execute(f"SELECT {fields} FROM review_auditentry ORDER BY seq").fetchall()
    for place, (seq, at, actor, action, photo, case, details, before, digest) in enumerate(entries, start=1):
        covered = [seq, at, actor, action, _dashed(photo), case, details, before]
        own = hashlib.sha256(json.dumps(covered, separators=(",", ":")).encode()).hexdigest()
        if (seq, before, digest) != (place, previous, own):
            yield f"I4 the audit breaks at entry {seq}"
        if not actor:
            yield f"I4 entry {seq} names nobody"
        previous = digest
        actions[photo].append(action)
    head = rows.execute("SELECT seq, digest FROM review_audithead").fetchall()
    if head != ([(len(entries), previous)] if entries else []):
        yield "I4 the audit's head is not its last entry"
    yield from _ways(rows, actions)


def _ways(rows: sqlite3.Connection, audited: Mapping[str | None, Sequence[str]]) -> Iterator[str]:
    told = defaultdict(list)
    for photo, event in rows.execute("SELECT photo_id, event FROM enrollment_timelineentry ORDER BY id"):
        told[photo].append(event)
    for photo, state in rows.execute("SELECT id, state FROM enrollment_photo"):
        steps = [action for action in audited.get(photo, []) if action in {*Edge.values, *SHORT_STEPS}]
        if steps != told[photo]:
            yield f"I4 photo {photo}: audit {steps}, timeline {told[photo]}"
        if steps[:1] != ["received"] or steps.count("received") != 1 or steps.count("purge") > 1:
            yield f"I4 photo {photo} was received or purged other than once: {steps}"
        if _end_of(steps) != state:
            yield f"I4 photo {photo} is {state}, but its way {steps} does not lead there"


def _decisions(rows: sqlite3.Connection) -> Iterator[str]:
    """I4: a photo is decided once a round, by nobody twice, and what stands is what its way tells."""
    standing = rows.execute(
        "SELECT photo_id, round, reviewer_id, step FROM review_decision WHERE undone_at IS NULL"
    ).fetchall()
    ended = Counter((photo, number) for photo, number, _, step in standing if step in {"final", "alarm"})
    spoken = Counter((photo, number, reviewer) for photo, number, reviewer, _ in standing)
    yield from (f"I4 photo {key[0]} was decided {n} times" for key, n in ended.items() if n > 1)
    yield from (f"I4 somebody spoke {n} times on {key[0]}" for key, n in spoken.items() if n > 1)
    said, told = Counter(photo for photo, *_ in standing), Counter[str]()
    for photo, event in rows.execute("SELECT photo_id, event FROM enrollment_timelineentry"):
        told[photo] += (event in SPOKEN) - event.startswith("undo_")
    yield from (
        f"I4 photo {photo} has {said[photo]} decisions and {told[photo]} on its way"
        for photo in said
        if said[photo] != told[photo]
    )


def _end_of(steps: Iterable[str]) -> str | None:
    """Where the steps lead from the queue; None when one of them cannot be taken."""
    state: PhotoState = PhotoState.AWAITING_REVIEW
    for step in steps:
        if step in SHORT_STEPS:
            continue
        sources, target = TRANSITIONS[Edge(step)]
        if state not in sources:
            return None
        state = target
    return state


def _feed(rows: sqlite3.Connection, journal: Path) -> Iterator[str]:
    """I8: what is in the feed is protected, what is protected is in it, all else ever sent is a tombstone."""
    records = dict(rows.execute("SELECT fingerprint_id, tombstone FROM matching_feedrecord"))
    planted = {one for (one,) in rows.execute("SELECT id FROM matching_planted")}
    active = {fingerprint for fingerprint, tombstone in records.items() if not tombstone} - planted
    protected = {
        fingerprint
        for (fingerprint,) in rows.execute(
            "SELECT f.id FROM matching_fingerprint f JOIN enrollment_photo p ON p.id = f.photo_id"
            " WHERE p.state = 'protected'"
        )
    }
    yield from (f"I8 {one} is in the feed and not protected" for one in active - protected)
    yield from (f"I8 {one} is protected and not in the feed" for one in protected - active)
    noted = journal.read_text().split() if journal.exists() else []
    sent = {one for word, one in zip(noted[::2], noted[1::2], strict=True) if word == "published"}
    known = records.keys() | {one for (one,) in rows.execute("SELECT id FROM matching_fingerprint")}
    yield from (f"I8 {one} was sent to partners and is forgotten" for one in sent - known)
    yield from (f"I8 {one} is in the feed and not in the journal" for one in active - sent)
    wide = rows.execute(
        "SELECT r.fingerprint_id FROM matching_feedrecord r JOIN enrollment_photo p ON p.id = r.photo_id"
        " JOIN enrollment_case c ON c.id = p.case_id WHERE NOT c.extended AND instr(r.wire, '\"extended\"')"
    )
    yield from (f"I8 {one} is in the feed with a sketch that nobody wants" for (one,) in wide)
    highest, head = (
        rows.execute(f"SELECT COALESCE(MAX(seq), 0) FROM matching_{table}").fetchone()[0]
        for table in ("feedrecord", "feedhead")
    )
    if highest > head:
        yield f"I8 the feed's head {head} lies below a record {highest}"


def _temporary(temp: Path | None) -> Iterator[str]:
    """I5: nothing is left where temporary files lie."""
    if temp is not None:
        yield from (f"I5 {path.name} was left in the temporary directory" for path in temp.iterdir())


def _canaries(places: Iterable[Path], canaries: Sequence[str]) -> Iterator[str]:
    """I6: nothing of what a sent file hid is anywhere."""
    if not canaries:
        return
    pattern = re.compile(b"|".join(re.escape(canary.encode()) for canary in canaries))
    for path in _files(places):
        yield from {f"I6 {found.decode()} is in {path.name}" for found in pattern.findall(path.read_bytes())}
        yield from (f"I6 {canary} is in the name of {path}" for canary in canaries if canary in path.name)


def _pictures(data: Path) -> Iterator[str]:
    """I6: no file of the store can be looked at, and no picture lies in the database or its log."""
    for path in _files([data / "store"]):
        with path.open("rb") as file:
            if file.read(len(SEALED)) != SEALED:
                yield f"I6 {path.name} in the store is not sealed"
    for path in data.glob("db.sqlite3*"):
        if any(start in path.read_bytes() for start in PICTURES):
            yield f"I6 a picture lies in {path.name}"


def _logs(logs: Sequence[Path], secrets: Path, confirmed: Iterable[str]) -> Iterator[str]:
    """I9: the logs name no secret, no case and no address but our own."""
    hidden = [path.read_text().strip() for path in _files([secrets])] + list(confirmed)
    for log in _files(logs):
        text = log.read_text(errors="replace")
        yield from (f"I9 a secret or a case is in {log.name}" for word in hidden if word in text)
        yield from (
            f"I9 address {address} is in {log.name}"
            for address in set(ADDRESS.findall(text))
            if not address.startswith("127.")
        )


def masked_image_faults(
    headers: Mapping[str, str], body: bytes, mask: NDArray[np.bool_] | None = None
) -> list[str]:
    """I7: an image that staff are sent decodes, hides ``mask`` [H, W] exactly and tells nothing else."""
    found = []
    if headers.get("Content-Type") != "image/png" or headers.get("X-Content-Type-Options") != "nosniff":
        found.append("I7 it could be taken for something else")
    if "no-store" not in headers.get("Cache-Control", ""):
        found.append("I7 it may be kept in a cache")
    with Image.open(BytesIO(body), formats=["PNG"]) as image:
        image.load()
        if image.info or image.getexif():
            found.append("I7 it holds metadata")
        pixels = np.asarray(image.convert("RGB"))
    painted = (pixels == ARC).all(axis=2)
    if not painted.any() or (mask is not None and not painted[mask].all()):
        found.append("I7 the cover is not solid")
    return found


def sentence_faults(body: str, code: str = "") -> list[str]:
    """I10: an answer of the service is for people, whatever happened, and has the stable ``code`` if any."""
    signs = ("Traceback", "OperationalError", "Exception", "sqlite", "enrollment_", "Django", "/srv", ".py")
    missing = [] if f"({code})" in body or not code else [f"I10 the code {code} is not told"]
    return missing + [f"I10 people would read {sign}" for sign in signs if sign in body]


def _files(places: Iterable[Path]) -> Iterator[Path]:
    for place in places:
        yield from ([place] if place.is_file() else (path for path in place.rglob("*") if path.is_file()))


def _dashed(photo: str | None) -> str:
    if not photo:
        return ""
    return "-".join((photo[:8], photo[8:12], photo[12:16], photo[16:20], photo[20:]))
