"""Results that a killed scan goes on with: every match in them once, and none lost.

The results' file and the checkpoint cannot be written at one instant. So the checkpoint says how long the
results were at that time; what was written after it is cut off and looked for again.
"""

import os
import time
import zlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import IO, TypeVar

from matching.cli.marks import Mark, Marks
from matching.cli.output import writing
from matching.cli.usage import UsageError

# Between marks that outlive a power cut; a kill costs no more than the batches under way.
SECONDS_APART = 1.0

Item = TypeVar("Item")


class Resumable:
    """A file of results that grows, and the checkpoint beside it. Use it as a context."""

    is_terminal = False

    def __init__(self, results: str, checkpoint: str, kind: Sequence[str]) -> None:
        """``kind`` must be the same when it goes on. Raises UsageError."""
        self._marks, self._mark, self._saved = Marks(Path(checkpoint)), Mark([*kind]), 0.0
        if going_on := self._marks.exist():
            self._mark = self._marks.read()
            if self._mark.kind != [*kind]:
                raise UsageError("another-scan", f"{checkpoint} is of a scan with other options than {kind}")
        self._file = _opened(results, "r+b" if going_on else "wb")
        if self._file.seek(0, os.SEEK_END) < self._mark.bytes:
            self._file.close()
            raise UsageError("another-scan", f"{results} is shorter than {checkpoint} says")
        if going_on:
            self._mark = self._marks.newest(self._mark, self._file)
        else:
            self._marks.remove()  # a newer mark of a scan before, whose own somebody removed
        self._file.truncate(self._mark.bytes)
        self._file.seek(self._mark.bytes)
        self.tally, self._written = replace(self._mark.tally), self._mark.bytes
        self._since, self._checksum = self._written, 0

    def __enter__(self) -> "Resumable":
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """After the whole scan there is nothing to go on with; else remember how far it came."""
        with self._file:
            self._save()
            if kind is None:
                self._marks.remove()

    def left(self, photos: Sequence[Item]) -> Sequence[Item]:
        """Return the photos that are not done yet. Raises UsageError when these are not those of before."""
        done = self._mark.tally.photos
        if done and (len(photos) < done or str(photos[done - 1]) != self._mark.last):
            raise UsageError("another-scan", f"{self._marks} is of other photos; remove it to begin anew")
        return photos[done:]

    def put(self, line: str) -> None:
        """Raises CannotWrite."""
        data = line.encode() + b"\n"
        with writing():
            self._file.write(data)
        self._written += len(data)
        self._checksum = zlib.crc32(data, self._checksum)

    def passed(self, photo: str) -> None:
        """Note that all up to this photo, their lines and their place in the tally are done.

        Whatever comes after it and is cut short leaves no trace in the mark. Raises CannotWrite.
        """
        self._mark = Mark(self._mark.kind, photo, self._written, replace(self.tally))
        if time.monotonic() - self._saved >= SECONDS_APART:
            self._save()
            return
        with writing():
            self._file.flush()
            self._marks.write_newer(self._mark, self._since, self._checksum)

    def _save(self) -> None:
        with writing():
            self._file.flush()
            os.fsync(self._file.fileno())
            self._marks.write(self._mark)
        self._since, self._checksum, self._saved = self._mark.bytes, 0, time.monotonic()


def _opened(path: str, mode: str) -> IO[bytes]:
    try:
        return Path(path).open(mode)
    except OSError as error:
        raise UsageError("cannot-write", f"{path!r} cannot be written: {error.strerror}") from error
