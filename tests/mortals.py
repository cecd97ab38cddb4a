"""Run as a script on a data directory: forks a real process for each order, which may die at a crash point.

Orders and answers are JSON, one a line, on standard input and output (``stage.py`` writes and reads them).
An order is {"verb", "args", "options"}; options: "crash" (a point's name), "failing" (see FAILINGS). Forking
from one process that has everything loaded makes a crash cost a tenth of a second instead of two seconds.
"""

import errno
import gc
import io
import json
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import django

django.setup()

import crashpoints  # noqa: E402
import lifecycle_races  # noqa: E402
from django.conf import settings  # noqa: E402
from django.contrib.auth.models import User  # noqa: E402
from django.core.management import CommandError, call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.urls import get_resolver  # noqa: E402
from django.utils import timezone  # noqa: E402
from enrolling import Submitter  # noqa: E402
from marked_photos import marked  # noqa: E402
from partner_rows import live_partner  # noqa: E402

from enrollment import jobs, receipts, sandbox, services  # noqa: E402
from enrollment.inspection import SentFile  # noqa: E402
from enrollment.models import Case, Photo  # noqa: E402
from matching import feed, sightings, tasks  # noqa: E402
from matching.models import FeedRecord, Outcome, Partner  # noqa: E402
from review import claims  # noqa: E402
from review import services as reviewing  # noqa: E402
from review.models import Claim, Clause  # noqa: E402

Answer = dict[str, Any]


def send(token: str, *canaries: str) -> Answer:
    """The upload form, with one photo for each canary; the receipt is what its page shows."""
    client = Client(SERVER_NAME="127.0.0.1", raise_request_exception=False)
    photos = [marked(canary) for canary in canaries]
    response = Submitter(client).send(*photos, token=token, name=canaries[0])
    number = receipts.derive(token).number
    shown = receipts.grouped(number) in response.content.decode()
    return {
        "status": response.status_code,
        "retry_after": response.headers.get("Retry-After"),
        "number": number if shown else None,
    }


def reviewer(name: str) -> User:
    return User.objects.get_or_create(username=name)[0]


def claimed(who: User) -> Iterator[Claim]:
    """One photo after the other, as long as there is any for this person, each looked at."""
    while claim := claims.take_next(who):
        claims.note_view(claim.photo_id, who)
        yield claim


def decide(code: str, name: str = "rosa") -> int:
    """A reviewer takes photo after photo and decides by the clause until nothing waits; how many."""
    clause = Clause.objects.get(code=code)
    decided = 0
    for claim in claimed(reviewer(name)):
        reviewing.decide(
            claim.photo_id,
            claim.reviewer,
            token=claim.token,
            choice=clause.outcome,
            clause=clause,
            reason="As the terms say.",
        )
        decided += 1
    return decided


def decide_with_undo(code: str) -> int:
    """As ``decide``, with an hour to take it back."""
    settings.ARC_UNDO_SECONDS = 3600
    return decide(code)


def undo(number: str) -> int:
    """Rosa takes back what she decided about a case; how many photos are with her again."""
    photos = Photo.objects.filter(case__number=number)
    return len([reviewing.undo(photo.pk, reviewer("rosa")) for photo in photos])


def alarm() -> int:
    """Rosa finds every waiting photo uncovered; how many."""
    return sum(
        reviewing.alarm(claim.photo_id, claim.reviewer, claim.token)[1] for claim in claimed(reviewer("rosa"))
    )


def suspend(number: str) -> int:
    """A partner questions the photos of a case; how many are suspended now."""
    photos = Photo.objects.filter(case__number=number)
    return sum(reviewing.suspend(photo.pk, actor="partner:1", reason="Not intimate.") for photo in photos)


def report(number: str, outcome: str) -> int:
    """A partner reports the photos of a case, under a name of its own for each; how many are news."""
    partner = Partner.objects.first() or live_partner()
    records = FeedRecord.objects.filter(photo__case__number=number)
    return sum(
        sightings.report(partner, feed.public_id(partner, record.pk), str(record.pk), Outcome(outcome))
        for record in records
    )


def resend(number: str, *canaries: str) -> int:
    """The sender sends the photos of a case again; how many were taken."""
    taken = 0
    for photo, canary in zip(Photo.objects.filter(case__number=number), canaries, strict=True):
        data = marked(canary)
        try:
            services.resend(photo, SentFile(canary, data, len(data)))
        except services.NotTheTime:
            continue
        taken += 1
    return taken


def withdraw(number: str) -> int:
    return services.withdraw(list(Case.objects.get(number=number).photos.order_by("position")))


def narrow(number: str) -> bool:
    return services.revoke_extended(Case.objects.get(number=number), actor="submitter")


def work(*numbers: str) -> int:
    """What a worker does with a message for each photo of the cases; the steps that took effect."""
    photos = Photo.objects.filter(case__number__in=numbers).order_by("case_id", "position")
    return sum(tasks.process_photo(str(pk)) for pk in list(photos.values_list("pk", flat=True)))


def manage(*arguments: str) -> str:
    """A management command; what it printed, or the sentence it ended with."""
    output = io.StringIO()
    try:
        call_command(*arguments, stdout=output)
    except CommandError as error:
        return f"CommandError: {error}"
    return output.getvalue()


VERBS: dict[str, Callable[..., Any]] = {
    "send": send,
    "decide": decide,
    "decide with undo": decide_with_undo,
    "undo": undo,
    "alarm": alarm,
    "suspend": suspend,
    "report": report,
    "resend": resend,
    "withdraw": withdraw,
    "narrow": narrow,
    "work": work,
    "manage": manage,
    "race": lifecycle_races.run,
}


def in_this_process(job: str, body: bytes) -> Any:
    """The decoder without its child process, which costs a second to start; H4 and the storm use that one."""
    head, out = jobs.JOBS[job](body)
    return json.loads(json.dumps(head)), out


def store_full(*_: Any, **__: Any) -> Any:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def not_permitted(*_: Any, **__: Any) -> Any:
    raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))


def fail(name: str, how: Callable[..., Any]) -> None:
    setattr(os, name, how)


def be_impatient() -> None:
    """Do not wait twenty seconds for a locked database."""
    settings.DATABASES["default"]["OPTIONS"]["timeout"] = 0.2
    quick = settings.DATABASES["default"]["OPTIONS"]["init_command"].replace("=20000", "=200")
    connection.settings_dict["OPTIONS"] |= {"timeout": 0.2, "init_command": quick}


def clock_wrong(by: timedelta) -> None:
    """This machine's clock, as Python sees it, is off; the database's is not."""
    true_now, true_time = timezone.now, time.time
    timezone.now = lambda: true_now() + by
    time.time = lambda: true_time() + by.total_seconds()


FAILINGS: dict[str, Callable[[], None]] = {
    "full": lambda: fail("fsync", store_full),
    "no unlink": lambda: fail("unlink", not_permitted),
    "impatient": be_impatient,
    "clock ahead": lambda: clock_wrong(timedelta(hours=1)),
    "clock behind": lambda: clock_wrong(timedelta(hours=-1)),
}


def perform(order: Answer) -> Answer:
    """Fork, wait for the child to answer or die, and say which."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        live(order, writing)
    os.close(writing)
    with os.fdopen(reading, "rb") as answers:
        answer = answers.read()
    _, status = os.waitpid(pid, 0)
    if os.WIFSIGNALED(status):
        return {"killed": os.WTERMSIG(status)}
    found: Answer = json.loads(answer)
    return found


def live(order: Answer, writing: int) -> None:
    """In the child: arm, act, answer, end. Never returns."""
    options = order["options"]
    if options.get("crash") != "H4":
        sandbox._shared.call = in_this_process  # type: ignore[method-assign]
    if "crash" in options:
        crashpoints.arm(crashpoints.POINTS[options["crash"]], die)
    if "failing" in options:
        FAILINGS[options["failing"]]()
    try:
        answer = {"answer": VERBS[order["verb"]](*order["args"])}
    except Exception as error:
        traceback.print_exc()
        answer = {"error": type(error).__name__}
    os.write(writing, json.dumps(answer).encode())
    os._exit(0)


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def warm_up() -> None:
    """Have everything loaded that a fork would otherwise load each time anew."""
    get_resolver().url_patterns  # noqa: B018 - looking at them imports every view
    for job in ("inspect", "fingerprint"):
        jobs.warm_up(job)
    gc.freeze()


def main() -> None:
    # The manifest is made by `up`; a page under test links to the plain name.
    settings.STORAGES = {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
    settings.STATIC_ROOT.mkdir(exist_ok=True)
    warm_up()
    for line in sys.stdin:
        sys.stdout.write(json.dumps(perform(json.loads(line))) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
