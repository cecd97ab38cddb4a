"""How pulled fingerprints are laid out in store files: few of them, none large, none with dead rows.

A withdrawn fingerprint must be gone, not merely be marked, so a file that holds one is written anew without
it. Files of neighbouring sizes are joined, as digits carry in an addition: a record is rewritten a few times
in its life, however many pulls there are, and a search meets some twenty files among a million fingerprints.
"""

from collections.abc import Sequence, Set
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from matching.engine.columns import Columns

# Rows of the largest store file: about 60 MB, rewritten within a second.
MOST_ROWS = 65_536

# Odd, so that no word is lost; powers of it tell apart what stands at different places.
_FACTOR = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True)
class Named:
    """Ids to be looked for in many parts."""

    ids: Set[str]

    @cached_property
    def keys(self) -> NDArray[np.uint64]:
        """Their keys, ascending."""
        names = [id_.encode() for id_ in self.ids]
        ends = np.cumsum([len(name) for name in names], dtype=np.uint64)
        return np.sort(_keys_of(np.frombuffer(b"".join(names), np.uint8), ends))


@dataclass(frozen=True)
class Part:
    """The columns of the store file ``name``, or new ones that are in none yet, and rows that go."""

    columns: Columns
    name: str | None = None
    removed: frozenset[int] = frozenset()

    def __len__(self) -> int:
        return len(self.columns) - len(self.removed)

    @cached_property
    def _keys(self) -> tuple[NDArray[np.uint64], NDArray[np.uint32]]:
        """The keys of all rows, ascending, and which row has each."""
        keys = _keys_of(self.columns.id_bytes, self.columns.id_ends)
        order = np.argsort(keys, kind="stable")
        return keys[order], order.astype(np.uint32)

    def without(self, named: Named) -> "Part":
        """Return the part less the rows of these ids; itself when it holds none of them."""
        keys, order = self._keys
        first, last = (np.searchsorted(keys, named.keys, side=side) for side in ("left", "right"))
        met = np.flatnonzero(first < last)
        near = (row for at in met for row in order[first[at] : last[at]].tolist())
        # Two ids may share a key.
        rows = frozenset(row for row in near if self.columns.id_of(row) in named.ids)
        return Part(self.columns, self.name, self.removed | rows) if rows else self

    def keep(self) -> NDArray[np.bool_]:
        """Return bool [n]: the rows that live on."""
        kept = np.ones(len(self.columns), np.bool_)
        kept[[*self.removed]] = False
        return kept


File = list[Part]  # what is to be one store file


def planned(wanted: Sequence[File]) -> list[File]:
    """Return which parts make up each file from now on; parts without living rows are in none."""
    files: list[File] = []
    for file in wanted:
        if living := [part for part in file if len(part)]:
            files.append(living)
        while len(files) > 1 and _belong_together(*files[-2:]):
            files[-2:] = [files[-2] + files[-1]]
    return files


def is_as_it_was(file: File) -> bool:
    """Return whether a file exists already, just like this."""
    return len(file) == 1 and file[0].name is not None and not file[0].removed


def joined(file: File) -> Columns:
    """Return the columns of a file's living rows."""
    if len(file) == 1 and not file[0].removed:
        return file[0].columns
    return Columns.joined([(part.columns, part.keep()) for part in file])


def _belong_together(left: File, right: File) -> bool:
    before, after = sum(map(len, left)), sum(map(len, right))
    return before <= 2 * after and before + after <= MOST_ROWS


def _keys_of(id_bytes: NDArray[np.uint8], id_ends: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return uint64 [n], equal for equal ids, of ids laid end to end as ``Columns`` has them."""
    ends = id_ends.astype(np.int64)
    lengths = np.diff(ends, prepend=0)
    words = -(-int(lengths.max(initial=1)) // 8)
    table = np.zeros((len(ends), 8 * words), np.uint8)
    row = np.repeat(np.arange(len(ends)), lengths)
    table[row, np.arange(len(id_bytes)) - np.repeat(ends - lengths, lengths)] = id_bytes
    factors = np.multiply.accumulate(np.full(words, _FACTOR))
    keys: NDArray[np.uint64] = (table.view("<u8") * factors).sum(axis=1, dtype=np.uint64)
    return keys
