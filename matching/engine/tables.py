"""The other call into faiss: sketches known in part, ranked by their agreement with one known in part.

No Hamming distance allows for unknown bits on both sides. But two coded signs are four bits, and to a query
each of these sixteen codes is worth a number: faiss's fast scan keeps the sixteen in one register (André,
Kermarrec, Le Scouarnec, "Quicker ADC", 2019) and adds up the worths of all 240 pairs. To faiss this is a
product quantizer, whose centroids are not learned here but written down.
"""

from collections.abc import Callable

import faiss
import numpy as np
from numpy.typing import NDArray

from matching.engine.calibration import Counts
from matching.engine.sketch import POSITIONS, Signs, Sketches

# That another index may be given is missing from faiss's type stubs.
_fast_scan: Callable[..., faiss.IndexPQFastScan] = faiss.IndexPQFastScan

_PAIRS = POSITIONS // 2

# What two bits of a coded sketch stand for: 00, 01, 10 (unused), 11.
_VALUES = np.array([-1, 0, 0, 1], np.float32)

# Of each code of four bits: its two signs, then whether each of them is known.
_SIGNS = np.stack([np.repeat(_VALUES, 4), np.tile(_VALUES, 4)], axis=1)
_CENTROIDS = np.concatenate([_SIGNS, np.abs(_SIGNS)], axis=1)


class Tables:
    """n coded sketches, in the order that the fast scan wants."""

    def __init__(self, sketches: Sketches) -> None:
        """Take coded sketches uint8 [n, 120]."""
        plain = faiss.IndexPQ(2 * POSITIONS, _PAIRS, 4, faiss.METRIC_INNER_PRODUCT)
        faiss.copy_array_to_vector(np.tile(_CENTROIDS.ravel(), _PAIRS), plain.pq.centroids)
        faiss.copy_array_to_vector(sketches.ravel(), plain.codes)
        plain.is_trained, plain.ntotal = True, len(sketches)
        self._scan = _fast_scan(plain)

    def best(self, seen: Signs, toll: float, most: int) -> tuple[NDArray[np.float32], Counts]:
        """Return (worths float32, rows) [q, most]: the best of n >= ``most`` rows for each of signs [q, 480].

        A row is worth its agreeing less its differing bits, less the ``toll`` for each bit that both know.
        Without it, rows of which much is known would outrank the others. Worths are added up from bytes, so
        they are a bit or so off. A row of -1 is none.
        """
        worth = np.empty((len(seen), _PAIRS, 4), np.float32)
        worth[:, :, :2] = seen.reshape(-1, _PAIRS, 2)
        worth[:, :, 2:] = np.abs(worth[:, :, :2]) * np.float32(-toll)
        # Of a byte, faiss takes the lower half first, the sketch the upper one.
        turned = worth.reshape(len(seen), -1, 2, 4)[:, :, ::-1]
        worths, rows = self._scan.search(turned.reshape(len(seen), -1), most)
        return worths, rows
