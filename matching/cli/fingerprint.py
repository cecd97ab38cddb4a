"""``arc fingerprint``: covered photos in, one JSON object per line out."""

import json
import sys
from argparse import Namespace

from tqdm import tqdm

from enrollment.anatomy import MAX_BYTES
from enrollment.photo import read_covered
from enrollment.refusals import Refused
from matching.cli.files import gather, opened, read_limited
from matching.cli.output import put, result_stream, writable
from matching.cli.places import Place
from matching.cli.problems import READING_ERRORS, Problem, problem_of
from matching.engine.errors import TooLittleDetail
from matching.engine.fingerprint import Fingerprint, fingerprint_photo
from matching.engine.jsonform import to_json


def run(options: Namespace) -> int:
    """Return 0, or 1 when any photo was refused."""
    photos = gather(options.paths).photos
    seen: dict[str, Place] = {}
    refused = 0
    with result_stream(options.output) as results:
        hidden = not sys.stderr.isatty() or results.isatty()
        for photo in tqdm(photos, unit=" photo", disable=hidden):
            line = _line(photo, seen, options.extended)
            refused += "error" in line
            put(results, json.dumps(line))
    return 1 if refused else 0


def _line(photo: Place, seen: dict[str, Place], extended: bool) -> dict[str, object]:
    """Return the result for one photo; ``seen`` remembers which photo was given an id."""
    id_ = writable(photo.stem)
    if first := seen.get(id_):
        message = f"{writable(str(first))} has the same name and came first; rename one of them."
        return _refusal(id_, Problem("duplicate-id", message))
    try:
        fingerprint = fingerprint_file(photo, extended=extended)
    except READING_ERRORS as error:
        return _refusal(id_, problem_of(error))
    seen[id_] = photo
    return {"id": id_, **to_json(fingerprint)}


def _refusal(id_: str, problem: Problem) -> dict[str, object]:
    return {"id": id_, "error": {"code": problem.code, "message": problem.message}}


def fingerprint_file(photo: Place, *, extended: bool = False) -> Fingerprint:
    """Return the fingerprint of a covered photo's file as the service would make it, or raise Refused."""
    with opened(photo) as file:
        covered = read_covered(read_limited(file, MAX_BYTES))
    try:
        return fingerprint_photo(covered.luma, covered.mask, extended=extended)
    except TooLittleDetail as error:
        raise Refused("too-little-detail", {"detail": error.detail, "needed": error.needed}) from error
