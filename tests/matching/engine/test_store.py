import json
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from grids import draw_grid, enroll

from matching.engine.errors import CorruptStore, DuplicateId, NewerVersion
from matching.engine.index import Index


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    path = tmp_path / "fingerprints.arc"
    Index((f"photo-{seed}", enroll(seed)) for seed in range(10)).save(path)
    return path


def found(index: Index, seed: int) -> list[str]:
    return [match.id for match in index.search(draw_grid(seed)[None])[0]]


def test_what_is_saved_is_what_is_opened(saved: Path) -> None:
    index = Index.open(saved)
    assert sorted(index) == sorted(f"photo-{seed}" for seed in range(10))
    for seed in range(10):
        assert index.get(f"photo-{seed}") == enroll(seed)
        assert found(index, seed) == [f"photo-{seed}"]


def test_ids_may_be_any_text(tmp_path: Path) -> None:
    ids = ["", "ü-名前", "a" * 5000, "line\nbreak"]
    Index(zip(ids, map(enroll, range(4)), strict=True)).save(tmp_path / "s")
    index = Index.open(tmp_path / "s")
    assert [index.get(id_) for id_ in ids] == [enroll(seed) for seed in range(4)]


def test_an_empty_index_can_be_saved_and_searched(tmp_path: Path) -> None:
    Index().save(tmp_path / "s")
    index = Index.open(tmp_path / "s")
    assert len(index) == 0
    assert found(index, 1) == []


def test_additions_and_removals_after_opening_survive_saving(saved: Path) -> None:
    index = Index.open(saved)
    index.remove("photo-3")
    index.add("new", enroll(20))
    assert (found(index, 3), found(index, 20), len(index)) == ([], ["new"], 10)
    index.save(saved)
    again = Index.open(saved)
    assert (found(again, 3), found(again, 20), len(again)) == ([], ["new"], 10)
    assert "photo-3" not in again


def test_a_removed_id_can_be_added_again(saved: Path) -> None:
    index = Index.open(saved)
    index.remove("photo-3")
    index.add("photo-3", enroll(21))
    assert index.get("photo-3") == enroll(21)
    assert (found(index, 3), found(index, 21)) == ([], ["photo-3"])


def test_merging_adds_the_other_and_leaves_it_alone(saved: Path) -> None:
    index, other = Index.open(saved), Index([("a", enroll(20)), ("b", enroll(21))])
    other.remove("b")
    index.merge(other)
    assert (len(index), found(index, 20), found(index, 21)) == (11, ["a"], [])
    index.remove("a")
    assert found(other, 20) == ["a"]


def test_merging_what_shares_an_id_changes_nothing(saved: Path) -> None:
    index = Index.open(saved)
    with pytest.raises(DuplicateId, match="photo-4"):
        index.merge(Index([("fresh", enroll(20)), ("photo-4", enroll(4))]))
    assert len(index) == 10
    assert found(index, 20) == []


def test_several_files_open_as_one_index(saved: Path, tmp_path: Path) -> None:
    Index([("other", enroll(20))]).save(tmp_path / "more.arc")
    index = Index.open(saved, tmp_path / "more.arc")
    assert (len(index), found(index, 3), found(index, 20)) == (11, ["photo-3"], ["other"])
    assert len(Index.open()) == 0


def test_a_reader_keeps_what_it_opened_while_the_file_is_replaced(saved: Path) -> None:
    reader = Index.open(saved)
    Index([("other", enroll(20))]).save(saved)
    assert found(reader, 1) == ["photo-1"]
    assert found(Index.open(saved), 1) == []


def flip(at: int) -> Callable[[bytes], bytes]:
    def spoil(data: bytes) -> bytes:
        return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]

    return spoil


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: b"",
        lambda data: b"hello",
        lambda data: b'{"id": "a"}\n' * 50,
        lambda data: data[:10],
        lambda data: data[:300],
        lambda data: data[: len(data) // 2],
        lambda data: data[:-64],
        flip(9),
        flip(40),
        flip(-1000),
    ],
)
def test_a_spoiled_file_is_refused(saved: Path, spoil: Callable[[bytes], bytes]) -> None:
    saved.write_bytes(spoil(saved.read_bytes()))
    with pytest.raises(CorruptStore, match=str(saved)):
        Index.open(saved)


def test_a_newer_store_says_so(saved: Path) -> None:
    data = saved.read_bytes()
    length = struct.unpack_from("<8sII", data)[1]
    header = json.loads(data[16 : 16 + length])
    changed = json.dumps({**header, "version": "arc-9"}).encode()
    saved.write_bytes(struct.pack("<8sII", b"ARCSTORE", len(changed), zlib.crc32(changed)) + changed)
    with pytest.raises(NewerVersion, match="arc-9"):
        Index.open(saved)


def test_opening_without_verifying_reads_no_array(saved: Path) -> None:
    saved.write_bytes(flip(-1000)(saved.read_bytes()))
    assert len(Index.open(saved, verify=False)) == 10


def test_a_failed_save_leaves_the_older_file(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("matching.engine.store.os.fsync", full)
    before = saved.read_bytes()
    with pytest.raises(OSError, match="No space"):
        Index([("other", enroll(20))]).save(saved)
    assert saved.read_bytes() == before
    assert list(saved.parent.iterdir()) == [saved]


def test_opened_arrays_cannot_be_written_to(saved: Path) -> None:
    columns = Index.open(saved)._segments[0].columns
    with pytest.raises(ValueError, match="read-only"):
        columns.first[0] = np.uint8(0)
