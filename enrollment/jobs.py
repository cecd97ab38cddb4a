"""What is done with a photo inside the sandbox's child. Each job: bytes in, a JSON head and bytes out."""

import base64
import warnings
from collections.abc import Callable

import numpy as np

from enrollment.arc import ARC
from enrollment.frames import Head
from enrollment.photo import (
    decode_working,
    encode_working,
    luma_of,
    masked_png,
    read_covered,
    read_public,
    working_mask,
)
from enrollment.refusals import Refused
from matching.engine.errors import TooLittleDetail
from matching.engine.fingerprint import enrolled_sketch, fingerprint_photo, require_detail
from matching.engine.grid import luma_grid, mask_grid
from matching.engine.jsonform import to_json


def inspect(data: bytes) -> tuple[Head, bytes]:
    """Judge a file as it was sent: measurements and sketch, and the sanitised working picture."""
    photo = read_covered(data)
    seen, hidden = luma_grid(photo.luma), mask_grid(photo.mask)
    try:
        detail = require_detail(seen, hidden)
    except TooLittleDetail as error:
        figures = {"detail": error.detail, "needed": error.needed}
        raise Refused("too-little-detail", figures) from error
    height, width, _ = photo.rgb.shape
    head: Head = {
        "width": width,
        "height": height,
        "coverage": photo.coverage,
        "detail": detail,
        "stripped": photo.stripped,
        "sketch": base64.b64encode(enrolled_sketch(seen, hidden)).decode(),
    }
    return head, encode_working(photo.rgb)


def mask(working: bytes) -> tuple[Head, bytes]:
    """The masked image of a working picture."""
    return {}, masked_png(decode_working(working))


def fingerprint(working: bytes) -> tuple[Head, bytes]:
    """The JSON form of a working picture's fingerprint."""
    return _fingerprint(working, extended=False)


def fingerprint_extended(working: bytes) -> tuple[Head, bytes]:
    """The same with the extended sketch, for those who chose it."""
    return _fingerprint(working, extended=True)


def _fingerprint(working: bytes, *, extended: bool) -> tuple[Head, bytes]:
    rgb = decode_working(working)
    return dict(to_json(fingerprint_photo(luma_of(rgb), working_mask(rgb), extended=extended))), b""


def grid(public: bytes) -> tuple[Head, bytes]:
    """The grid of a public photo: 64x64 float32, row by row, little-endian, as `arc scan` reads it."""
    # There a decoder's doubts are no errors, and a photo must be the same to both.
    with warnings.catch_warnings(action="ignore"):
        luma = read_public(public)
    return {}, luma_grid(luma).astype("<f4").tobytes()


JOBS: dict[str, Callable[[bytes], tuple[Head, bytes]]] = {
    "inspect": inspect,
    "mask": mask,
    "fingerprint": fingerprint,
    "fingerprint-extended": fingerprint_extended,
    "grid": grid,
}


# What is read as a stranger's file; the others read working pictures.
FILE_JOBS = frozenset({"inspect", "grid"})


def warm_up(job: str) -> None:
    """Do a job once with a drawn picture, so that what it loads and calibrates is there."""
    rgb = np.random.default_rng(1).integers(0, 200, (64, 64, 3), dtype=np.uint8)
    rgb = rgb.repeat(4, axis=0).repeat(4, axis=1)
    rgb[:80, :80] = ARC
    JOBS[job](masked_png(rgb) if job in FILE_JOBS else encode_working(rgb))
