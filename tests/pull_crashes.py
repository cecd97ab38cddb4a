"""Run as a script: one pull, killed at every step in turn, each time on a fresh copy of a folder.

python pull_crashes.py URL FOLDER [OPTION...]

Prints a JSON line per kill: the step, the cursor and the fingerprints that the kill left in use, and the
fingerprints after the next pull. It has no threads, so its children may be forked.
"""

import json
import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import urllib3

from matching.cli import pull_plan, pulling
from matching.cli.main import main
from matching.cli.pull import KEY_VARIABLE
from matching.cli.stored import CURRENT, open_pulled
from matching.client import service
from matching.engine.bank import bank_signs

# What changes a disk or asks a service; a kill between two of them differs from none of the others.
STEPS: list[tuple[Any, str]] = [
    (os, "fsync"),
    (os, "replace"),
    (os, "unlink"),
    (os, "ftruncate"),
    (urllib3.PoolManager, "request"),
]


def kill_at(step: int) -> None:
    """Die before a call of one of the steps, counted from 1; that is also just after the one before it."""
    taken = 0

    def counted(name: str) -> None:
        nonlocal taken
        taken += 1
        if taken == step:
            sys.stdout.write(name)
            sys.stdout.flush()
            os.kill(os.getpid(), signal.SIGKILL)

    for owner, name in STEPS:
        setattr(owner, name, watched(getattr(owner, name), name, counted))


def watched(run: Callable[..., Any], name: str, counted: Callable[[str], None]) -> Callable[..., Any]:
    def call(*args: Any, **options: Any) -> Any:
        counted(name)
        return run(*args, **options)

    return call


def in_child(command: list[str], step: int | None) -> tuple[int, str]:
    """Run a command line in a fork; what the system says of its end, and what it wrote."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.dup2(writing, 1)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        if step is not None:
            kill_at(step)
        os._exit(main(command))
    os.close(writing)
    with os.fdopen(reading) as output:
        said = output.read()
    return os.waitpid(child, 0)[1], said


def state(folder: Path) -> dict[str, Any]:
    """What is in use in a folder: {} while nothing is."""
    if not (folder / CURRENT).exists():
        return {}
    index = open_pulled(folder)
    manifest = json.loads((folder / CURRENT).read_text())
    return {"after": manifest["after"], "held": {id_: index.get(id_).hash.hex() for id_ in index}}


def run(url: str, folder: Path, options: list[str]) -> None:
    assert KEY_VARIABLE in os.environ
    # Small pages and files, so that there is something to be killed between.
    service.PAGE, pulling.AT_ONCE, pull_plan.MOST_ROWS = 3, 5, 16
    bank_signs()  # a second's work that every child would do again
    command = ["pull", "--url", url, "--store", str(folder)]
    spare = folder.with_name("spare")
    shutil.copytree(folder, spare)
    step, survived = 0, False
    while not survived:
        step += 1
        shutil.rmtree(folder)
        shutil.copytree(spare, folder)
        status, place = in_child([*command, *options], step)
        survived = not os.WIFSIGNALED(status)
        left = state(folder)
        status, _ = in_child(command, None)
        said = {"step": place, "left": left, "status": status, "finally": state(folder)}
        sys.stdout.write(json.dumps(said) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    run(sys.argv[1], Path(sys.argv[2]), sys.argv[3:])
