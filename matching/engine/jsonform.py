"""A fingerprint as a JSON object: how it travels in files and in the feed.

Exactly these fields: version; mask and sketch in base64; hash and painted_hash in hexadecimal; threshold,
coverage and detail; and extended, in base64, when the submitter chose it. Reading is strict, because a
fingerprint that was altered on its way blocks other people's photos.
"""

import base64
import binascii
import math
import re
from collections.abc import Mapping

import numpy as np

from matching.engine.errors import MalformedFingerprint, NewerVersion
from matching.engine.extended import EXTENDED_BYTES, visible_bits
from matching.engine.fingerprint import DETAIL_NEEDED, VERSION, Fingerprint
from matching.engine.grid import SIZE, MaskGrid
from matching.engine.sketch import KEPT_AT_MOST, POSITIONS, SKETCH_BYTES, coded, decoded, visible_positions
from matching.engine.spectrum import HASH_BITS, HASH_BYTES

FIELDS = ("version", "mask", "hash", "painted_hash", "sketch", "threshold", "coverage", "detail")
_MASK_BYTES = SIZE * SIZE // 8
_HEX = re.compile(r"[0-9a-f]*")


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
    _check_version(data.get("version"))
    mask = _base64(data, "mask", _MASK_BYTES)
    sketch = _base64(data, "sketch", SKETCH_BYTES)
    _check_sketch(sketch, mask)
    return Fingerprint(
        version=VERSION,
        mask=mask,
        hash=_hex(data, "hash"),
        painted_hash=_hex(data, "painted_hash"),
        sketch=sketch,
        threshold=_number(data, "threshold", -HASH_BITS, HASH_BITS / 2 - 1),
        coverage=_number(data, "coverage", 0.0, 1.0),
        detail=_count(data, "detail", POSITIONS),
        extended=_extended(data, mask),
    )


def _check_version(version: object) -> None:
    if version == VERSION:
        return
    if not isinstance(version, str) or not (number := re.fullmatch(r"arc-([0-9]{1,9})", version)):
        raise MalformedFingerprint(f"version is not {VERSION} or another version of it")
    raise NewerVersion(
        f"made by version {number[0]}; this program reads {VERSION} only: update it, or make it again"
    )


def _check_sketch(sketch: bytes, mask: bytes) -> None:
    """Refuse a sketch that is not coded as ours, holds too few bits to be safe, or looks under its mask."""
    codes = np.frombuffer(sketch, np.uint8)[None]
    signs = decoded(codes)
    kept = np.count_nonzero(signs)
    if not DETAIL_NEEDED <= kept <= KEPT_AT_MOST or not np.array_equal(coded(signs), codes):
        raise MalformedFingerprint(f"sketch does not hold {DETAIL_NEEDED} to {KEPT_AT_MOST} informative bits")
    if np.any(signs[0, ~visible_positions(_cells(mask))]):
        raise MalformedFingerprint("sketch holds bits of cells that the mask hides")


def _extended(data: Mapping[str, object], mask: bytes) -> bytes | None:
    """Return the extended sketch if there is one; refuse one with bits it cannot have."""
    if "extended" not in data:
        return None
    extended = _base64(data, "extended", EXTENDED_BYTES)
    values, known = np.frombuffer(extended, np.uint8).reshape(2, -1)
    if np.any(values & ~known) or np.any(known & ~visible_bits(_cells(mask))):
        raise MalformedFingerprint("extended holds bits that are not known or that the mask hides")
    return extended


def _cells(mask: bytes) -> MaskGrid:
    return np.unpackbits(np.frombuffer(mask, np.uint8)).reshape(SIZE, SIZE).astype(np.bool_)


def _text(data: Mapping[str, object], field: str) -> str:
    value = data.get(field)
    if not isinstance(value, str):
        raise MalformedFingerprint(f"{field} is missing or not text")
    return value


def _base64(data: Mapping[str, object], field: str, size: int) -> bytes:
    try:
        value = base64.b64decode(_text(data, field), validate=True)
    except (binascii.Error, ValueError) as error:
        raise MalformedFingerprint(f"{field} is not base64") from error
    if len(value) != size:
        raise MalformedFingerprint(f"{field} holds {len(value)} bytes instead of {size}")
    return value


def _hex(data: Mapping[str, object], field: str) -> bytes:
    value = _text(data, field)
    if len(value) != 2 * HASH_BYTES or not _HEX.fullmatch(value):
        raise MalformedFingerprint(f"{field} is not {2 * HASH_BYTES} hexadecimal digits")
    return bytes.fromhex(value)


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
