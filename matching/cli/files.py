"""Which files a command works on."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

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

    Hidden files and links to folders are not followed. Raises UsageError for a path that does not exist.
    """
    gathered = Gathered()
    for text in paths:
        path = Path(text)
        if not path.exists():
            raise UsageError("no-such-path", f"{text} does not exist")
        if not path.is_dir():
            gathered.photos.append(path)
            continue
        for file in _files_below(path):
            if file.suffix.lower() in PICTURE_SUFFIXES:
                gathered.photos.append(file)
            else:
                gathered.passed_over += 1
    return gathered


def _files_below(folder: Path) -> Iterator[Path]:
    for here, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(here, name) for name in sorted(files) if not name.startswith("."))
