"""Where results go: standard output, a device, or a file that appears complete or not at all."""

import errno
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from matching.cli.usage import UsageError


class CannotWrite(Exception):
    """Results were lost on their way out; ``str(error)`` is a sentence without its final stop."""

    code = "cannot-write"


@contextmanager
def writing() -> Iterator[None]:
    """Turn an OSError into CannotWrite, save BrokenPipeError: a reader that has seen enough is no fault."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise CannotWrite(f"the results cannot be written: {error.strerror or error}") from error


def put(results: TextIO, line: str) -> None:
    """Write a line so that its reader has it now. Raises CannotWrite or BrokenPipeError."""
    with writing():
        results.write(line + "\n")
        results.flush()


@contextmanager
def result_stream(path: str | None) -> Iterator[TextIO]:
    """Yield the stream to write to.

    A named file replaces an older one, wherever links lead, only when the block succeeds; a device or pipe is
    written straight through. Raises UsageError before the block when that cannot be, CannotWrite after it.
    """
    if path is None:
        if sys.stdout is None:
            raise CannotWrite("the results cannot be written: standard output is closed")
        yield sys.stdout
        return
    try:
        straight = _is_device(Path(path))
        target = Path(path) if straight else Path(os.path.realpath(path))
        written = target if straight else target.with_name(f".{target.name}.{os.getpid()}.part")
        stream = written.open("w" if straight else "x", encoding="utf-8")
    except OSError as error:
        raise UsageError("cannot-write", f"{path!r} cannot be written: {error.strerror}") from error
    try:
        with writing(), stream:
            yield stream
            stream.flush()
            if not straight:
                os.fsync(stream.fileno())
                written.replace(target)
    except BaseException:
        if not straight:
            written.unlink(missing_ok=True)
        raise


def _is_device(path: Path) -> bool:
    """Return whether something that is not a file answers to this path. Raises OSError for a folder."""
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return False
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    return not stat.S_ISREG(mode)


def printable(text: str) -> str:
    """Return a text that any terminal can show: control characters and stray bytes escaped."""
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text)


def writable(name: str) -> str:
    """Return a file name as text that any program can read: bytes that are no UTF-8 escaped."""
    return name.encode("utf-8", "backslashreplace").decode()
