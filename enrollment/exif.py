"""The three things we need to know of an EXIF block, without following any of its links."""

import struct
from dataclasses import dataclass

ORIENTATION = 0x0112
GPS = 0x8825
MAX_ENTRIES = 512


@dataclass(frozen=True, slots=True)
class Exif:
    """`orientation` 1..8 (1 for anything else), `location` and `thumbnail` whether they are there."""

    orientation: int = 1
    location: bool = False
    thumbnail: bool = False

    @property
    def stripped(self) -> tuple[str, ...]:
        """What the sender is told was removed with it."""
        names = ["camera-details"]
        names += ["location"] if self.location else []
        names += ["thumbnail"] if self.thumbnail else []
        return tuple(names)


def read_exif(block: bytes) -> Exif:
    """Reads the first directory of a TIFF block (with or without its "Exif" prefix).

    Never fails: a block that cannot be read says nothing, and is removed all the same. Only the
    first directory is looked at, so loops and huge counts lead nowhere.
    """
    block = block.removeprefix(b"Exif\0\0")
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(block[:4])
    if order is None or len(block) < 10:
        return Exif()
    (start,) = struct.unpack_from(order + "I", block, 4)
    if start + 2 > len(block):
        return Exif()
    (count,) = struct.unpack_from(order + "H", block, start)
    orientation, location = 1, False
    for at in range(start + 2, start + 2 + 12 * min(count, MAX_ENTRIES), 12):
        if at + 12 > len(block):
            return Exif(orientation, location)
        tag, kind, number = struct.unpack_from(order + "HHI", block, at)
        if tag == ORIENTATION and kind == 3 and number == 1:
            (value,) = struct.unpack_from(order + "H", block, at + 8)
            orientation = value if 1 <= value <= 8 else 1
        location = location or tag == GPS
    end = start + 2 + 12 * count
    following = struct.unpack_from(order + "I", block, end)[0] if end + 4 <= len(block) else 0
    return Exif(orientation, location, following != 0)
