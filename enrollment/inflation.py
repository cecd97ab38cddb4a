"""Inflating what a PNG packs, without ever holding more of it than was asked for."""

import zlib
from collections.abc import Iterable

PIECE = 1 << 16
ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))


def raw_size(width: int, height: int, bits_per_pixel: int, interlaced: bool) -> int:
    """Bytes of filtered rows that a PNG's picture data must inflate to."""
    if not interlaced:
        return _rows_size(width, height, bits_per_pixel)
    return sum(
        _rows_size(-(-(width - left) // across), -(-(height - top) // down), bits_per_pixel)
        for left, top, across, down in ADAM7
    )


def _rows_size(width: int, height: int, bits_per_pixel: int) -> int:
    return height * (1 + -(-width * bits_per_pixel // 8)) if width > 0 and height > 0 else 0


def inflates_exactly(parts: Iterable[bytes], size: int) -> bool:
    """Whether the joined parts are one whole zlib stream of exactly `size` bytes, and nothing more."""
    inflater, found = zlib.decompressobj(), 0
    try:
        for part in parts:
            for start in range(0, len(part), PIECE):
                if inflater.eof:
                    return False
                found += _drained(inflater, part[start : start + PIECE], size + 1 - found)
                if found > size:
                    return False
    except zlib.error:
        return False
    return inflater.eof and not inflater.unused_data and found == size


def _drained(inflater: "zlib._Decompress", piece: bytes, at_most: int) -> int:
    """How much a piece inflates to, stopping soon after `at_most`."""
    found = 0
    while piece and found < at_most and not inflater.eof:
        found += len(inflater.decompress(piece, 1 << 20))
        piece = inflater.unconsumed_tail
    # What is held back from the last round still belongs to this piece.
    while found < at_most and not inflater.eof:
        more = len(inflater.decompress(b"", 1 << 20))
        if not more:
            break
        found += more
    return found


def inflated(data: bytes, at_most: int) -> bytes | None:
    """At most `at_most` + 1 bytes of an inflated stream; None when it is broken."""
    try:
        return zlib.decompressobj().decompress(data, at_most + 1)
    except zlib.error:
        return None


def inflated_size(data: bytes, at_most: int) -> int:
    """About how much a stream inflates to before its end or its first fault; little more than `at_most`."""
    inflater, found = zlib.decompressobj(), 0
    try:
        while data and found <= at_most and not inflater.eof:
            found += len(inflater.decompress(data, PIECE))
            data = inflater.unconsumed_tail
    except zlib.error:
        found += PIECE  # at most this much came before the fault
    return found
