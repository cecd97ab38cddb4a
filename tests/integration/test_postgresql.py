"""All of it holds on PostgreSQL too: the unit tests, crashes, races and a storm, on a private server."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import postgresql
import pytest
from project_files import ROOT

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(postgresql.why_not()), reason=postgresql.why_not()),
]

# What starts processes or draws pictures does not lean on the database; what is about SQLite cannot hold.
UNIT_TESTS = [
    "tests", "--ignore=tests/architecture", "--ignore=tests/integration", "--ignore=tests/e2e",
    "-m", "not (processes or pictures or sqlite)",
]  # fmt: skip
FEWEST_UNIT_TESTS = 2200
# A hundred rounds of each race, and every crash point with each of its stories.
CRASHES_AND_RACES = ["tests/integration/test_crashes.py", "tests/integration/test_races.py", "--slow"]
FEWEST_CRASHES_AND_RACES = 75
STORM = ["tests/integration/test_storm.py", "--slow"]
ALLOWED, TRIES, NUMBERS = 30, 20, 40
WORK = f"""
import os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "arcsite.settings"
import django; django.setup()
from django.core.management import call_command
from django.test import RequestFactory
from enrollment import limiter
from matching import feed

def tries():
    for _ in range({TRIES}):
        try:
            limiter.take(limiter.Purpose.SIGN_IN, RequestFactory().get("/", REMOTE_ADDR="192.0.2.1"))
            yield "allowed"
        except limiter.Throttled:
            pass

if sys.argv[1] == "migrate":
    call_command("migrate", verbosity=0)
if sys.argv[1] == "tries":
    limiter._database_seconds = lambda: 1_800_002_600
    print(*tries())
if sys.argv[1] == "numbers":
    print(*(feed._next_seq() for _ in range({NUMBERS})))
"""


@pytest.fixture(scope="module")
def server() -> Iterator[Path]:
    with postgresql.private_server() as socket:
        yield socket


@pytest.fixture(scope="module")
def migrated(server: Path) -> Path:
    assert together(server, "migrate", processes=1) == []
    return server


def together(server: Path, work: str, *, processes: int = 3) -> list[str]:
    """What so many processes, started at once, printed; in words."""
    environment = {
        **os.environ,
        "DATABASE_URL": postgresql.url(server),
        "ARC_LIMIT_SIGN_INS": str(ALLOWED),
    }
    command = [sys.executable, "-c", WORK, work]
    running = [
        subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
        for _ in range(processes)
    ]
    said = [process.communicate(timeout=60)[0] for process in running]
    assert [process.returncode for process in running] == [0] * processes
    return " ".join(said).split()


def again(server: Path, fewest: int, *arguments: str) -> None:
    """Run tests of this suite on the server; all pass, and there are enough of them."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments],
        cwd=ROOT,
        env={**os.environ, "TEST_POSTGRESQL": str(server)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr
    passed = re.search(r"(\d+) passed", done.stdout)
    assert passed, done.stdout
    assert int(passed[1]) >= fewest


def test_the_unit_tests_pass(server: Path) -> None:
    again(server, FEWEST_UNIT_TESTS, *UNIT_TESTS)


def test_whatever_is_killed_or_meets_leaves_no_fault(server: Path) -> None:
    again(server, FEWEST_CRASHES_AND_RACES, *CRASHES_AND_RACES)


@pytest.mark.alone
def test_a_storm_leaves_no_fault(server: Path) -> None:
    again(server, 1, *STORM)


def test_the_limiter_is_exact_between_processes(migrated: Path) -> None:
    assert together(migrated, "tries") == ["allowed"] * ALLOWED


def test_the_feed_gives_each_number_once(migrated: Path) -> None:
    numbers = sorted(int(word) for word in together(migrated, "numbers"))
    assert numbers == list(range(1, 3 * NUMBERS + 1))
