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
from django.db.models import Q  # noqa: E402
from django.db.models.functions import Now  # noqa: E402

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
            claim.photo_id,
            claim.reviewer,
            token=claim.token,
            choice=clause.outcome,
            clause=clause,
            reason=reason,
        )
    except Conflict as conflict:
        return conflict.code
    return "decided" if new else "repeated"


def undo(claim: Claim) -> str:
    try:
        services.undo(claim.photo_id, claim.reviewer)
    except Conflict as conflict:
        return conflict.code
    return "taken back"


def alarm(claim: Claim) -> str:
    try:
        services.alarm(claim.photo_id, claim.reviewer, claim.token)
    except Conflict as conflict:
        return conflict.code
    return "alarmed"


def state_of(claim: Claim) -> str:
    return Photo.objects.get(pk=claim.photo_id).state


@dataclass(frozen=True)
class Cast:
    pool: ThreadPoolExecutor
    rosa: User
    omar: User
    lena: User
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


def a_decision_is_taken_back_twice(cast: Cast) -> str:
    claim = claimed(cast)
    decide(claim, cast.yes, "")
    answer = race(cast.pool, lambda: undo(claim), lambda: undo(claim))
    answer += f", {state_of(claim)}, {Claim.objects.count()} claim"
    withdraw([claim.photo])
    return answer


def a_decision_meets_the_alarm(cast: Cast) -> str:
    claim = claimed(cast)
    answer = race(cast.pool, lambda: decide(claim, cast.yes, ""), lambda: alarm(claim))
    return f"{answer}, {state_of(claim)}"


def two_reviewers_want_to_give_the_second_opinion(cast: Cast) -> str:
    claim = claimed(cast)
    services.decide(claim.photo_id, cast.rosa, token=claim.token, choice="second_opinion", clause=cast.yes)
    Photo.objects.filter(pk=claim.photo_id).update(due_at=Now())

    def give(reviewer: User, clause: Clause) -> str:
        try:
            second = claims.take(claim.photo_id, reviewer)
            claims.note_view(claim.photo_id, reviewer)
        except Conflict as conflict:
            return conflict.code
        return decide(second, clause, "As it is.")

    answer = race(cast.pool, lambda: give(cast.omar, cast.yes), lambda: give(cast.lena, cast.yes))
    return f"{answer}, {state_of(claim)}"


RACES = [
    two_reviewers_take_the_last_photo,
    one_reviewer_clicks_take_twice,
    two_tabs_decide_differently,
    one_form_is_sent_twice,
    the_submitter_withdraws_meanwhile,
    a_decision_is_taken_back_twice,
    a_decision_meets_the_alarm,
    two_reviewers_want_to_give_the_second_opinion,
]


def run(rounds: int) -> dict[str, object]:
    rosa, omar, lena = (User.objects.create_user(name) for name in ("rosa", "omar", "lena"))
    yes, no = Clause.objects.get(code="P1"), Clause.objects.get(code="N1")
    with ThreadPoolExecutor(2) as pool:
        cast = Cast(pool, rosa, omar, lena, yes, no)
        answers = {one.__name__: Counter(one(cast) for _ in range(rounds)) for one in RACES}
    spoken = Q(action__startswith="decide_") | Q(action="ask_second_opinion")
    return {
        "answers": answers,
        "decisions": Decision.objects.count(),
        "standing": Decision.objects.standing().count(),
        "decisions_in_audit": AuditEntry.objects.filter(spoken).count(),
        "undone_in_audit": AuditEntry.objects.filter(action__startswith="undo_").count(),
        "claims_left": Claim.objects.count(),
        "fault": audit.verify().fault,
    }


if __name__ == "__main__":
    json.dump(run(int(sys.argv[1])), sys.stdout)
