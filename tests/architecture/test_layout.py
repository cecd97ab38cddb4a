"""Everything has its place, nothing grows without end, and nothing names a developer's machine."""

import re
import tomllib
from collections.abc import Iterable
from fnmatch import fnmatch
from pathlib import Path

import pytest
from project_files import APPS, ROOT, is_ours, named, project_files

MOST_LINES = 400
TOP = {
    *APPS,
    ".ci",
    ".gitignore",
    "LICENSE",
    "README.md",
    "manage.py",
    "pyproject.toml",
    "requirements-test.lock",
    "requirements.lock",
    "templates",
    "tests",
}
OPTIONAL = {"docs"}
NAMELESS = {"common", "helper", "helpers", "misc", "util", "utils"}
BINARY = {".gz", ".ico", ".jpg", ".mo", ".npy", ".npz", ".png", ".webp", ".woff2"}
# A home directory or a work directory of the machine that the project happened to be written on.
# The documented units expect the project in /opt/arc.
MACHINE = re.compile(r"(?<![\w.:/-])/(?:home/\w|root/|Users/\w|work/|mnt/|opt/(?!arc/)\w+/)")


def test_the_top_level_is_the_houses() -> None:
    found = {path.name for path in ROOT.iterdir() if is_ours(path.name)}
    assert found - OPTIONAL == TOP


def test_what_else_lies_there_is_ignored_by_git() -> None:
    patterns = [line.rstrip("/") for line in (ROOT / ".gitignore").read_text().split()]
    others = {path.name for path in ROOT.iterdir()} - TOP - OPTIONAL - {".git"}
    assert patterns
    assert [name for name in others if not any(fnmatch(name, pattern) for pattern in patterns)] == []


def test_no_file_is_too_long() -> None:
    files = project_files(".py", ".html", ".css", ".js", ".md")
    assert len(files) > 100
    assert too_long(files) == {}


def too_long(files: Iterable[Path]) -> dict[str, int]:
    lengths = {named(path): len(path.read_text(encoding="utf-8").splitlines()) for path in files}
    return {name: lines for name, lines in lengths.items() if lines > MOST_LINES}


def test_a_long_file_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(globals(), "MOST_LINES", 3)
    assert named(Path(__file__)) in too_long([Path(__file__)])


def test_every_file_is_named_by_its_subject() -> None:
    modules = project_files(".py")
    assert len(modules) > 100
    assert [named(path) for path in modules if NAMELESS & {path.stem, *path.relative_to(ROOT).parts}] == []


def test_nothing_names_the_machine_it_was_written_on() -> None:
    files = [path for path in project_files() if path.suffix not in BINARY and path != Path(__file__)]
    assert len(files) > 150
    found = {named(path): MACHINE.findall(path.read_text(encoding="utf-8")) for path in files}
    assert {name: places for name, places in found.items() if places} == {}


@pytest.mark.parametrize("text", ["'/root/x'", "see /home/ada/arc", "(/work/main)", "/Users/ada"])
def test_a_machines_path_is_noticed(text: str) -> None:
    assert MACHINE.search(text)


@pytest.mark.parametrize("text", ["https://example.org/home/page", "a/work/b", "/homepage", "./root/"])
def test_an_ordinary_path_is_not(text: str) -> None:
    assert not MACHINE.search(text)


def pins(lock: str) -> set[str]:
    return set(re.findall(r"^[a-z0-9][\w.-]*==[^ ;\\\n]+", (ROOT / lock).read_text(), re.MULTILINE))


def test_the_test_lock_holds_the_runtime_lock() -> None:
    assert len(pins("requirements.lock")) > 15
    assert pins("requirements.lock") < pins("requirements-test.lock")


def test_every_dependency_is_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = {re.split(r"[\[<>=!~; ]", text, maxsplit=1)[0].lower() for text in project["dependencies"]}
    assert len(wanted) > 8
    assert wanted - {pin.partition("==")[0] for pin in pins("requirements.lock")} == set()


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-test.lock"])
def test_a_lock_names_no_address(lock: str) -> None:
    assert not re.search(r"https?://|file:|--index-url|--find-links", (ROOT / lock).read_text())
