"""``arc bench attack``: how far somebody who knows its fingerprint must change a photo for it to escape.

And the reverse: how far a stranger's photo must be changed to collide, what random changes as large do, and
whether pictures without a photo in them match anything.
"""

from argparse import Namespace
from collections.abc import Callable, Iterator

import numpy as np
from PIL import Image
from tqdm import tqdm

from enrollment.photo import luma_of
from matching.cli.attacks import AWAY, TOWARDS, pictures_without_photo, pushed
from matching.cli.bench_accuracy import COVERS
from matching.cli.edits import covered
from matching.cli.files import photos_below
from matching.cli.usage import UsageError
from matching.engine.errors import TooLittleDetail
from matching.engine.fingerprint import Fingerprint, fingerprint_photo, make_fingerprint
from matching.engine.grid import SIZE, Grid, luma_grid
from matching.engine.index import Index

LEVELS = (1, 2, 4, 6, 8, 12, 16, 24)

# A copy's grid, a stranger's, and the fingerprint.
Case = tuple[Grid, Grid, Fingerprint]
Change = Callable[[Case, int], Grid]


def measure(options: Namespace) -> Iterator[dict[str, object]]:
    """Yield the shares found after each kind and size of change, in grey levels; then what no photos do."""
    photos = photos_below(options.photos)[: options.limit]
    if len(photos) < 2:
        raise UsageError("too-few-photos", f"{options.photos} holds fewer than two photos")
    cases = _cases([np.asarray(Image.open(photo).convert("RGB")) for photo in photos])
    random = np.random.default_rng(1)
    changes: dict[str, Change] = {
        "pushed away from its fingerprint": lambda case, levels: pushed(case[0], case[2], levels, AWAY),
        "changed at random": lambda case, levels: _shaken(case[0], levels, random),
        "stranger pushed towards it": lambda case, levels: pushed(case[1], case[2], levels, TOWARDS),
    }
    for name, change in changes.items():
        found = {
            levels: np.mean([_is_found(change(case, levels), case[2]) for case in tqdm(cases, disable=None)])
            for levels in LEVELS
        }
        yield {
            "measure": name,
            "found": {str(levels): round(float(share), 3) for levels, share in found.items()},
        }
    index = Index((str(at), fingerprint) for at, (_, _, fingerprint) in enumerate(cases))
    for kind, grid in pictures_without_photo().items():
        [matches] = index.search(grid[None])
        enrolled = Index((kind, each) for each in _fingerprints(grid))
        matching = sum(map(bool, enrolled.search(np.stack([copy for copy, _, _ in cases]))))
        refused = not len(enrolled)
        yield {
            "measure": "no photo",
            "kind": kind,
            "matches": len(matches),
            "refused": refused,
            "photos that match it": matching,
        }


def _cases(pictures: list[np.ndarray[tuple[int, ...], np.dtype[np.uint8]]]) -> list[Case]:
    """Return a case per photo, under covers in turn, its neighbour the stranger; refused ones left out."""
    grids = [luma_grid(luma_of(picture)) for picture in pictures]
    cases: list[Case] = []
    for at, picture in enumerate(pictures):
        hidden, painted = covered(
            Image.fromarray(picture), np.random.default_rng(at), COVERS[at % len(COVERS)]
        )
        try:
            fingerprint = fingerprint_photo(luma_of(np.asarray(hidden)), painted)
        except TooLittleDetail:
            continue
        cases.append((grids[at], grids[at - 1], fingerprint))
    return cases


def _is_found(grid: Grid, fingerprint: Fingerprint) -> bool:
    return bool(Index([("it", fingerprint)]).search(grid[None])[0])


def _fingerprints(grid: Grid) -> list[Fingerprint]:
    """Return the grid's fingerprint with nothing covered, if it has detail enough for one."""
    try:
        return [make_fingerprint(grid, np.zeros((SIZE, SIZE), np.bool_))]
    except TooLittleDetail:
        return []


def _shaken(grid: Grid, levels: int, random: np.random.Generator) -> Grid:
    """Return the grid with every cell moved the whole way, up or down by chance."""
    moved: Grid = (grid + levels * random.choice((-1, 1), grid.shape)).clip(0, 255).astype(np.float32)
    return moved
