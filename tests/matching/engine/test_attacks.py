"""What somebody who knows everything about the engine can do with a photo that is theirs to change.

The attack moves every grid cell within so many grey levels, down the gradient of a smooth stand-in for the
agreement of sketch and hash; the least certain bits flip first.
"""

from functools import lru_cache

import numpy as np
import pytest
from grids import draw_grid, draw_mask, enroll
from numpy.typing import NDArray

from matching.engine.calibration import RATE
from matching.engine.fingerprint import Fingerprint
from matching.engine.grid import SIZE, Grid
from matching.engine.index import Index
from matching.engine.sketch import decoded, steps
from matching.engine.spectrum import halved, halved_masks, spectra

_STEPS = 8


def pushed(photo: Grid, fingerprint: Fingerprint, levels: float, direction: int) -> Grid:
    """The photo within ``levels`` of itself, pushed away from (-1) or towards (+1) a fingerprint."""
    operator, wanted = _bits_of(fingerprint)
    scale = np.abs(photo.ravel() @ operator)
    softness = np.concatenate([np.full(480, 4.0), np.full(256, np.median(scale[480:]) + 1e-3)])
    softness = softness.astype(np.float32)
    moved = np.zeros(SIZE * SIZE, np.float32)
    for _ in range(_STEPS):
        certainty = 1 / np.cosh(np.clip((photo.ravel() + moved) @ operator / softness, -20, 20)) ** 2
        gradient = operator @ (wanted * certainty / softness)
        moved = np.clip(moved + direction * levels / 4 * np.sign(gradient), -levels, levels)
    result: Grid = (photo + moved.reshape(SIZE, SIZE)).clip(0, 255).astype(np.float32)
    return result


@lru_cache(maxsize=6)
def _bits_of(fingerprint: Fingerprint) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The linear map [4096, 736] from cells to steps and visible frequencies, and the signs wanted."""
    mask = np.unpackbits(np.frombuffer(fingerprint.mask, np.uint8)).reshape(SIZE, SIZE).astype(np.bool_)
    visible = ~np.kron(halved_masks(mask[None])[0], np.ones((2, 2), np.bool_)).reshape(-1, 1)
    steps_of_cells, frequencies_of_cells = _unmasked()
    operator = np.concatenate([steps_of_cells, frequencies_of_cells * visible], axis=1)
    signs = decoded(np.frombuffer(fingerprint.sketch, np.uint8)[None])[0]
    bits = np.unpackbits(np.frombuffer(fingerprint.hash, np.uint8)) * 2.0 - 1
    return operator, np.concatenate([signs / 2, bits / 2]).astype(np.float32)


@lru_cache(maxsize=1)
def _unmasked() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    one_by_one = np.eye(SIZE * SIZE, dtype=np.float32).reshape(-1, SIZE, SIZE)
    return steps(one_by_one), spectra(halved(one_by_one))


def is_found(photo: Grid, seed: int) -> bool:
    return bool(Index([("photo", enroll(seed))]).search(photo[None], rate=RATE)[0])


@pytest.mark.parametrize("seed", range(3))
def test_a_change_of_two_grey_levels_does_not_hide_a_copy(seed: int) -> None:
    assert is_found(pushed(draw_grid(seed), enroll(seed), 2, -1), seed)


def test_most_copies_withstand_four_grey_levels() -> None:
    withstand = [is_found(pushed(draw_grid(seed), enroll(seed), 4, -1), seed) for seed in range(4)]
    assert sum(withstand) >= 2


def test_the_attack_works_at_all() -> None:
    """Otherwise the tests above would show nothing."""
    assert not is_found(pushed(draw_grid(1), enroll(1), 40, -1), 1)


@pytest.mark.parametrize("seed", range(3))
def test_a_stranger_needs_more_than_two_grey_levels_to_collide(seed: int) -> None:
    assert not is_found(pushed(draw_grid(900 + seed), enroll(seed), 2, +1), seed)


def logo(kind: str) -> Grid:
    rows, columns = np.indices((SIZE, SIZE))
    shapes = {
        "disc": np.hypot(rows - 32, columns - 32) < 20,
        "cross": (np.abs(rows - 32) < 6) | (np.abs(columns - 32) < 6),
        "stripes": rows % 16 < 8,
        "chequers": (rows // 8 + columns // 8) % 2 == 0,
        "diagonal": rows > columns,
        "corner": (rows < 32) & (columns < 32),
    }
    drawn: Grid = np.where(shapes[kind], 230, 20).astype(np.float32)
    return drawn


@pytest.mark.parametrize("kind", ["disc", "cross", "stripes", "chequers", "diagonal", "corner"])
def test_logos_match_no_photo(kind: str) -> None:
    index = Index((str(seed), enroll(seed)) for seed in range(30))
    assert index.search(np.stack([logo(kind), 255 - logo(kind)])) == [[], []]


def test_masks_alone_do_not_match() -> None:
    """The picture of a mask is the likeliest thing to collide with what was enrolled under it."""
    index = Index((str(seed), enroll(seed)) for seed in range(30))
    pictures = [
        np.where(draw_mask(seed), low, high) for seed in range(30) for low, high in ((0, 255), (191, 0))
    ]
    assert not any(index.search(np.stack(pictures).astype(np.float32)))
