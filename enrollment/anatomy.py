"""What every structural walker finds and enforces: the limits, the findings, the shared refusals."""

from dataclasses import dataclass

from enrollment.refusals import Refused

MAX_BYTES = 15_000_000
MIN_SIDE = 200
MAX_SIDE = 10_000
MAX_PIXELS = 25_000_000
MAX_TRAILING = 64 * 1024
MAX_PROFILE = 4_000_000
PADDING = b"\0\xff \r\n\t"


@dataclass(frozen=True, slots=True)
class Anatomy:
    """What a walker found.

    `essence` is the rebuilt file, `orientation` the EXIF value (1 when absent or out of range),
    `profile` the ICC bytes, `gamma` what a PNG declares without a profile, `stripped` names
    what was left out for the sender to be told. `first_scan_end` is where a JPEG's first run of coded data
    ends in the essence.
    """

    format: str
    width: int
    height: int
    essence: bytes
    orientation: int = 1
    profile: bytes | None = None
    gamma: float | None = None
    stripped: tuple[str, ...] = ()
    first_scan_end: int = 0
    progressive: bool = False


def damaged(where: str) -> Refused:
    """The refusal for a file whose skeleton is broken; `where` is our own wording."""
    return Refused("damaged", {"where": where})


def check_size(width: int, height: int) -> None:
    """Refuse sides and areas out of bounds."""
    sides = {"width": width, "height": height}
    if width < 1 or height < 1:
        raise damaged("it has no size")
    if width * height > MAX_PIXELS:
        megapixels = round(width * height / 1e6, 1)
        raise Refused("too-many-pixels", {"megapixels": megapixels, "limit_megapixels": MAX_PIXELS / 1e6})
    if max(width, height) > MAX_SIDE:
        raise Refused("too-long", sides | {"limit": MAX_SIDE})
    if min(width, height) < MIN_SIDE:
        raise Refused("too-small", sides | {"limit": MIN_SIDE})


def check_trailing(rest: bytes) -> bool:
    """Whether anything but padding follows the picture's end. More than a little is refused."""
    rest = rest.strip(PADDING)
    if len(rest) > MAX_TRAILING:
        raise Refused("trailing-data", {"kilobytes": len(rest) // 1024})
    return bool(rest)
