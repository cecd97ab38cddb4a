"""A fingerprint as a JSON object: how it travels in files and in the feed.

Exactly these fields: version; mask and sketch in base64; hash and painted_hash in hexadecimal; threshold,
coverage and detail; and extended, in base64, when the submitter chose it. Reading is strict, because a
fingerprint that was altered on its way blocks other people's photos.
"""

import base64
import binascii
import math
import re
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from matching.engine.errors import MalformedFingerprint, NewerVersion
from matching.engine.extended import EXTENDED_BYTES, visible_bits
from matching.engine.fingerprint import DETAIL_NEEDED, VERSION, Fingerprint
from matching.engine.grid import SIZE, MaskGrid
from matching.engine.sketch import (
    KEPT_AT_MOST,
    POSITIONS,
    SKETCH_BYTES,
    Sketches,
    all_visible_positions,
    coded,
    decoded,
)
from matching.engine.spectrum import HASH_BITS, HASH_BYTES

FIELDS = ("version", "mask", "hash", "painted_hash", "sketch", "threshold", "coverage", "detail")
_MASK_BYTES = SIZE * SIZE // 8


def to_json(fingerprint: Fingerprint) -> dict[str, str | float | int]:
    """Return the JSON object of a fingerprint; ``from_json`` gives the same fingerprint back."""
    form: dict[str, str | float | int] = {
        "version": fingerprint.version,
        "mask": base64.b64encode(fingerprint.mask).decode("ascii"),
        "hash": fingerprint.hash.hex(),
        "painted_hash": fingerprint.painted_hash.hex(),
        "sketch": base64.b64encode(fingerprint.sketch).decode("ascii"),
        "threshold": fingerprint.threshold,
        "coverage": fingerprint.coverage,
        "detail": fingerprint.detail,
    }
    if fingerprint.extended is not None:
        form["extended"] = base64.b64encode(fingerprint.extended).decode("ascii")
    return form


def from_json(data: Mapping[str, object]) -> Fingerprint:
    """Return the fingerprint of a JSON object; fields it does not know are ignored.

    Raises NewerVersion or MalformedFingerprint, naming the field.
    """
    return all_from_json([data])[0]


def all_from_json(forms: Sequence[Mapping[str, object]]) -> list[Fingerprint]:
    """Return what ``from_json`` returns for each, several times as fast: bits are looked at side by side.

    Raises what it would raise for one of them, without saying which.
    """
    fingerprints = [_read(form) for form in forms]
    masks = np.frombuffer(b"".join([each.mask for each in fingerprints]), np.uint8)
    cells = np.unpackbits(masks).view(np.bool_).reshape(-1, SIZE, SIZE)
    sketches = np.frombuffer(b"".join([each.sketch for each in fingerprints]), np.uint8)
    _check_sketches(sketches.reshape(-1, SKETCH_BYTES), cells)
    for fingerprint, mask in zip(fingerprints, cells, strict=True):
        if fingerprint.extended is not None:
            _check_extended(fingerprint.extended, mask)
    return fingerprints


def _read(data: Mapping[str, object]) -> Fingerprint:
    """Return the fingerprint of an object whose fields are of the right kind and size."""
    _check_version(data.get("version"))
    return Fingerprint(
        version=VERSION,
        mask=_base64(data, "mask", _MASK_BYTES),
        hash=_hex(data, "hash"),
        painted_hash=_hex(data, "painted_hash"),
        sketch=_base64(data, "sketch", SKETCH_BYTES),
        threshold=_number(data, "threshold", -HASH_BITS, HASH_BITS / 2 - 1),
        coverage=_number(data, "coverage", 0.0, 1.0),
        detail=_count(data, "detail", POSITIONS),
        extended=_base64(data, "extended", EXTENDED_BYTES) if "extended" in data else None,
    )


def _check_version(version: object) -> None:
    if version == VERSION:
        return
    if not isinstance(version, str) or not (number := re.fullmatch(r"arc-([0-9]{1,9})", version)):
        raise MalformedFingerprint(f"version is not {VERSION} or another version of it")
    raise NewerVersion(
        f"made by version {number[0]}; this program reads {VERSION} only: update it, or make it again"
    )


def _check_sketches(codes: Sketches, masks: NDArray[np.bool_]) -> None:
    """Refuse sketches not coded as ours, with too few bits to be safe, or that look under their masks."""
    signs = decoded(codes)
    kept = np.count_nonzero(signs, axis=1)
    counted = (kept >= DETAIL_NEEDED) & (kept <= KEPT_AT_MOST)
    if not counted.all() or not np.array_equal(coded(signs), codes):
        raise MalformedFingerprint(f"sketch does not hold {DETAIL_NEEDED} to {KEPT_AT_MOST} informative bits")
    if np.any(signs[~all_visible_positions(masks)]):
        raise MalformedFingerprint("sketch holds bits of cells that the mask hides")


def _check_extended(extended: bytes, mask: MaskGrid) -> None:
    """Refuse an extended sketch with bits it cannot have."""
    values, known = np.frombuffer(extended, np.uint8).reshape(2, -1)
    if np.any(values & ~known) or np.any(known & ~visible_bits(mask)):
        raise MalformedFingerprint("extended holds bits that are not known or that the mask hides")


def _text(data: Mapping[str, object], field: str) -> str:
    value = data.get(field)
    if not isinstance(value, str):
        raise MalformedFingerprint(f"{field} is missing or not text")
    return value


def _base64(data: Mapping[str, object], field: str, size: int) -> bytes:
    try:
        value = binascii.a2b_base64(_text(data, field), strict_mode=True)
    except (binascii.Error, ValueError) as error:
        raise MalformedFingerprint(f"{field} is not base64") from error
    if len(value) != size:
        raise MalformedFingerprint(f"{field} holds {len(value)} bytes instead of {size}")
    return value


def _hex(data: Mapping[str, object], field: str) -> bytes:
    text = _text(data, field)
    try:
        value = bytes.fromhex(text)
    except ValueError:
        value = b""
    # fromhex alone would pass over spaces and take capital letters.
    if len(value) != HASH_BYTES or value.hex() != text:
        raise MalformedFingerprint(f"{field} is not {2 * HASH_BYTES} hexadecimal digits")
    return value


def _number(data: Mapping[str, object], field: str, low: float, high: float) -> float:
    value = data.get(field)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise MalformedFingerprint(f"{field} is missing or not a number")
    if not math.isfinite(value) or not low <= value <= high:
        raise MalformedFingerprint(f"{field} is not between {low:g} and {high:g}")
    return float(value)


def _count(data: Mapping[str, object], field: str, high: int) -> int:
    value = data.get(field)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= high:
        raise MalformedFingerprint(f"{field} is not a whole number from 0 to {high}")
    return value
