"""Directories that cost a lot to make: made once in a test run, by whichever worker is first, and copied."""

import fcntl
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from running import prepare_data


def shared_directory(workers: pytest.TempPathFactory) -> Path:
    """The directory that all xdist workers of this run have in common, or that of the only process."""
    base = workers.getbasetemp()
    return base.parent if base.name.startswith("popen-") else base


def copy_of(original: Path, make: Callable[[Path], None], to: Path) -> None:
    """Copy ``original`` to ``to``; whoever finds none makes it first. Raises what making raises."""
    with original.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not original.exists():
            draft = original.with_suffix(".draft")
            shutil.rmtree(draft, ignore_errors=True)
            make(draft)
            draft.rename(original)
    shutil.copytree(original, to, symlinks=True)


def data_directory(workers: pytest.TempPathFactory, to: Path) -> Path:
    """``to``, made a data directory without a photo: preparing one takes longer than starting on it."""
    copy_of(shared_directory(workers) / "prepared", prepare_data, to)
    return to
