"""What somebody who knows the engine and one fingerprint can do to a photo that is theirs to change.

Every grid cell is moved within so many grey levels, down the gradient of a smooth stand-in for the agreement
of sketch and hash; the least certain bits flip first. A cell is moved by moving all its pixels as much.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from matching.engine.fingerprint import Fingerprint
from matching.engine.grid import SIZE, Grid
from matching.engine.sketch import POSITIONS, decoded, steps
from matching.engine.spectrum import HASH_BITS, halved, halved_masks, spectra

AWAY, TOWARDS = -1, +1

_ROUNDS = 8

# Grey levels within which a step between pools is uncertain; for frequencies, their median stands in.
_UNCERTAIN_STEP = 4.0

Matrix = NDArray[np.float32]


def pushed(photo: Grid, fingerprint: Fingerprint, levels: float, direction: int) -> Grid:
    """Return the grid [64, 64] within ``levels`` of itself, pushed AWAY from or TOWARDS a fingerprint."""
    bits_of_cells, wanted = _bits_of(fingerprint)
    size = np.abs(photo.ravel() @ bits_of_cells)
    softness = np.repeat([_UNCERTAIN_STEP, np.median(size[POSITIONS:]) + 1e-3], [POSITIONS, HASH_BITS])
    softness = softness.astype(np.float32)
    moved = np.zeros(SIZE * SIZE, np.float32)
    for _ in range(_ROUNDS):
        certainty = 1 / np.cosh(np.clip((photo.ravel() + moved) @ bits_of_cells / softness, -20, 20)) ** 2
        gradient = bits_of_cells @ (wanted * certainty / softness)
        moved = np.clip(moved + direction * levels / 4 * np.sign(gradient), -levels, levels)
    result: Grid = (photo + moved.reshape(SIZE, SIZE)).clip(0, 255).astype(np.float32)
    return result


@lru_cache(maxsize=6)
def _bits_of(fingerprint: Fingerprint) -> tuple[Matrix, Matrix]:
    """Return the linear map [4096, 736] from cells to steps and visible frequencies, and the signs wanted."""
    mask = np.unpackbits(np.frombuffer(fingerprint.mask, np.uint8)).reshape(SIZE, SIZE).astype(np.bool_)
    visible = ~np.kron(halved_masks(mask[None])[0], np.ones((2, 2), np.bool_)).reshape(-1, 1)
    steps_of_cells, frequencies_of_cells = _unmasked()
    bits_of_cells = np.concatenate([steps_of_cells, frequencies_of_cells * visible], axis=1)
    signs = decoded(np.frombuffer(fingerprint.sketch, np.uint8)[None])[0]
    bits = np.unpackbits(np.frombuffer(fingerprint.hash, np.uint8)) * 2.0 - 1
    return bits_of_cells, np.concatenate([signs / 2, bits / 2]).astype(np.float32)


@lru_cache(maxsize=1)
def _unmasked() -> tuple[Matrix, Matrix]:
    one_by_one = np.eye(SIZE * SIZE, dtype=np.float32).reshape(-1, SIZE, SIZE)
    return steps(one_by_one), spectra(halved(one_by_one))


def pictures_without_photo() -> dict[str, Grid]:
    """Return grids [64, 64] by kind that hold no photo: blank, gradients, and the simplest logos."""
    down, across = np.indices((SIZE, SIZE)).astype(np.float32)
    ramp = across * 4
    shapes = {
        "disc": np.hypot(down - 32, across - 32) < 20,
        "cross": (np.abs(down - 32) < 6) | (np.abs(across - 32) < 6),
        "stripes": down % 16 < 8,
        "chequers": (down // 8 + across // 8) % 2 == 0,
        "diagonal": down > across,
        "corner": (down < 32) & (across < 32),
    }
    grids = {"blank": np.full((SIZE, SIZE), 128), "gradient across": ramp, "gradient down": ramp.T}
    grids["vignette"] = 255 - np.hypot(down - 31.5, across - 31.5) * 5
    grids |= {kind: np.where(shape, 230, 20) for kind, shape in shapes.items()}
    return {kind: grid.astype(np.float32) for kind, grid in grids.items()}
