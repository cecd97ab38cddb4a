"""``arc bench accuracy``: recall by edit and cover, false matches, refusals, on photos of your own.

Every photo is covered four times and enrolled, then every edit of it is searched for among all of them. This
is the experiment that the thresholds of the engine were chosen by.
"""

from argparse import Namespace
from collections import Counter
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from tqdm import tqdm

from enrollment.photo import luma_of
from matching.cli.bench_plot import bars
from matching.cli.edits import EDITS, covered, saved
from matching.cli.files import photos_below
from matching.cli.usage import UsageError
from matching.engine.errors import TooLittleDetail
from matching.engine.fingerprint import Fingerprint, fingerprint_photo
from matching.engine.grid import Grid, luma_grid
from matching.engine.index import Index, Match

COVERS = (0.08, 0.25, 0.40, 0.60)
_BATCH = 16

# A photo and its number in the folder, which its covers and edits are drawn by, whatever is left out.
Numbered = tuple[int, Path]


def measure(options: Namespace) -> Iterator[dict[str, object]]:
    """Yield a report on refusals, one for each edit, and one on false matches; draw ``options.plot``."""
    photos = [*enumerate(photos_below(options.photos))][options.skip :][: options.limit]
    if len(photos) < 2:
        raise UsageError("too-few-photos", f"{options.photos} holds fewer than two photos")
    index, refused = _enrolled(photos, options.deep)
    enrolled = Counter(id_.rpartition(":")[2] for id_ in index)
    yield {
        "measure": "refused for too little detail",
        "share": round(sum(refused.values()) / (4 * len(photos)), 4),
        "by_cover": {cover: round(refused[cover] / len(photos), 4) for cover in map(str, COVERS)},
    }
    recall: dict[str, float] = {}
    false_pairs, pairs = 0, 0
    for edit in EDITS:
        hits: Counter[str] = Counter()
        for at, matches in _searched(index, photos, edit, options.deep):
            owners = [match.id.rpartition(":") for match in matches]
            hits.update(cover for owner, _, cover in owners if owner == str(at))
            false_pairs += sum(owner != str(at) for owner, _, _ in owners)
        pairs += len(index) * (len(photos) - 1)
        recall[edit] = round(sum(hits.values()) / len(index), 4)
        by_cover = {cover: round(hits[cover] / enrolled[cover], 4) for cover in sorted(enrolled)}
        yield {"measure": "recall", "edit": edit, "share": recall[edit], "by_cover": by_cover}
    yield {"measure": "false matches", "pairs": pairs, "false": false_pairs, "share": false_pairs / pairs}
    if options.plot:
        bars(Path(options.plot), "Recall by edit, covers 8 to 60 %", recall)


def _enrolled(photos: list[Numbered], extended: bool) -> tuple[Index, Counter[str]]:
    """Return the index of every photo under every cover, ids ``number:cover``, and refusals by cover."""
    index, refused = Index(), Counter[str]()
    for (at, photo), share in tqdm([*product(photos, COVERS)], unit=" cover", disable=None):
        try:
            index.add(f"{at}:{share}", _fingerprint(photo, at, share, extended))
        except TooLittleDetail:
            refused[str(share)] += 1
    return index, refused


def _fingerprint(photo: Path, at: int, share: float, extended: bool) -> Fingerprint:
    """Half of the covered photos are saved as JPEG, as half of the submitters will."""
    picture, painted = covered(_opened(photo), np.random.default_rng([at, round(100 * share)]), share)
    sent = saved(picture, 90) if at % 2 else picture
    return fingerprint_photo(luma_of(np.asarray(sent)), painted, extended=extended)


def _searched(
    index: Index, photos: list[Numbered], edit: str, deep: bool
) -> Iterator[tuple[int, list[Match]]]:
    """Yield (number of the photo, its matches) for every photo after an edit."""
    for start in tqdm(range(0, len(photos), _BATCH), unit=" batch", desc=edit, disable=None):
        part = photos[start : start + _BATCH]
        grids: list[Grid] = [_edited(photo, at, edit) for at, photo in part]
        batch: NDArray[np.float32] = np.stack(grids)
        found = index.search_deep(batch) if deep else index.search(batch)
        yield from zip((at for at, _ in part), found, strict=True)


def _edited(photo: Path, at: int, edit: str) -> Grid:
    picture = EDITS[edit](_opened(photo), np.random.default_rng([at, sum(edit.encode())]))
    return luma_grid(luma_of(np.asarray(picture if edit == "as it is" else saved(picture))))


def _opened(photo: Path) -> Image.Image:
    with Image.open(photo) as image:
        return image.convert("RGB")
