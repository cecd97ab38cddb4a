"""What is looked at in one file: the picture of a photo, or the stills of a video."""

import importlib.util
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO

from enrollment.photo import read_public
from matching.cli.files import opened, read_limited
from matching.cli.places import Place
from matching.cli.problems import Unwatchable
from matching.engine.grid import Grid, luma_grid

PUBLIC_BYTES = 200_000_000
VIDEO_EXTRA = 'looking into videos needs the extra "video": pip install "av>=18,<19"'

_BEGINNING = 400
# ISO files that hold pictures (AVIF, HEIF) rather than films.
_PICTURE_BRANDS = frozenset((b"avif", b"avis", b"heic", b"heix", b"heim", b"heis", b"mif1", b"msf1"))
_SIGNATURES = {
    b"\x1aE\xdf\xa3": "matroska",
    b"FLV\x01": "flv",
    b"\x30\x26\xb2\x75\x8e\x66\xcf\x11": "asf",
    b"\x00\x00\x01\xba": "mpeg",
    b"OggS": "ogg",
}
# A transport stream begins each packet with this; Blu-ray's put four bytes of time before it.
_SYNC, _PACKETS = 0x47, ((0, 188), (4, 192))


@dataclass(frozen=True)
class Still:
    """One picture to search for: grid [64, 64], and where in a video it was, in seconds."""

    grid: Grid
    time: float | None = None


def can_watch() -> bool:
    """Return whether the extra ``video`` is installed."""
    return importlib.util.find_spec("av") is not None


def stills_of(path: Place) -> Iterator[Still]:
    """Yield what there is to see in a file. Raises one of READING_ERRORS, of a video perhaps midway."""
    with opened(path) as file:
        container = video_container(file.read(_BEGINNING))
        file.seek(0)
        if container is not None:
            yield from _watched(file, container)
            return
        data = read_limited(file, PUBLIC_BYTES)
    with _quiet_decoders():
        luma = read_public(data)
    yield Still(luma_grid(luma))


def video_container(beginning: bytes) -> str | None:
    """Return FFmpeg's name for the format of a video that begins like this, None for anything else."""
    if beginning[4:8] == b"ftyp":
        return None if beginning[8:12] in _PICTURE_BRANDS else "mov"
    if beginning[4:8] in (b"moov", b"mdat", b"wide"):
        return "mov"
    if beginning[:4] == b"RIFF" and beginning[8:12] == b"AVI ":
        return "avi"
    for start, packet in _PACKETS:
        if all(beginning[at : at + 1] == bytes([_SYNC]) for at in (start, start + packet)):
            return "mpegts"
    return next((name for signature, name in _SIGNATURES.items() if beginning.startswith(signature)), None)


def _watched(file: IO[bytes], container: str) -> Iterator[Still]:
    if not can_watch():
        raise Unwatchable("video-extra-missing", f"This is a video; {VIDEO_EXTRA}.")
    frames = importlib.import_module("matching.cli.video").stills(file, container)
    while True:
        with _quiet_decoders():
            found = next(frames, None)
        if found is None:
            return
        time, luma = found
        yield Still(luma_grid(luma), time)


@contextmanager
def _quiet_decoders() -> Iterator[None]:
    """Keep libraries such as libtiff from printing their own complaints: a bad file is worth one line."""
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
