"""How fast a partner gets the whole feed, and its first page, and what that costs the server in memory."""

import gzip
import http.client
import json
import statistics
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import connections

from arcsite import bench_pull, datadir
from arcsite.bench_figures import Figure
from arcsite.bench_listed import PICTURES, document
from arcsite.bench_partner import partner_key
from arcsite.bench_rows import AT_ONCE
from arcsite.bench_service import NotMeasured, serving
from arcsite.bench_visitor import HOST, PATIENCE
from matching import pages, shelf
from matching.engine.fingerprint import VERSION
from matching.feed import wire_form
from matching.models import FeedHead, FeedRecord, Scope

RECORDS, VISITS, WARM_UP = 1_000_000, 100, 10
SLOWEST, MOST_GROWTH, LEAST_RATE = 0.100, 64.0, 20_000
ADDRESS = "/api/v1/fingerprints"


@dataclass
class Pulled:
    """A whole feed: how many records in how many seconds, and the server's memory in MB meanwhile."""

    records: int = 0
    seconds: float = 0.0
    memory: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        return self.records / self.seconds


class Puller:
    """A partner's program on one connection."""

    def __init__(self, connection: http.client.HTTPConnection, key: str, *, packed: bool) -> None:
        self._connection = connection
        self._headers = {
            "Authorization": f"Bearer {key}",
            "Accept-Encoding": "gzip" if packed else "identity",
        }

    def page(self, after: int, limit: int) -> bytes:
        self._connection.request("GET", f"{ADDRESS}?after={after}&limit={limit}", headers=self._headers)
        answer = self._connection.getresponse()
        body = answer.read()
        if answer.status != http.client.OK:
            raise NotMeasured(f"a page was answered {answer.status}")
        return gzip.decompress(body) if answer.headers["Content-Encoding"] == "gzip" else body

    def pull(self, port: int) -> Pulled:
        """From the beginning to the end, in pages of the largest size, each of them read as JSON."""
        done, after, more = Pulled(), 0, True
        done.memory.append(memory(port))
        while more:
            started = time.perf_counter()
            page = json.loads(self.page(after, pages.LARGEST_PAGE))
            done.seconds += time.perf_counter() - started
            done.records += len(page["records"])
            after, more = page["next"], page["more"]
            done.memory.append(memory(port))
        return done

    def first_pages(self) -> list[float]:
        """Seconds of the first page, again and again."""
        times = []
        for _ in range(WARM_UP + VISITS):
            started = time.perf_counter()
            self.page(0, pages.PAGE)
            times.append(time.perf_counter() - started)
        return times[WARM_UP:]


def feed(share: float) -> list[Figure]:
    """The feed pulled plain and packed, in turn, and by ``arc pull``; ``share`` of a million records."""
    records = max(pages.LARGEST_PAGE, round(RECORDS * share))
    datadir.create(settings.DATA_DIR)
    call_command("migrate", verbosity=0)
    _publish(records)
    key = partner_key(Scope.FEED)
    while shelf.renew(60):  # else the worker would, at the same time as what is measured
        pass
    connections.close_all()
    figures = []
    with serving() as port:
        for packed in (False, True):
            with _puller(port, key, packed=packed) as puller:
                puller.page(0, pages.LARGEST_PAGE)
                name = f"{records} records, {'gzip' if packed else 'plain'}"
                figures += summary(name, puller.first_pages(), puller.pull(port), records)
        figures += bench_pull.summary(bench_pull.pulled(port, key), records)
    return figures


def _publish(records: int) -> None:
    """So many bare records, their texts those of some hundred drawn pictures: a page needs nothing else."""
    texts = [wire_form(document(number)) for number in range(PICTURES)]
    FeedHead.objects.create(pk=1, seq=records)
    for start in range(1, records + 1, AT_ONCE):
        FeedRecord.objects.bulk_create(
            FeedRecord(
                fingerprint_id=uuid.uuid4(),
                seq=seq,
                active_seq=seq,
                version=VERSION,
                wire=texts[seq % PICTURES],
            )
            for seq in range(start, min(start + AT_ONCE, records + 1))
        )


def summary(name: str, first: list[float], pulled: Pulled, records: int) -> list[Figure]:
    """First page, rate, and how far the server's memory rose above where it began."""
    slow = sorted(first)[min(len(first) - 1, int(0.95 * len(first)))]
    growth = max(pulled.memory) - pulled.memory[0]
    return [
        Figure(f"{name}: got", str(pulled.records), str(records), pulled.records == records),
        Figure(f"{name}: first page p50", f"{1000 * statistics.median(first):.0f} ms"),
        Figure(
            f"{name}: first page p95", f"{1000 * slow:.0f} ms", f"< {1000 * SLOWEST:.0f} ms", slow < SLOWEST
        ),
        Figure(f"{name}: rate", f"{pulled.rate:.0f} /s", f">= {LEAST_RATE} /s", pulled.rate >= LEAST_RATE),
        Figure(f"{name}: server memory", f"{pulled.memory[0]:.0f} MB, at most {max(pulled.memory):.0f} MB"),
        Figure(f"{name}: growth", f"{growth:.0f} MB", f"< {MOST_GROWTH:.0f} MB", growth < MOST_GROWTH),
    ]


def memory(port: int) -> float:
    """What the web server's processes hold for themselves, in MB; mapped files are not theirs."""
    mark, total = f":{port}".encode(), 0
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes()
            if b"gunicorn" in command and any(part.endswith(mark) for part in command.split(b"\0")):
                total += _anonymous(process / "status")
        except OSError:  # it ended meanwhile
            continue
    return total / 1024


def _anonymous(status: Path) -> int:
    lines = dict(line.split(":", 1) for line in status.read_text().splitlines() if ":" in line)
    return int(lines["RssAnon"].split()[0])


@contextmanager
def _puller(port: int, key: str, *, packed: bool) -> Iterator[Puller]:
    connection = http.client.HTTPConnection(HOST, port, timeout=PATIENCE)
    try:
        yield Puller(connection, key, packed=packed)
    except (OSError, http.client.HTTPException) as error:
        raise NotMeasured(f"the connection broke: {error}") from None
    finally:
        connection.close()
