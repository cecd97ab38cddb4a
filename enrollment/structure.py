"""The structural walk: what kind of file it is and what it is made of, before any decoder sees it.

A walker checks the skeleton of a file (sizes, counts, check sums, completeness) and rebuilds it
from nothing but the parts that draw the picture, so that no decoder ever parses the metadata,
thumbnails, second pictures and leftovers of a stranger's file. Standard library only.
"""

from enrollment.anatomy import MAX_BYTES, Anatomy
from enrollment.refusals import Refused
from enrollment.structure_jpeg import walk_jpeg
from enrollment.structure_png import walk_png
from enrollment.structure_webp import walk_webp

JPEG = b"\xff\xd8\xff"
PNG = b"\x89PNG\r\n\x1a\n"

# Pictures we know and do not take: the advice names what the sender has.
_OTHER_PICTURES = (
    (b"GIF8", "GIF"),
    (b"BM", "BMP"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"II+\0", "TIFF"),
    (b"MM\0+", "TIFF"),
    (b"\0\0\1\0", "icon"),
    (b"\0\0\2\0", "cursor"),
    (b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG 2000"),
    (b"\xff\x4f\xff\x51", "JPEG 2000"),
    (b"\xff\x0a", "JPEG XL"),
    (b"\0\0\0\x0cJXL \r\n\x87\n", "JPEG XL"),
    (b"8BPS", "Photoshop"),
    (b"8BPB", "Photoshop"),
    (b"qoif", "QOI"),
    (b"FORM", "IFF"),
)
_BRANDS = {
    b"avif": "AVIF",
    b"avis": "AVIF",
    b"heic": "HEIC",
    b"heix": "HEIC",
    b"heim": "HEIC",
    b"heis": "HEIC",
    b"hevc": "HEIC",
    b"hevx": "HEIC",
    b"mif1": "HEIC",
    b"msf1": "HEIC",
}


def walk(data: bytes) -> Anatomy:
    """What the file is and its essence.

    Refused with: empty, too-large-file, not-a-picture, wrong-format, or whatever the walker of
    its format finds.
    """
    if not data:
        raise Refused("empty")
    if len(data) > MAX_BYTES:
        megabytes = round(len(data) / 1e6, 1)
        raise Refused("too-large-file", {"megabytes": megabytes, "limit_megabytes": MAX_BYTES / 1e6})
    if data.startswith(JPEG):
        return walk_jpeg(data)
    if data.startswith(PNG):
        return walk_png(data)
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return walk_webp(data)
    raise _not_taken(data)


def _not_taken(data: bytes) -> Refused:
    for magic, name in _OTHER_PICTURES:
        if data.startswith(magic):
            return Refused("wrong-format", {"format": name})
    if data[4:8] == b"ftyp":
        return Refused("wrong-format", {"format": _BRANDS.get(data[8:12], "video")})
    return Refused("not-a-picture")
