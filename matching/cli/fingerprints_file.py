"""Reading what ``arc fingerprint`` wrote, or a saved store of it."""

import json
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from matching.cli.usage import UsageError
from matching.engine.errors import EngineError
from matching.engine.index import Index
from matching.engine.jsonform import from_json
from matching.engine.store import MAGIC


@dataclass(frozen=True)
class Fingerprints:
    """What to look for: an index, how many lines were refused photos, and the store if it is one."""

    index: Index
    refused: int
    store: Path | None = None


def read_fingerprints(path: str) -> Fingerprints:
    """Return the fingerprints of a file.

    Raises UsageError naming the line that is wrong: half a list would silently protect half the people.
    """
    try:
        # Opened once and read forwards, for it may be a pipe.
        with Path(path).open("rb") as file:
            beginning = file.read(len(MAGIC))
            if beginning != MAGIC:
                return _read_lines(path, beginning + file.read())
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise UsageError("cannot-read", f"{path} is a store, which has to be a file, not a pipe")
        return Fingerprints(_opened(path), 0, Path(path))
    except OSError as error:
        raise UsageError("cannot-read", f"{path} cannot be read: {error.strerror}") from error


def _read_lines(path: str, data: bytes) -> Fingerprints:
    index, refused = Index(), 0
    for number, line in enumerate(_lines(path, data), start=1):
        if not line.strip():
            continue
        try:
            entry = _entry(line)
            if "error" in entry:
                refused += 1
            else:
                index.add(_id(entry), from_json(entry))
        except EngineError as error:
            raise UsageError(error.code, f"{path}, line {number}: {error}") from error
        except ValueError as error:
            raise UsageError("malformed-fingerprint", f"{path}, line {number}: {error}") from error
    if not len(index):
        raise UsageError("no-fingerprints", f"{path} holds no fingerprints")
    return Fingerprints(index, refused)


def _opened(path: str) -> Index:
    try:
        index = Index.open(Path(path))
    except EngineError as error:
        raise UsageError(error.code, str(error)) from error
    if not len(index):
        raise UsageError("no-fingerprints", f"{path} holds no fingerprints")
    return index


def _lines(path: str, data: bytes) -> list[str]:
    try:
        return data.decode("utf-8").split("\n")
    except UnicodeDecodeError as error:
        raise UsageError("malformed-fingerprint", f"{path} is not a text file of fingerprints") from error


def _entry(line: str) -> dict[str, object]:
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ValueError("not a JSON object, perhaps cut off") from error
    if not isinstance(entry, dict):
        raise ValueError("not a JSON object")
    return entry


def _id(entry: dict[str, object]) -> str:
    id_ = entry.get("id")
    if not isinstance(id_, str) or not id_:
        raise ValueError("id is missing or not text")
    if any("\ud800" <= letter <= "\udfff" for letter in id_):
        raise ValueError("id holds half a character (a lone surrogate)")
    return id_
