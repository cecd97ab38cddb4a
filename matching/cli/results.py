"""Where the matches of a scan go when it need not be gone on with."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TextIO, TypeVar

from tqdm import tqdm

from matching.cli.marks import Tally
from matching.cli.output import put, result_stream

Item = TypeVar("Item")


class Straight:
    """A stream, and what was counted; the like of ``Resumable``, which remembers more."""

    def __init__(self, stream: TextIO) -> None:
        self.tally, self.is_terminal, self._stream = Tally(), stream.isatty(), stream

    def left(self, photos: Sequence[Item]) -> Sequence[Item]:
        return photos

    def put(self, line: str) -> None:
        """Raises CannotWrite or BrokenPipeError."""
        with tqdm.external_write_mode(file=self._stream):
            put(self._stream, line)

    def passed(self, photo: str) -> None:
        """Remember nothing."""


@contextmanager
def straight(path: str | None) -> Iterator[Straight]:
    """Standard output, or a file that appears when it is complete. Raises UsageError or CannotWrite."""
    with result_stream(path) as stream:
        yield Straight(stream)
