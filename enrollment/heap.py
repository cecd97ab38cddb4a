"""Memory that is freed and needed again at once: pictures of megabytes, one after the other."""

import ctypes
from contextlib import suppress

# What mallopt(3) is told, by its numbers for it: 32 MiB are the most that it takes for the second.
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
KEPT_FREE, MAPPED_FROM = 1 << 28, 1 << 25


def keep_what_is_freed() -> None:
    """From now on the C library gives back less: mapping it anew costs every upload and every search.

    Threads that come later take theirs from where the others do, so that more of it stays there.
    """
    with suppress(AttributeError):  # only glibc has it
        set_ = ctypes.CDLL(None).mallopt
        set_(_TRIM_THRESHOLD, KEPT_FREE)
        set_(_MMAP_THRESHOLD, MAPPED_FROM)
        set_(_ARENA_MAX, 1)
