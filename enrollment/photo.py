"""The recipes that turn the bytes of a photo into arrays (Pillow and numpy, no Django).

A covered photo is read strictly: structure first, then only its essence goes through a decoder.
A public photo, at the scanning side, is read fast and forgivingly. Pictures are uint8
[H, W, 3] in sRGB, luma is uint8 [H, W] by Rec. 601, masks are bool [H, W].
"""

import re
import struct
import zlib
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError
from PIL import _webp as _pillow_webp
from PIL.JpegImagePlugin import JpegImageFile

from enrollment.anatomy import Anatomy, damaged
from enrollment.arc import ARC, Picture, find_cover, hide, seal, sealed_mask
from enrollment.areas import Mask
from enrollment.colour import as_seen, seen_as, to_srgb
from enrollment.cut_short import is_cut_short
from enrollment.exif import ORIENTATION, read_exif
from enrollment.formats import PUBLIC_FORMATS
from enrollment.plain_png import packed_png
from enrollment.refusals import Refused, percent
from enrollment.structure import JPEG, walk

WORKING_SIDE = 2048
WORKING_MAGIC = b"P6\n# covered photo, sanitised\n"
OPAQUE = 250
PUBLIC_SIDE = 256
PUBLIC_PIXELS = 64_000_000
PUBLIC_JPEG_PIXELS = 120_000_000

Luma = NDArray[np.uint8]

ARC_LUMA = Image.new("RGB", (1, 1), ARC).convert("L").getpixel((0, 0))

DECODING_ERRORS = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    IndexError,
    RuntimeError,  # Pillow's AVIF reader
    struct.error,
    zlib.error,
    AssertionError,  # Pillow asserts what it takes for granted of a file
    Warning,  # where warnings are errors, Pillow's doubts about a file are such
)
_BOMBS = (Image.DecompressionBombError, Image.DecompressionBombWarning)
# Pillow's own alarm stays behind ours: above this it warns, above twice this it refuses to open.
Image.MAX_IMAGE_PIXELS = PUBLIC_JPEG_PIXELS
_WORKING_HEAD = re.compile(re.escape(WORKING_MAGIC) + rb"([1-9][0-9]{0,3}) ([1-9][0-9]{0,3})\n255\n").match
_END_OF_JPEG = b"\xff\xd9"
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


@dataclass(frozen=True, slots=True)
class CoveredPhoto:
    """An accepted photo: `rgb` is exactly ARC where, and only where, `mask` is set.

    `luma` is that of `rgb`, `coverage` the mask's share of the picture, `stripped` names the metadata left
    behind.
    """

    rgb: Picture
    luma: Luma
    mask: Mask
    coverage: float
    stripped: tuple[str, ...]


def read_covered(data: bytes) -> CoveredPhoto:
    """The working picture of a covered photo's file, or `Refused`.

    Longest side at most 2048 after reduction by a power of two; the same bytes always give the
    same picture. MemoryError is left to the caller.
    """
    anatomy = walk(data)
    try:
        picture = _decoded(anatomy)
        cut_short = is_cut_short(anatomy, picture)
    except DECODING_ERRORS as error:
        raise damaged("it cannot be decoded") from error
    if cut_short:
        raise damaged("the picture ends too early")
    picture = _turned(to_srgb(picture, anatomy.profile, anatomy.gamma), anatomy.orientation)
    rgb = np.asarray(picture)
    cover = find_cover(rgb)
    luma = np.array(picture.convert("L"))
    luma[cover.mask] = ARC_LUMA  # what else `seal` changes has the same
    return CoveredPhoto(seal(rgb, cover), luma, cover.mask, cover.coverage, anatomy.stripped)


def luma_of(rgb: Picture) -> Luma:
    """Rec. 601 luma of a picture, as every reader here computes it."""
    return np.asarray(Image.fromarray(rgb).convert("L"))


def encode_working(rgb: Picture) -> bytes:
    """A working picture as a binary PPM (Netpbm P6, eight bits) that holds nothing but pixels.

    Neither packed nor summed up: that took longer than most of what is done with a photo, and the cipher
    it is stored under authenticates every byte.
    """
    height, width, _ = rgb.shape
    return b"%s%d %d\n255\n%s" % (WORKING_MAGIC, width, height, np.ascontiguousarray(rgb).data)


def decode_working(data: bytes) -> Picture:
    """The picture that `encode_working` encoded, not writable; anything else is a ValueError."""
    head = _WORKING_HEAD(data)
    width, height = (int(side) for side in head.groups()) if head else (0, 0)
    if head is None or max(width, height) > WORKING_SIDE or len(data) - head.end() != width * height * 3:
        raise ValueError("not a working picture")
    return np.frombuffer(data, np.uint8, offset=head.end()).reshape(height, width, 3)


def working_mask(rgb: Picture) -> Mask:
    """The mask of a working picture, read back from its exact paint."""
    return sealed_mask(rgb)


def masked_png(rgb: Picture) -> bytes:
    """What people see of a working picture: its paint grown beyond every blended edge, as a PNG."""
    return packed_png(hide(rgb, sealed_mask(rgb)))


def _decoded(anatomy: Anatomy) -> Image.Image:
    """The reduced RGB picture of an essence, before colour management and turning."""
    longest = max(anatomy.width, anatomy.height)
    factor = next(f for f in (1, 2, 4, 8) if -(-longest // f) <= WORKING_SIDE)
    if anatomy.format == "WEBP":
        return _reduced(_without_alpha(_webp(anatomy)), factor)
    with Image.open(BytesIO(anatomy.essence), formats=[anatomy.format]) as image:
        _check_frame(anatomy, image.size, getattr(image, "n_frames", 1))
        if anatomy.format == "JPEG":
            image.draft("RGB", (anatomy.width // factor, anatomy.height // factor))
            image.load()
            return _as_rgb(image)
        image.load()
        return _reduced(_without_alpha(image), factor)


def _webp(anatomy: Anatomy) -> Image.Image:
    """The one frame of a WebP, by Pillow's decoder itself: as an image file it takes a third more memory."""
    decoder = _pillow_webp.WebPAnimDecoder(anatomy.essence)
    if decoder is None:
        raise OSError("no WebP decoder for these bytes")
    size, _, _, frames, mode = decoder.get_info()
    _check_frame(anatomy, size, frames)
    frame = decoder.get_next()
    if frame is None:
        raise OSError("the WebP frame cannot be decoded")
    del decoder  # and with it its two canvases
    return Image.frombuffer(mode, size, frame[0], "raw", mode, 0, 1)


def _check_frame(anatomy: Anatomy, size: tuple[int, int], frames: int) -> None:
    if size != (anatomy.width, anatomy.height) or frames != 1:
        raise damaged("its parts contradict each other")


def _without_alpha(image: Image.Image) -> Image.Image:
    """The picture as RGB (or with an alpha that is full everywhere, still to be dropped)."""
    if not image.has_transparency_data:
        return _as_rgb(image)
    if image.mode != "RGBA":
        image = image.convert("RGBA")
    histogram = image.getchannel("A").histogram()
    erased = sum(histogram[:OPAQUE]) / sum(histogram)
    if erased:
        raise Refused("transparent", {"percent": max(percent(erased), 0.01)})
    return image


def _as_rgb(image: Image.Image) -> Image.Image:
    return image if image.mode == "RGB" else image.convert("RGB")  # which would copy it


def _reduced(image: Image.Image, factor: int) -> Image.Image:
    """Box-averaged RGB, one colour at a time so that memory stays small."""
    if factor == 1:
        return _as_rgb(image)
    return Image.merge("RGB", [image.getchannel(c).reduce(factor) for c in "RGB"])


def _turned(image: Image.Image, orientation: int) -> Image.Image:
    return image.transpose(_TURNS[orientation]) if orientation in _TURNS else image


def read_public(data: bytes) -> Luma:
    """The luma of a public photo in sRGB: EXIF turned, alpha flattened on white, first frame.

    JPEGs are decoded at the smallest scale whose shorter side is at least 256, so sizes differ
    from the file's. Refused with: not-a-picture, wrong-format, too-many-pixels, damaged.
    """
    try:
        return _public_luma(data)
    except UnidentifiedImageError as error:
        raise Refused("not-a-picture") from error
    except _BOMBS as error:
        raise _too_many_pixels(2 * PUBLIC_JPEG_PIXELS, PUBLIC_JPEG_PIXELS) from error
    except DECODING_ERRORS as error:
        if not data.startswith(JPEG) or data.endswith(_END_OF_JPEG):
            raise damaged("it cannot be decoded") from error
    # Browsers show a JPEG that was cut off, so a missing end must not hide a picture from us.
    try:
        return _public_luma(data + _END_OF_JPEG)
    except DECODING_ERRORS as error:
        raise damaged("it cannot be decoded") from error


def _public_luma(data: bytes) -> Luma:
    with _opened(data) as image:
        is_jpeg = image.format == "JPEG"
        pixels, limit = image.width * image.height, PUBLIC_JPEG_PIXELS if is_jpeg else PUBLIC_PIXELS
        if pixels > limit:
            raise _too_many_pixels(pixels, limit)
        luma = _flat_luma(_decoded_small(image) if is_jpeg else image)
        return np.asarray(_turned(luma, _public_orientation(image)))


def _decoded_small(image: Image.Image) -> Image.Image:
    """A JPEG at the smallest scale whose sides are at least 256, in grey when its colours are sRGB's.

    At a scale the last blocks may reach beyond the picture; it is resampled to its own extent.
    """
    mode = "L" if seen_as(image.info.get("icc_profile"), "RGB") is None else "RGB"
    _, box = image.draft(mode, (PUBLIC_SIDE, PUBLIC_SIDE)) or (mode, (0, 0, *image.size))
    if (box[2], box[3]) == image.size:
        return image
    extent = image.resize((int(box[2]), int(box[3])), Image.Resampling.BILINEAR, box)
    extent.info = image.info
    return extent


def _opened(data: bytes) -> Image.Image:
    """Any public format; of a JPEG with several pictures only the first, without looking further."""
    if data.startswith(JPEG):
        return JpegImageFile(BytesIO(data))
    return Image.open(BytesIO(data), formats=tuple(PUBLIC_FORMATS))


def _too_many_pixels(pixels: int, limit: int) -> Refused:
    return Refused("too-many-pixels", {"megapixels": round(pixels / 1e6, 1), "limit_megapixels": limit / 1e6})


def _flat_luma(image: Image.Image) -> Image.Image:
    image.load()  # what stands behind the pixels may tell of colours, too
    if image.mode.startswith("I;16"):
        return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    if image.mode in ("I", "F"):
        return Image.fromarray(_stretched(np.asarray(image, dtype=np.float64)))
    gamma = None if "srgb" in image.info else image.info.get("gamma")
    seen = as_seen(_on_white(image), image.info.get("icc_profile"), gamma)
    return seen if seen.mode == "L" else seen.convert("L")


def _on_white(image: Image.Image) -> Image.Image:
    """The picture without alpha, in one of the modes L, RGB and CMYK."""
    if image.has_transparency_data:
        rgba = image.convert("RGBA")
        white = Image.new("RGBA", rgba.size, "white")
        return Image.alpha_composite(white, rgba).convert("RGB")
    return image if image.mode in ("L", "RGB", "CMYK") else image.convert("RGB")


def _stretched(values: NDArray[np.float64]) -> Luma:
    """Samples of an unstated range (0..1, 0..255 or 0..65535) brought to 8 bits."""
    values = np.nan_to_num(values, posinf=0, neginf=0)
    top = next((t for t in (1.0, 255.0, 65535.0) if values.max(initial=0) <= t), float(values.max(initial=1)))
    return (values.clip(0, top) * (255 / top)).astype(np.uint8)


def _public_orientation(image: Image.Image) -> int:
    exif = image.info.get("exif")
    if isinstance(exif, bytes):
        return read_exif(exif).orientation
    return image.getexif().get(ORIENTATION, 1) if image.format == "TIFF" else 1
