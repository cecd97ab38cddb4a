"""Which files of a folder were opened, by whomever: the kernel tells (Linux only)."""

import ctypes
import os
import struct
import sys
from collections.abc import Iterator
from pathlib import Path

WORKS_HERE = sys.platform.startswith("linux")
_OPENED, _TOO_MANY = 0x20, 0x4000
_HEAD = struct.Struct("iIII")


class Looks:
    """The names of the files directly in a folder that were opened, as often as one asks."""

    def __init__(self, folder: Path) -> None:
        kernel = ctypes.CDLL(None, use_errno=True)
        self._descriptor = int(kernel.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC))
        assert self._descriptor >= 0, os.strerror(ctypes.get_errno())
        watch = kernel.inotify_add_watch(self._descriptor, os.fsencode(folder), _OPENED)
        assert watch >= 0, os.strerror(ctypes.get_errno())

    def taken(self) -> set[str]:
        """What was opened since the last time. Fails when the kernel could not remember all of it."""
        return {name for name in self._names() if name}

    def close(self) -> None:
        os.close(self._descriptor)

    def _names(self) -> Iterator[str]:
        while True:
            try:
                events = os.read(self._descriptor, 65536)
            except BlockingIOError:
                return
            while events:
                _, mask, _, length = _HEAD.unpack_from(events)
                assert not mask & _TOO_MANY, "more was opened than the kernel remembers"
                name, events = events[_HEAD.size :][:length], events[_HEAD.size + length :]
                yield os.fsdecode(name.rstrip(b"\0"))
