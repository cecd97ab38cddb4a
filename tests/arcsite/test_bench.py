"""What the table of ``bench`` says is what was measured. Its real runs are for people to start."""

import re
from io import BytesIO, StringIO

import pytest
from django.core.management import CommandError, call_command
from PIL import Image

from arcsite import bench, bench_queue
from arcsite.bench_figures import Figure
from arcsite.bench_service import NotMeasured
from arcsite.bench_visitor import Answered

pytestmark = pytest.mark.processes


def answered(seconds: float, status: int = 200) -> Answered:
    return Answered(status, seconds, b"")


def run(what: str, *arguments: str) -> str:
    out = StringIO()
    call_command("bench", what, *arguments, stdout=out)
    return out.getvalue()


def test_uploads_are_summed_up() -> None:
    answers = [answered(0.5) for _ in range(96)] + [answered(9.0) for _ in range(4)]
    figures = {figure.name: figure for figure in bench.summary("x", answers, 10.0, 4.0)}
    assert figures["x: p50"].measured == "0.50 s"
    assert (figures["x: p95"].measured, figures["x: p95"].held) == ("0.50 s", True)
    assert figures["x: rate"].measured == "10.0 /s"
    assert figures["x: 5xx or broken"].held
    assert figures["x: not accepted"].held


@pytest.mark.parametrize(
    ("status", "missed"), [(500, "x: 5xx or broken"), (0, "x: 5xx or broken"), (429, "x: not accepted")]
)
def test_one_failure_misses_the_goal(status: int, missed: str) -> None:
    figures = bench.summary("x", [answered(0.1), answered(0.1, status)], 1.0, 4.0)
    assert [figure.name for figure in figures if figure.held is False] == [missed]


def test_slow_answers_miss_the_goal() -> None:
    figures = bench.summary("x", [answered(0.1)] * 9 + [answered(5.0)] * 2, 1.0, 4.0)
    assert [figure.name for figure in figures if figure.held is False] == ["x: p95"]


@pytest.mark.parametrize(("apart", "held"), [(0.0015, True), (0.0025, False), (-0.0025, False)])
def test_a_difference_that_tells_is_told_whatever_single_answers_do(apart: float, held: bool) -> None:
    base = [0.010, 0.011, 0.012, 0.500, 0.013]
    unknown = [*base[:3], 0.010, base[4]]
    known = [one + apart for one in unknown[:3]] + [0.500, unknown[4] + apart]
    assert bench.compare(known, unknown)[-1].held is held


def test_the_drawn_photo_has_the_size_that_is_asked_for() -> None:
    small = bench_queue.jpeg(bench_queue.SMALL_BYTES)
    assert 0.6 * bench_queue.SMALL_BYTES < len(small) <= bench_queue.SMALL_BYTES
    with Image.open(BytesIO(bench_queue.jpeg(0, (400, 300)))) as picture:
        assert (picture.format, picture.size) == ("JPEG", (400, 300))


def test_a_missed_goal_ends_with_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    shares: list[float] = []

    def measure(share: float) -> list[Figure]:
        shares.append(share)
        return [Figure("speed", "9 s", "< 4 s", held=False)]

    monkeypatch.setitem(bench.MEASUREMENTS, "load", measure)
    with pytest.raises(CommandError, match="A goal was missed"):
        run("load", "--share", "0.5")
    assert shares == [0.5]


def test_a_table_has_the_goals_beside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(
        bench.MEASUREMENTS, "timing", lambda share: [Figure("speed", "1 s", "< 4 s", held=True)]
    )
    assert re.split(" {2,}", run("timing").splitlines()[-1]) == ["speed", "1 s", "< 4 s", "held"]


def test_what_did_not_run_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(share: float) -> list[Figure]:
        raise NotMeasured("the service did not start")

    monkeypatch.setitem(bench.MEASUREMENTS, "load", fail)
    with pytest.raises(CommandError, match="the service did not start"):
        run("load")


def test_on_postgres_it_ends_as_the_run_there_does(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def on_postgres(arguments: list[str]) -> int:
        asked.extend(arguments)
        return 3

    monkeypatch.setattr("arcsite.management.commands.bench.on_postgres", on_postgres)
    with pytest.raises(SystemExit) as left:
        run("load", "--postgres", "--share", "0.5")
    assert left.value.code == 3
    assert asked == ["load", "--share=0.5"]


def test_without_its_programs_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("arcsite.bench_postgres.binaries", lambda: None)
    with pytest.raises(CommandError, match="apt install postgresql"):
        run("load", "--postgres")
    monkeypatch.setattr("arcsite.bench_service.find_spec", lambda name: None)
    with pytest.raises(CommandError, match="pip install"):
        run("load", "--postgres")


@pytest.mark.parametrize("text", ["0", "1.1", "-1", "half", "nan", "inf"])
def test_never_more_than_the_full_size(text: str) -> None:
    with pytest.raises(CommandError, match="share"):
        run("load", f"--share={text}")
