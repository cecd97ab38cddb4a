"""Where results go: standard output, or a file that appears complete or not at all."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from matching.cli.usage import UsageError


@contextmanager
def result_stream(path: str | None) -> Iterator[TextIO]:
    """Yield the stream to write to; a named file replaces an older one only when the block succeeds."""
    if path is None:
        yield sys.stdout
        return
    target = Path(path)
    temporary = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        stream = temporary.open("x", encoding="utf-8")
    except OSError as error:
        raise UsageError("cannot-write", f"{path} cannot be written: {error.strerror}") from error
    try:
        with stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
