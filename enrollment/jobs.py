"""What is done with a photo inside the sandbox's child. Each job: bytes in, a JSON head and bytes out."""

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
    working_mask,
)
from enrollment.refusals import Refused
from matching.engine.errors import TooLittleDetail
from matching.engine.fingerprint import fingerprint_photo, require_detail
from matching.engine.grid import luma_grid, mask_grid
from matching.engine.jsonform import to_json


def inspect(data: bytes) -> tuple[Head, bytes]:
    """Judge a file as it was sent: measurements, and the sanitised working picture."""
    photo = read_covered(data)
    try:
        detail = require_detail(luma_grid(luma_of(photo.rgb)), mask_grid(photo.mask))
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
    }
    return head, encode_working(photo.rgb)


def mask(working: bytes) -> tuple[Head, bytes]:
    """The masked image of a working picture."""
    return {}, masked_png(decode_working(working))


def fingerprint(working: bytes) -> tuple[Head, bytes]:
    """The JSON form of a working picture's fingerprint."""
    rgb = decode_working(working)
    return dict(to_json(fingerprint_photo(luma_of(rgb), working_mask(rgb)))), b""


JOBS: dict[str, Callable[[bytes], tuple[Head, bytes]]] = {
    "inspect": inspect,
    "mask": mask,
    "fingerprint": fingerprint,
}


def warm_up(job: str) -> None:
    """Do a job once with a drawn picture, so that what it loads and calibrates is there."""
    rgb = np.random.default_rng(1).integers(0, 200, (64, 64, 3), dtype=np.uint8)
    rgb = rgb.repeat(4, axis=0).repeat(4, axis=1)
    rgb[:80, :80] = ARC
    JOBS[job](encode_working(rgb))
