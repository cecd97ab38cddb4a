"""Writes a PNG that holds pixels and nothing else, fast (W3C PNG, third edition)."""

import struct
import zlib

import numpy as np
from numpy.typing import NDArray

SIGNATURE = b"\x89PNG\r\n\x1a\n"
UP = 2


def packed_png(rgb: NDArray[np.uint8]) -> bytes:
    """A lossless 8-bit RGB PNG of a picture [H, W, 3], small enough to be sent to a browser.

    Every row is stored as its difference to the row above and packed by runs: half the time of
    trying all filters, for about the same size. Other strategies, levels and sizes of zlib's memory
    were no faster.
    """
    rows = _rows(rgb)
    lines = np.empty((len(rows), 1 + rows.shape[1]), dtype=np.uint8)
    lines[:, 0] = UP
    lines[0, 1:] = rows[0]
    np.subtract(rows[1:], rows[:-1], out=lines[1:, 1:])
    packer = zlib.compressobj(1, zlib.DEFLATED, zlib.MAX_WBITS, zlib.DEF_MEM_LEVEL, zlib.Z_RLE)
    return _png(rgb, packer.compress(lines.data) + packer.flush())


def _rows(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    height, width, _ = rgb.shape
    return rgb.reshape(height, width * 3)


def _png(rgb: NDArray[np.uint8], data: bytes) -> bytes:
    height, width, _ = rgb.shape
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"".join([SIGNATURE, *_chunk(b"IHDR", header), *_chunk(b"IDAT", data), *_chunk(b"IEND", b"")])


def _chunk(kind: bytes, body: bytes) -> tuple[bytes, ...]:
    return struct.pack(">I", len(body)), kind, body, struct.pack(">I", zlib.crc32(body, zlib.crc32(kind)))
