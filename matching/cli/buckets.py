"""Photos in object storage, by s3fs (the extra ``scan``).

Credentials, region and endpoint are read where AWS's own tools read them, never from the command line.
"""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import IO

from botocore.exceptions import BotoCoreError
from s3fs import S3FileSystem

from matching.cli.places import SCHEME
from matching.cli.usage import UsageError

# Most photos are smaller, so that one request brings all of it; videos are read block by block.
BLOCK = 4_000_000


def listed(url: str) -> list[str]:
    """Return the addresses of all objects under ``url``, in the order of their keys. Raises UsageError."""
    try:
        with _as_os_errors():
            names = _system().find(url)
    except FileNotFoundError as error:
        raise UsageError("no-such-path", f"{url} does not exist") from error
    except OSError as error:
        raise UsageError("cannot-list", f"{url} cannot be listed: {error.strerror or error}") from error
    if not names:
        raise UsageError("no-such-path", f"there is nothing under {url}")
    return [SCHEME + name for name in sorted(names) if not name.endswith("/")]


@contextmanager
def opened(url: str) -> Iterator[IO[bytes]]:
    """Open an object for reading. Raises OSError, also while it is read."""
    with _as_os_errors(), _system().open(url, "rb", block_size=BLOCK) as file:
        yield file


@cache
def _system() -> S3FileSystem:
    return S3FileSystem(use_listings_cache=False)


@contextmanager
def _as_os_errors() -> Iterator[None]:
    try:
        yield
    except BotoCoreError as error:
        raise OSError(errno.EIO, str(error)) from error
