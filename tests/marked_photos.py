"""Covered photos that carry a canary wherever a file can hide something."""

import secrets
import zlib
from functools import cache

import drawing
from bricks import CANARY, thumbnail_exif

PICTURES = 2


def new_canary() -> str:
    return "canary-" + secrets.token_hex((len(CANARY) - 7) // 2)


def marked(canary: str) -> bytes:
    """A small covered JPEG with the canary in its EXIF thumbnail, in a comment, and after its end."""
    mark = canary.encode("ascii")
    assert len(mark) == len(CANARY)
    exif = thumbnail_exif().replace(CANARY, mark)
    return drawing.jpeg(picture(zlib.crc32(mark) % 4), exif=exif, comment=mark) + mark


@cache
def picture(seed: int) -> drawing.Picture:
    return drawing.cover(drawing.natural(seed + 1, 320, 240))
