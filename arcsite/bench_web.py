"""How long the server works on a page for reviewers, in a young service and in a thousand times fuller one.

In this process and through every layer of the application, but not over a network: what is measured is ours.
The two services take turns, so that whatever else this machine does meanwhile slows down both.
"""

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth.models import Group, User
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from arcsite import assets, bench_rows, datadir
from arcsite.bench_figures import Figure
from arcsite.bench_service import NotMeasured
from enrollment.states import PhotoState
from review import audit_check, claims, eligibility, log, team
from review.models import Claim

CASES_FEW, CASES_MANY = 100, 100_000
ROUNDS, VISITS, WARM_UP = 10, 10, 2
SLOWEST, MOST_TIMES_SLOWER, MOST_QUERIES = 0.150, 1.5, 12
# No page, and it writes: what is counted on pages says nothing of it.
TAKE = "take next"
OUTSIDE = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE", "PRAGMA")

Work = Callable[[], None]


@dataclass
class Measured:
    """Seconds of each visit, and the number of statements of one."""

    queries: int = 0
    seconds: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)

    @property
    def slow(self) -> float:
        """The 95th percentile."""
        return sorted(self.seconds)[min(len(self.seconds) - 1, int(0.95 * len(self.seconds)))]


class Visitor:
    """Somebody who may open every page, in whichever of the databases is in use."""

    def __init__(self, person: User) -> None:
        self.person = person
        person.groups.set(Group.objects.filter(name__in=["Lead", "Guardian reviewer"]))
        Authenticator.objects.create(user=person, type=Authenticator.Type.TOTP, data={})
        self._client = Client(SERVER_NAME=settings.ALLOWED_HOSTS[0])
        self._client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")

    def page(self, name: str, query: str = "") -> Work:
        path = reverse(name) + query
        return lambda: self._get(path)

    def photo(self) -> Work:
        """An escalated one: its page has the most to ask."""
        escalated = (
            eligibility.entitled(self.person).filter(state=PhotoState.ESCALATED).oldest_first().first()
        )
        if escalated is None:
            raise NotMeasured("no photo was escalated")
        path = reverse("review:photo", args=[claims.take(escalated.pk, self.person).photo_id])
        return lambda: self._get(path)

    def found(self, **search: str) -> Work:
        """The log after a search; without any, everything."""
        path = reverse("review:log_search")
        answer = self._client.post(path, search or {"clear": "1"}, secure=settings.ARC_HTTPS)
        if answer.status_code != 302:
            raise NotMeasured(f"{path} was answered {answer.status_code}")
        return self.page("review:log")

    def found_of_one_case(self) -> Work:
        return self.found(case=self._claim().photo.case.number, action="received")

    def take(self) -> Work:
        def take_and_release() -> None:
            claims.release(self._claim().photo_id, self.person)

        return take_and_release

    def _get(self, path: str) -> None:
        if (status := self._client.get(path, secure=settings.ARC_HTTPS).status_code) != 200:
            raise NotMeasured(f"{path} was answered {status}")

    def _claim(self) -> Claim:
        claim = claims.take_next(self.person)
        if claim is None:
            raise NotMeasured("no photo was free")
        return claim


PAGES: dict[str, Callable[[Visitor], Work]] = {
    "start": lambda visitor: visitor.page("review:start"),
    "queue": lambda visitor: visitor.page("review:queue"),
    "queue, appeals": lambda visitor: visitor.page("review:queue", "?flag=appeal"),
    "photo": lambda visitor: visitor.photo(),
    "team": lambda visitor: visitor.page("review:lead"),
    "log": lambda visitor: visitor.found(),
    "log, last page": lambda visitor: visitor.page("review:log", f"?before={log.PAGE_SIZE}"),
    "log, a person": lambda visitor: visitor.found(actor="reviewer-3"),
    "log, a person who never did that": lambda visitor: visitor.found(actor="reviewer-3", action="received"),
    "log, an action": lambda visitor: visitor.found(action="received"),
    "log, days without any": lambda visitor: visitor.found(since="2020-01-01", until="2020-01-31"),
    "log, a case": lambda visitor: visitor.found_of_one_case(),
    TAKE: lambda visitor: visitor.take(),
}


def web(share: float) -> list[Figure]:
    """Every page among few cases and among ``share`` of many, with ten entries of the audit for each case."""
    if connection.vendor != "sqlite":
        raise NotMeasured("two services are compared here, each a SQLite file: leave DATABASE_URL out")
    datadir.create(settings.DATA_DIR)
    call_command("migrate", verbosity=0)
    assets.collect_if_changed()
    reviewers = bench_rows.make_reviewers()
    visitor = Visitor(reviewers[0])
    cases_many = max(2 * CASES_FEW, round(CASES_MANY * share))
    full = Path(connection.settings_dict["NAME"])
    young = full.with_name("young.sqlite3")
    bench_rows.add_cases(CASES_FEW, reviewers)
    team.renew()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM INTO %s", [str(young)])
    bench_rows.add_cases(cases_many - CASES_FEW, reviewers)
    team.renew()
    figures = []
    for name, prepare in PAGES.items():
        few, many = _take_turns([young, full], partial(prepare, visitor))
        figures += summary(name, few, many, f"{CASES_FEW} cases", f"{cases_many} cases")
    return figures + _audit_figures()


def summary(page: str, few: Measured, many: Measured, *labels: str) -> list[Figure]:
    """The page's times among few and among many cases, how many times slower the many are, the statements."""
    ratio = many.median / few.median
    limit = f"p95 < {1000 * SLOWEST:.0f} ms"
    same = few.queries == many.queries <= MOST_QUERIES
    statements = f"{few.queries} and {many.queries}"
    asked = Figure(f"{page}: queries", statements, f"the same, <= {MOST_QUERIES}", same)
    if page == TAKE:
        asked = Figure(f"{page}: queries", statements)
    return [
        Figure(f"{page}: p50 / p95, {labels[0]}", _both(few)),
        Figure(f"{page}: p50 / p95, {labels[1]}", _both(many), limit, many.slow < SLOWEST),
        Figure(f"{page}: times slower", f"{ratio:.2f}", f"< {MOST_TIMES_SLOWER}", ratio < MOST_TIMES_SLOWER),
        asked,
    ]


def _both(measured: Measured) -> str:
    return f"{1000 * measured.median:.1f} / {1000 * measured.slow:.1f} ms"


def _take_turns(databases: Sequence[Path], prepare: Callable[[], Work]) -> list[Measured]:
    found = [Measured() for _ in databases]
    for _ in range(ROUNDS):
        for database, measured in zip(databases, found, strict=True):
            _use(database)
            work = prepare()
            for _ in range(WARM_UP):
                measured.queries = _statements(work)
            for _ in range(VISITS):
                started = time.perf_counter()
                work()
                measured.seconds.append(time.perf_counter() - started)
    return found


def _use(database: Path) -> None:
    connection.close()
    connection.settings_dict["NAME"] = str(database)


def _statements(work: Work) -> int:
    with CaptureQueriesContext(connection) as queries:
        work()
        return sum(not query["sql"].startswith(OUTSIDE) for query in queries)


def _audit_figures() -> list[Figure]:
    """The whole chain walked in the worker's steps."""
    audit_check.ask(by="bench")
    longest, walked, started = 0.0, 0, time.perf_counter()
    while audit_check.is_running():
        step = time.perf_counter()
        walked += audit_check.advance(0)
        longest = max(longest, time.perf_counter() - step)
    seconds = time.perf_counter() - started
    fault = audit_check.last_fault()
    return [
        Figure("audit", fault or "holds", "holds", not fault),
        Figure("audit: entries walked", f"{walked} in {seconds:.0f} s"),
        Figure("audit: longest step", f"{1000 * longest:.0f} ms"),
    ]
