"""``arc scan``: public photos and videos in, one JSON object per match out."""

import importlib
import json
import sys
import time
from argparse import Namespace
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from typing import Any, NoReturn

from tqdm import tqdm

from matching.cli.checkpoint import Resumable
from matching.cli.files import gather
from matching.cli.fingerprints_file import read_fingerprints
from matching.cli.local_workers import local_workers, start_early
from matching.cli.looking import Sighting, Task
from matching.cli.marks import Tally
from matching.cli.output import printable, writable
from matching.cli.places import Place, require_cluster_extra
from matching.cli.results import Straight, straight
from matching.cli.saying import say
from matching.cli.scanning import (
    BATCH,
    Scanned,
    Workers,
    WorkersLost,
    handed_together,
    scan_here,
    scan_with,
    worthwhile,
)
from matching.cli.stills import VIDEO_EXTRA, can_watch
from matching.cli.stored import read_pulled
from matching.cli.usage import UsageError


def run(options: Namespace) -> int:
    """Return 0 when the scan came to its end, whatever it found; unreadable files are on standard error."""
    if options.checkpoint and not options.output:
        raise UsageError(
            "no-output", "--checkpoint needs --output, so that no match is lost or written twice"
        )
    if options.jobs > 1 and not options.cluster:
        start_early()
    fingerprints = read_pulled(options.store) if options.store else read_fingerprints(options.fingerprints)
    index, source = fingerprints.index, options.store or options.fingerprints
    gathered = gather(options.paths, videos=can_watch())
    if fingerprints.refused:
        say(f"arc: {source}: {fingerprints.refused} refused photos in it cannot be looked for")
    if options.deep and not index.extended():
        say(f"arc: {source}: no fingerprint in it is extended, so --deep finds nothing more")
    if gathered.videos_passed_over:
        say(f"arc: {gathered.videos_passed_over} videos passed over: {VIDEO_EXTRA}")
    started, task = time.monotonic(), Task(index, options.deep, options.turns, fingerprints.store)
    try:
        with _results(options) as results:
            tally = results.tally
            _scan(options, task, gathered.photos, results)
    except WorkersLost as lost:
        again = "; the same command goes on from there" if options.checkpoint else ""
        say(f"arc: {lost}{again} ({lost.code})")
        return 1
    say(_summary(tally, len(index), gathered.passed_over, time.monotonic() - started))
    return 0


def _results(options: Namespace) -> AbstractContextManager[Straight | Resumable]:
    if options.checkpoint:
        kind = [f"deep={options.deep}", f"turns={options.turns}", *options.paths]
        return Resumable(options.output, options.checkpoint, kind)
    return straight(options.output)


def _scan(options: Namespace, task: Task, photos: Sequence[Place], results: Straight | Resumable) -> None:
    left = results.left(photos)
    if len(left) < len(photos):
        say(f"arc: {len(photos) - len(left)} photos were done before")
    line = _as_json if options.json or not results.is_terminal else _as_text
    progress = _progress(len(photos), len(photos) - len(left))
    with _scanned(options, task, left) as scan, progress:
        for batch in scan:
            for scanned in batch:
                _report(scanned, results.tally)
                _put(scanned, results, line)
            results.passed(batch[-1].photo)
            progress.update(len(batch))


def _put(scanned: Scanned, results: Straight | Resumable, line: Callable[[str, Sighting], str]) -> None:
    for sighting in scanned.sightings:
        results.put(line(scanned.photo, sighting))


@contextmanager
def _scanned(options: Namespace, task: Task, photos: Sequence[Place]) -> Iterator[Iterator[list[Scanned]]]:
    """The scan by whoever does it: this process, several, or a cluster. Raises UsageError, WorkersLost."""
    if options.cluster:
        require_cluster_extra()
        cluster = importlib.import_module("matching.cli.cluster").Cluster
        with closing(cluster(options.cluster, task)) as workers:
            yield scan_with(workers, photos, _size(task, photos, workers))
    elif (jobs := worthwhile(options.jobs, len(photos))) > 1:
        with local_workers(task, jobs) as processes:
            yield scan_with(processes, photos, _size(task, photos, processes))
    else:
        yield scan_here(task, photos)


def _size(task: Task, photos: Sequence[Place], workers: Workers[Any]) -> int:
    """How many photos go to a worker together; looked at deeply, a few take seconds already."""
    return BATCH if task.deep else handed_together(len(photos), workers.ahead)


def _progress(total: int, done: int) -> "tqdm[NoReturn]":
    return tqdm(total=total, initial=done, unit=" photo", disable=not sys.stderr.isatty())


def _report(scanned: Scanned, tally: Tally) -> None:
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


def _summary(tally: Tally, fingerprints: int, passed_over: int, seconds: float) -> str:
    return (
        f"arc: {tally.photos} photos against {fingerprints} fingerprints in {seconds:.1f} s: "
        f"{tally.matches} matches in {tally.matched} photos, {tally.unreadable} unreadable, "
        f"{passed_over} other files passed over"
    )
