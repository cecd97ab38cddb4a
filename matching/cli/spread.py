"""The list of fingerprints on the hosts of a cluster: sent once to each, mapped by all its workers.

What runs on a worker is here, and needs no more of Dask than to be called. A list is confidential: its file
is its owner's alone, and is removed when the scan ends.
"""

import hashlib
import os
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from matching.cli.looking import Recipe, Task
from matching.cli.places import Place
from matching.cli.scanning import Scanned, scan_batch

PART = 64_000_000


class NotHere(Exception):
    """This host has not been sent the list."""


@dataclass(frozen=True)
class Key:
    """Which list, by its SHA-256 and size in bytes, and how it is looked for."""

    digest: str
    size: int
    deep: bool
    turns: bool


@dataclass(frozen=True)
class Shared:
    """A list in a file of the machine that commands the scan."""

    key: Key
    file: Path

    @classmethod
    def of(cls, task: Task, folder: Path) -> "Shared":
        """Write a task's list, as it is now, into one file of ``folder``. Raises UsageError."""
        file = replace(task, store=None).recipe(folder).store
        with file.open("rb") as opened:
            digest = hashlib.file_digest(opened, "sha256").hexdigest()
        return cls(Key(digest, file.stat().st_size, task.deep, task.turns), file)

    def parts(self) -> Iterator[tuple[int, bytes]]:
        """Yield the file as (offset, bytes)."""
        with self.file.open("rb") as opened:
            while part := opened.read(PART):
                yield opened.tell() - len(part), part


def has(key: Key) -> bool:
    """Whether this host holds the whole list."""
    return _file(key).exists()


def keep(key: Key, offset: int, part: bytes) -> None:
    """Add a part to the list's file, which takes its name when it is whole. Raises OSError."""
    file = _file(key)
    growing = file.with_suffix(".part")
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
        return Recipe(_file(key), key.deep, key.turns).task()
    except FileNotFoundError as error:
        raise NotHere from error


def _file(key: Key) -> Path:
    """Where the list is on this host: a folder that only its owner can enter. Raises OSError."""
    folder = Path(tempfile.gettempdir(), f"arc-scan-{os.getuid()}")
    folder.mkdir(mode=0o700, exist_ok=True)
    status = folder.lstat()
    if folder.is_symlink() or status.st_uid != os.getuid() or status.st_mode & 0o077:
        raise PermissionError(f"{folder} is not this user's alone")
    return folder / f"{key.digest}.arc"
