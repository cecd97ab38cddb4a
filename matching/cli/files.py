"""Which files a command works on, and their bytes."""

import errno
import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from enrollment.refusals import Refused
from matching.cli.usage import UsageError

# What a photo may be called in a folder. Stores often keep photos under bare keys, so no suffix counts too.
PICTURE_SUFFIXES = frozenset(
    (
        *("", ".jpg", ".jpeg", ".jpe", ".jfif", ".mpo", ".png", ".webp"),
        *(".gif", ".bmp", ".tif", ".tiff", ".avif", ".heic", ".heif"),
    )
)


@dataclass
class Gathered:
    """Photos to look at, in a stable order, and how many other files the folders held."""

    photos: list[Path] = field(default_factory=list)
    passed_over: int = 0


def gather(paths: Iterable[str]) -> Gathered:
    """Return the named files as they are, and the photos of the named folders, recursively and sorted.

    Hidden files and links to folders are not followed, and one file under one name is given once. A folder
    that cannot be listed is given like a photo: reading it says why. Raises UsageError for a path that does
    not exist.
    """
    gathered, seen = Gathered(), set[tuple[str, str]]()
    for path in map(Path, paths):
        for file in _files_below(path, gathered.photos) if _is_folder(path) else [path]:
            if file != path and file.suffix.lower() not in PICTURE_SUFFIXES:
                gathered.passed_over += 1
                continue
            identity = (os.path.realpath(file), file.name)
            if identity not in seen:
                seen.add(identity)
                gathered.photos.append(file)
    return gathered


def _is_folder(path: Path) -> bool:
    try:
        return stat.S_ISDIR(path.stat().st_mode)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise UsageError("no-such-path", f"{path} does not exist") from error
    except OSError:
        return False  # reading it will fail in the same way, and is reported


def _files_below(folder: Path, unlisted: list[Path]) -> Iterator[Path]:
    for here, folders, files in os.walk(folder, onerror=lambda error: unlisted.append(Path(error.filename))):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(here, name) for name in sorted(files) if not name.startswith("."))


def read_limited(path: Path, limit: int) -> bytes:
    """Return the bytes of a regular file.

    Raises Refused above ``limit`` bytes before any is read, OSError for pipes and devices without waiting.
    """
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "it is not a regular file")
        if status.st_size > limit:
            megabytes = round(status.st_size / 1e6, 1)
            raise Refused("too-large-file", {"megabytes": megabytes, "limit_megabytes": limit / 1e6})
        return file.read(status.st_size)
