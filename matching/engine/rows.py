"""Fingerprints side by side in the order in which they came: read, checked and filed a page at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from matching.engine.extended import PLANE_BYTES, Planes
from matching.engine.fingerprint import VERSION, Fingerprint
from matching.engine.grid import SIZE
from matching.engine.sketch import SKETCH_BYTES, Sketches
from matching.engine.spectrum import HASH_BYTES, Hashes

MASK_BYTES = SIZE * SIZE // 8

# Of each byte, as four bits, whether one of the two is set of its four pairs of neighbouring bits.
_EITHER = np.packbits(
    np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1).reshape(256, 4, 2).any(axis=2), axis=1
).ravel()


@dataclass(frozen=True)
class Rows:
    """The fields of n fingerprints of today's version, row by row."""

    masks: NDArray[np.uint8]  # [n, 512]
    hashes: Hashes  # uint8 [n, 32]
    painted_hashes: Hashes  # uint8 [n, 32]
    sketches: Sketches  # uint8 [n, 120]
    thresholds: NDArray[np.float64]  # [n]
    coverages: NDArray[np.float64]  # [n]
    details: NDArray[np.uint16]  # [n]
    extended: Planes  # uint8 [e, 2, 248], of the rows that have an extended sketch
    extended_rows: NDArray[np.uint32]  # [e], ascending

    def __len__(self) -> int:
        return len(self.masks)

    @classmethod
    def of(cls, fingerprints: Sequence[Fingerprint]) -> Self:
        """Return fingerprints as rows; ``fingerprints`` gives the same ones back."""
        wide = [row for row, each in enumerate(fingerprints) if each.extended is not None]
        planes = table([fingerprints[row].extended or b"" for row in wide], 2 * PLANE_BYTES)
        return cls(
            masks=table([each.mask for each in fingerprints], MASK_BYTES),
            hashes=table([each.hash for each in fingerprints], HASH_BYTES),
            painted_hashes=table([each.painted_hash for each in fingerprints], HASH_BYTES),
            sketches=table([each.sketch for each in fingerprints], SKETCH_BYTES),
            thresholds=np.array([each.threshold for each in fingerprints], np.float64),
            coverages=np.array([each.coverage for each in fingerprints], np.float64),
            details=np.array([each.detail for each in fingerprints], np.uint16),
            extended=planes.reshape(-1, 2, PLANE_BYTES),
            extended_rows=np.array(wide, np.uint32),
        )

    def fingerprints(self) -> list[Fingerprint]:
        """Return them one by one."""
        extended = dict(zip(self.extended_rows.tolist(), self.extended, strict=True))
        return [
            Fingerprint(
                version=VERSION,
                mask=self.masks[row].tobytes(),
                hash=self.hashes[row].tobytes(),
                painted_hash=self.painted_hashes[row].tobytes(),
                sketch=self.sketches[row].tobytes(),
                threshold=float(self.thresholds[row]),
                coverage=float(self.coverages[row]),
                detail=int(self.details[row]),
                extended=extended[row].tobytes() if row in extended else None,
            )
            for row in range(len(self))
        ]


def either_bits(cells: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return uint8 [n, m / 2] of packed bits [n, m]: of each two neighbours, whether one of them is set."""
    return _EITHER[cells[:, 0::2]] | (_EITHER[cells[:, 1::2]] >> np.uint8(4))


def table(cells: Sequence[bytes], width: int) -> NDArray[np.uint8]:
    """Return uint8 [n, width] of n cells of that width."""
    return np.frombuffer(b"".join(cells), np.uint8).reshape(-1, width)
