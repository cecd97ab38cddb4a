"""Their signal type of ours: what a photo's "hash" is, and when two of them belong together."""

from typing import Any

import numpy as np
from threatexchange.content_type.content_base import ContentType
from threatexchange.content_type.photo import PhotoContent
from threatexchange.signal_type.index import SignalTypeIndex
from threatexchange.signal_type.signal_base import BytesHasher, SignalComparisonResult, SignalType

from enrollment.photo import read_public
from enrollment.refusals import Refused
from matching.engine.bank import bank
from matching.engine.fingerprint import make_fingerprint
from matching.engine.grid import SIZE, luma_grid
from matching.engine.spectrum import ARC_LUMA
from matching.threatexchange import forms
from matching.threatexchange.index import NOTHING, ArcIndex

_MIDDLE, _CONTRAST = 118, 42


class ArcPhotoSignal(SignalType, BytesHasher):
    """Photos whose owner covered what is private before anybody saw them: fingerprints find their copies.

    A fingerprint and a photo are compared, never two photos: a photo alone says nothing about another.
    """

    @classmethod
    def get_name(cls) -> str:
        return "arc_photo"

    @classmethod
    def get_content_types(cls) -> list[type[ContentType]]:
        return [PhotoContent]

    @classmethod
    def get_index_cls(cls) -> type[SignalTypeIndex[Any]]:
        return ArcIndex

    @classmethod
    def validate_signal_str(cls, signal_str: str) -> str:
        """Raises Malformed, which does not show what was given: it may be somebody's photo."""
        text = signal_str.strip()
        return text if text == NOTHING else forms.checked(text)

    @classmethod
    def hash_from_bytes(cls, bytes_: bytes) -> str:
        """Return a photo's text, "" when it cannot be read."""
        try:
            return forms.photo_text(luma_grid(read_public(bytes_)))
        except (Refused, OSError, MemoryError):
            return ""

    @classmethod
    def compare_hash(cls, hash1: str, hash2: str) -> SignalComparisonResult:
        """Return whether one is a fingerprint that the other, a photo, matches; no distance when it does not.

        Raises Malformed.
        """
        fingerprint, other = (hash1, hash2) if forms.is_fingerprint(hash1) else (hash2, hash1)
        if not forms.is_fingerprint(fingerprint):
            return SignalComparisonResult.from_no_match_only()
        for match in ArcIndex.build([(fingerprint, None)]).query(other):
            return SignalComparisonResult(True, match.similarity_info)
        return SignalComparisonResult.from_no_match_only()

    @staticmethod
    def get_examples() -> list[str]:
        """A fingerprint of drawn noise, which no photo matches: what their demonstration is built from."""
        mask = np.zeros((SIZE, SIZE), np.bool_)
        mask[:, : SIZE // 4] = True
        grey = np.clip(_MIDDLE + _CONTRAST * bank()[0], 0, 255)
        return [forms.fingerprint_text(make_fingerprint(np.where(mask, ARC_LUMA, grey), mask))]
