"""Fingerprints side by side: the arrays that a search reads, in memory or mapped from a file."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from matching.engine.calibration import Counts, Spreads, sketch_spreads
from matching.engine.extended import PLANE_BYTES, Planes, extended_spread
from matching.engine.fingerprint import VERSION, Fingerprint
from matching.engine.grid import Grid, MaskGrid
from matching.engine.rows import Rows, either_bits
from matching.engine.sketch import (
    HALF_BYTES,
    Signs,
    Sketches,
    decoded,
    decoded_halves,
    half_rows,
)
from matching.engine.spectrum import HALF, Hashes

# Sketches decoded at once: a million of them would take gigabytes.
_AT_ONCE = 2048


@dataclass(frozen=True)
class Columns:
    """n fingerprints, row by row, in ascending order of ``first_spreads``.

    ``first`` and ``second`` are the halves of the sketch. Row k's id is UTF-8 in
    ``id_bytes[id_ends[k - 1]:id_ends[k]]``.
    """

    first: Sketches  # uint8 [n, 64]
    second: Sketches  # uint8 [n, 64]
    first_spreads: Spreads  # float32 [n]
    spreads: Spreads  # float32 [n]
    half_masks: NDArray[np.uint8]  # [n, 128]
    masks: NDArray[np.uint8]  # [n, 512]
    hashes: Hashes  # uint8 [n, 32]
    painted_hashes: Hashes  # uint8 [n, 32]
    thresholds: NDArray[np.float64]  # [n]
    coverages: NDArray[np.float64]  # [n]
    details: NDArray[np.uint16]  # [n]
    extended: Planes  # uint8 [e, 2, 248], of the rows that have an extended sketch
    extended_rows: NDArray[np.uint32]  # [e], ascending
    extended_spreads: Spreads  # float32 [e]
    id_ends: NDArray[np.uint64]  # [n]
    id_bytes: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.first)

    def id_of(self, row: int) -> str:
        """Return the id of a row."""
        start = int(self.id_ends[row - 1]) if row else 0
        return self.id_bytes[start : int(self.id_ends[row])].tobytes().decode()

    def ids(self) -> list[str]:
        """Return all ids in row order."""
        text, ends = self.id_bytes.tobytes(), self.id_ends.tolist()
        return [text[start:end].decode() for start, end in zip([0, *ends], ends, strict=False)]

    def fingerprint(self, row: int) -> Fingerprint:
        """Return the fingerprint of a row, exactly as it was given."""
        return Fingerprint(
            version=VERSION,
            mask=self.masks[row].tobytes(),
            hash=self.hashes[row].tobytes(),
            painted_hash=self.painted_hashes[row].tobytes(),
            sketch=self.first[row, :HALF_BYTES].tobytes() + self.second[row, :HALF_BYTES].tobytes(),
            threshold=float(self.thresholds[row]),
            coverage=float(self.coverages[row]),
            detail=int(self.details[row]),
            extended=self._extended(row),
        )

    def _extended(self, row: int) -> bytes | None:
        at = int(np.searchsorted(self.extended_rows, row))
        present = at < len(self.extended_rows) and self.extended_rows[at] == row
        return self.extended[at].tobytes() if present else None

    def hidden(self, rows: Counts) -> MaskGrid:
        """Return the halved masks bool [len(rows), 32, 32] of the given rows."""
        return (
            np.unpackbits(self.half_masks.take(rows, axis=0), axis=1).view(np.bool_).reshape(-1, HALF, HALF)
        )

    def visible(self, rows: Counts) -> Grid:
        """Return float32 [len(rows), 32, 32]: 0 where the halved masks of the given rows are set, else 1."""
        bits = np.unpackbits(~self.half_masks.take(rows, axis=0), axis=1)
        return bits.reshape(-1, HALF, HALF).astype(np.float32)

    def signs(self, rows: Counts) -> Signs:
        """Return the enrolled signs int8 [len(rows), 480] of the given rows."""
        return np.concatenate([decoded_halves(half[rows]) for half in (self.first, self.second)], axis=1)

    @classmethod
    def of(cls, ids: Sequence[str], fingerprints: Sequence[Fingerprint]) -> Self:
        """Return the columns of fingerprints under their ids."""
        return cls.of_rows(ids, Rows.of(fingerprints))

    @classmethod
    def of_rows(cls, ids: Sequence[str], rows: Rows) -> Self:
        """Return the columns of rows under their ids."""
        spreads, first_spreads = _spreads(rows.sketches)
        order = np.argsort(first_spreads, kind="stable")
        placed = np.empty(len(order), np.uint32)
        placed[order] = np.arange(len(order), dtype=np.uint32)
        wide = placed[rows.extended_rows]
        wide_order = np.argsort(wide)
        planes = rows.extended[wide_order]
        first, second = half_rows(rows.sketches[order])
        masks = rows.masks[order]
        names = [ids[at].encode() for at in order]
        return cls(
            first=first,
            second=second,
            first_spreads=first_spreads[order],
            spreads=spreads[order],
            half_masks=_halved(masks),
            masks=masks,
            hashes=rows.hashes[order],
            painted_hashes=rows.painted_hashes[order],
            thresholds=rows.thresholds[order],
            coverages=rows.coverages[order],
            details=rows.details[order],
            extended=planes,
            extended_rows=wide[wide_order],
            extended_spreads=np.array([extended_spread(each) for each in planes], np.float32),
            id_ends=np.cumsum([len(name) for name in names], dtype=np.uint64),
            id_bytes=np.frombuffer(b"".join(names), np.uint8),
        )

    @classmethod
    def joined(cls, parts: Sequence[tuple[Self, NDArray[np.bool_]]]) -> Self:
        """Return one set of columns of the rows of every part that its bool [n] says to keep."""
        order = np.argsort(np.concatenate([part.first_spreads[keep] for part, keep in parts]), kind="stable")
        arrays = {
            name: np.concatenate([getattr(part, name)[keep] for part, keep in parts])[order]
            for name in (field.name for field in fields(cls))
            if not name.startswith(("id_", "extended"))
        }
        placed = np.empty(len(order), np.uint32)
        placed[order] = np.arange(len(order), dtype=np.uint32)
        id_ends, id_bytes = _joined_ids(parts, order)
        return cls(**arrays, **_joined_extended(parts, placed), id_ends=id_ends, id_bytes=id_bytes)


def _joined_ids(
    parts: Sequence[tuple[Columns, NDArray[np.bool_]]], order: NDArray[np.intp]
) -> tuple[NDArray[np.uint64], NDArray[np.uint8]]:
    """Return ``id_ends`` and ``id_bytes`` of the kept rows of every part, in the order given."""
    starts, lengths, before = [], [], 0
    for part, keep in parts:
        ends = part.id_ends.astype(np.int64)
        each = np.diff(ends, prepend=0)
        starts.append((before + ends - each)[keep])
        lengths.append(each[keep])
        before += len(part.id_bytes)
    start, length = np.concatenate(starts)[order], np.concatenate(lengths)[order]
    ends = np.cumsum(length)
    letters = np.repeat(start - (ends - length), length) + np.arange(int(length.sum()))
    return ends.astype(np.uint64), np.concatenate([part.id_bytes for part, _ in parts])[letters]


def _joined_extended(
    parts: Sequence[tuple[Columns, NDArray[np.bool_]]], placed: NDArray[np.uint32]
) -> dict[str, NDArray[Any]]:
    """Return the extended columns of the kept rows; ``placed`` says where each kept row, in turn, went."""
    rows: list[NDArray[np.uint32]] = [np.empty(0, np.uint32)]
    planes, spreads = [np.empty((0, 2, PLANE_BYTES), np.uint8)], [np.empty(0, np.float32)]
    before = 0
    for part, keep in parts:
        kept = keep[part.extended_rows]
        turn = np.cumsum(keep) - 1 + before
        rows.append(placed[turn[part.extended_rows[kept]]])
        planes.append(part.extended[kept])
        spreads.append(part.extended_spreads[kept])
        before += int(np.count_nonzero(keep))
    row = np.concatenate(rows)
    order = np.argsort(row)
    return {
        "extended": np.concatenate(planes)[order],
        "extended_rows": row[order],
        "extended_spreads": np.concatenate(spreads)[order],
    }


def _halved(masks: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return uint8 [n, 128], what ``halved_masks`` makes of masks uint8 [n, 512], without unpacking them."""
    rows = masks.view(np.uint64)  # a row of a mask is one word
    return either_bits((rows[:, 0::2] | rows[:, 1::2]).view(np.uint8))


def _spreads(sketches: Sketches) -> tuple[Spreads, Spreads]:
    parts = [
        sketch_spreads(decoded(sketches[at : at + _AT_ONCE]))
        for at in range(0, max(len(sketches), 1), _AT_ONCE)
    ]
    whole, first = (np.concatenate(column) for column in zip(*parts, strict=True))
    return whole, first
