"""A fingerprint as a JSON object: how it travels in files and in the feed.

Exactly these fields: version; mask and sketch in base64; hash and painted_hash in hexadecimal; threshold,
coverage and detail; and extended, in base64, when the submitter chose it. Reading is strict, because a
fingerprint that was altered on its way blocks other people's photos.
"""

import base64
import binascii
import re
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from matching.engine.errors import MalformedFingerprint, NewerVersion
from matching.engine.extended import EXTENDED_BYTES, PLANE_BYTES, Planes, visible_bits
from matching.engine.fingerprint import DETAIL_NEEDED, VERSION, Fingerprint
from matching.engine.grid import SIZE, MaskGrid
from matching.engine.rows import MASK_BYTES, Rows, either_bits, table
from matching.engine.sketch import KEPT_AT_MOST, POSITIONS, SKETCH_BYTES, Sketches, all_visible_positions
from matching.engine.spectrum import HASH_BITS, HASH_BYTES

FIELDS = ("version", "mask", "hash", "painted_hash", "sketch", "threshold", "coverage", "detail")

Forms = Sequence[Mapping[str, object]]

_RIGHT = np.uint8(0b01010101)


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


def all_from_json(forms: Forms) -> list[Fingerprint]:
    """Return what ``from_json`` returns for each. Raises as ``rows_from_json`` does."""
    return rows_from_json(forms).fingerprints()


def rows_from_json(forms: Forms) -> Rows:
    """Return what ``from_json`` returns for each, as arrays: a field of all of them is looked at together.

    Raises what ``from_json`` would raise for one of them, without saying which.
    """
    for version in {*map(_version, forms)}:
        _check_version(version)
    wide = [row for row, form in enumerate(forms) if "extended" in form]
    planes = _base64([forms[row] for row in wide], "extended", EXTENDED_BYTES)
    rows = Rows(
        masks=_base64(forms, "mask", MASK_BYTES),
        hashes=_hex(forms, "hash"),
        painted_hashes=_hex(forms, "painted_hash"),
        sketches=_base64(forms, "sketch", SKETCH_BYTES),
        thresholds=_numbers(forms, "threshold", -HASH_BITS, HASH_BITS / 2 - 1),
        coverages=_numbers(forms, "coverage", 0.0, 1.0),
        details=_counts(forms, "detail", POSITIONS),
        extended=planes.reshape(-1, 2, PLANE_BYTES),
        extended_rows=np.array(wide, np.uint32),
    )
    _check_sketches(rows.sketches, rows.masks)
    for each, mask in zip(rows.extended, rows.masks[rows.extended_rows], strict=True):
        _check_extended(each, np.unpackbits(mask).view(np.bool_).reshape(SIZE, SIZE))
    return rows


def _version(form: Mapping[str, object]) -> str | None:
    version = form.get("version")
    return version if isinstance(version, str) else None


def _check_version(version: str | None) -> None:
    if version == VERSION:
        return
    if version is None or not (number := re.fullmatch(r"arc-([0-9]{1,9})", version)):
        raise MalformedFingerprint(f"version is not {VERSION} or another version of it")
    raise NewerVersion(
        f"made by version {number[0]}; this program reads {VERSION} only: update it, or make it again"
    )


def _check_sketches(codes: Sketches, masks: NDArray[np.uint8]) -> None:
    """Refuse sketches not coded as ours, with too few bits to be safe, or that look under their masks."""
    # The right bit of each pair: of a bit that is kept the left one is equal, of a don't care it is not set.
    left, right = (codes >> np.uint8(1)) & _RIGHT, codes & _RIGHT
    kept = ~(left ^ right) & _RIGHT
    counted = np.bitwise_count(kept.view(np.uint64)).astype(np.float32).sum(axis=1)
    if np.any(left & ~right) or np.any(counted < DETAIL_NEEDED) or np.any(counted > KEPT_AT_MOST):
        raise MalformedFingerprint(f"sketch does not hold {DETAIL_NEEDED} to {KEPT_AT_MOST} informative bits")
    if np.any(either_bits(kept) & ~np.packbits(all_visible_positions(masks), axis=1)):
        raise MalformedFingerprint("sketch holds bits of cells that the mask hides")


def _check_extended(planes: Planes, mask: MaskGrid) -> None:
    """Refuse an extended sketch [2, 248] with bits it cannot have."""
    values, known = planes
    if np.any(values & ~known) or np.any(known & ~visible_bits(mask)):
        raise MalformedFingerprint("extended holds bits that are not known or that the mask hides")


def _texts(forms: Forms, field: str) -> list[str]:
    values = [form.get(field) for form in forms]
    texts = [value for value in values if isinstance(value, str)]
    if len(texts) < len(values):
        raise MalformedFingerprint(f"{field} is missing or not text")
    return texts


def _base64(forms: Forms, field: str, size: int) -> NDArray[np.uint8]:
    """Return uint8 [n, size]."""
    try:
        cells = [binascii.a2b_base64(text, strict_mode=True) for text in _texts(forms, field)]
    except (binascii.Error, ValueError) as error:
        raise MalformedFingerprint(f"{field} is not base64") from error
    if wrong := {*map(len, cells)} - {size}:
        raise MalformedFingerprint(f"{field} holds {min(wrong)} bytes instead of {size}")
    return table(cells, size)


def _hex(forms: Forms, field: str) -> NDArray[np.uint8]:
    """Return uint8 [n, 32]."""
    texts = _texts(forms, field)
    whole = "".join(texts)
    try:
        value = bytes.fromhex(whole)
    except ValueError:
        value = b""
    # fromhex alone would pass over spaces and take capital letters.
    if {*map(len, texts)} - {2 * HASH_BYTES} or value.hex() != whole:
        raise MalformedFingerprint(f"{field} is not {2 * HASH_BYTES} hexadecimal digits")
    return table([value], HASH_BYTES)


def _numbers(forms: Forms, field: str, low: float, high: float) -> NDArray[np.float64]:
    values = [form.get(field) for form in forms]
    if not {*map(type, values)} <= {int, float}:
        raise MalformedFingerprint(f"{field} is missing or not a number")
    try:
        numbers = np.array(values, np.float64)
    except OverflowError:  # JSON's whole numbers have no end
        numbers = np.array([np.inf])
    if not np.all((low <= numbers) & (numbers <= high)):
        raise MalformedFingerprint(f"{field} is not between {low:g} and {high:g}")
    return numbers


def _counts(forms: Forms, field: str, high: int) -> NDArray[np.uint16]:
    values = [form.get(field) for form in forms]
    counts = [value for value in values if type(value) is int]
    if len(counts) < len(values) or min(counts, default=0) < 0 or max(counts, default=0) > high:
        raise MalformedFingerprint(f"{field} is not a whole number from 0 to {high}")
    return np.array(counts, np.uint16)
