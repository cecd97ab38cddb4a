"""How far a scan has come, so that a killed one goes on: every match in the results once, and none lost.

The results' file and the checkpoint cannot be written at one instant. So the checkpoint says how long the
results were at that time; what was written after it is cut off and looked for again.
"""

import json
import os
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, TypeVar

from matching.cli.output import writing
from matching.cli.usage import UsageError

SECONDS_APART = 0.25
_FORMAT = 1

Item = TypeVar("Item")


@dataclass
class Tally:
    photos: int = 0
    matched: int = 0
    matches: int = 0
    unreadable: int = 0


@dataclass
class _Mark:
    """The options of a scan, the last photo done, and how many bytes of results there were then."""

    kind: list[str]
    last: str = ""
    bytes: int = 0
    tally: Tally = field(default_factory=Tally)


class Resumable:
    """A file of results that grows, and the checkpoint beside it. Use it as a context."""

    is_terminal = False

    def __init__(self, results: str, checkpoint: str, kind: Sequence[str]) -> None:
        """``kind`` must be the same when it goes on. Raises UsageError."""
        self._checkpoint, self._mark, self._saved = Path(checkpoint), _Mark([*kind]), 0.0
        if going_on := self._checkpoint.exists():
            self._mark = _read(self._checkpoint)
            if self._mark.kind != [*kind]:
                raise UsageError("another-scan", f"{checkpoint} is of a scan with other options than {kind}")
        self._file = _opened(results, "r+b" if going_on else "wb")
        if self._file.seek(0, os.SEEK_END) < self._mark.bytes:
            self._file.close()
            raise UsageError("another-scan", f"{results} is shorter than {checkpoint} says")
        self._file.truncate(self._mark.bytes)
        self._file.seek(self._mark.bytes)

    def __enter__(self) -> "Resumable":
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """After the whole scan there is nothing to go on with; else remember how far it came."""
        with self._file:
            self._save()
            if kind is None:
                self._checkpoint.unlink()

    @property
    def tally(self) -> Tally:
        return self._mark.tally

    def left(self, photos: Sequence[Item]) -> Sequence[Item]:
        """Return the photos that are not done yet. Raises UsageError when these are not those of before."""
        done = self.tally.photos
        if done and (len(photos) < done or str(photos[done - 1]) != self._mark.last):
            raise UsageError(
                "another-scan", f"{self._checkpoint} is of other photos; remove it to begin anew"
            )
        return photos[done:]

    def put(self, line: str) -> None:
        """Raises CannotWrite."""
        with writing():
            self._file.write(line.encode() + b"\n")

    def passed(self, photo: str) -> None:
        """Note that a photo, its lines and its place in the tally are done. Raises CannotWrite."""
        self._mark.last = photo
        if time.monotonic() - self._saved >= SECONDS_APART:
            self._save()

    def _save(self) -> None:
        with writing():
            self._file.flush()
            os.fsync(self._file.fileno())
            self._mark.bytes = self._file.tell()
            temporary = self._checkpoint.with_name(f".{self._checkpoint.name}.part")
            with temporary.open("w", encoding="utf-8") as file:
                json.dump({"format": _FORMAT, **asdict(self._mark)}, file)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(self._checkpoint)
        self._saved = time.monotonic()


def _opened(path: str, mode: str) -> IO[bytes]:
    try:
        return Path(path).open(mode)
    except OSError as error:
        raise UsageError("cannot-write", f"{path!r} cannot be written: {error.strerror}") from error


def _read(path: Path) -> _Mark:
    try:
        fields = json.loads(path.read_bytes())
        if fields.pop("format") != _FORMAT:
            raise ValueError("of another program")
        mark = _Mark(**{**fields, "tally": Tally(**fields["tally"])})
        numbers = [mark.bytes, *asdict(mark.tally).values()]
        if type(mark.last) is not str or any(type(number) is not int or number < 0 for number in numbers):
            raise ValueError("damaged")
    except OSError as error:
        raise UsageError("cannot-read", f"{path} cannot be read: {error.strerror}") from error
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise UsageError("corrupt-checkpoint", f"{path} is damaged; remove it to begin anew") from error
    return mark
