"""Two reviewers, two tabs or a double click in the same instant, over and over, on a database of its own.

Run by ``tests/review/test_races.py`` as ``python decision_races.py ROUNDS`` with the environment of an empty
data directory that holds a migrated database. Threads with a connection each race as processes would: SQLite
lets go of the interpreter while it works. Prints one JSON object: how often each pair of answers came up.
"""

import json
import random
import sys
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import django

django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.db import connection  # noqa: E402

from enrollment.models import Case, Photo  # noqa: E402
from enrollment.services import withdraw  # noqa: E402
from enrollment.transitions import record  # noqa: E402
from review import audit, claims, services  # noqa: E402
from review.conflicts import Conflict  # noqa: E402
from review.models import AuditEntry, Claim, Clause, Decision  # noqa: E402

Step = Callable[[], str]


def race(pool: ThreadPoolExecutor, *steps: Step) -> str:
    """Both steps at once; their answers in alphabetical order."""
    barrier = threading.Barrier(len(steps))

    def start(step: Step) -> str:
        connection.ensure_connection()
        barrier.wait()
        return step()

    return "+".join(sorted(pool.map(start, steps)))


def new_photo() -> Photo:
    case = Case.objects.create(
        number=uuid.uuid4().hex[:10],
        secret_digest="x",
        submission_digest=uuid.uuid4().hex,
        attestation="self",
    )
    photo = Photo.objects.create(case=case, position=1, width=640, height=480, coverage=0.2, detail=200)
    record(photo.pk, "received", actor="submitter")
    return photo


def take(reviewer: User) -> str:
    return "nothing" if claims.take_next(reviewer) is None else "claimed"


def decide(claim: Claim, clause: Clause, reason: str) -> str:
    try:
        _, new = services.decide(
            claim.photo_id, claim.reviewer, token=claim.token, clause=clause, reason=reason
        )
    except Conflict as conflict:
        return conflict.code
    return "decided" if new else "repeated"


@dataclass(frozen=True)
class Cast:
    pool: ThreadPoolExecutor
    rosa: User
    omar: User
    yes: Clause
    no: Clause


def claimed(cast: Cast) -> Claim:
    photo = new_photo()
    claim = claims.take_next(cast.rosa)
    assert claim is not None
    assert claim.photo_id == photo.pk
    claims.note_view(photo.pk, cast.rosa)
    return claim


def two_reviewers_take_the_last_photo(cast: Cast) -> str:
    photo = new_photo()
    answer = race(cast.pool, lambda: take(cast.rosa), lambda: take(cast.omar))
    withdraw([photo])
    return answer


def one_reviewer_clicks_take_twice(cast: Cast) -> str:
    photos = [new_photo(), new_photo()]
    answer = race(cast.pool, lambda: take(cast.rosa), lambda: take(cast.rosa))
    answer += f", {Claim.objects.count()} claim"
    withdraw(photos)
    return answer


def two_tabs_decide_differently(cast: Cast) -> str:
    claim = claimed(cast)
    return race(cast.pool, lambda: decide(claim, cast.yes, ""), lambda: decide(claim, cast.no, "No."))


def one_form_is_sent_twice(cast: Cast) -> str:
    claim = claimed(cast)
    return race(cast.pool, lambda: decide(claim, cast.yes, ""), lambda: decide(claim, cast.yes, ""))


def the_submitter_withdraws_meanwhile(cast: Cast) -> str:
    claim = claimed(cast)

    def withdraw_soon() -> str:
        # A decision takes longer than a withdrawal: with a small random delay either may win.
        time.sleep(random.uniform(0, 0.03))
        return f"withdrawn {withdraw([claim.photo])}"

    answer = race(cast.pool, lambda: decide(claim, cast.yes, ""), withdraw_soon)
    return f"{answer}, then {Photo.objects.get(pk=claim.photo_id).state}"


RACES = [
    two_reviewers_take_the_last_photo,
    one_reviewer_clicks_take_twice,
    two_tabs_decide_differently,
    one_form_is_sent_twice,
    the_submitter_withdraws_meanwhile,
]


def run(rounds: int) -> dict[str, object]:
    rosa, omar = (User.objects.create_user(name) for name in ("rosa", "omar"))
    yes, no = Clause.objects.get(code="P1"), Clause.objects.get(code="N1")
    with ThreadPoolExecutor(2) as pool:
        cast = Cast(pool, rosa, omar, yes, no)
        answers = {one.__name__: Counter(one(cast) for _ in range(rounds)) for one in RACES}
    decided = AuditEntry.objects.filter(action__startswith="decide_").count()
    return {
        "answers": answers,
        "decisions": Decision.objects.count(),
        "decisions_in_audit": decided,
        "claims_left": Claim.objects.count(),
        "fault": audit.verify().fault,
    }


if __name__ == "__main__":
    json.dump(run(int(sys.argv[1])), sys.stdout)
