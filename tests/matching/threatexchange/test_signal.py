"""The signal type and its index, used as the stock library's own parts use them."""

from io import BytesIO

import drawing
import numpy as np
import pytest
from grids import draw_grid, enroll
from threatexchange.extensions.manifest import ThreatExchangeExtensionManifest

from matching.engine.index import Index
from matching.threatexchange import TX_MANIFEST, forms
from matching.threatexchange.index import NOTHING, ArcIndex
from matching.threatexchange.signal import ArcPhotoSignal


def text(seed: int) -> str:
    return forms.fingerprint_text(enroll(seed))


def photo(seed: int) -> str:
    return forms.photo_text(draw_grid(seed))


@pytest.fixture(scope="module")
def index() -> ArcIndex[str]:
    return ArcIndex.build((text(seed), f"entry-{seed}") for seed in range(12))


def test_the_manifest_is_found_as_their_tools_look_for_it() -> None:
    assert ThreatExchangeExtensionManifest.load_from_module_name("matching.threatexchange") is TX_MANIFEST
    assert [signal.get_name() for signal in TX_MANIFEST.signal_types] == ["arc_photo"]
    assert [api.get_name() for api in TX_MANIFEST.apis] == ["arc"]


def test_the_index_finds_what_the_engine_finds(index: ArcIndex[str]) -> None:
    engine = Index((f"entry-{seed}", enroll(seed)) for seed in range(12))
    for seed in range(20):
        [expected] = engine.search(draw_grid(seed)[None])
        assert [match.metadata for match in index.query(photo(seed))] == [match.id for match in expected]


def test_a_match_tells_its_expected_false_match_rate(index: ArcIndex[str]) -> None:
    [match] = index.query(photo(3))
    assert 0 < float(match.similarity_info.pretty_str()) < 1e-6


def test_an_unreadable_photo_matches_nothing(index: ArcIndex[str]) -> None:
    assert ArcPhotoSignal.hash_from_bytes(b"no picture") == ""
    assert index.query("") == []


def test_one_fingerprint_may_have_several_entries() -> None:
    index = ArcIndex.build([(text(1), "a"), (text(1), "b"), (text(2), "c")])
    assert [match.metadata for match in index.query(photo(1))] == ["a", "b"]
    assert [match.metadata for match in index.query(text(1))] == ["a", "b"]


def test_the_stand_in_for_nothing_matches_nothing() -> None:
    index = ArcIndex.build([(NOTHING, "a")])
    assert ArcPhotoSignal.validate_signal_str(NOTHING) == NOTHING
    assert [*index.query(photo(1)), *index.query(NOTHING)] == []


def test_an_index_survives_on_disk_but_not_another_program(
    index: ArcIndex[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = BytesIO()
    index.serialize(file)
    read: ArcIndex[str] = ArcIndex.deserialize(BytesIO(file.getvalue()))
    assert [match.metadata for match in read.query(photo(5))] == ["entry-5"]
    read.add(text(30), "later")
    assert [match.metadata for match in read.query(photo(30))] == ["later"]
    monkeypatch.setattr("matching.threatexchange.index.VERSION", "arc-99")
    with pytest.raises(ValueError, match="rebuild"):
        ArcIndex.deserialize(BytesIO(file.getvalue()))


def test_a_picture_and_its_copy_have_nearly_the_same_text() -> None:
    original, copy = (drawing.natural(1), drawing.halved(drawing.natural(1)))
    grids = [
        forms.grid_of(ArcPhotoSignal.hash_from_bytes(data))
        for data in (drawing.png(original), drawing.jpeg(copy, 60))
    ]
    assert np.abs(grids[0] - grids[1]).mean() < 3


def test_a_fingerprint_compares_with_a_photo_and_a_photo_with_nothing() -> None:
    assert ArcPhotoSignal.compare_hash(text(1), photo(1)).match
    assert ArcPhotoSignal.compare_hash(photo(1), text(1)).match
    assert ArcPhotoSignal.compare_hash(text(1), text(1)).match
    for apart in ((text(1), photo(2)), (text(1), text(2)), (photo(1), photo(1))):
        result = ArcPhotoSignal.compare_hash(*apart)
        assert not result.match
        assert result.distance.pretty_str() == "-"


def test_the_example_is_a_sound_fingerprint() -> None:
    [example] = ArcPhotoSignal.get_examples()
    assert ArcPhotoSignal.validate_signal_str(f" {example}\n") == example
    assert ArcPhotoSignal.get_examples() == [example]
