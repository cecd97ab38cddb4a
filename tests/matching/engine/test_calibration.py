import numpy as np
import pytest
from grids import draw_grid, draw_mask

from matching.engine.bank import FIELDS, bank, bank_signs
from matching.engine.calibration import (
    hash_spread,
    literal_threshold,
    rate_at,
    sketch_spreads,
    spread_of_threshold,
    sum_at,
)
from matching.engine.sketch import enrolled_signs, query_signs
from matching.engine.spectrum import halved, halved_masks, masked_hashes


@pytest.mark.slow
def test_the_bank_is_always_the_same() -> None:
    fields = bank()
    bank.cache_clear()
    assert np.array_equal(bank(), fields)


def test_the_bank_is_never_written_to() -> None:
    fields = bank()
    assert fields.shape == (FIELDS, 64, 64)
    with pytest.raises(ValueError, match="read-only"):
        fields[0] = 0
    with pytest.raises(ValueError, match="read-only"):
        bank_signs()[0] = 0


def test_a_rate_and_its_sum_are_each_others_inverse() -> None:
    for rate in (0.5, 1e-3, 1e-6, 1e-12):
        assert rate_at(sum_at(rate)) == pytest.approx(rate, rel=1e-6)
    assert 0 < rate_at(-50) < 1e-100


def test_a_threshold_gives_its_spread_back() -> None:
    assert spread_of_threshold(np.array([literal_threshold(11.25)])) == pytest.approx([11.25])


@pytest.mark.parametrize("seed", range(3))
def test_spreads_foretell_those_of_pictures_the_bank_has_not_seen(seed: int) -> None:
    """Between single pictures the spread varies, and the drawn ones have hard edges: within a third."""
    mask, grid = draw_mask(seed), draw_grid(seed)
    others = np.stack([draw_grid(number) for number in range(1000, 1300)])
    hidden = halved_masks(mask[None])
    own = masked_hashes(halved(grid), hidden)
    seen = np.concatenate([masked_hashes(each, hidden) for each in halved(others)])
    apart = np.bitwise_count(seen ^ own).sum(axis=1) - 128.0
    assert hash_spread(own[0], hidden[0]) == pytest.approx(np.sqrt(np.mean(apart**2)), rel=0.34)

    signs = enrolled_signs(grid, mask)
    agreement = query_signs(others).astype(np.float64) @ signs
    assert sketch_spreads(signs[None])[0][0] == pytest.approx(np.sqrt(np.mean(agreement**2)), rel=0.34)
