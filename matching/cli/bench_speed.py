"""``arc bench speed``: search and memory by number of fingerprints, then whole scans, beside peers each.

faiss always takes part; the peers of ``bench_peers`` do when they are installed.
"""

import statistics
import time
from argparse import Namespace
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from tempfile import TemporaryDirectory

import faiss
import numpy as np
from PIL import Image

from enrollment.photo import luma_of
from matching.cli.bench_accuracy import COVERS
from matching.cli.bench_curves import lines
from matching.cli.bench_scan import milliseconds, scans
from matching.cli.edits import covered
from matching.cli.files import photos_below
from matching.cli.usage import UsageError
from matching.engine.columns import Columns
from matching.engine.errors import TooLittleDetail
from matching.engine.fingerprint import Fingerprint, fingerprint_photo
from matching.engine.grid import Grid, luma_grid
from matching.engine.index import Index
from matching.engine.store import write_store

BATCH = 16
_ENROLLED_AT_MOST = 250
_SCANNED_AGAINST = 100_000


def measure(options: Namespace) -> Iterator[dict[str, object]]:
    """Yield a report for every size of ``options.sizes`` and those of ``scans``; draw ``options.plot``."""
    photos = photos_below(options.photos)
    if len(photos) < 2 * BATCH:
        raise UsageError("too-few-photos", f"{options.photos} holds fewer than {2 * BATCH} photos")
    half = min(len(photos) // 2, _ENROLLED_AT_MOST)
    seed = seed_columns(photos[:half])
    queries = np.stack([luma_grid(luma_of(_pixels(photo))) for photo in photos[half : half + 4 * BATCH]])
    faiss.omp_set_num_threads(1)
    ours: list[tuple[float, float]] = []
    plain: list[tuple[float, float]] = []
    with TemporaryDirectory() as folder:
        for size in options.sizes:
            report = _searching(Path(folder) / "bench.arc", seed, size, queries, options.repeats)
            ours.append((size, float(report["milliseconds"])))
            plain.append((size, float(report["plain_hash_milliseconds"])))
            yield dict(report)
        # Whole scans are measured against a list of the size that most platforms would have, or the nearest.
        against = min(options.sizes, key=lambda size: abs(size - _SCANNED_AGAINST))
        store = Path(folder) / "bench.arc"
        write_store(store, repeated(seed, against))
        yield from scans(Path(folder), photos[half:], Index.open(store), options.repeats)
        yield _searching_deep(store, photos[:half], against, queries, options.repeats)
    if options.plot:
        title = "Milliseconds per photo by number of fingerprints, one core"
        lines(Path(options.plot), title, {"arc": ours, "plain 256-bit faiss": plain})


def seed_columns(photos: list[Path], *, extended: bool = False) -> Columns:
    """Return the columns of real fingerprints that larger indexes repeat."""
    fingerprints: list[Fingerprint] = []
    for at, photo in enumerate(photos):
        share = COVERS[at % len(COVERS)]
        picture, painted = covered(Image.fromarray(_pixels(photo)), np.random.default_rng(at), share)
        try:
            luma = luma_of(np.asarray(picture))
            fingerprints.append(fingerprint_photo(luma, painted, extended=extended))
        except TooLittleDetail:
            continue
    return Columns.of([str(at) for at in range(len(fingerprints))], fingerprints)


def _searching(path: Path, seed: Columns, size: int, queries: Grid, repeats: int) -> dict[str, float]:
    """Measure a store of ``size`` fingerprints and faiss on as many plain 256-bit hashes, in turns."""
    write_store(path, repeated(seed, size))
    opened = time.perf_counter()
    index = Index.open(path)
    opened = time.perf_counter() - opened
    hashes = np.random.default_rng(1).integers(0, 256, (size, 32), dtype=np.uint8)
    flat = faiss.IndexBinaryFlat(256)
    flat.add(hashes)
    asked = hashes[:BATCH].copy()
    batches = [queries[at : at + BATCH] for at in range(0, len(queries) - BATCH + 1, BATCH)]
    index.search(batches[0])
    ours, plain = [], []
    for repeat in range(repeats):
        batch = batches[repeat % len(batches)]
        ours.append(milliseconds(index.search, batch) / BATCH)
        plain.append(milliseconds(flat.search, asked, 1) / BATCH)
    return {
        "fingerprints": size,
        "ratio": round(statistics.median(ours) / statistics.median(plain), 2),
        "milliseconds": round(statistics.median(ours), 3),
        "plain_hash_milliseconds": round(statistics.median(plain), 3),
        "bytes_per_fingerprint": round(path.stat().st_size / size, 1),
        "open_seconds": round(opened, 3),
    }


def _searching_deep(
    path: Path, photos: list[Path], size: int, queries: Grid, repeats: int
) -> dict[str, object]:
    """Measure deep searches of single photos among ``size`` extended fingerprints."""
    write_store(path, repeated(seed_columns(photos, extended=True), size))
    index = Index.open(path)
    preparing = milliseconds(index.search_deep, queries[:1])
    each = [milliseconds(index.search_deep, query[None]) for query in queries[: max(repeats, BATCH)]]
    return {
        "measure": "deep search",
        "fingerprints": size,
        "milliseconds": round(statistics.median(each), 1),
        "slowest_milliseconds": round(max(each), 1),
        "first_milliseconds": round(preparing, 1),
    }


def repeated(seed: Columns, size: int) -> Columns:
    """Return ``size`` rows that repeat the seed's, each under an id of its own.

    Extended sketches are repeated where each fingerprint of the seed has one, and left out otherwise.
    """
    rows = np.repeat(np.arange(len(seed)), -(-size // len(seed)))[:size]
    names = [str(at).encode() for at in range(size)]
    arrays = {
        field.name: getattr(seed, field.name)[rows]
        for field in fields(Columns)
        if not field.name.startswith(("id_", "extended"))
    }
    sketched = rows if len(seed.extended) == len(seed) else rows[:0]
    return Columns(
        **arrays,
        extended=seed.extended[sketched],
        extended_rows=np.arange(len(sketched), dtype=seed.extended_rows.dtype),
        extended_spreads=seed.extended_spreads[sketched],
        id_ends=np.cumsum([len(name) for name in names], dtype=np.uint64),
        id_bytes=np.frombuffer(b"".join(names), np.uint8),
    )


def _pixels(photo: Path) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    with Image.open(photo) as image:
        return np.asarray(image.convert("RGB"))
