"""The list of fingerprints on the hosts of a cluster: sent once to each, mapped by all its workers.

What runs on a worker is here, and needs no more of Dask than to be called. A list is confidential: its file
is its owner's alone, and is removed when the scan ends; of a scan that was killed, when it went on, or by
another one a day later.
"""

import hashlib
import mmap
import os
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Literal, Protocol
from urllib.parse import urlsplit

from enrollment.heap import keep_what_is_freed
from matching.cli.looking import Recipe, Task
from matching.cli.places import Place
from matching.cli.scanning import Scanned, WorkersLost, scan_batch

PART = 64_000_000
SENDINGS = 5
FORGOTTEN_SECONDS = 86_400


class NotHere(Exception):
    """This host has not been sent the list."""


@dataclass(frozen=True)
class Key:
    """Which list, by its SHA-256 and size in bytes, and how it is looked for."""

    digest: str
    size: int
    deep: bool
    turns: bool


class OnEachWorker(Protocol):
    """Calls a function on the workers of a cluster, or on some; what came of it for each address."""

    def __call__(
        self,
        function: Callable[..., object],
        *arguments: object,
        workers: list[str] | None = None,
        on_error: Literal["return"],
    ) -> dict[str, object]: ...


@dataclass(frozen=True)
class Shared:
    """A list on the machine that commands the scan, in a file without a name: no kill can leave it behind."""

    key: Key
    whole: mmap.mmap

    @classmethod
    def of(cls, task: Task) -> "Shared":
        """Write a task's list, as it is now. Raises UsageError."""
        with tempfile.TemporaryDirectory() as folder:
            file = replace(task, store=None).recipe(Path(folder)).store
            with file.open("rb") as opened:
                whole = mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ)
        return cls(Key(hashlib.sha256(whole).hexdigest(), len(whole), task.deep, task.turns), whole)

    def hand_round(self, call: OnEachWorker) -> None:
        """Have every host of a cluster hold the list. Raises WorkersLost when one cannot.

        It goes to one worker of each host that lacks it; then to all that do, for some share no disk.
        """
        reasons: list[object] = ["it went away"]
        for attempt in range(SENDINGS):
            here = call(has, self.key, on_error="return")
            lacking = {at: urlsplit(at).hostname for at, whole in here.items() if whole is not True}
            if not lacking:
                return
            chosen = [*lacking] if attempt else [*{host: at for at, host in lacking.items()}.values()]
            for offset in range(0, len(self.whole), PART):
                part = self.whole[offset : offset + PART]
                kept = call(keep, self.key, offset, part, workers=chosen, on_error="return")
                reasons += [reason for reason in kept.values() if reason is not None]
        raise WorkersLost(f"a worker cannot keep the list ({reasons[-1]})")


def has(key: Key) -> bool:
    """Whether this host holds the whole list. The first that a worker is asked."""
    keep_what_is_freed()  # Dask has the C library give back everything at once
    return _file(key).exists()


def keep(key: Key, offset: int, part: bytes) -> None:
    """Add a part to the list's file, which takes its name when it is whole. Raises OSError."""
    file = _file(key)
    growing = file.with_suffix(".part")
    if not offset:
        _remove_forgotten(file.parent)
    with growing.open("r+b" if offset else "wb") as opened:
        opened.seek(offset)
        opened.write(part)
        opened.truncate()
    if offset + len(part) == key.size:
        with growing.open("rb") as opened:
            if hashlib.file_digest(opened, "sha256").hexdigest() != key.digest:
                raise OSError("the list was damaged on its way")
        growing.replace(file)


def scan(key: Key, photos: Sequence[Place]) -> list[Scanned]:
    """One result per file, in their order. Raises NotHere."""
    return scan_batch(_task(key), photos)


def forget(key: Key) -> None:
    """Remove the list from this host; who has it mapped may finish."""
    _task.cache_clear()
    _file(key).unlink(missing_ok=True)


@lru_cache(maxsize=1)
def _task(key: Key) -> Task:
    try:
        os.utime(_file(key))
        return Recipe(_file(key), key.deep, key.turns).task()
    except FileNotFoundError as error:
        raise NotHere from error


def _remove_forgotten(folder: Path) -> None:
    """Lists that no scan began with for a day. Who has one mapped keeps it, and who lacks it is sent it."""
    for file in folder.iterdir():
        with suppress(FileNotFoundError):
            if file.stat().st_mtime < time.time() - FORGOTTEN_SECONDS:
                file.unlink()


def _file(key: Key) -> Path:
    """Where the list is on this host: a folder that only its owner can enter. Raises OSError."""
    folder = Path(tempfile.gettempdir(), f"arc-scan-{os.getuid()}")
    folder.mkdir(mode=0o700, exist_ok=True)
    status = folder.lstat()
    if folder.is_symlink() or status.st_uid != os.getuid() or status.st_mode & 0o077:
        raise PermissionError(f"{folder} is not this user's alone")
    return folder / f"{key.digest}.arc"
