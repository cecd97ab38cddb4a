"""Many writers at once: the feed has no gap and no doubled number, and no reader misses a record."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import postgresql
import pytest
from project_files import ROOT

from arcsite import datadir

SCRIPT = ROOT / "tests" / "feed_race.py"
WRITERS, PHOTOS, EVERY = 4, 60, 3

pytestmark = pytest.mark.slow
Start = Callable[..., "subprocess.Popen[str]"]
without_postgresql = pytest.mark.skipif(bool(postgresql.why_not()), reason=postgresql.why_not())


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=without_postgresql)])
def start(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Start]:
    """Starts the script on a database of this test's own."""
    environment = {
        **os.environ,  # with the throw-away secrets of this test run
        "ARC_DATA": str(datadir.create(tmp_path / "data")),
        "DJANGO_SETTINGS_MODULE": "arcsite.settings",
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests")]),
    }
    with ExitStack() as stack:
        if request.param == "postgresql":
            environment["DATABASE_URL"] = postgresql.url(stack.enter_context(postgresql.private_server()))

        def started(*arguments: str) -> "subprocess.Popen[str]":
            command = [sys.executable, str(SCRIPT), *arguments]
            return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)

        yield started


def said(process: "subprocess.Popen[str]") -> list[str]:
    lines = process.communicate(timeout=120)[0].splitlines()
    assert process.returncode == 0
    return lines


def test_a_polling_partner_misses_nothing(start: Start, tmp_path: Path) -> None:
    photos = said(start("prepare", str(PHOTOS)))
    mark = tmp_path / "written"
    reader = start("read", str(mark))
    writers = [start("write", *photos[number::WRITERS]) for number in range(WRITERS)]
    assert [said(writer) for writer in writers] == [["done"]] * WRITERS
    mark.touch()
    polled = [record for line in said(reader) for record in json.loads(line)]
    whole = [record for line in said(start("read", str(mark))) for record in json.loads(line)]
    withdrawn = PHOTOS // EVERY
    seqs = [record["seq"] for record in polled]
    assert seqs == sorted(set(seqs))
    assert max(seqs) == PHOTOS + withdrawn
    # Whoever polled meanwhile ends where whoever reads everything now begins and ends.
    assert latest(polled) == latest(whole)
    assert len(whole) == PHOTOS
    statuses = [status for _, status in latest(whole).values()]
    assert statuses.count("withdrawn") == withdrawn


def latest(records: list[dict[str, Any]]) -> dict[str, tuple[int, str]]:
    return {record["id"]: (record["seq"], record["status"]) for record in records}
