"""The one sequence of checks and tests, with a table of what passed and how long it took."""

import os
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

TWICE = ("-n", "2")
# A file has a browser, a service or a stage of its own that its tests share, so it stays in one place.
BY_FILE = (*TWICE, "--dist", "loadfile")
HEAVY = "processes or pictures"
# What is measured against the clock has the machine to itself.
NOT_ALONE = "not alone"
OTHER_TESTS = ("tests/architecture", "tests/integration", "tests/e2e")
UNIT_TESTS = ("tests", *(f"--ignore={folder}" for folder in OTHER_TESTS))
NOT_FOR_TESTS = frozenset(
    {
        # Tests read the settings only after their own environment is in place: tests/conftest.py.
        "DJANGO_SETTINGS_MODULE",
        # A run starts hundreds of processes; without compiled files each compiles the project anew.
        "PYTHONDONTWRITEBYTECODE",
    }
)
Say = Callable[[str], None]


@dataclass(frozen=True)
class Stage:
    name: str
    tool: str
    arguments: Sequence[str]
    counted: bool = False


@dataclass(frozen=True)
class Outcome:
    stage: Stage
    status: int
    seconds: float
    tests: Counter[str]


def stages(slow: Sequence[str]) -> list[Stage]:
    """In order of price: what fails fast comes first. ``slow`` is ["--slow"] or empty."""
    # None of these is quick, and pytest fails when it finds nothing to run.
    alone = [Stage("tests alone", "pytest", ["tests", "-m", "alone", *slow], counted=True)]
    return [
        Stage("ruff check", "ruff", ["check", "--quiet", "."]),
        Stage("ruff format", "ruff", ["format", "--check", "--quiet", "."]),
        Stage("types", "mypy", ["--num-workers", "2"]),
        Stage("layers", "lint-imports", ["--no-logo"]),
        Stage("unit tests", "pytest", [*TWICE, *UNIT_TESTS, "-m", f"not ({HEAVY})", *slow], counted=True),
        Stage(
            "heavier tests",
            "pytest",
            [*TWICE, *UNIT_TESTS, "-m", f"({HEAVY}) and {NOT_ALONE}", *slow],
            counted=True,
        ),
        Stage("architecture", "pytest", [*TWICE, "tests/architecture", *slow], counted=True),
        Stage("integration", "pytest", [*BY_FILE, "tests/integration", "-m", NOT_ALONE, *slow], counted=True),
        *(alone if slow else []),
        Stage("browser tests", "pytest", [*BY_FILE, "tests/e2e", *slow], counted=True),
    ]


def run_pytest(arguments: Sequence[str]) -> int:
    """Only pytest, with these arguments; its exit status."""
    return start("pytest", arguments)


def run_all(slow: Sequence[str]) -> int:
    """Every stage, also after one failed. 0 when all passed."""
    with tempfile.TemporaryDirectory(prefix="arc-test-") as directory:
        outcomes = [run_stage(stage, Path(directory) / "report.xml") for stage in stages(slow)]
    report(outcomes, say)
    return int(any(outcome.status for outcome in outcomes))


def run_stage(stage: Stage, report_path: Path) -> Outcome:
    say(f"\n== {stage.name}")
    # Twice quiet: the closing line is printed once, at the very end, for all tests together.
    extra = ["-qq", f"--junit-xml={report_path}"] if stage.counted else []
    report_path.unlink(missing_ok=True)
    started = time.monotonic()
    status = start(stage.tool, [*extra, *stage.arguments])
    seconds = time.monotonic() - started
    return Outcome(stage, status, seconds, read_counts(report_path) if stage.counted else Counter())


def start(tool: str, arguments: Sequence[str]) -> int:
    environment = {name: value for name, value in os.environ.items() if name not in NOT_FOR_TESTS}
    command = [str(Path(sys.executable).with_name(tool)), *arguments]
    return subprocess.run(command, cwd=settings.BASE_DIR, env=environment, check=False).returncode


def read_counts(path: Path) -> Counter[str]:
    """How many tests passed, failed, were skipped or broke, from pytest's report; empty without one."""
    if not path.exists():
        return Counter()
    suite = ET.parse(path).getroot().find("testsuite")  # noqa: S314 - our own pytest wrote it
    if suite is None:
        return Counter()
    counts = Counter(
        failed=int(suite.get("failures", 0)),
        skipped=int(suite.get("skipped", 0)),
        error=int(suite.get("errors", 0)),
    )
    counts["passed"] = int(suite.get("tests", 0)) - counts.total()
    return +counts


def report(outcomes: Sequence[Outcome], say: Say) -> None:
    say("")
    for outcome in outcomes:
        verdict = "failed" if outcome.status else "passed"
        line = f"{outcome.stage.name:<19}{verdict:<8}{outcome.seconds:6.1f} s  {in_words(outcome.tests)}"
        say(line.rstrip())
    total = sum((outcome.tests for outcome in outcomes), Counter[str]())
    seconds = sum(outcome.seconds for outcome in outcomes)
    # The form of pytest's own last line, which machines that read this output look for.
    say(f" {in_words(total) or 'no tests ran'} in {seconds:.2f}s ".center(80, "="))


def in_words(tests: Counter[str]) -> str:
    order = ("failed", "passed", "skipped", "error")
    return ", ".join(f"{tests[name]} {name}" for name in order if tests[name])


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
