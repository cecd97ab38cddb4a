"""The one call into faiss: an exact Hamming range search over codes that stay where they are.

``IndexBinaryFlat`` would copy the codes into memory of its own; the function it calls itself also reads a
memory-mapped array in place.
"""

from collections.abc import Callable

import faiss
import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.uint8]
Counts = NDArray[np.int64]

# Missing from faiss's type stubs.
_range_search: Callable[..., None] = vars(faiss)["hamming_range_search"]


def codes_within(codes: Codes, queries: Codes, radius: int) -> tuple[Counts, Counts, Counts]:
    """Return (limits, distances, rows) of all codes [n, bytes] within ``radius`` bits of queries [q, bytes].

    Query k found ``rows[limits[k]:limits[k + 1]]``; limits int64 [q + 1]. Raises ValueError unless codes and
    queries are C-contiguous and equally wide.
    """
    if codes.shape[1] != queries.shape[1] or not (codes.flags.c_contiguous and queries.flags.c_contiguous):
        raise ValueError("codes and queries must be contiguous and equally wide")
    found = faiss.RangeSearchResult(len(queries))
    # faiss keeps what is nearer than its radius, we what is as near.
    _range_search(
        faiss.swig_ptr(queries),
        faiss.swig_ptr(codes),
        len(queries),
        len(codes),
        radius + 1,
        codes.shape[1],
        found,
    )
    limits = faiss.rev_swig_ptr(found.lims, len(queries) + 1).astype(np.int64)
    size = int(limits[-1])
    distances = faiss.rev_swig_ptr(found.distances, size).astype(np.int64)
    return limits, distances, faiss.rev_swig_ptr(found.labels, size).astype(np.int64)
