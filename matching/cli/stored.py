"""A folder of pulled fingerprints: immutable store files, and one small file that says which of them count.

``pulled.json`` names the store files, the feed they are of and the cursor they stand for. It is replaced as a
whole, so the fingerprints and the cursor cannot disagree, whatever is killed when.
"""

import json
import os
import re
from dataclasses import asdict, dataclass
from pathlib import Path

from matching.cli.fingerprints_file import Fingerprints
from matching.cli.usage import UsageError
from matching.engine.errors import CorruptStore, EngineError, NewerVersion
from matching.engine.fingerprint import VERSION
from matching.engine.index import Index

CURRENT = "pulled.json"
SUFFIX = ".arc"

_FORMAT = 1
_NAME = re.compile(r"[0-9a-f]{16}\.arc")
# A pull may replace the files while they are being opened, but not again and again.
_TRIES = 5


@dataclass(frozen=True)
class Manifest:
    """``after``: the sequence number through which ``feed`` is applied; ``unsupported``: records passed over.

    ``stores``: names of the store files; no two of them hold the same id.
    """

    feed: str | None = None
    after: int = 0
    unsupported: int = 0
    stores: tuple[str, ...] = ()

    @classmethod
    def read(cls, path: Path) -> "Manifest":
        """Raises FileNotFoundError, OSError, CorruptStore, or NewerVersion for another program's."""
        try:
            data = json.loads(path.read_bytes())
            made_by = (data.pop("format"), data.pop("version"))
            manifest = cls(**{**data, "stores": tuple(data["stores"])})
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise CorruptStore(f"{path} is damaged") from error
        if made_by != (_FORMAT, VERSION):
            raise NewerVersion(f"{path} was made by version {made_by[1]}; this program keeps {VERSION} only")
        if not manifest._makes_sense():
            raise CorruptStore(f"{path} is damaged")
        return manifest

    def write(self, path: Path) -> None:
        """Replace the file at ``path``; when this returns, a power cut cannot bring the older one back."""
        text = json.dumps({"format": _FORMAT, "version": VERSION, **asdict(self)})
        temporary = path.with_name(f".{path.name}.part")
        with temporary.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        sync_folder(path.parent)  # the store files it names must not vanish before it does
        temporary.replace(path)
        sync_folder(path.parent)

    def _makes_sense(self) -> bool:
        numbers: list[object] = [self.after, self.unsupported]
        names: list[object] = [*self.stores]
        feed: object = self.feed
        return (
            all(type(number) is int and number >= 0 for number in numbers)
            and all(isinstance(name, str) and _NAME.fullmatch(name) for name in names)
            and (feed is None or isinstance(feed, str))
        )


def sync_folder(folder: Path) -> None:
    """Make renamed and new names in a folder survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def open_pulled(folder: Path, *, verify: bool = True) -> Index:
    """Return the index of a folder as it is now; a later pull leaves it as it is.

    Raises an EngineError or OSError.
    """
    for attempt in range(1, _TRIES + 1):
        manifest = Manifest.read(folder / CURRENT)
        try:
            return Index.open(*(folder / name for name in manifest.stores), verify=verify)
        except FileNotFoundError:
            if attempt == _TRIES:
                raise CorruptStore(f"{folder} is damaged: a file of it is missing") from None
    raise AssertionError


def read_pulled(folder: str) -> Fingerprints:
    """Return the fingerprints of a folder named on the command line; none are no fault. Raises UsageError."""
    try:
        return Fingerprints(open_pulled(Path(folder)), 0, Path(folder))
    except FileNotFoundError as error:
        sentence = f"{folder} holds no pulled fingerprints yet: run arc pull --store {folder} first"
        raise UsageError("no-fingerprints", sentence) from error
    except EngineError as error:
        sentence = f"{error}; arc pull --resync --store {folder} makes it anew"
        raise UsageError(error.code, sentence) from error
    except OSError as error:
        raise UsageError("cannot-read", f"{folder} cannot be read: {error.strerror}") from error
