"""Noticing a JPEG whose coded data end before the picture does. No decoder says so: the rest is grey."""

from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from enrollment.anatomy import Anatomy

CORNER = 8
GREY = 128  # what a decoder draws where there are no data: every coefficient is zero
END = b"\xff\xd9"
# Coded data that draw anything but grey, and hold no marker.
MORE = bytes((73 * place + 41) % 251 for place in range(512))


def is_cut_short(anatomy: Anatomy, picture: Image.Image) -> bool:
    """Whether the first scan of a JPEG, decoded to `picture`, lacks data for the end of it.

    A whole picture looks the same when more data follow its own; one that was cut goes on with them. That is
    tried where the last corner is the grey of missing data, so that hardly any photo is decoded twice, and on
    progressive ones, whose first scan is small and whose later ones draw over the grey.
    """
    if anatomy.format != "JPEG" or not (anatomy.progressive or _is_grey(picture)):
        return False
    start = anatomy.essence[: anatomy.first_scan_end]
    return not np.array_equal(_small(start), _small(start + MORE))


def _is_grey(picture: Image.Image) -> bool:
    width, height = picture.size
    corner = np.asarray(picture.crop((max(width - CORNER, 0), max(height - CORNER, 0), width, height)))
    return bool((np.abs(corner.astype(np.int16) - GREY) <= 1).all())


def _small(start: bytes) -> NDArray[np.uint8]:
    with Image.open(BytesIO(start + END), formats=["JPEG"]) as image:
        image.draft("L", (1, 1))
        return np.asarray(image)
