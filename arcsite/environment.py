"""Builds the checkout's virtual environment from a hashed lock. Standard library only."""

import contextlib
import fcntl
import importlib.util
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from arcsite.bootstrap import RUNTIME_LOCK, STAMP, BuildFailed, is_fresh, stamp, wanted

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


class Environment:
    """The ``.venv`` of one checkout, to be built from ``locks`` (the last one holds all the others)."""

    def __init__(self, checkout: str, locks: list[str]) -> None:
        self.checkout = Path(checkout)
        self.locks = locks
        self.path = self.checkout / ".venv"
        self.python = self.path / "bin" / "python"
        self.log_path = self.path / "build.log"

    def build(self) -> None:
        """Make the environment fit, alone: a second builder waits, then finds it done.

        Raises BuildFailed.
        """
        require_venv()
        with alone(self.checkout) as lock:
            sound = f"python {self.interpreter_version()}" in stamp(str(self.path))
            if sound and is_fresh(str(self.checkout), self.locks):
                return
            started = time.monotonic()
            # With the right runtime packages in place, adding is enough; otherwise old ones would linger.
            grow = sound and self.has_runtime()
            say(f"{'Completing' if grow else 'Building'} the environment (about a minute, once)...")
            (self.path / STAMP).unlink(missing_ok=True)
            if not grow:
                self.create(lock)
            self.install(lock)
            self.write_stamp()
            say(f"  done in {time.monotonic() - started:.0f} s")

    def has_runtime(self) -> bool:
        kinds = ("checkout ", RUNTIME_LOCK)
        needed = {line for line in wanted(str(self.checkout), [RUNTIME_LOCK]) if line.startswith(kinds)}
        return needed <= stamp(str(self.path))

    def interpreter_version(self) -> str:
        """Such as "3.11"; empty when the interpreter is missing or does not run."""
        question = "import sys; print('%d.%d' % sys.version_info[:2])"
        try:
            answer = subprocess.run([self.python, "-c", question], capture_output=True, text=True, check=True)
        except (OSError, subprocess.CalledProcessError):
            return ""
        return answer.stdout.strip()

    def create(self, lock: int) -> None:
        if self.path.is_symlink():
            raise BuildFailed(
                f"{self.path} is a link to another environment, which building this one would empty. "
                "Hint: delete the link, then run the same command again."
            )
        # The interpreter this environment is made from, also when the running one lives inside it.
        base = getattr(sys, "_base_executable", sys.executable)
        if self.path in Path(base).parents:
            raise BuildFailed(
                f"The environment {self.path} cannot be rebuilt from inside itself. "
                "Hint: run the same command with `python3` instead."
            )
        command = [base, "-m", "venv", "--clear", str(self.path)]
        done = subprocess.run(command, capture_output=True, text=True, pass_fds=[lock], check=False)
        if done.returncode:
            raise BuildFailed(
                f"The environment {self.path} cannot be created: {last_line(done.stdout + done.stderr)}. "
                "Hint: is the directory writable, and the disk not full?"
            )

    def install(self, lock: int) -> None:
        say(f"  installing the packages of {self.locks[-1]}, each checked against its hash")
        # The lock is the whole list; what a package asks for beyond it was left out on purpose.
        self.pip(lock, "--require-hashes", "--only-binary", ":all:", "--no-deps", "-r", self.locks[-1])
        say("  installing the project itself")
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
        lines = {f"python {self.interpreter_version()}", *wanted(str(self.checkout), self.locks)}
        draft = self.path / f"{STAMP}.new"
        draft.write_text("\n".join(sorted(lines)) + "\n", encoding="utf-8")
        draft.replace(self.path / STAMP)


def say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def require_venv() -> None:
    """Debian's python3 comes without the modules that make an environment."""
    for module in ("venv", "ensurepip"):
        if importlib.util.find_spec(module) is None:
            raise BuildFailed(
                f"This Python cannot make environments: its {module} module is missing. "
                "Hint: `apt install python3-venv` on Debian and Ubuntu, then run the same command again."
            )


@contextlib.contextmanager
def alone(checkout: Path) -> Iterator[int]:
    """Hold the checkout's build lock (the directory itself, so no lock file is left behind)."""
    descriptor = os.open(checkout, os.O_RDONLY | os.O_DIRECTORY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Another command is building the environment; waiting for it...")
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
        return f"The disk is full, so the environment was not built. Hint: it needs 1 GB. Details: {log}"
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
