"""Whether a second web process pays: how many a second two of them answer, nobody waiting longer than at one.

One process has as many visitors as threads. Two get twice as many, and fewer as long as their visitors wait
longer at the 95th percentile; what they answer then is compared.
"""

import secrets
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from arcsite.bench_figures import Figure
from arcsite.bench_service import NotMeasured, serving
from arcsite.bench_visitor import Answered, Visitor
from enrollment import receipts

VISITORS, VISITS, WARM_UP = 4, 1500, 20
FASTER = 1.5


@dataclass(frozen=True)
class Rate:
    """Of so many ``visitors`` at once: answers a second, and the 95th percentile of an answer's seconds."""

    visitors: int
    a_second: float
    slow: float


def processes(share: float) -> list[Figure]:
    """Looking up cases that do not exist: a page, three questions to the database, one of them a write."""
    visits = max(WARM_UP, round(VISITS * share))
    with serving(ARC_WEB_PROCESSES="1") as port:
        one = _measured(port, VISITORS, visits)
    with serving(ARC_WEB_PROCESSES="2") as port:
        two = as_quick(one, lambda visitors: _measured(port, visitors, 2 * visits))
    return summary(one, two)


def as_quick(one: Rate, measured: Callable[[int], Rate]) -> Rate:
    """The rate of the most visitors, of twice as many on down, who wait no longer than those of ``one``.

    With as few visitors as ``one`` has it is over, however long they wait.
    """
    found = measured(2 * one.visitors)
    while found.slow > one.slow and found.visitors > one.visitors:
        found = measured(found.visitors - 1)
    return found


def _measured(port: int, visitors: int, visits: int) -> Rate:
    _visit(port, visitors, WARM_UP)
    started = time.perf_counter()
    answers = _visit(port, visitors, visits)
    return rate(visitors, answers, time.perf_counter() - started)


def _visit(port: int, visitors: int, visits: int) -> list[Answered]:
    visitor = Visitor(port, "/case/")
    with ThreadPoolExecutor(visitors) as crowd:
        return list(crowd.map(lambda _: _look_up(visitor), range(visits)))


def _look_up(visitor: Visitor) -> Answered:
    stranger = receipts.derive(secrets.token_urlsafe(32))
    return visitor.look_up(stranger.number, stranger.secret)


def rate(visitors: int, answers: Sequence[Answered], elapsed: float) -> Rate:
    """Raises NotMeasured unless every look-up was answered as one of an unknown case is."""
    if {answer.status for answer in answers} != {422}:
        raise NotMeasured(f"look-ups were answered {sorted({answer.status for answer in answers})}")
    times = sorted(answer.seconds for answer in answers)
    return Rate(visitors, len(answers) / elapsed, times[min(len(times) - 1, int(0.95 * len(times)))])


def summary(one: Rate, two: Rate) -> list[Figure]:
    """The rate with one process, and with two at the same p95."""
    faster = two.a_second / one.a_second
    return [
        _figure("1 web process", one),
        _figure("2 web processes", two),
        Figure("times as many a second", f"{faster:.2f}", f">= {FASTER}", faster >= FASTER),
        Figure(
            "p95 of two", f"{1000 * two.slow:.0f} ms", f"<= {1000 * one.slow:.0f} ms", two.slow <= one.slow
        ),
    ]


def _figure(name: str, rate: Rate) -> Figure:
    figures = f"{rate.a_second:.0f} /s / {1000 * rate.slow:.0f} ms"
    return Figure(f"{name}, {rate.visitors} visitors: rate / p95", figures)
