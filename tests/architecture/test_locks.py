"""What is installed is what was pinned, byte for byte: every line of the locks has its hashes."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import distributions, packages_distributions, version

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from project_files import APPS, ROOT, parsed, project_files

# What makes the environment, and the project in it.
NOT_LOCKED = {"pip", "setuptools", "arc-moderation"}
LOCKS = ("requirements.lock", "requirements-test.lock")
HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")


def entries(text: str) -> list[tuple[Requirement, list[str]]]:
    """Each requirement of a lock with its hashes. Raises ValueError for any other kind of line."""
    lines = text.replace("\\\n", " ").splitlines()
    found = []
    for line in lines:
        plain = line.partition(" #")[0].strip()
        if not plain or plain.startswith("#"):
            continue
        requirement = Requirement(plain.partition(" --hash")[0].strip())
        left = HASH.sub("", plain.partition(" --hash")[1].strip() + plain.partition(" --hash")[2]).strip()
        if left or not re.fullmatch(r"==[\w.!+]+", str(requirement.specifier)):
            raise ValueError(line)
        found.append((requirement, HASH.findall(plain)))
    return found


@pytest.mark.parametrize("lock", LOCKS)
def test_every_line_is_pinned_and_has_its_hashes(lock: str) -> None:
    found = entries((ROOT / lock).read_text())
    assert len(found) > 15
    assert [requirement.name for requirement, hashes in found if not hashes] == []


@pytest.mark.parametrize("lock", LOCKS)
def test_what_is_installed_is_what_was_pinned(lock: str) -> None:
    meant = [requirement for requirement, _ in entries((ROOT / lock).read_text())]
    here = [each for each in meant if each.marker is None or each.marker.evaluate()]
    assert len(here) > 15
    other = {
        each.name: version(each.name) for each in here if not each.specifier.contains(version(each.name))
    }
    assert other == {}


@pytest.mark.parametrize(
    "text", ["--index-url x\n", "django>=5\n", "django==5.2 --hash=md5:abc\n", "django==5.*\n", "./local\n"]
)
def test_a_line_of_another_kind_is_noticed(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        entries(text)


def test_a_line_without_a_hash_is_noticed() -> None:
    assert [hashes for _, hashes in entries("django==5.2\n")] == [[]]


def test_nothing_is_installed_that_is_not_in_the_lock() -> None:
    locked = {canonicalize_name(each.name) for each, _ in entries((ROOT / LOCKS[-1]).read_text())}
    installed = {canonicalize_name(each.metadata["Name"]) for each in distributions()}
    assert len(installed) > 50
    assert installed - locked - NOT_LOCKED == set()


def declared(*groups: str) -> set[str]:
    """The packages that pyproject names, those of the optional groups included."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lines = [*project["dependencies"]]
    for group in ("postgres", "redis", "s3", "scan", "threatexchange", "translations", "video", *groups):
        lines += project["optional-dependencies"][group]
    return {canonicalize_name(Requirement(line).name) for line in lines}


def imported(tree: ast.AST) -> Iterator[str]:
    """The top-level packages of all imports, also those inside functions."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.partition(".")[0]


def undeclared(modules: set[str], allowed: set[str]) -> dict[str, set[str]]:
    """Imported packages none of whose distributions is among the allowed ones, with those distributions."""
    owners = packages_distributions()
    foreign = {name for name in modules if name not in sys.stdlib_module_names and name in owners}
    found = {name: {str(canonicalize_name(owner)) for owner in owners[name]} for name in foreign}
    return {name: owned for name, owned in found.items() if name not in APPS and not owned & allowed}


def test_everything_the_service_imports_is_declared() -> None:
    files = [ROOT / "manage.py", *(path for app in APPS for path in project_files(".py", under=app))]
    modules = {name for path in files for name in imported(parsed(path))}
    assert {"django", "numpy", "PIL", "faiss"} <= modules
    assert undeclared(modules, declared()) == {}


def test_everything_the_tests_import_is_declared() -> None:
    modules = {name for path in project_files(".py", under="tests") for name in imported(parsed(path))}
    assert {"pytest", "hypothesis", "playwright"} <= modules
    assert undeclared(modules, declared("test")) == {}


def test_an_undeclared_import_is_noticed() -> None:
    modules = set(imported(ast.parse("def f():\n    import sqlparse.sql\n    from os import path")))
    assert undeclared(modules, declared()) == {"sqlparse": {"sqlparse"}}


@pytest.mark.parametrize("lock", LOCKS)
def test_no_package_is_named_twice(lock: str) -> None:
    names = [
        (canonicalize_name(each.name), str(each.marker)) for each, _ in entries((ROOT / lock).read_text())
    ]
    assert len(names) == len(set(names))
