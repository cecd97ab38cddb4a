"""Fingerprints that are no photo's, one set for each partner: a leaked list names whom it was leaked from.

A canary must look like all others and never match. Both come from one trick: it is the fingerprint of a
picture drawn from noise with the statistics of photos, but its hashes are turned round, bit by bit. Whatever
resembles its sketch has hashes like the picture's, which are as far from the canary's as can be; whatever
resembles its hashes has the picture's light and dark exchanged, and a sketch as far away. To match, a photo
would have to resemble both.
"""

import re
import secrets
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any, BinaryIO

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from matching.engine.errors import TooLittleDetail
from matching.engine.fingerprint import Fingerprint, make_fingerprint
from matching.engine.grid import SIZE, Grid, MaskGrid

# Base64 and hexadecimal alike, of whatever alphabet: the shortest worth looking at is an id of ours.
_WORD = re.compile(rb"[A-Za-z0-9+/_-]{22,}={0,2}")
AT_ONCE = 1 << 20
_LONGEST_WORD = 4096


def draw() -> Fingerprint:
    """A canary that was never drawn before."""
    random = np.random.default_rng(secrets.randbits(128))
    while True:
        with suppress(TooLittleDetail):
            return turned(plain(drawn_grid(random), random))


def turned(fingerprint: Fingerprint) -> Fingerprint:
    """The same with every bit of its hashes turned round."""
    return replace(
        fingerprint,
        hash=_turned_bits(fingerprint.hash),
        painted_hash=_turned_bits(fingerprint.painted_hash),
    )


def plain(grid: Grid, random: Generator) -> Fingerprint:
    """The fingerprint of a picture, somewhere covered. Raises TooLittleDetail."""
    return make_fingerprint(grid, _mask(random))


def words_of(document: Mapping[str, Any]) -> Iterator[str]:
    """The texts by which a canary's JSON form is known wherever it turns up."""
    yield from (document["hash"], document["painted_hash"], document["sketch"], document["mask"])


def found_in(file: BinaryIO, words: Iterable[str]) -> set[str]:
    """Which of the words stand in the file, whatever its format; hexadecimal ones in either case."""
    known = {word.encode("ascii"): word for word in words}
    known |= {spelled.upper(): word for spelled, word in known.items() if len(spelled) == 64}
    found: set[str] = set()
    rest = b""
    while part := file.read(AT_ONCE):
        text = rest + part
        found.update(known[each] for each in _WORD.findall(text) if each in known)
        # A word cut in two is read again with its other half.
        rest = text[-_LONGEST_WORD:]
    return found


def drawn_grid(random: Generator) -> Grid:
    """Luma [64, 64] of spectrum 1/f^b as in photos, cut from a larger field so that it does not wrap."""
    size = SIZE * 5 // 4
    frequency = np.hypot(np.fft.fftfreq(size)[:, None], np.fft.rfftfreq(size)[None])
    frequency[0, 0] = np.inf
    white = np.fft.rfft2(random.standard_normal((size, size)))
    field = np.fft.irfft2(white * frequency ** -random.uniform(1.0, 1.5), s=(size, size))[:SIZE, :SIZE]
    light = 118 + random.uniform(25, 55) * (field - field.mean()) / field.std()
    grid: Grid = light.clip(0, 255).astype(np.float32)
    return grid


def _turned_bits(bits: bytes) -> bytes:
    return bytes(byte ^ 0xFF for byte in bits)


def _mask(random: Generator) -> MaskGrid:
    """One to three ellipses, as people paint."""
    down, across = np.mgrid[0:SIZE, 0:SIZE]
    mask: NDArray[np.bool_] = np.zeros((SIZE, SIZE), bool)
    for _ in range(random.integers(1, 4)):
        x, y = random.uniform(0.15, 0.85, 2) * SIZE
        wide, high = random.uniform(0.08, 0.25, 2) * SIZE
        mask |= ((across - x) / wide) ** 2 + ((down - y) / high) ** 2 < 1
    return mask
