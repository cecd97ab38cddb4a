"""Fingerprints side by side: the arrays that a search reads."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matching.engine.calibration import sketch_spreads, spread_of_threshold
from matching.engine.fingerprint import Fingerprint
from matching.engine.grid import SIZE, MaskGrid
from matching.engine.sketch import SKETCH_BYTES, Sketches, decoded
from matching.engine.spectrum import HASH_BYTES, Hashes

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Columns:
    """n fingerprints, row by row, in order of their sketch spread, narrow first.

    ``origin`` int64 [n]: which of the fingerprints given each row is. ``masks`` uint8 [n, 512], ``hashes``
    uint8 [n, 32], ``sketches`` uint8 [n, 120], and the two calibrated spreads float32 [n].
    """

    origin: Rows
    masks: NDArray[np.uint8]
    hashes: Hashes
    sketches: Sketches
    sketch_spreads: NDArray[np.float32]
    hash_spreads: NDArray[np.float32]

    def mask_grids(self, rows: Rows) -> MaskGrid:
        """Return the masks bool [len(rows), 64, 64] of the given rows."""
        return np.unpackbits(self.masks[rows], axis=1).reshape(-1, SIZE, SIZE).astype(np.bool_)


def columns_of(fingerprints: Sequence[Fingerprint]) -> Columns:
    """Return the columns of fingerprints."""
    sketches = _rows([each.sketch for each in fingerprints], SKETCH_BYTES)
    spreads = _sketch_spreads(sketches)
    order = np.argsort(spreads, kind="stable")
    return Columns(
        origin=order,
        masks=_rows([each.mask for each in fingerprints], SIZE * SIZE // 8)[order],
        hashes=_rows([each.hash for each in fingerprints], HASH_BYTES)[order],
        sketches=sketches[order],
        sketch_spreads=spreads[order],
        hash_spreads=spread_of_threshold(np.array([each.threshold for each in fingerprints]))[order],
    )


def _rows(cells: list[bytes], width: int) -> NDArray[np.uint8]:
    return np.frombuffer(b"".join(cells), np.uint8).reshape(-1, width)


def _sketch_spreads(sketches: Sketches) -> NDArray[np.float32]:
    """Part by part: the decoded signs of a million sketches would take two gigabytes."""
    parts = [sketch_spreads(decoded(sketches[at : at + 8192])) for at in range(0, len(sketches), 8192)]
    return np.concatenate(parts)
