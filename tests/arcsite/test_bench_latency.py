"""A new fingerprint and a withdrawal reach a partner in time: the command itself, on an idle machine."""

import subprocess
import sys

import pytest
from project_files import ROOT
from pytest_django import Settings

from arcsite import bench_latency, bench_pull
from arcsite.bench_pull import Ran


@pytest.mark.parametrize(
    ("listed", "withdrawn", "missed"),
    [
        ([12.0, 19.9], [1.0, 4.9], []),
        ([12.0, 20.0], [1.0], ["from a decision to a partner (10 s to undo among them): longest"]),
        ([12.0], [1.0, 5.0], ["from a withdrawal to a partner: longest"]),
    ],
)
def test_the_longest_of_each_is_what_counts(
    listed: list[float], withdrawn: list[float], missed: list[str], settings: Settings
) -> None:
    settings.ARC_UNDO_SECONDS = 10
    figures = bench_latency.summary(listed, withdrawn)
    assert [figure.name for figure in figures if figure.held is False] == missed


@pytest.mark.parametrize(
    ("ran", "missed"),
    [
        (Ran(40_000, 2.0, 1.5, 300.0), set()),
        (Ran(39_999, 2.0, 1.5, 300.0), {"got", "rate"}),
        (Ran(40_000, 2.1, 1.5, 300.0), {"rate"}),
        (Ran(40_000, 2.0, 1.5, 400.0), {"memory"}),
    ],
)
def test_of_a_pull_it_says_what_was_missed(ran: Ran, missed: set[str]) -> None:
    figures = bench_pull.summary(ran, 40_000)
    assert {figure.name.partition(": ")[2] for figure in figures if figure.held is False} == missed


@pytest.mark.slow
@pytest.mark.alone
@pytest.mark.processes
def test_a_partner_that_asks_every_second_knows_in_time() -> None:
    command = [sys.executable, str(ROOT / "manage.py"), "bench", "latency", "--share", "0.5"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count(" held") == 2
