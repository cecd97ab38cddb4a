"""Unrelated pictures to calibrate against, drawn from noise so that no photo needs to ship.

Natural photos have power spectra near 1/f^2; fields of spectrum 1/f^b with b between 2 and 3.5 spread the
sketch and hash distances as natural grids do. Each field is cut from a larger one: a field that wraps round
at its edges, as the Fourier transform draws it, would be too regular.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from matching.engine.grid import SIZE, Grid
from matching.engine.sketch import query_signs
from matching.engine.spectrum import halved

FIELDS = 500
_DRAWN_SIDE = 160
_SEED = 0xFFA8E6


@lru_cache(maxsize=1)
def bank() -> Grid:
    """Return the float32 [500, 64, 64] fields of mean 0 and standard deviation 1, always the same."""
    random = np.random.default_rng(_SEED)
    vertical = np.fft.fftfreq(_DRAWN_SIDE)[:, None]
    horizontal = np.fft.rfftfreq(_DRAWN_SIDE)[None, :]
    radius = np.hypot(vertical, horizontal)
    radius[0, 0] = 1.0
    fields = np.empty((FIELDS, SIZE, SIZE), np.float32)
    for field, exponent in zip(fields, random.uniform(2.0, 3.5, FIELDS), strict=True):
        white = np.fft.rfft2(random.standard_normal((_DRAWN_SIDE, _DRAWN_SIDE), dtype=np.float32))
        white *= radius ** (-exponent / 2)
        white[0, 0] = 0.0
        cut = np.fft.irfft2(white, s=(_DRAWN_SIDE, _DRAWN_SIDE))[:SIZE, :SIZE]
        field[:] = (cut - cut.mean()) / cut.std()
    fields.flags.writeable = False
    return fields


@lru_cache(maxsize=1)
def halved_bank() -> Grid:
    """Return the fields float32 [500, 32, 32] at half their side."""
    fields = halved(bank())
    fields.flags.writeable = False
    return fields


@lru_cache(maxsize=1)
def bank_signs() -> NDArray[np.float32]:
    """Return float32 [500, 480]: the query sketch of every field, as +1 and -1."""
    signs = query_signs(bank()).astype(np.float32)
    signs.flags.writeable = False
    return signs
