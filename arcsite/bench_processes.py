"""Whether a second web process pays: the same visitors to each, so twice as many to two of them."""

import secrets
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from arcsite.bench_figures import Figure
from arcsite.bench_service import NotMeasured, serving
from arcsite.bench_visitor import Answered, Visitor
from enrollment import receipts

VISITORS, VISITS, WARM_UP = 4, 1500, 20
FASTER, SLOWER = 1.5, 1.1


@dataclass(frozen=True)
class Rate:
    """Answers a second, and the 95th percentile of how long one took, in seconds."""

    a_second: float
    slow: float


def processes(share: float) -> list[Figure]:
    """Looking up cases that do not exist: a page, three questions to the database, one of them a write."""
    visits = max(WARM_UP, round(VISITS * share))
    return summary([_served(count, visits) for count in (1, 2)])


def _served(count: int, visits: int) -> Rate:
    with serving(ARC_WEB_PROCESSES=str(count)) as port:
        _visit(port, count * VISITORS, WARM_UP)
        started = time.perf_counter()
        answers = _visit(port, count * VISITORS, count * visits)
        return rate(answers, time.perf_counter() - started)


def _visit(port: int, visitors: int, visits: int) -> list[Answered]:
    visitor = Visitor(port, "/case/")
    with ThreadPoolExecutor(visitors) as crowd:
        return list(crowd.map(lambda _: _look_up(visitor), range(visits)))


def _look_up(visitor: Visitor) -> Answered:
    stranger = receipts.derive(secrets.token_urlsafe(32))
    return visitor.look_up(stranger.number, stranger.secret)


def rate(answers: Sequence[Answered], elapsed: float) -> Rate:
    """Raises NotMeasured unless every look-up was answered as one of an unknown case is."""
    if {answer.status for answer in answers} != {422}:
        raise NotMeasured(f"look-ups were answered {sorted({answer.status for answer in answers})}")
    times = sorted(answer.seconds for answer in answers)
    return Rate(len(answers) / elapsed, times[min(len(times) - 1, int(0.95 * len(times)))])


def summary(rates: Sequence[Rate]) -> list[Figure]:
    """``rates`` with one process and with two."""
    one, two = rates
    faster, slower = two.a_second / one.a_second, two.slow / one.slow
    return [
        Figure("1 web process: rate / p95", f"{one.a_second:.0f} /s / {1000 * one.slow:.0f} ms"),
        Figure("2 web processes: rate / p95", f"{two.a_second:.0f} /s / {1000 * two.slow:.0f} ms"),
        Figure("times as many a second", f"{faster:.2f}", f">= {FASTER}", faster >= FASTER),
        Figure("times as long at p95", f"{slower:.2f}", f"<= {SLOWER}", slower <= SLOWER),
    ]
