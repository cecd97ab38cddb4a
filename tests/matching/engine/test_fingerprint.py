import numpy as np
import pytest
from grids import draw_grid, draw_mask, enroll

from matching.engine.errors import TooLittleDetail
from matching.engine.fingerprint import DETAIL_NEEDED, VERSION, fingerprint_photo, make_fingerprint
from matching.engine.grid import SIZE, Grid

NOTHING = np.zeros((SIZE, SIZE), np.bool_)


def test_what_is_under_the_paint_leaves_no_trace() -> None:
    mask, photo = draw_mask(5), draw_grid(5)
    white, black = np.where(mask, np.float32(255), photo), np.where(mask, np.float32(0), photo)
    assert make_fingerprint(white, mask) == make_fingerprint(black, mask)


def test_it_holds_bytes_of_the_stated_sizes() -> None:
    fingerprint = enroll(1)
    sizes = [len(part) for part in (fingerprint.mask, fingerprint.hash, fingerprint.painted_hash)]
    assert sizes == [512, 32, 32]
    assert len(fingerprint.sketch) == 120
    assert fingerprint.version == VERSION
    assert DETAIL_NEEDED <= fingerprint.detail <= 480
    assert 0 < fingerprint.threshold < 128


def test_coverage_is_the_painted_share_of_the_photo() -> None:
    luma = np.kron(draw_grid(2), np.ones((5, 5))).astype(np.uint8)
    painted = np.zeros(luma.shape, np.bool_)
    painted[100:180, 40:240] = True
    assert fingerprint_photo(luma, painted).coverage == pytest.approx(80 * 200 / 320**2, abs=1e-4)


@pytest.mark.parametrize(
    "grid",
    [
        np.full((SIZE, SIZE), 128, np.float32),
        np.full((SIZE, SIZE), 128, np.float32) + np.eye(SIZE, dtype=np.float32) * 80,
        np.random.default_rng(1).normal(128, 0.5, (SIZE, SIZE)).astype(np.float32),
    ],
    ids=["blank", "thin line", "faint noise"],
)
def test_a_picture_without_detail_is_refused(grid: Grid) -> None:
    with pytest.raises(TooLittleDetail) as refusal:
        make_fingerprint(grid, NOTHING)
    assert refusal.value.detail < refusal.value.needed == DETAIL_NEEDED
    assert str(refusal.value.detail) in str(refusal.value)


def test_too_much_paint_is_refused() -> None:
    mask = np.ones((SIZE, SIZE), np.bool_)
    mask[:16, :16] = False
    with pytest.raises(TooLittleDetail):
        make_fingerprint(draw_grid(1), mask)
