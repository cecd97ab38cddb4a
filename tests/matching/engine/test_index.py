import numpy as np
import pytest
from grids import draw_grid, enroll
from hypothesis import given
from hypothesis import strategies as st

from matching.engine import reference
from matching.engine.calibration import RATE
from matching.engine.errors import DuplicateId
from matching.engine.fingerprint import Fingerprint
from matching.engine.grid import Grid, mirrored
from matching.engine.index import Index

PHOTOS = 30
COMPARED = 8


@pytest.fixture(scope="module")
def fingerprints() -> dict[str, Fingerprint]:
    return {str(seed): enroll(seed) for seed in range(PHOTOS)}


@pytest.fixture(scope="module")
def index(fingerprints: dict[str, Fingerprint]) -> Index:
    return Index(fingerprints.items())


@pytest.fixture(scope="module")
def few(fingerprints: dict[str, Fingerprint]) -> dict[str, Fingerprint]:
    """As many as the definition, a pair at a time, can compare while somebody waits."""
    return {str(seed): fingerprints[str(seed)] for seed in range(COMPARED)}


def edited(seed: int, noise: float, gain: float, flipped: bool) -> Grid:
    grid = draw_grid(seed) * np.float32(gain)
    grid += np.random.default_rng(seed).normal(0, noise, grid.shape).astype(np.float32)
    return mirrored(grid) if flipped else grid


@given(
    seed=st.integers(0, 2 * COMPARED),
    noise=st.floats(0, 60),
    gain=st.floats(0.5, 1.5),
    flipped=st.booleans(),
    rate=st.sampled_from([RATE, 1e-3, 0.05]),
)
def test_it_finds_what_the_definition_finds(
    few: dict[str, Fingerprint],
    seed: int,
    noise: float,
    gain: float,
    flipped: bool,
    rate: float,
) -> None:
    grid = edited(seed, noise, gain, flipped)
    [found] = Index(few.items()).search(grid[None], rate=rate)
    expected = reference.search(few, grid, rate=rate)
    assert [(match.id, match.mirrored) for match in found] == [
        (match.id, match.mirrored) for match in expected
    ]
    for match, same in zip(found, expected, strict=True):
        # Frequencies next to the median may round to either side of it.
        assert abs(match.distance - same.distance) <= 2
        assert np.log(match.rate) == pytest.approx(np.log(same.rate), abs=2)


@pytest.mark.parametrize("flipped", [False, True])
def test_copies_are_found_and_nothing_else(index: Index, flipped: bool) -> None:
    grids = np.stack([edited(seed, 6, 0.8, flipped) for seed in range(PHOTOS)])
    for seed, matches in enumerate(index.search(grids)):
        assert [match.id for match in matches] == [str(seed)]
        assert matches[0].mirrored == flipped
        assert matches[0].rate < RATE


def test_unrelated_and_empty_pictures_match_nothing(index: Index) -> None:
    strangers = [draw_grid(seed) for seed in range(5000, 5100)]
    ramp = np.linspace(0, 255, 64, dtype=np.float32)
    empty = [np.zeros((64, 64), np.float32), np.tile(ramp, (64, 1)), np.tile(ramp[:, None], (1, 64))]
    assert not any(index.search(np.stack(strangers + empty)))


def test_mirrored_copies_can_be_left_out(index: Index) -> None:
    assert index.search(edited(3, 0, 1, flipped=True)[None], mirrors=False) == [[]]


def test_a_removed_fingerprint_stops_matching_at_once() -> None:
    index = Index([("a", enroll(1)), ("b", enroll(2))])
    assert [match.id for match in index.search(draw_grid(1)[None])[0]] == ["a"]
    index.remove("a")
    assert "a" not in index
    assert index.search(draw_grid(1)[None]) == [[]]
    assert [match.id for match in index.search(draw_grid(2)[None])[0]] == ["b"]


def test_an_added_fingerprint_matches_at_once() -> None:
    index = Index([("b", enroll(2))])
    assert index.search(draw_grid(1)[None]) == [[]]
    index.add("a", enroll(1))
    assert [match.id for match in index.search(draw_grid(1)[None])[0]] == ["a"]


def test_one_id_is_one_fingerprint() -> None:
    with pytest.raises(DuplicateId, match="'a'"):
        Index([("a", enroll(1)), ("a", enroll(2))])
    with pytest.raises(KeyError):
        Index().remove("a")


def test_two_enrolments_of_one_photo_are_both_found_best_first() -> None:
    index = Index([("b", enroll(1)), ("a", enroll(1))])
    assert [match.id for match in index.search(draw_grid(1)[None])[0]] == ["a", "b"]


def test_an_empty_index_finds_nothing() -> None:
    assert Index().search(draw_grid(1)[None]) == [[]]
    assert len(Index()) == 0
    assert Index([("a", enroll(1))]).search(np.empty((0, 64, 64), np.float32)) == []
