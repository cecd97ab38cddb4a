"""The ways known before, to be measured beside ours: stock PDQ matching, and paint-and-hash mask by mask.

Both come with the extra ``bench``; neither is imported before it is asked for.
"""

import importlib
import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from enrollment.arc import ARC, Picture

_BITS = 256


def installed(name: str) -> bool:
    """Return whether a peer can take part."""
    return importlib.util.find_spec(name) is not None


class Stock:
    """The PDQ signal of ``threatexchange`` as it comes, with its own index over ``size`` random hashes.

    It cannot recognise covered photos; it is what scanning costs where nothing is covered.
    """

    def __init__(self, size: int) -> None:
        self._signal: Any = importlib.import_module("threatexchange.signal_type.pdq.signal").PdqSignal
        random = np.random.default_rng(2)
        hashes = (random.bytes(_BITS // 8).hex() for _ in range(size))
        self._index: Any = self._signal.get_index_cls().build((each, at) for at, each in enumerate(hashes))

    def scan(self, photos: list[Path]) -> None:
        """Read, hash and look up each photo."""
        for photo in photos:
            if found := self._signal.hash_from_file(photo):
                self._index.query(found)


class Literal:
    """The specification word by word: paint one mask over the photo and hash the result with ``pdqhash``."""

    def __init__(self) -> None:
        self._compute: Any = importlib.import_module("pdqhash").compute

    def compare(self, rgb: Picture, mask: NDArray[np.bool_]) -> None:
        """Do what one pair of photo and fingerprint takes, but for the comparison of the hashes."""
        painted = rgb.copy()
        painted[mask] = ARC
        self._compute(painted)
