"""``arc scan``: public photos in, one JSON object per match out."""

import json
import sys
import time
from argparse import Namespace
from collections.abc import Iterable, Iterator
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import TextIO

from tqdm import tqdm

from matching.cli.files import gather
from matching.cli.fingerprints_file import read_fingerprints
from matching.cli.output import printable, put, result_stream, writable, writing
from matching.cli.scanning import Scanned, Task, scan_photos
from matching.engine.index import Match


@dataclass
class _Tally:
    photos: int = 0
    matched: int = 0
    matches: int = 0
    unreadable: int = 0


def run(options: Namespace) -> int:
    """Return 0 when the scan came to its end, whatever it found; unreadable files are on standard error."""
    index, refused = read_fingerprints(options.fingerprints)
    gathered = gather(options.paths)
    if refused:
        _say(f"arc: {options.fingerprints}: {refused} refused photos in it cannot be looked for")
    if options.deep and not index.extended():
        _say(f"arc: {options.fingerprints}: no fingerprint in it is extended, so --deep finds nothing more")
    started, tally = time.monotonic(), _Tally()
    scan = scan_photos(Task(index, options.deep), gathered.photos, options.jobs)
    try:
        with result_stream(None) as results:
            for scanned in _with_progress(scan, len(gathered.photos)):
                _report(scanned, tally, results, options.json or not results.isatty())
    except BrokenProcessPool:
        _say("arc: no scanning process stays alive, perhaps for want of memory: use fewer --jobs (killed)")
        return 1
    _say(_summary(tally, len(index), gathered.passed_over, time.monotonic() - started))
    return 0


def _with_progress(results: Iterator[Scanned], total: int) -> Iterable[Scanned]:
    return tqdm(results, total=total, unit=" photo", disable=not sys.stderr.isatty())


def _report(scanned: Scanned, tally: _Tally, results: TextIO, as_json: bool) -> None:
    tally.photos += 1
    tally.matched += bool(scanned.matches)
    tally.matches += len(scanned.matches)
    if scanned.problem is not None:
        tally.unreadable += 1
        _say(printable(f"arc: {scanned.photo}: {scanned.problem.message} ({scanned.problem.code})"))
    for match in scanned.matches:
        with tqdm.external_write_mode(file=results):
            put(results, _line(scanned.photo, match, as_json))


def _line(photo: str, match: Match, as_json: bool) -> str:
    if as_json:
        return json.dumps(
            {
                "photo": writable(photo),
                "id": match.id,
                "distance": match.distance,
                "score": float(f"{match.rate:.3g}"),
                "mirrored": match.mirrored,
            }
        )
    flipped = ", mirrored" if match.mirrored else ""
    return printable(f"{photo}: {match.id} (distance {match.distance}, rate {match.rate:.1e}{flipped})")


def _summary(tally: _Tally, fingerprints: int, passed_over: int, seconds: float) -> str:
    return (
        f"arc: {tally.photos} photos against {fingerprints} fingerprints in {seconds:.1f} s: "
        f"{tally.matches} matches in {tally.matched} photos, {tally.unreadable} unreadable, "
        f"{passed_over} other files passed over"
    )


def _say(text: str) -> None:
    """Print a line on standard error without tearing the progress bar."""
    with writing():
        tqdm.write(text, file=sys.stderr)
