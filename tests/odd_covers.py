"""Covers that are none: patterns, see-through paint, frames, and pinks that nobody painted."""

import numpy as np
from bricks import photo
from drawing import ARC, Picture, blend, natural
from PIL import Image, ImageFilter


def striped(size: int, both: bool) -> Picture:
    """The photo under a pattern of ARC: stripes, or a checkerboard."""
    rgb = photo()
    rows, columns = np.indices(rgb.shape[:2]) // size
    rgb[(rows + columns * both) % 2 == 0] = ARC
    return rgb


def gradient() -> Picture:
    """A patch that fades from ARC to nothing."""
    alpha = np.zeros((360, 480))
    alpha[100:300, 100:400] = np.linspace(1, 0.2, 300)
    return blend(photo(), alpha)


def natural_pink(centre: tuple[int, int, int] = (236, 150, 196)) -> Picture:
    """A pink subject with a photo's unrest."""
    rgb = photo()
    patch = natural(11, 200, 200).astype(np.int16)
    patch = np.array(centre) + (patch - patch.mean(axis=(0, 1)).astype(np.int16)) // 3
    rgb[80:280, 120:320] = patch.clip(0, 255).astype(np.uint8)
    return rgb


def blurred() -> Picture:
    """The photo blurred instead of covered."""
    return np.asarray(Image.fromarray(photo()).filter(ImageFilter.GaussianBlur(12)))


def framed() -> Picture:
    """A frame of ARC around an uncovered photo."""
    rgb = photo()
    inner = rgb[20:-20, 20:-20].copy()
    rgb[:] = ARC
    rgb[20:-20, 20:-20] = inner
    return rgb
