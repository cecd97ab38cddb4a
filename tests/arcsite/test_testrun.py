import sys
from collections import Counter
from pathlib import Path

import pytest
from prepared import copy_of

from arcsite import testrun
from arcsite.testrun import Outcome, Stage, report

REPORT = '<testsuites><testsuite tests="7" failures="1" skipped="2" errors="1"/></testsuites>'
LINT = Outcome(Stage("lint", "ruff", []), 0, 1.0, Counter())
UNIT = Outcome(Stage("unit tests", "pytest", [], counted=True), 1, 2.5, Counter(passed=3, failed=1))


def test_counts_come_from_pytests_own_report(tmp_path: Path) -> None:
    (tmp_path / "report.xml").write_text(REPORT)
    counts = testrun.read_counts(tmp_path / "report.xml")
    assert counts == Counter(passed=3, failed=1, skipped=2, error=1)


def test_a_stage_that_never_reported_counts_nothing(tmp_path: Path) -> None:
    assert testrun.read_counts(tmp_path / "absent.xml") == Counter()


def test_the_last_line_is_in_pytests_form() -> None:
    lines: list[str] = []
    report([LINT, UNIT], lines.append)
    assert "failed" in lines[-2]
    assert lines[-1].strip("= ") == "1 failed, 3 passed in 3.50s"


def test_every_folder_of_tests_belongs_to_one_stage() -> None:
    tests = Path(__file__).parent.parent
    folders = {f"tests/{path.name}" for path in tests.iterdir() if list(path.glob("test_*.py"))}
    assert set(testrun.OTHER_TESTS) < folders
    arguments = [argument for stage in testrun.stages([]) for argument in stage.arguments]
    assert set(testrun.OTHER_TESTS) < set(arguments)


def test_a_failing_stage_fails_the_run_and_the_others_still_run(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    seen = tmp_path / "seen"
    names = {"no": "import sys; sys.exit(3)", "yes": f"open({str(seen)!r}, 'w')"}
    python = Path(sys.executable).name
    planned = [Stage(name, python, ["-c", code]) for name, code in names.items()]
    monkeypatch.setattr(testrun, "stages", lambda _: planned)
    assert testrun.run_all([]) == 1
    assert seen.exists()


def test_tools_run_without_what_would_disturb_or_slow_them(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in testrun.NOT_FOR_TESTS:
        monkeypatch.setenv(name, "1")
    code = f"import os, sys; sys.exit(len({set(testrun.NOT_FOR_TESTS)!r} & set(os.environ)))"
    assert testrun.start(Path(sys.executable).name, ["-c", code]) == 0


def test_what_costs_a_lot_is_made_once_and_whole(tmp_path: Path) -> None:
    made: list[int] = []

    def make(draft: Path) -> None:
        draft.mkdir()
        made.append(len(made))
        assert len(made) > 1, "the first one breaks in the middle"
        (draft / "file").write_text("whole")

    with pytest.raises(AssertionError, match="in the middle"):
        copy_of(tmp_path / "original", make, tmp_path / "first")
    for name in ("second", "third"):
        copy_of(tmp_path / "original", make, tmp_path / name)
        assert (tmp_path / name / "file").read_text() == "whole"
    assert made == [0, 1]
    assert not (tmp_path / "first").exists()
