"""Whether two covered photos show the same picture, when only their sketches are left.

Both sketches hide something, so only the positions that both keep can speak. Unrelated pictures agree on half
of those; how far they stray from half grows with the root of their number, and with how ordinary either
picture is, which its spread over the bank tells:

    score = (agreeing - differing) / sqrt(shared * plainness of one * plainness of the other)

Unrelated natural photos: mean 0, s.d. 1.02. Of 650,000 unrelated pairs (300 photos, each under four covers of
8 to 60 % placed at random) four reached 4.5 and none 5.0; of pairs of the same photo 97 % reached 5.0 under
covers of 8 and 25 %, 74 % under 8 and 40 %, and 20 to 56 % when one of them hides 60 %.
"""

import numpy as np
from numpy.typing import NDArray

from matching.engine.calibration import Spreads, sketch_spreads
from matching.engine.sketch import Signs

# The score that two sketches of one picture must reach, and the share of shared positions that may differ.
LIKE_FROM = np.float32(5.0)
DIFFERING_AT_MOST = np.float32(0.10)

# No picture strays less than chance alone makes it.
_LEAST_PLAINNESS = np.float32(1.0)

Pairs = tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float32]]


def alike(ones: Signs, others: Signs) -> Pairs:
    """Return (one, other, differing share) of the pairs of sketches [m, 480] and [n, 480] that are alike.

    Signs are +1 or -1, 0 where unknown, as ``sketch.decoded`` gives them.
    """
    left, right = ones.astype(np.float32), others.astype(np.float32)
    agreement = left @ right.T
    shared = np.maximum(np.abs(left) @ np.abs(right).T, np.float32(1))
    differing = (1 - agreement / shared) / 2
    plain = agreement / np.sqrt(shared)
    # Plainness is at least one, so this sieve loses nothing and spares most of the bank's work.
    one, other = np.nonzero((plain >= LIKE_FROM) & (differing <= DIFFERING_AT_MOST))
    if not len(one):
        return one, other, differing[one, other]
    units = np.sqrt(_plainness(ones)[one] * _plainness_of(others, other))
    kept = plain[one, other] / units >= LIKE_FROM
    one, other = one[kept], other[kept]
    return one, other, differing[one, other]


def _plainness_of(signs: Signs, rows: NDArray[np.intp]) -> Spreads:
    """Return the plainness of the given rows, worked out once for each that occurs."""
    found, places = np.unique(rows, return_inverse=True)
    return _plainness(signs[found])[places]


def _plainness(signs: Signs) -> Spreads:
    """Return float32 [n]: how much further than chance unrelated pictures stray from a sketch, 1 or more."""
    kept = np.maximum(np.count_nonzero(signs, axis=1), 1).astype(np.float32)
    plainness: Spreads = np.maximum(sketch_spreads(signs)[0] / np.sqrt(kept), _LEAST_PLAINNESS)
    return plainness
