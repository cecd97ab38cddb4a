"""Many fingerprints at once come out as one by one."""

import numpy as np
from grids import draw_mask, enroll, enroll_extended

from matching.engine.bank import bank_signs
from matching.engine.calibration import sketch_spreads
from matching.engine.columns import Columns
from matching.engine.rows import Rows, either_bits
from matching.engine.sketch import HALF_POSITIONS, decoded
from matching.engine.spectrum import halved_masks

FINGERPRINTS = [*map(enroll, range(12)), enroll_extended(3), enroll(13), enroll_extended(5)]


def test_rows_give_their_fingerprints_back() -> None:
    rows = Rows.of(FINGERPRINTS)
    assert len(rows) == len(FINGERPRINTS)
    assert rows.extended_rows.tolist() == [12, 14]
    assert rows.fingerprints() == FINGERPRINTS


def test_columns_keep_each_under_its_id() -> None:
    ids = [f"{'x' * row}-{row}" for row in range(len(FINGERPRINTS))]
    columns = Columns.of(ids, FINGERPRINTS)
    keep = np.arange(len(ids)) % 3 > 0
    for some in (columns, Columns.joined([(columns, keep), (columns, ~keep)])):
        assert {id_: some.fingerprint(row) for row, id_ in enumerate(some.ids())} == dict(
            zip(ids, FINGERPRINTS, strict=True)
        )


def test_masks_are_halved_as_unpacked_ones_are() -> None:
    masks = np.stack([draw_mask(seed) for seed in range(8)])
    packed = np.packbits(masks.reshape(8, -1), axis=1)
    rows = packed.view(np.uint64)
    halved = either_bits((rows[:, 0::2] | rows[:, 1::2]).view(np.uint8))
    assert np.array_equal(np.unpackbits(halved, axis=1).reshape(8, 32, 32), halved_masks(masks))


def test_spreads_are_those_of_each_field_of_the_bank() -> None:
    signs = decoded(Rows.of(FINGERPRINTS).sketches)
    agree = signs.astype(np.float64) @ bank_signs().T.astype(np.float64)
    first = signs[:, :HALF_POSITIONS].astype(np.float64) @ bank_signs()[:, :HALF_POSITIONS].T
    for spreads, dots in zip(sketch_spreads(signs), (agree, first), strict=True):
        assert np.array_equal(spreads, np.sqrt(np.mean(dots**2, axis=1).astype(np.float32)))
