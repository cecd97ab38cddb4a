"""Enters the checkout's ``.venv`` and has it built first when it is missing or stale.

Every command passes here twice, so this half imports next to nothing; ``arcsite/environment.py`` builds.
"""

import hashlib
import os
import sys

CHECKOUT = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
RUNTIME_LOCK = "requirements.lock"
# A superset of the runtime lock with the same versions, so it alone is enough for a test environment.
TEST_LOCK = "requirements-test.lock"
TEST_COMMANDS = frozenset({"test", "bench", "translations"})
STAMP = "built-from"
HANDED_OVER = "ARC_HANDED_OVER"


class BuildFailed(Exception):
    """The environment cannot be built; the text is one sentence and a hint for a person."""


def enter_environment(argv: list[str], checkout: str = CHECKOUT) -> None:
    """Return inside a fitting environment, or replace this process by the same command inside one.

    Raises BuildFailed when there is none and none can be built.
    """
    path = os.path.join(checkout, ".venv")
    locks = [RUNTIME_LOCK, TEST_LOCK] if len(argv) > 1 and argv[1] in TEST_COMMANDS else [RUNTIME_LOCK]
    inside = sys.prefix == path
    fresh = is_fresh(checkout, locks)
    if inside and fresh and f"python {running_python()}" in stamp(path):
        return
    # The process id survives exec: handing over again without having arrived would never end.
    if not inside and os.environ.get(HANDED_OVER) == str(os.getpid()):
        raise BuildFailed(f"{path} does not work. Hint: delete it, then run the same command again.")
    if inside or not fresh:
        from arcsite.environment import Environment  # not paid for by a warm start

        Environment(checkout, locks).build()
    os.environ[HANDED_OVER] = str(os.getpid())
    python = os.path.join(path, "bin", "python")
    os.execv(python, [python, *argv])


def is_fresh(checkout: str, locks: list[str]) -> bool:
    """Whether the environment was completely built here from these very locks."""
    path = os.path.join(checkout, ".venv")
    # `exists` follows the link: an interpreter that an upgrade removed makes the environment stale.
    runnable = os.path.exists(os.path.join(path, "bin", "python"))
    return runnable and wanted(checkout, locks) <= stamp(path)


def wanted(checkout: str, locks: list[str]) -> set[str]:
    """The lines a fitting stamp holds, the Python version aside."""
    with open(os.path.join(checkout, "pyproject.toml"), "rb") as file:
        project = file.read().partition(b"\n[tool.")[0]
    lines = {f"checkout {checkout}", f"project {hashlib.sha256(project).hexdigest()}"}
    for lock in locks:
        with open(os.path.join(checkout, lock), "rb") as file:
            lines.add(f"{lock} {hashlib.sha256(file.read()).hexdigest()}")
    return lines


def stamp(path: str) -> set[str]:
    """What the environment says it was built from; empty when nothing readable is there.

    It is removed before anything is changed and written last: a killed build is never taken as good.
    """
    try:
        with open(os.path.join(path, STAMP), encoding="utf-8") as file:
            return set(file.read().splitlines())
    except (OSError, UnicodeDecodeError):
        return set()


def running_python() -> str:
    return f"{sys.version_info.major}.{sys.version_info.minor}"
