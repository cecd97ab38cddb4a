"""Builds the checkout's ``.venv`` from the hashed lock and hands over to it. Standard library only.

A stamp inside the environment says what it was built from. It is removed before anything is changed and
written last, so a build that was killed is never taken as good.
"""

import contextlib
import fcntl
import hashlib
import importlib.util
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
RUNTIME_LOCK = "requirements.lock"
# A superset of the runtime lock with the same versions, so it alone is enough for a test environment.
TEST_LOCK = "requirements-test.lock"
TEST_COMMANDS = frozenset({"test", "bench"})
# What pip prints about a network that does not answer, as opposed to a package that is wrong.
UNREACHABLE = (
    "ConnectionError",
    "Could not find a version",
    "Could not fetch",
    "Failed to establish",
    "Name or service not known",
    "NewConnectionError",
    "No matching distribution",
    "ProxyError",
    "ReadTimeoutError",
    "Temporary failure in name resolution",
)

Stamp = dict[str, str]
Report = Callable[[str], None]


class BuildFailed(Exception):
    """The environment cannot be built; the text is one sentence and a hint for a person."""


def say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def enter_environment(argv: Sequence[str], checkout: Path = CHECKOUT, report: Report = say) -> None:
    """Return inside a fitting environment, or replace this process by the same command inside one.

    Raises BuildFailed when there is none and none can be built.
    """
    environment = Environment(checkout, with_tests=len(argv) > 1 and argv[1] in TEST_COMMANDS)
    inside = Path(sys.prefix) == environment.path
    if inside and environment.is_fresh() and environment.stamp().get("python") == running_python():
        return
    if inside or not environment.is_fresh():
        environment.build(report)
    os.execv(environment.python, [str(environment.python), *sys.orig_argv[1:]])


def running_python() -> str:
    return f"{sys.version_info.major}.{sys.version_info.minor}"


class Environment:
    """The virtual environment of one checkout and what it has to hold."""

    def __init__(self, checkout: Path, *, with_tests: bool) -> None:
        self.checkout = checkout
        self.path = checkout / ".venv"
        self.python = self.path / "bin" / "python"
        self.stamp_path = self.path / "built-from.json"
        self.log_path = self.path / "build.log"
        self.lock = TEST_LOCK if with_tests else RUNTIME_LOCK

    def stamp(self) -> Stamp:
        """What the environment says it was built from; empty when it says nothing readable."""
        try:
            stamp = json.loads(self.stamp_path.read_bytes())
        except (OSError, ValueError):
            return {}
        return stamp if isinstance(stamp, dict) else {}

    def wanted(self) -> Stamp:
        """The entries a fitting stamp has, the Python version aside."""
        locks = {RUNTIME_LOCK, self.lock}
        project = (self.checkout / "pyproject.toml").read_bytes().partition(b"\n[tool.")[0]
        return {
            "checkout": str(self.checkout),
            "project": digest(project),
            **{name: digest((self.checkout / name).read_bytes()) for name in locks},
        }

    def is_fresh(self) -> bool:
        # `exists` follows the link: an interpreter that an upgrade removed makes the environment stale.
        return self.python.exists() and self.wanted().items() <= self.stamp().items()

    def is_sound(self) -> bool:
        """The interpreter runs and is still the version that the packages were installed for."""
        return self.interpreter_version() == self.stamp().get("python")

    def interpreter_version(self) -> str:
        """Such as "3.11"; empty when the interpreter is missing or does not run."""
        question = "import sys; print('%d.%d' % sys.version_info[:2])"
        try:
            answer = subprocess.run([self.python, "-c", question], capture_output=True, text=True, check=True)
        except (OSError, subprocess.CalledProcessError):
            return ""
        return answer.stdout.strip()

    def build(self, report: Report) -> None:
        """Make the environment fit, alone: a second builder waits, then finds it done."""
        require_venv()
        with alone(self.checkout, report) as lock:
            sound = self.is_sound()
            if sound and self.is_fresh():
                return
            started = time.monotonic()
            # Only the test packages are missing: add them instead of building everything again.
            grow = sound and Environment(self.checkout, with_tests=False).is_fresh()
            report(
                "Adding the test packages (about a minute, once)..."
                if grow
                else "Building the environment (about a minute, once)..."
            )
            self.stamp_path.unlink(missing_ok=True)
            if not grow:
                self.create(lock)
            self.install(lock, report)
            self.write_stamp()
            report(f"  done in {time.monotonic() - started:.0f} s")

    def create(self, lock: int) -> None:
        # The interpreter this environment is made from, also when the running one lives inside it.
        base = getattr(sys, "_base_executable", sys.executable)
        command = [base, "-m", "venv", "--clear", str(self.path)]
        done = subprocess.run(command, capture_output=True, text=True, pass_fds=[lock], check=False)
        if done.returncode:
            raise BuildFailed(
                f"The environment {self.path} cannot be created: {last_line(done.stdout + done.stderr)}. "
                "Hint: is the directory writable, and the disk not full?"
            )

    def install(self, lock: int, report: Report) -> None:
        report(f"  installing the packages of {self.lock}, each checked against its hash")
        self.pip(lock, "--require-hashes", "--only-binary", ":all:", "-r", self.lock)
        report("  installing the project itself")
        self.pip(lock, "--no-deps", "--no-build-isolation", "--no-index", "-e", ".")

    def pip(self, lock: int, *arguments: str) -> None:
        """Run ``pip install``; its output goes to a log inside the environment. Raises BuildFailed."""
        command = [str(self.python), "-m", "pip", "install", "--retries", "2", *arguments]
        quiet = {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1", "PIP_USER": "0"}
        with self.log_path.open("ab") as log:
            start = log.tell()
            done = subprocess.run(
                command,
                cwd=self.checkout,
                env={**os.environ, **quiet},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                # An orphaned pip keeps the lock, so nobody builds over it.
                pass_fds=[lock],
                check=False,
            )
        if done.returncode:
            output = self.log_path.read_bytes()[start:].decode(errors="replace")
            raise BuildFailed(explain(output, self.log_path))

    def write_stamp(self) -> None:
        draft = self.stamp_path.with_suffix(".new")
        draft.write_text(json.dumps({**self.wanted(), "python": self.interpreter_version()}, indent=1))
        draft.replace(self.stamp_path)


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def require_venv() -> None:
    """Debian's python3 comes without the modules that make an environment."""
    for module in ("venv", "ensurepip"):
        if importlib.util.find_spec(module) is None:
            raise BuildFailed(
                f"This Python cannot make environments: its {module} module is missing. "
                "Hint: `apt install python3-venv` on Debian and Ubuntu, then run the same command again."
            )


@contextlib.contextmanager
def alone(checkout: Path, report: Report) -> Iterator[int]:
    """Hold the checkout's build lock (the directory itself, so no lock file is left behind)."""
    descriptor = os.open(checkout, os.O_RDONLY | os.O_DIRECTORY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            report("Another command is building the environment; waiting for it...")
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield descriptor
    finally:
        os.close(descriptor)


def explain(output: str, log: Path) -> str:
    """One sentence and a hint for what pip printed before it gave up."""
    if "DO NOT MATCH THE HASHES" in output:
        return (
            "A downloaded package is not the one in the lock, so it was not installed. "
            f"Hint: try again; if it happens again, distrust the package index. Details: {log}"
        )
    if "No space left on device" in output:
        return f"The disk is full, so the environment was not built. Hint: it needs about 1 GB. Details: {log}"
    if any(sign in output for sign in UNREACHABLE):
        return (
            "The package index cannot be reached or lacks a package of the lock for this Python. "
            "Hint: check the network or the index in pip's configuration, then run the same command again. "
            f"Details: {log}"
        )
    return f"The environment was not built: {last_line(output)}. Details: {log}"


def last_line(output: str) -> str:
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    return lines[-1].rstrip(".") if lines else "no reason was given"
