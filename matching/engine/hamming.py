"""The one call into faiss: exact Hamming distances to codes that stay where they are.

``IndexBinaryFlat`` would copy the codes into memory of its own; the function called here also reads a
memory-mapped array in place. It writes down every distance, and comparing them all with a radius afterwards
takes less than faiss's own range search does to look at each by itself.
"""

from collections.abc import Callable

import faiss
import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.uint8]
Counts = NDArray[np.int64]

# Missing from faiss's type stubs.
_hammings: Callable[..., None] = vars(faiss)["hammings"]


def codes_within(codes: Codes, queries: Codes, radii: int | Counts) -> tuple[Counts, Counts, Counts]:
    """Return (limits, distances, rows) of all codes [n, bytes] within ``radii`` bits of queries [q, bytes].

    ``radii`` are one for all or int64 [q]. Query k found ``rows[limits[k]:limits[k + 1]]``, ascending; limits
    int64 [q + 1]. Holds a table of q x n distances meanwhile. Raises ValueError unless codes and queries are
    C-contiguous and equally wide.
    """
    if codes.shape[1] != queries.shape[1] or not (codes.flags.c_contiguous and queries.flags.c_contiguous):
        raise ValueError("codes and queries must be contiguous and equally wide")
    table = np.empty((len(queries), len(codes)), np.int32)
    _hammings(
        faiss.swig_ptr(queries),
        faiss.swig_ptr(codes),
        len(queries),
        len(codes),
        codes.shape[1],
        faiss.swig_ptr(table),
    )
    # A radius of the table's own type: a wider one would have every distance widened first.
    inside = table <= np.asarray(radii, np.int32).reshape(-1, 1)
    found = np.flatnonzero(inside)
    limits = np.searchsorted(found, np.arange(len(queries) + 1) * len(codes))
    return limits, table.ravel()[found].astype(np.int64), found % max(len(codes), 1)
