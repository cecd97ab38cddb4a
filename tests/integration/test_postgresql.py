"""What leans on the database holds on PostgreSQL too: on a private server, some tests again and two races."""

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

# The audit's triggers and chain, the limiter's and the feed's statements, leases, claims, one-time codes.
AGAIN = (
    "tests/arcsite/test_second_factor.py",
    "tests/enrollment/test_limiter.py",
    "tests/enrollment/test_resend.py",
    "tests/matching/test_api.py",
    "tests/matching/test_api_confirmations.py",
    "tests/matching/test_api_feed.py",
    "tests/matching/test_feed.py",
    "tests/matching/test_keys.py",
    "tests/matching/test_leases.py",
    "tests/matching/test_pages.py",
    "tests/matching/test_planted.py",
    "tests/review/test_audit.py",
    "tests/review/test_audit_triggers.py",
    "tests/review/test_audit_verify.py",
    "tests/review/test_claims.py",
    "tests/review/test_rulings.py",
    "tests/review/test_undo.py",
)
# These make a SQLite file of their own, or ask SQLite for the time.
BOUND_TO_SQLITE = "not exact_between and not clock_is_the_database"
FEWEST = 120
ALLOWED, TRIES, NUMBERS = 30, 20, 40
WORK = f"""
import os, sys
from importlib import import_module
os.environ["DJANGO_SETTINGS_MODULE"] = "arcsite.settings"
import_module("arcsite.settings").DATABASES["default"] = {{
    "ENGINE": "django.db.backends.postgresql", "NAME": "postgres", "USER": "postgres",
    "HOST": os.environ["TEST_POSTGRESQL"],
}}
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
    environment = {**os.environ, "TEST_POSTGRESQL": str(server), "ARC_LIMIT_SIGN_INS": str(ALLOWED)}
    command = [sys.executable, "-c", WORK, work]
    running = [
        subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
        for _ in range(processes)
    ]
    said = [process.communicate(timeout=60)[0] for process in running]
    assert [process.returncode for process in running] == [0] * processes
    return " ".join(said).split()


def test_what_leans_on_the_database_holds(server: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", BOUND_TO_SQLITE, *AGAIN],
        cwd=ROOT,
        env={**os.environ, "TEST_POSTGRESQL": str(server)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr
    passed = re.search(r"(\d+) passed", done.stdout)
    assert passed, done.stdout
    assert int(passed[1]) >= FEWEST


def test_the_limiter_is_exact_between_processes(migrated: Path) -> None:
    assert together(migrated, "tries") == ["allowed"] * ALLOWED


def test_the_feed_gives_each_number_once(migrated: Path) -> None:
    numbers = sorted(int(word) for word in together(migrated, "numbers"))
    assert numbers == list(range(1, 3 * NUMBERS + 1))
