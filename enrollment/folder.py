"""Sealed originals as files of one private directory.

Every name is relative to the open directory, and no symbolic link is followed.
"""

import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

NEW = ".new"


@dataclass(frozen=True)
class Folder:
    """The directory, made by the first write. Each method raises OSError."""

    directory: Path

    def write(self, name: str, data: bytes | bytearray) -> None:
        """Whole and durable under ``name``, or not there at all. Never over what is there."""
        with self._opened(create=True) as store:
            partial = f"{name}{NEW}"
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
            try:
                with os.fdopen(os.open(partial, flags, 0o600, dir_fd=store), "wb", buffering=0) as file:
                    view = memoryview(data)
                    while view:
                        view = view[file.write(view) :]
                    os.fsync(file.fileno())
                os.rename(partial, name, src_dir_fd=store, dst_dir_fd=store)
                os.fsync(store)
            except BaseException:
                for left in (partial, name):
                    with suppress(OSError):
                        _unlink(store, left)
                raise

    def read(self, name: str) -> bytes:
        """Raises FileNotFoundError without such a file."""
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        with self._opened() as store:
            descriptor = os.open(name, flags, dir_fd=store)
            with os.fdopen(descriptor, "rb") as file:
                if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                    raise OSError("it is not a file")
                return file.read()

    def remove(self, name: str) -> None:
        """Idempotent; raises OSError unless it is seen to be gone, half-written parts included."""
        with self._opened() as store:
            for one in _names(name):
                _unlink(store, one)
            os.fsync(store)
            if any(_present(store, one) for one in _names(name)):
                raise OSError(0, "it is still there after its removal")

    def holds(self, name: str) -> bool:
        """Whether anything of that name, or a part of it, is there."""
        try:
            with self._opened() as store:
                return any(_present(store, one) for one in _names(name))
        except FileNotFoundError:
            return False

    def age(self, name: str) -> float | None:
        """Seconds since the file was written, None without one."""
        with self._opened(create=True) as store:
            return _age(store, name)

    def listing(self) -> dict[str, float | None]:
        """The age of everything there, by its name: None for what is no file."""
        try:
            with self._opened() as store:
                return {name: _age(store, name) for name in os.listdir(store)}  # noqa: PTH208 - of the descriptor
        except FileNotFoundError:
            return {}

    @contextmanager
    def _opened(self, *, create: bool = False) -> Iterator[int]:
        """A descriptor of the directory, private to its owner."""
        if create:
            self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        store = os.open(self.directory, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            if stat.S_IMODE(os.fstat(store).st_mode) != 0o700:
                os.fchmod(store, 0o700)
            yield store
        finally:
            os.close(store)


def _names(name: str) -> tuple[str, str]:
    return name, f"{name}{NEW}"


def _unlink(store: int, name: str) -> None:
    with suppress(FileNotFoundError):
        os.unlink(name, dir_fd=store)


def _present(store: int, name: str) -> bool:
    try:
        os.stat(name, dir_fd=store, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True


def _age(store: int, name: str) -> float | None:
    """Seconds since the last write; None for a directory, which nobody here makes, or what went away."""
    try:
        found = os.stat(name, dir_fd=store, follow_symlinks=False)
    except FileNotFoundError:
        return None
    return None if stat.S_ISDIR(found.st_mode) else time.time() - found.st_mtime
