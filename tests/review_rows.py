"""Many cases and words on them as bare rows: for figures and query counts, where no picture is looked at."""

import itertools
import uuid
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import Group, User
from django.utils import timezone

from enrollment.models import Attestation, Case, Photo
from enrollment.states import PhotoState
from review.models import Decision, Outcome, Step, TermsVersion

_numbers = itertools.count(1)


def person(name: str, *roles: str) -> User:
    user = User.objects.create_user(name)
    user.groups.set(Group.objects.filter(name__in=roles))
    assert user.groups.count() == len(roles)
    return user


def photos(count: int, *, age: timedelta = timedelta(hours=1), **fields: Any) -> list[Photo]:
    """Each the only one of its case, received ``age`` ago, the first one a second earlier than the next."""
    numbers = [next(_numbers) for _ in range(count)]
    cases = Case.objects.bulk_create(
        Case(
            number=f"R{number:09}",
            secret_digest="0" * 64,
            submission_digest=uuid.uuid4().hex,
            contents_digest="0" * 64,
            attestation=Attestation.SELF,
        )
        for number in numbers
    )
    received = timezone.now() - age
    measured = {"position": 1, "width": 640, "height": 480, "coverage": 0.2, "detail": 128.0}
    due = {"due_at": received}
    return Photo.objects.bulk_create(
        Photo(
            case=case,
            **{"received_at": received - timedelta(seconds=count - place), **due, **measured, **fields},
        )
        for place, case in enumerate(cases)
    )


def said(photo: Photo, by: User, outcome: Outcome | None, step: Step = Step.FINAL, **fields: Any) -> Decision:
    """A word on a photo, as if it had been said in the usual way."""
    clauses = TermsVersion.objects.current().clauses
    ruling = {"outcome": outcome, "clause": clauses.filter(outcome=outcome).first()} if outcome else {}
    return Decision.objects.create(
        photo=photo, reviewer=by, claim_token=uuid.uuid4(), step=step, reason="x", **ruling, **fields
    )


def blind_pair(first: Outcome, second: Outcome, by: tuple[User, User]) -> Photo:
    """A photo on which two people gave their opinion without knowing of each other."""
    [photo] = photos(1)
    said(photo, by[0], first, Step.OPINION)
    step = Step.FINAL if first == second else Step.OPINION
    said(photo, by[1], second, step, came_from=PhotoState.SECOND_OPINION)
    return photo
