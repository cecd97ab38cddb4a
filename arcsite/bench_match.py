"""How long a small platform waits for the answer of the match API, among many fingerprints."""

import http.client
import json
import statistics
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO

from django.conf import settings
from django.core.management import call_command
from django.db import connections
from PIL import Image

from arcsite import datadir
from arcsite.bench_figures import Figure
from arcsite.bench_listed import ONCE, PICTURES, add_listed
from arcsite.bench_partner import partner_key
from arcsite.bench_service import NotMeasured, serving
from arcsite.bench_visitor import HOST, PATIENCE, Answered
from matching import shelf
from matching.cli.drawn_photos import drawn_photo
from matching.models import Scope

LISTED, CLIENTS, ROUNDS = 100_000, 5, 40
SLOWEST = 0.200
SIDES = (1600, 1200)
WARM_UP = 4


def match(share: float) -> list[Figure]:
    """Photos sent by several clients at once, each on a connection of its own, one after the other."""
    listed = max(PICTURES, round(LISTED * share))
    datadir.create(settings.DATA_DIR)
    call_command("migrate", verbosity=0)
    add_listed(listed)
    key = partner_key(Scope.MATCH)
    started = time.perf_counter()
    while shelf.renew(60):
        pass
    filed = time.perf_counter() - started
    connections.close_all()
    photos = [_photo(number) for number in range(10)]
    with serving() as port:
        for _ in range(WARM_UP):
            _all_at_once(port, key, photos[:1])
        rounds = max(1, round(ROUNDS * share))
        answers = [answer for _ in range(rounds) for answer in _all_at_once(port, key, photos)]
    return [*summary(f"{listed} fingerprints", answers), Figure("file of fingerprints", f"{filed:.1f} s")]


def summary(name: str, answers: Sequence[Answered]) -> list[Figure]:
    """Failures, missing matches, median and 95th percentile."""
    broken = Counter(answer.status for answer in answers if answer.status != 200)
    found = sum(bool(json.loads(answer.body)["matches"]) for answer in answers if answer.status == 200)
    due = len(answers) * ONCE // 10
    times = sorted(answer.seconds for answer in answers)
    slow = times[min(len(times) - 1, int(0.95 * len(times)))]
    return [
        Figure(f"{name}, {CLIENTS} clients: refused or broken", str(dict(broken) or 0), "0", not broken),
        Figure(f"{name}: photos with matches", str(found), str(due), found == due),
        Figure(f"{name}: p50", f"{1000 * statistics.median(times):.0f} ms"),
        Figure(f"{name}: p95", f"{1000 * slow:.0f} ms", f"< {1000 * SLOWEST:.0f} ms", slow < SLOWEST),
    ]


def _all_at_once(port: int, key: str, photos: Sequence[bytes]) -> list[Answered]:
    with ThreadPoolExecutor(CLIENTS) as clients:
        parts = clients.map(lambda _: _one_after_the_other(port, key, photos), range(CLIENTS))
        return [answer for part in parts for answer in part]


def _one_after_the_other(port: int, key: str, photos: Sequence[bytes]) -> list[Answered]:
    connection = http.client.HTTPConnection(HOST, port, timeout=PATIENCE)
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "image/jpeg"}
    answers = []
    try:
        for photo in photos:
            started = time.perf_counter()
            connection.request("POST", "/api/v1/match", photo, headers)
            answer = connection.getresponse()
            body = answer.read()
            answers.append(Answered(answer.status, time.perf_counter() - started, body))
    except (OSError, http.client.HTTPException) as error:
        raise NotMeasured(f"the connection broke: {error}") from None
    finally:
        connection.close()
    return answers


def _photo(number: int) -> bytes:
    """A drawn photo of two megapixels; the first of ten are on the list."""
    drawn = drawn_photo(number if number < ONCE else 10 * PICTURES + number)
    out = BytesIO()
    drawn.resize(SIDES, Image.Resampling.BICUBIC).save(out, "JPEG", quality=88)
    return out.getvalue()
