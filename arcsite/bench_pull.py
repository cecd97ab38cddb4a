"""``arc pull`` itself, in a process of its own: how fast it is, and what it needs."""

import re
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from arcsite.bench_figures import Figure
from arcsite.bench_service import NotMeasured
from arcsite.bench_visitor import HOST
from matching.cli.stored import open_pulled

LEAST_RATE, MOST_MEMORY = 20_000, 400.0
LOOK_SECONDS = 0.05
ARC = [sys.executable, "-c", "import sys; from matching.cli.main import run; sys.exit(run())"]


@dataclass(frozen=True)
class Ran:
    """How many records in how many seconds, of them of its own processor, and the most memory in MB."""

    records: int
    seconds: float
    processor: float
    memory: float


def pulled(port: int, key: str) -> Ran:
    """Pull the whole feed into a folder that is thrown away. Raises NotMeasured."""
    with tempfile.TemporaryDirectory(dir=settings.DATA_DIR) as place:
        store, key_file = Path(place) / "pulled", Path(place) / "key"
        key_file.write_text(key)
        asked = ["--url", f"http://{HOST}:{port}", "--store", str(store), "--key-file", str(key_file)]
        memory, before, started = 0.0, _of_children(), time.perf_counter()
        with subprocess.Popen([*ARC, "pull", *asked], cwd=settings.BASE_DIR) as process:
            while process.poll() is None:
                memory = max(memory, _peak(process.pid))
                time.sleep(LOOK_SECONDS)
        seconds = time.perf_counter() - started
        if process.returncode:
            raise NotMeasured(f"arc pull ended with {process.returncode}")
        records = len(open_pulled(store, verify=False))
    return Ran(records, seconds, _of_children() - before, memory)


def _of_children() -> float:
    """Seconds of processor time of processes of ours that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _peak(pid: int) -> float:
    """The most memory in MB that a process has had; what it was forked from does not count, as in rusage."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:  # it ended meanwhile
        return 0.0
    found = re.search(r"^VmHWM:\s*([0-9]+) kB", status, re.MULTILINE)
    return int(found[1]) / 1024 if found else 0.0


def summary(ran: Ran, records: int) -> list[Figure]:
    """All of them, the rate with the start of the program in it, and the memory."""
    rate, name = ran.records / ran.seconds, f"{records} records, arc pull"
    return [
        Figure(f"{name}: got", str(ran.records), str(records), ran.records == records),
        Figure(f"{name}: rate", f"{rate:.0f} /s", f">= {LEAST_RATE} /s", rate >= LEAST_RATE),
        Figure(f"{name}: processor time", f"{ran.processor:.1f} s"),
        Figure(
            f"{name}: memory",
            f"{ran.memory:.0f} MB",
            f"< {MOST_MEMORY:.0f} MB",
            ran.memory < MOST_MEMORY,
        ),
    ]
