"""What this machine can carry, and whether answers tell by their timing: measured, beside the goals."""

import secrets
import statistics
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from arcsite.bench_feed import feed
from arcsite.bench_figures import Figure
from arcsite.bench_latency import latency
from arcsite.bench_match import match
from arcsite.bench_processes import processes
from arcsite.bench_queue import SMALL_BYTES, jpeg, queue
from arcsite.bench_service import NotMeasured, serving
from arcsite.bench_visitor import CASE_NUMBER, Answered, Visitor
from arcsite.bench_web import web
from enrollment import receipts

UPLOADS, CONCURRENT = 600, 200
LARGE_UPLOADS, LARGE_CONCURRENT, LARGE_SIDES = 100, 20, (4000, 3000)
FIRST = 16
PAIRS, WARM_UP = 400, 20


def load(share: float) -> list[Figure]:
    """Uploads to a real server while its worker runs; ``share`` of full size."""
    with serving() as port:
        figures = _uploads(port, "0.28 MB", jpeg(SMALL_BYTES), UPLOADS, CONCURRENT, share, goal=4.0)
        large = jpeg(0, LARGE_SIDES)
        figures += _uploads(port, "12 megapixels", large, LARGE_UPLOADS, LARGE_CONCURRENT, share, goal=2.0)
    return figures


def timing(share: float) -> list[Figure]:
    """Looking up an unknown case beside a known case with a wrong secret, taking turns."""
    with serving() as port:
        receipt = Visitor(port, "/send/").send(jpeg(SMALL_BYTES))
        number = CASE_NUMBER.search(receipt.body)
        if number is None:
            raise NotMeasured(f"the upload was answered {receipt.status}")
        visitor = Visitor(port, "/case/")
        known, unknown = [], []
        for turn in range(WARM_UP + max(1, round(PAIRS * share))):
            stranger = receipts.derive(secrets.token_urlsafe(32))
            answers = [
                visitor.look_up(number[1].decode("ascii"), stranger.secret),
                visitor.look_up(stranger.number, stranger.secret),
            ]
            if {answer.status for answer in answers} != {422}:
                raise NotMeasured(f"look-ups were answered {[answer.status for answer in answers]}")
            if turn >= WARM_UP:
                known.append(answers[0].seconds)
                unknown.append(answers[1].seconds)
    return compare(known, unknown)


def compare(known: Sequence[float], unknown: Sequence[float]) -> list[Figure]:
    """Medians in ms and the median of the paired differences, which a few slow answers cannot move."""
    apart = 1000 * statistics.median(one - other for one, other in zip(known, unknown, strict=True))
    return [
        Figure("wrong secret of a known case, median", f"{1000 * statistics.median(known):.2f} ms"),
        Figure("unknown case, median", f"{1000 * statistics.median(unknown):.2f} ms"),
        Figure(f"difference, median of {len(known)} pairs", f"{apart:+.2f} ms", "< 2 ms", abs(apart) < 2),
    ]


def _uploads(
    port: int, what: str, photo: bytes, uploads: int, concurrent: int, share: float, *, goal: float
) -> list[Figure]:
    uploads, concurrent = max(1, round(uploads * share)), max(1, round(concurrent * share))
    visitor = Visitor(port, "/send/")
    with ThreadPoolExecutor(concurrent) as crowd:
        list(crowd.map(lambda _: visitor.send(photo), range(FIRST)))  # they wait for the decoders to start
        started = time.perf_counter()
        answers = list(crowd.map(lambda _: visitor.send(photo), range(uploads)))
    return summary(f"{uploads} x {what}, {concurrent} at once", answers, time.perf_counter() - started, goal)


def summary(name: str, answers: Sequence[Answered], elapsed: float, goal: float) -> list[Figure]:
    """Failures, median, 95th percentile and rate of a number of uploads; ``goal`` in seconds."""
    broken = sum(answer.status == 0 or answer.status >= 500 for answer in answers)
    others = sum(answer.status not in {0, 200} and answer.status < 500 for answer in answers)
    times = sorted(answer.seconds for answer in answers)
    slow = times[min(len(times) - 1, int(0.95 * len(times)))]
    return [
        Figure(f"{name}: 5xx or broken", str(broken), "0", broken == 0),
        Figure(f"{name}: not accepted", str(others), "0", others == 0),
        Figure(f"{name}: p50", f"{statistics.median(times):.2f} s"),
        Figure(f"{name}: p95", f"{slow:.2f} s", f"< {goal:g} s", slow < goal),
        Figure(f"{name}: rate", f"{len(answers) / elapsed:.1f} /s"),
    ]


MEASUREMENTS: dict[str, Callable[[float], list[Figure]]] = {
    "feed": feed,
    "latency": latency,
    "load": load,
    "match": match,
    "processes": processes,
    "queue": queue,
    "timing": timing,
    "web": web,
}
