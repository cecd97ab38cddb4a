"""Covered photos that carry a canary wherever a file can hide something."""

import secrets
import zlib

import drawing
from bricks import CANARY, thumbnail_exif


def new_canary() -> str:
    return "canary-" + secrets.token_hex((len(CANARY) - 7) // 2)


def marked(canary: str) -> bytes:
    """A small covered JPEG with the canary in its EXIF thumbnail, in a comment, and after its end.

    Each canary has a picture of its own: photos alike in two cases would take two reviewers.
    """
    mark = canary.encode("ascii")
    assert len(mark) == len(CANARY)
    exif = thumbnail_exif().replace(CANARY, mark)
    return drawing.jpeg(picture(zlib.crc32(mark)), exif=exif, comment=mark) + mark


def picture(seed: int) -> drawing.Picture:
    return drawing.cover(drawing.natural(seed + 1, 320, 240))
