"""Bringing a picture's colours to sRGB before anybody looks at them (Pillow and LittleCMS)."""

from functools import lru_cache
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

from enrollment.arc import ARC
from enrollment.refusals import Refused

SAME = 3
MAX_ARC_SHIFT = 48
MAX_GREY_SPREAD = 24
SRGB_GAMMA = 1 / 2.2

_SRGB = ImageCms.createProfile("sRGB")
# ARC, three greys and the pure colours: enough to tell a camera's profile from a trick.
_SAMPLES = np.array(
    [ARC, (64, 64, 64), (128, 128, 128), (192, 192, 192), (200, 60, 60), (60, 200, 60), (60, 60, 200)],
    dtype=np.uint8,
)
_SPACES = {"RGB": "RGB", "L": "GRAY", "CMYK": "CMYK"}
_GREYS = slice(1, 4)
_PURE = slice(4, 7)


def to_srgb(picture: Image.Image, profile: bytes | None, gamma: float | None) -> Image.Image:
    """An RGB picture in sRGB.

    A profile that cannot be read is ignored, as every viewer does. One that swaps colours
    or moves ARC far away is refused with odd-colours, because the sender's and the reviewer's eyes
    would disagree about what is covered.
    """
    if profile is not None:
        transform = _transform(profile)
        return picture if transform is None else _converted(picture, transform)
    if gamma is not None:
        return picture.point(_gamma_table(gamma) * 3)
    return picture


def as_seen(picture: Image.Image, profile: bytes | None, gamma: float | None) -> Image.Image:
    """What viewers show of a public picture in mode L, RGB or CMYK: sRGB, or its own grey, whatever it takes.

    Nothing is refused here: a profile that turns the colours round shows people a photo all the same.
    """
    transform = seen_as(profile, picture.mode)
    if transform is not None:
        return transform.apply(picture)
    if profile is None and gamma and picture.mode != "CMYK":
        return picture.point(_gamma_table(gamma) * len(picture.getbands()))
    return picture


@lru_cache(maxsize=16)
def seen_as(profile: bytes | None, mode: str) -> ImageCms.ImageCmsTransform | None:
    """The way from a profile to sRGB for pictures of a mode.

    None when nobody could see the difference, or when the profile is damaged or of another kind of picture.
    """
    if profile is None:
        return None
    try:
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        if source.profile.xcolor_space.strip() != _SPACES[mode]:
            return None
        transform = ImageCms.buildTransform(source, _SRGB, mode, "RGB")
    except (ImageCms.PyCMSError, OSError, ValueError):
        return None
    if mode == "CMYK":
        return transform
    sample = Image.fromarray(_SAMPLES[None]).convert(mode)
    moved = np.asarray(transform.apply(sample).convert(mode)).astype(int)
    return None if np.abs(moved - np.asarray(sample)).max() <= SAME else transform


def _transform(profile: bytes) -> ImageCms.ImageCmsTransform | None:
    try:
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        if source.profile.xcolor_space.strip() != "RGB":
            return None
        return ImageCms.buildTransform(source, _SRGB, "RGB", "RGB")
    except (ImageCms.PyCMSError, OSError, ValueError):
        return None


def _converted(picture: Image.Image, transform: ImageCms.ImageCmsTransform) -> Image.Image:
    sample = Image.fromarray(_SAMPLES[None])
    moved = np.asarray(transform.apply(sample))[0].astype(int)
    if np.abs(moved - _SAMPLES).max() <= SAME:
        return picture
    _refuse_odd(moved)
    return transform.apply(picture)


def _refuse_odd(moved: NDArray[np.int_]) -> None:
    greys = moved[_GREYS]
    orderly = (
        np.abs(moved[0] - ARC).max() <= MAX_ARC_SHIFT
        and (np.ptp(greys, axis=1) <= MAX_GREY_SPREAD).all()
        and (np.diff(greys[:, 1]) > 0).all()
        and (moved[_PURE].argmax(axis=1) == (0, 1, 2)).all()
    )
    if not orderly:
        raise Refused("odd-colours")


def _gamma_table(gamma: float) -> list[int]:
    exponent = SRGB_GAMMA / gamma
    return [round(255 * (value / 255) ** exponent) for value in range(256)]
