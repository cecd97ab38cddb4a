"""Which files a command works on, and their bytes."""

import errno
import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from enrollment.refusals import Refused
from matching.cli.places import Place, Remote, buckets, place_of
from matching.cli.usage import UsageError

# What a photo may be called in a folder. Stores often keep photos under bare keys, so no suffix counts too.
PICTURE_SUFFIXES = frozenset(
    (
        *("", ".jpg", ".jpeg", ".jpe", ".jfif", ".mpo", ".png", ".webp"),
        *(".gif", ".bmp", ".tif", ".tiff", ".avif", ".heic", ".heif"),
    )
)
# What a video may be called; .ts and .mts are left out, for most files called that are programs.
VIDEO_SUFFIXES = frozenset(
    (
        *(".mp4", ".m4v", ".mov", ".3gp", ".3g2", ".webm", ".mkv", ".avi", ".flv"),
        *(".wmv", ".asf", ".mpg", ".mpeg", ".m2ts", ".ogv"),
    )
)


@dataclass
class Gathered:
    """Photos to look at, in a stable order, how many other files the folders held, and videos among those."""

    photos: list[Place] = field(default_factory=list)
    passed_over: int = 0
    videos_passed_over: int = 0


def gather(paths: Iterable[str], *, videos: bool = False) -> Gathered:
    """Return the named files as they are, and the photos of the named folders, recursively and sorted.

    With ``videos`` those of the folders are among the photos. An address such as ``s3://bucket/2026`` is a
    folder of object storage.

    Hidden files and links to folders are not followed, and one file under one name is given once. A folder
    that cannot be listed is given like a photo: reading it says why. Raises UsageError for a path that does
    not exist.
    """
    gathered, seen = Gathered(), set[tuple[str, str]]()
    wanted = PICTURE_SUFFIXES | VIDEO_SUFFIXES if videos else PICTURE_SUFFIXES
    for place in map(place_of, paths):
        for file in _files_of(place, gathered.photos):
            if file != place and (suffix := file.suffix.lower()) not in wanted:
                gathered.passed_over += 1
                gathered.videos_passed_over += suffix in VIDEO_SUFFIXES
            elif (identity := _identity(file)) not in seen:
                seen.add(identity)
                gathered.photos.append(file)
    return gathered


def photos_below(folder: str) -> list[Path]:
    """Return the photos of a folder of this machine. Raises UsageError when there is none of that name."""
    return [file for file in gather([folder]).photos if isinstance(file, Path)]


def _files_of(place: Place, unlisted: list[Place]) -> Iterable[Place]:
    if isinstance(place, Remote):
        return map(Remote, buckets().listed(place.url))
    return _files_below(place, unlisted) if _is_folder(place) else [place]


def _identity(file: Place) -> tuple[str, str]:
    return ("", file.url) if isinstance(file, Remote) else (os.path.realpath(file), file.name)


def _is_folder(path: Path) -> bool:
    try:
        return stat.S_ISDIR(path.stat().st_mode)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise UsageError("no-such-path", f"{path} does not exist") from error
    except OSError:
        return False  # reading it will fail in the same way, and is reported


def _files_below(folder: Path, unlisted: list[Place]) -> Iterator[Path]:
    for here, folders, files in os.walk(folder, onerror=lambda error: unlisted.append(Path(error.filename))):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(here, name) for name in sorted(files) if not name.startswith("."))


@contextmanager
def opened(path: Place) -> Iterator[IO[bytes]]:
    """Open a regular file for reading. Raises OSError for pipes and devices without waiting."""
    if isinstance(path, Remote):
        with buckets().opened(path.url) as file:
            yield file
        return
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(errno.EINVAL, "it is not a regular file")
        yield file


def read_limited(file: IO[bytes], limit: int) -> bytes:
    """Return the bytes of an open file. Raises Refused above ``limit`` bytes before any is read."""
    size = file.seek(0, os.SEEK_END)
    if size > limit:
        raise Refused("too-large-file", {"megabytes": round(size / 1e6, 1), "limit_megabytes": limit / 1e6})
    file.seek(0)
    return file.read(size)
