"""Two things that happen to one case in the same instant, over and over; a verb of ``mortals.py``.

Threads with a connection each race as processes would: SQLite lets go of the interpreter while it works.
"""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone
from marked_photos import marked, new_canary

from enrollment import jobs, originals, receipts, sandbox, services, transitions
from enrollment.inspection import SentFile
from enrollment.models import Attestation, Case, Photo
from enrollment.sandbox import Inspected
from enrollment.states import Edge
from matching import sweeping, tasks
from matching.models import Fingerprint
from review import claims
from review import services as reviewing
from review.conflicts import Conflict
from review.models import Clause

Step = Callable[[], str]
# Long enough for either side to win, wherever the other one is in its work.
HESITATION = 0.04


def run(rounds: str, *names: str) -> dict[str, dict[str, int]]:
    """How often each of the named races ended how."""
    file = marked(new_canary())
    head, working = jobs.inspect(file)
    inspected = Inspected.reported(head, working)
    document = jobs.fingerprint(working)[0]
    # Looking at a picture takes long and races with nothing.
    sandbox.inspect = lambda data: inspected
    sandbox.fingerprint = lambda working: document
    with ThreadPoolExecutor(2) as pool:
        return {name: Counter(RACES[name](pool) for _ in range(int(rounds))) for name in names}


def together(pool: ThreadPoolExecutor, *steps: Step) -> list[str]:
    """Both steps at once, each after a moment of its own; their answers in order."""
    barrier = threading.Barrier(len(steps))

    def start(step: Step) -> str:
        connection.ensure_connection()
        barrier.wait()
        time.sleep(random.uniform(0, HESITATION))
        return step()

    return list(pool.map(start, steps))


def send(token: str, photos: int = 2) -> str:
    files = [SentFile("photo.jpg", bytes([number]), 1) for number in range(photos)]
    enrolled = services.submit(token, files, Attestation.SELF)
    return f"{'repeated' if enrolled.repeated else 'new'} {enrolled.photos}"


def case_of(photos: int = 1, edge: Edge | None = None) -> Case:
    """A new case; its photos moved along the edge and due at once."""
    token = receipts.new_token()
    send(token, photos)
    case = Case.objects.get(submission_digest=receipts.submission_digest(token))
    if edge is not None:
        for photo in case.photos.all():
            transitions.move(photo.pk, edge, actor="staff:1", due_at=timezone.now())
    return case


def withdraw(case: Case) -> str:
    return f"withdrawn {services.withdraw(list(case.photos.order_by('position')))}"


def work(case: Case) -> str:
    return str(sum(tasks.process_photo(str(photo.pk)) for photo in case.photos.all()))


def end_of(case: Case) -> str:
    return "+".join(sorted(photo.state for photo in Photo.objects.filter(case=case)))


def steps_of(answers: Sequence[str], case: Case) -> str:
    return f"{sum(map(int, answers))} steps, {end_of(case)}"


def one_form_is_sent_twice(pool: ThreadPoolExecutor) -> str:
    token = receipts.new_token()
    return "+".join(sorted(together(pool, lambda: send(token), lambda: send(token))))


def a_case_is_withdrawn_twice(pool: ThreadPoolExecutor) -> str:
    case = case_of(2)
    return "+".join(sorted(together(pool, lambda: withdraw(case), lambda: withdraw(case))))


def a_covered_photo_is_withdrawn_while_a_worker_has_it(pool: ThreadPoolExecutor) -> str:
    case = case_of(1, Edge.DECIDE_COVERED)
    answers = together(pool, lambda: withdraw(case), lambda: work(case))
    return f"{answers[0]}, {end_of(case)}"


def a_refused_photo_is_withdrawn_while_a_worker_has_it(pool: ThreadPoolExecutor) -> str:
    case = case_of(1, Edge.DECIDE_NOT_COVERED)
    answers = together(pool, lambda: withdraw(case), lambda: work(case))
    return f"{answers[0]}, {end_of(case)}"


def a_photo_is_withdrawn_while_it_is_decided(pool: ThreadPoolExecutor) -> str:
    case = case_of(1)
    photo = case.photos.get()

    def decide() -> str:
        try:
            transitions.move(photo.pk, Edge.DECIDE_COVERED, actor="staff:1")
        except transitions.StaleState:
            return "too late"
        return "decided"

    answers = together(pool, lambda: withdraw(case), decide)
    return f"{answers[0]}, {end_of(case)}"


def a_photo_is_delivered_to_two_clusters(pool: ThreadPoolExecutor) -> str:
    case = case_of(1, Edge.DECIDE_COVERED)
    return steps_of(together(pool, lambda: work(case), lambda: work(case)), case)


def decided(case: Case, window: timedelta) -> Photo:
    """The case's photo, decided by a reviewer; the time to take it back ends after ``window``."""
    photo = case.photos.get()
    claim = claims.take(photo.pk, rosa())
    claims.note_view(photo.pk, rosa())
    clause = Clause.objects.get(code="P1")
    reviewing.decide(photo.pk, rosa(), token=claim.token, choice="covered", clause=clause)
    Photo.objects.filter(pk=photo.pk).update(due_at=timezone.now() + window)
    return photo


def rosa() -> User:
    return User.objects.get_or_create(username="rosa")[0]


def a_decision_is_taken_back_when_the_worker_begins(pool: ThreadPoolExecutor) -> str:
    case = case_of(1)
    photo = decided(case, timedelta(seconds=HESITATION))

    def undo() -> str:
        try:
            reviewing.undo(photo.pk, rosa())
        except Conflict as conflict:
            return conflict.code
        return "taken back"

    def work_late() -> str:
        time.sleep(HESITATION / 2)
        return work(case)

    answers = together(pool, undo, work_late)
    left = "original" if originals.is_held(photo.pk) else "nothing"
    return f"{answers[0]}, {answers[1]} steps, {end_of(case)}, {left}"


def protected() -> Case:
    case = case_of(1, Edge.DECIDE_COVERED)
    work(case)
    return case


def a_photo_is_withdrawn_while_it_is_questioned(pool: ThreadPoolExecutor) -> str:
    case = protected()
    photo = case.photos.get()

    def suspend() -> str:
        return f"questioned {reviewing.suspend(photo.pk, actor='partner:1', reason='Not intimate.')}"

    answers = together(pool, lambda: withdraw(case), suspend)
    fingerprints = Fingerprint.objects.filter(photo=photo).count()
    return f"{answers[0]}, {end_of(case)}, {fingerprints} fingerprints"


def send_again(photo: Photo) -> str:
    try:
        services.resend(photo, SentFile("photo.jpg", b"1", 1))
    except services.NotTheTime:
        return "not taken"
    return "taken"


def a_photo_is_sent_again_twice(pool: ThreadPoolExecutor) -> str:
    case = case_of(1, Edge.DECIDE_NOT_COVERED)
    work(case)
    photo = case.photos.get()
    answers = sorted(together(pool, lambda: send_again(photo), lambda: send_again(photo)))
    readable = len(originals.open_original(photo.pk)) > 0
    withdraw(case)
    return f"{'+'.join(answers)}, readable {readable}"


def a_photo_is_withdrawn_while_it_is_sent_again(pool: ThreadPoolExecutor) -> str:
    case = protected()
    photo = case.photos.get()
    reviewing.suspend(photo.pk, actor="partner:1", reason="Not intimate.")
    photo.refresh_from_db()
    answers = together(pool, lambda: withdraw(case), lambda: send_again(photo))
    work(case)
    left = "original" if originals.is_held(photo.pk) else "nothing"
    return f"{answers[0]}, {end_of(case)}, {left}"


def two_sweeps_meet(pool: ThreadPoolExecutor) -> str:
    sweeping.sweep()  # what other races left
    case = case_of(1, Edge.DECIDE_COVERED)

    def sweep() -> str:
        return str(sweeping.sweep().steps)

    return steps_of(together(pool, sweep, sweep), case)


def a_sweep_meets_a_worker(pool: ThreadPoolExecutor) -> str:
    sweeping.sweep()
    case = case_of(1, Edge.DECIDE_COVERED)
    return steps_of(together(pool, lambda: str(sweeping.sweep().steps), lambda: work(case)), case)


RACES: dict[str, Callable[[ThreadPoolExecutor], str]] = {
    race.__name__: race
    for race in (
        one_form_is_sent_twice,
        a_case_is_withdrawn_twice,
        a_covered_photo_is_withdrawn_while_a_worker_has_it,
        a_refused_photo_is_withdrawn_while_a_worker_has_it,
        a_photo_is_withdrawn_while_it_is_decided,
        a_photo_is_delivered_to_two_clusters,
        a_decision_is_taken_back_when_the_worker_begins,
        a_photo_is_withdrawn_while_it_is_questioned,
        a_photo_is_sent_again_twice,
        a_photo_is_withdrawn_while_it_is_sent_again,
        two_sweeps_meet,
        a_sweep_meets_a_worker,
    )
}
