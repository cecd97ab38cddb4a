"""A service that has been at work for long, as bare rows: cases, decisions, and the audit of all of it.

Every row is one that the service itself could have written, the chain of the audit included; only the bytes
of the photos are missing.
"""

import json
import uuid
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice

from django.contrib.auth.models import Group, User
from django.db import connection, transaction

from enrollment import receipts
from enrollment.models import Attestation, Case, Photo, TimelineEntry
from enrollment.states import Edge, Occasion, PhotoState, TimelineEvent
from review import audit
from review.models import AuditEntry, AuditHead, Decision, NearDuplicate, Outcome, TermsVersion

# Actor, action, photo and details of one entry.
Told = tuple[str, str, Photo, str]

REVIEWERS = 20
ENTRIES_A_CASE = 10
AT_ONCE = 5000
# Of every hundred cases: most are decided, the others wait, some of them for somebody in particular.
STATES = (
    [PhotoState.PROTECTED] * 40
    + [PhotoState.CLOSED] * 20
    + [PhotoState.AWAITING_REVIEW] * 26
    + [PhotoState.SECOND_OPINION] * 4
    + [PhotoState.ESCALATED] * 10
)
OUTCOMES = {PhotoState.PROTECTED: Outcome.COVERED, PhotoState.CLOSED: Outcome.NOT_COVERED}
DECIDED: tuple[str, ...] = (Edge.DECIDE_COVERED, Edge.STORE_FINGERPRINT, Edge.PROTECT)
PUT_BACK = ("photo.released", "photo.skipped", "photo.claimed")
ACTIONS = ("photo.claimed", "photo.viewed", "photo.viewed", "photo.released", "photo.claimed", "photo.viewed")


def make_reviewers() -> list[User]:
    """Those who decided so far."""
    names = [f"reviewer-{number}" for number in range(REVIEWERS)]
    people = User.objects.bulk_create(User(username=name) for name in names)
    Group.objects.get(name="Reviewer").user_set.add(*people)
    return people


def add_cases(count: int, reviewers: Sequence[User]) -> None:
    """So many cases of one photo each, with everything that was done about them."""
    before = Case.objects.count()
    now = datetime.now(UTC)
    for start in range(before, before + count, AT_ONCE):
        numbers = range(start, min(start + AT_ONCE, before + count))
        with transaction.atomic():
            photos = _add_photos(numbers, now)
            _add_decisions(photos, reviewers)
            _add_audit(_entries(photos, reviewers))


def _add_photos(numbers: Sequence[int], now: datetime) -> list[Photo]:
    cases = Case.objects.bulk_create(_case(number) for number in numbers)
    photos = Photo.objects.bulk_create(
        _photo(case, number, now) for case, number in zip(cases, numbers, strict=True)
    )
    TimelineEntry.objects.bulk_create(
        TimelineEntry(photo=photo, event=TimelineEvent.RECEIVED) for photo in photos
    )
    # Near duplicates are rare: one photo in a hundred.
    NearDuplicate.objects.bulk_create(
        NearDuplicate(photo=late, other=early, distance=0.0)
        for early, late in zip(photos[::100], photos[1::100], strict=False)
    )
    return photos


def _case(number: int) -> Case:
    return Case(
        number=receipts.derive(f"bench-{number}").number,
        secret_digest="0" * 64,
        submission_digest=f"{number:064}",
        contents_digest="",
        attestation=Attestation.SELF,
    )


def _photo(case: Case, number: int, now: datetime) -> Photo:
    state = STATES[number * 37 % len(STATES)]
    # Over the thirty days that a photo may wait, oldest and newest mixed.
    received = now - timedelta(seconds=number * 7919 % (29 * 86_400) + 60)
    appeals = state is PhotoState.AWAITING_REVIEW and number % 50 == 0
    return Photo(
        case=case,
        position=1,
        state=state,
        received_at=received,
        due_at=received,
        width=1600,
        height=1200,
        coverage=0.25,
        detail=200.0,
        original_removed_at=received if state in OUTCOMES else None,
        occasion=Occasion.APPEAL if appeals else Occasion.FIRST,
        appealed_at=received if appeals else None,
    )


def _add_decisions(photos: Sequence[Photo], reviewers: Sequence[User]) -> None:
    clauses = {clause.outcome: clause for clause in TermsVersion.objects.current().clauses.all()}
    Decision.objects.bulk_create(
        Decision(
            photo=photo,
            reviewer=reviewers[place % len(reviewers)],
            claim_token=uuid.uuid4(),
            outcome=OUTCOMES[PhotoState(photo.state)],
            clause=clauses[OUTCOMES[PhotoState(photo.state)]],
            reason="A reason of some length, as reviewers write it.",
            decided_at=photo.received_at + timedelta(minutes=30),
        )
        for place, photo in enumerate(photos)
        if photo.state in OUTCOMES
    )


def _entries(photos: Sequence[Photo], reviewers: Sequence[User]) -> Iterator[Told]:
    """All entries on these photos, in order."""
    said = json.dumps({"clause": "P1", "reason": "A reason of some length."}, separators=(",", ":"))
    for place, photo in enumerate(photos):
        actor = audit.staff(reviewers[place % len(reviewers)])
        ending = DECIDED if photo.state in OUTCOMES else PUT_BACK
        yield "submitter", "received", photo, "{}"
        yield from ((actor, action, photo, "{}") for action in ACTIONS)
        yield actor, ending[0], photo, said
        yield from (("worker", action, photo, "{}") for action in ending[1:])


def _add_audit(entries: Iterator[Told]) -> None:
    """The entries at the end of the chain, each with the digest that the service would have given it."""
    head, _ = AuditHead.objects.get_or_create(pk=1, defaults={"digest": audit.GENESIS})
    fields = AuditEntry._meta.concrete_fields
    columns = ", ".join(connection.ops.quote_name(str(field.column)) for field in fields)
    places = ", ".join(["%s"] * len(fields))
    statement = f"INSERT INTO review_auditentry ({columns}) VALUES ({places})"  # noqa: S608 - names of ours
    with connection.cursor() as cursor:
        while part := list(islice(entries, AT_ONCE)):
            links = [_link(head, *told) for told in part]
            rows = [
                [f.get_db_prep_save(getattr(link, f.attname), connection) for f in fields] for link in links
            ]
            cursor.executemany(statement, rows)
    AuditHead.objects.filter(pk=1).update(seq=head.seq, digest=head.digest)


def _link(head: AuditHead, actor: str, action: str, photo: Photo, details: str) -> AuditEntry:
    """The next entry of the chain, which becomes its head."""
    entry = AuditEntry(
        seq=head.seq + 1,
        at=datetime.now(UTC).isoformat(timespec="microseconds"),
        actor=actor,
        action=action,
        photo=photo.pk,
        case=photo.case.number,
        details=details,
        previous=head.digest,
    )
    entry.digest = audit.digest_of(entry)
    head.seq, head.digest = entry.seq, entry.digest
    return entry
