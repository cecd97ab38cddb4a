"""The whole way of a photo, from its file to its matches, beside the ways known before."""

import statistics
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from tqdm import tqdm

from enrollment.arc import Picture
from matching.cli.bench_peers import Literal, Stock, installed
from matching.cli.edits import Mask, covered
from matching.cli.fingerprint import fingerprint_file
from matching.cli.looking import Task
from matching.cli.scanning import BATCH, scan_batch
from matching.cli.stills import stills_of
from matching.engine.index import Index

_COVER = 0.25
_EXTRA = 'pip install "pdqhash>=0.2.8" "threatexchange>=1.2.17" (the extra "bench")'


@dataclass(frozen=True)
class Size:
    """Photos of one size: how many different ones, and how many a peer is given at once."""

    name: str
    pixels: tuple[int, int]
    different: int
    at_once: int


SIZES = (Size("12 megapixels", (4000, 3000), 4, 1), Size("500 pixels", (500, 375), 4 * BATCH, BATCH))


def scans(folder: Path, photos: list[Path], index: Index, repeats: int) -> Iterator[dict[str, object]]:
    """Yield the cost of a scan per photo for both sizes, then of fingerprinting one; medians over repeats.

    ``photos`` at least 16, the models of what is scanned, which is written into ``folder``.
    """
    peers = [name for name in ("threatexchange", "pdqhash") if installed(name)]
    for name in sorted({"threatexchange", "pdqhash"}.difference(peers)):
        tqdm.write(f"arc: {name} is not installed and takes no part: {_EXTRA}", file=sys.stderr)
    stock = Stock(len(index)) if "threatexchange" in peers else None
    literal = Literal() if "pdqhash" in peers else None
    for size in SIZES:
        files = [written(folder, photo, size, at) for at, photo in enumerate(photos[: size.different])]
        yield _scanned(size, files, Task(index), repeats, stock, literal)
    yield _fingerprinted(folder, photos[0], repeats)


def _scanned(
    size: Size, files: list[Path], task: Task, repeats: int, stock: Stock | None, literal: Literal | None
) -> dict[str, object]:
    """Measure all ways in turns, so that a busy moment of the machine meets all of them; ratios first."""
    batch, part = (files * BATCH)[: max(BATCH, len(files))], files[: size.at_once]
    ways: dict[str, Callable[[], float]] = {
        "milliseconds": lambda: milliseconds(scan_batch, task, batch) / len(batch),
        "reading_milliseconds": lambda: milliseconds(_read, batch) / len(batch),
    }
    if stock is not None:
        ways["stock_pdq_milliseconds"] = lambda: milliseconds(stock.scan, part) / len(part)
    if literal is not None:
        rgb, mask = _painted(files[0])
        ways["literal_milliseconds_per_pair"] = lambda: milliseconds(literal.compare, rgb, mask)
    rounds = [{name: way() for name, way in ways.items()} for _ in range(repeats)]
    took = {name: statistics.median(each[name] for each in rounds) for name in ways}
    ours, fingerprints = took["milliseconds"], len(task.index)
    ratios = {}
    if stock is not None:
        ratios["times_as_fast_as_stock_pdq"] = round(took["stock_pdq_milliseconds"] / ours, 1)
    if literal is not None:
        by_literal = took["literal_milliseconds_per_pair"] * fingerprints
        ratios["times_as_fast_as_literal"] = round(by_literal / ours)
    named = {"measure": "whole scan", "photos": size.name, "fingerprints": fingerprints}
    return {**named, **ratios, **{name: round(median, 3) for name, median in took.items()}}


def _painted(photo: Path) -> tuple[Picture, Mask]:
    """Return a photo's pixels, and one mask to paint over them."""
    with Image.open(photo) as image:
        picture = image.convert("RGB")
    return np.asarray(picture), covered(picture, np.random.default_rng(3), _COVER)[1]


def _read(photos: list[Path]) -> None:
    for photo in photos:
        list(stills_of(photo))


def _fingerprinted(folder: Path, photo: Path, repeats: int) -> dict[str, object]:
    size = SIZES[0]
    with Image.open(written(folder, photo, size, 0)) as image:
        picture, _ = covered(image.convert("RGB"), np.random.default_rng(4), _COVER)
    file = folder / "covered.jpg"
    picture.save(file, quality=90)
    took = [milliseconds(fingerprint_file, file) for _ in range(repeats)]
    return {"measure": "fingerprint", "photos": size.name, "milliseconds": round(statistics.median(took), 1)}


def written(folder: Path, photo: Path, size: Size, at: int) -> Path:
    """Write a photo in another size, with a sensor's noise, which makes JPEGs as heavy as a camera's."""
    with Image.open(photo) as image:
        upright = image.height > image.width
        pixels = image.convert("RGB").resize(size.pixels[::-1] if upright else size.pixels)
    noise = np.random.default_rng(at).integers(-6, 7, (pixels.height, pixels.width, 1), dtype=np.int16)
    noisy: NDArray[np.int16] = np.asarray(pixels, np.int16) + noise
    file = folder / f"{size.pixels[0]}-{at}.jpg"
    Image.fromarray(noisy.clip(0, 255).astype(np.uint8)).save(file, quality=90)
    return file


def milliseconds(work: Callable[..., object], *arguments: object) -> float:
    """Return the wall time of one call."""
    started = time.perf_counter()
    work(*arguments)
    return 1000 * (time.perf_counter() - started)
