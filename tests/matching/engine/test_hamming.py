import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching.engine.hamming import codes_within


@given(st.integers(0, 60), st.integers(1, 5), st.sampled_from([8, 32, 120]), st.floats(0, 0.6), st.booleans())
def test_it_finds_every_code_within_the_radius_and_no_other(
    size: int, asked: int, width: int, share: float, own: bool
) -> None:
    random = np.random.default_rng(size)
    codes = random.integers(0, 256, (size, width), dtype=np.uint8)
    queries = random.integers(0, 256, (asked, width), dtype=np.uint8)
    radii = (share * width * np.linspace(8, 6 if own else 8, asked)).astype(np.int64)
    limits, distances, rows = codes_within(codes, queries, radii if own else int(radii[0]))
    found = {
        (query, int(row)): int(distance)
        for query in range(asked)
        for row, distance in zip(
            rows[limits[query] : limits[query + 1]], distances[limits[query] : limits[query + 1]], strict=True
        )
    }
    apart = np.bitwise_count(codes[None] ^ queries[:, None]).sum(axis=2)
    assert found == {(int(q), int(r)): int(apart[q, r]) for q, r in np.argwhere(apart <= radii[:, None])}


def test_codes_it_cannot_read_in_place_are_refused() -> None:
    codes = np.zeros((4, 240), np.uint8)[:, ::2]
    with pytest.raises(ValueError, match="contiguous"):
        codes_within(codes, np.zeros((1, 120), np.uint8), 3)
    with pytest.raises(ValueError, match="equally wide"):
        codes_within(np.zeros((4, 120), np.uint8), np.zeros((1, 119), np.uint8), 3)
