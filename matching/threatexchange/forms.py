"""What travels as a "hash" there: fingerprints and photos, as two kinds of text without spaces.

A plain hash compares with a plain hash. A fingerprint compares with the photo itself, or with what matching
needs of it: the grid at half its side, 32x32, on which masks are painted and from which the sketch is pooled.
Both pass the same validation there, so a word before the dot tells them apart. Both are confidential: no
error raised here shows one.
"""

import base64
import binascii
import json

import numpy as np

from matching.engine.errors import EngineError
from matching.engine.fingerprint import Fingerprint
from matching.engine.grid import Grid
from matching.engine.jsonform import from_json, to_json
from matching.engine.spectrum import HALF, halved

FINGERPRINT, PHOTO = "arc-fingerprint", "arc-photo"

# A photo's text is 2,742 letters, so that it fits the 4,094 of a request line that servers commonly accept.
# At 16 bits a cell it is the grid for every comparison that matching makes.
_STEPS = 256
_CELLS = np.dtype("<u2")


class Malformed(ValueError):
    """A text that is neither of the two; ``str(error)`` says no more than that."""


def fingerprint_text(fingerprint: Fingerprint) -> str:
    """Return a fingerprint as text: its JSON form, in base64 that a URL may hold."""
    form = json.dumps(to_json(fingerprint), separators=(",", ":"), sort_keys=True)
    return f"{FINGERPRINT}.{_packed(form.encode())}"


def photo_text(grid: Grid) -> str:
    """Return a photo's grid [64, 64] as text."""
    cells = np.round(halved(grid) * _STEPS).astype(_CELLS)
    return f"{PHOTO}.{_packed(cells.tobytes())}"


def is_fingerprint(text: str) -> bool:
    """Return whether a text claims to be a fingerprint."""
    return text.startswith(f"{FINGERPRINT}.")


def fingerprint_of(text: str) -> Fingerprint:
    """Raises Malformed, also for a fingerprint of a version this program does not read."""
    try:
        form = json.loads(_unpacked(text, FINGERPRINT))
        if not isinstance(form, dict):
            raise Malformed("not an ARC fingerprint")
        return from_json(form)
    except (EngineError, ValueError, RecursionError) as error:
        raise Malformed("not an ARC fingerprint") from error


def grid_of(text: str) -> Grid:
    """Return float32 [64, 64], of which each 2x2 cells are equal. Raises Malformed."""
    cells = np.frombuffer(_bytes_of(text), _CELLS).reshape(HALF, HALF)
    grid: Grid = np.repeat(np.repeat(cells.astype(np.float32) / _STEPS, 2, axis=0), 2, axis=1)
    return grid


def checked(text: str) -> str:
    """Return a text of either kind as it is. Raises Malformed."""
    if is_fingerprint(text):
        fingerprint_of(text)
    else:
        _bytes_of(text)
    return text


def _bytes_of(text: str) -> bytes:
    data = _unpacked(text, PHOTO)
    if len(data) != HALF * HALF * _CELLS.itemsize:
        raise Malformed("not an ARC photo")
    return data


def _packed(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode("ascii").rstrip("=")


def _unpacked(text: str, kind: str) -> bytes:
    before, _, letters = text.partition(".")
    if before != kind:
        raise Malformed("neither an ARC fingerprint nor an ARC photo")
    try:
        data = base64.b64decode(letters + "=" * (-len(letters) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise Malformed("neither an ARC fingerprint nor an ARC photo") from error
    if _packed(data) != letters:
        raise Malformed("neither an ARC fingerprint nor an ARC photo")
    return data
