"""``arc scan``: public photos and videos in, one JSON object per match out."""

import json
import sys
import time
from argparse import Namespace
from collections.abc import Iterable, Iterator
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass

from tqdm import tqdm

from matching.cli.files import gather
from matching.cli.fingerprints_file import read_fingerprints
from matching.cli.looking import Sighting, Task
from matching.cli.output import printable, put, result_stream, writable
from matching.cli.saying import say
from matching.cli.scanning import Scanned, scan_photos
from matching.cli.stills import VIDEO_EXTRA, can_watch
from matching.cli.stored import read_pulled


@dataclass
class _Tally:
    photos: int = 0
    matched: int = 0
    matches: int = 0
    unreadable: int = 0


def run(options: Namespace) -> int:
    """Return 0 when the scan came to its end, whatever it found; unreadable files are on standard error."""
    fingerprints = read_pulled(options.store) if options.store else read_fingerprints(options.fingerprints)
    index, source = fingerprints.index, options.store or options.fingerprints
    gathered = gather(options.paths, videos=can_watch())
    if fingerprints.refused:
        say(f"arc: {source}: {fingerprints.refused} refused photos in it cannot be looked for")
    if options.deep and not index.extended():
        say(f"arc: {source}: no fingerprint in it is extended, so --deep finds nothing more")
    if gathered.videos_passed_over:
        say(f"arc: {gathered.videos_passed_over} videos passed over: {VIDEO_EXTRA}")
    started, tally = time.monotonic(), _Tally()
    task = Task(index, options.deep, options.turns, fingerprints.store)
    scan = scan_photos(task, gathered.photos, options.jobs)
    try:
        with result_stream(None) as results:
            line = _as_json if options.json or not results.isatty() else _as_text
            for scanned in _with_progress(scan, len(gathered.photos)):
                _report(scanned, tally)
                for sighting in scanned.sightings:
                    with tqdm.external_write_mode(file=results):
                        put(results, line(scanned.photo, sighting))
    except BrokenProcessPool:
        say("arc: no scanning process stays alive, perhaps for want of memory: use fewer --jobs (killed)")
        return 1
    say(_summary(tally, len(index), gathered.passed_over, time.monotonic() - started))
    return 0


def _with_progress(results: Iterator[Scanned], total: int) -> Iterable[Scanned]:
    return tqdm(results, total=total, unit=" photo", disable=not sys.stderr.isatty())


def _report(scanned: Scanned, tally: _Tally) -> None:
    """Count a file, and say what was wrong with it."""
    tally.photos += 1
    tally.matched += bool(scanned.sightings)
    tally.matches += len(scanned.sightings)
    if scanned.problem is not None:
        tally.unreadable += 1
        say(printable(f"arc: {scanned.photo}: {scanned.problem.message} ({scanned.problem.code})"))


def _as_json(photo: str, sighting: Sighting) -> str:
    match = sighting.match
    fields: dict[str, object] = {
        "photo": writable(photo),
        "id": match.id,
        "distance": match.distance,
        "score": float(f"{match.rate:.3g}"),
        "mirrored": match.mirrored,
    }
    if sighting.turned is not None:
        fields["turned"] = sighting.turned
    if sighting.time is not None:
        fields["time"] = round(sighting.time, 3)
    return json.dumps(fields)


def _as_text(photo: str, sighting: Sighting) -> str:
    match = sighting.match
    where = photo if sighting.time is None else f"{photo} at {sighting.time:.1f} s"
    turned = f", turned {sighting.turned} degrees" if sighting.turned else ""
    flipped = ", mirrored" if match.mirrored else ""
    return printable(
        f"{where}: {match.id} (distance {match.distance}, rate {match.rate:.1e}{turned}{flipped})"
    )


def _summary(tally: _Tally, fingerprints: int, passed_over: int, seconds: float) -> str:
    return (
        f"arc: {tally.photos} photos against {fingerprints} fingerprints in {seconds:.1f} s: "
        f"{tally.matches} matches in {tally.matched} photos, {tally.unreadable} unreadable, "
        f"{passed_over} other files passed over"
    )
