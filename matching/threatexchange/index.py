"""Their index of ours: texts in, matches out, each with what they stored under it."""

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

from threatexchange.signal_type.index import (
    IndexMatch,
    IndexMatchUntyped,
    SignalSimilarityInfo,
    SignalSimilarityInfoWithSingleDistance,
    SignalTypeIndex,
)

from matching.engine.fingerprint import VERSION
from matching.engine.index import Index
from matching.threatexchange import forms

T = TypeVar("T")

# Stands for a feed in which everything was withdrawn; see ``ArcExchangeAPI.naive_convert_to_signal_type``.
NOTHING = "arc-nothing"


class ArcSimilarity(SignalSimilarityInfoWithSingleDistance[float]):
    """``distance``: the expected share of unrelated photos that match this fingerprint as well."""

    def pretty_str(self) -> str:
        return f"{self.distance:.1e}"


class ArcIndex(SignalTypeIndex[T]):
    """Fingerprints under what their owner keeps of each. Not safe for threads that add."""

    def __init__(self) -> None:
        self._index = Index()
        self._entries: dict[str, list[T]] = {}

    def add(self, signal_str: str, entry: T) -> None:
        """Raises Malformed. The same fingerprint may be added again, with another entry."""
        if signal_str == NOTHING:
            return
        id_ = _id_of(signal_str)
        if id_ not in self._entries:
            self._index.add(id_, forms.fingerprint_of(signal_str))
            self._entries[id_] = []
        self._entries[id_].append(entry)

    def query(self, query: str) -> Sequence[IndexMatch[T]]:
        """Return the entries of what matches a photo, best first; of a fingerprint, of itself.

        A photo that could not be read is "" there, and matches nothing. Raises Malformed.
        """
        if not query or query == NOTHING:
            return []
        if forms.is_fingerprint(query):
            return [_match(0.0, entry) for entry in self._entries.get(_id_of(forms.checked(query)), ())]
        [found] = self._index.search(forms.grid_of(query)[None])
        return [_match(match.rate, entry) for match in found for entry in self._entries[match.id]]

    @classmethod
    def build(cls, entries: Iterable[tuple[str, T]]) -> "ArcIndex[T]":
        """Return an index that is ready to be searched, so that the first photo does not wait."""
        index = cls()
        index.add_all(entries)
        index._index.extended()  # which settles what was added
        return index

    def __getstate__(self) -> dict[str, Any]:
        return {"version": VERSION, **self.__dict__}

    def __setstate__(self, state: dict[str, Any]) -> None:
        if state.pop("version") != VERSION:
            raise ValueError("this index is another program's: run tx dataset --rebuild-indices")
        self.__dict__.update(state)


def _id_of(signal_str: str) -> str:
    return hashlib.sha256(signal_str.encode()).hexdigest()[:32]


def _match(rate: float, entry: T) -> IndexMatch[T]:
    similarity: SignalSimilarityInfo = ArcSimilarity(float(f"{rate:.3g}"))
    return IndexMatchUntyped(similarity, entry)
