"""How far a scan has come: a mark that outlives a power cut, and a newer one that outlives a kill.

The first costs two journeys to the disk and is written now and then. The second is handed to the system after
every batch and carries a checksum: after a power cut it may not fit the results, and is then passed over.
"""

import json
import os
import zlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any

from matching.cli.usage import UsageError

_FORMAT = 1


@dataclass
class Tally:
    photos: int = 0
    matched: int = 0
    matches: int = 0
    unreadable: int = 0


@dataclass
class Mark:
    """The options of a scan, the last photo done, and how many bytes of results there were then."""

    kind: Sequence[str]
    last: str = ""
    bytes: int = 0
    tally: Tally = field(default_factory=Tally)


class Marks:
    """The marks at ``path``. Methods raise OSError but where they say more."""

    def __init__(self, path: Path) -> None:
        self._path, self._newer = path, path.with_name(f".{path.name}.newer")

    def __str__(self) -> str:
        return str(self._path)

    def exist(self) -> bool:
        return self._path.exists()

    def read(self) -> Mark:
        """Raises UsageError for a damaged one."""
        try:
            return _parsed(json.loads(self._path.read_bytes()))
        except OSError as error:
            raise UsageError("cannot-read", f"{self} cannot be read: {error.strerror}") from error
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise UsageError("corrupt-checkpoint", f"{self} is damaged; remove it to begin anew") from error

    def newest(self, mark: Mark, results: IO[bytes]) -> Mark:
        """Return the newer mark if it follows this one and the results are what they were then."""
        try:
            fields = json.loads(self._newer.read_bytes())
            checksum = fields.pop("checksum")
            newer = _parsed(fields)
        except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return mark
        results.seek(mark.bytes)
        since = results.read(max(0, newer.bytes - mark.bytes))
        follows = newer.kind == mark.kind and newer.tally.photos > mark.tally.photos
        return newer if follows and checksum == [mark.bytes, len(since), zlib.crc32(since)] else mark

    def write(self, mark: Mark) -> None:
        """Whatever happens after this, the mark is there. The results must be on the disk already."""
        self._replace(self._path, _fields(mark), durable=True)
        self._newer.unlink(missing_ok=True)

    def write_newer(self, mark: Mark, since: int, checksum: int) -> None:
        """Whoever kills this process, it is there. ``checksum``: CRC-32 of the results from ``since`` on."""
        fields = {**_fields(mark), "checksum": [since, mark.bytes - since, checksum]}
        self._replace(self._newer, fields, durable=False)

    def remove(self) -> None:
        self._newer.unlink(missing_ok=True)
        self._path.unlink(missing_ok=True)

    def _replace(self, path: Path, fields: dict[str, Any], *, durable: bool) -> None:
        temporary = self._path.with_name(f".{self._path.name}.part")
        with temporary.open("w", encoding="utf-8") as file:
            json.dump(fields, file)
            file.flush()
            if durable:
                os.fsync(file.fileno())
        temporary.replace(path)


def _fields(mark: Mark) -> dict[str, Any]:
    return {"format": _FORMAT, **asdict(mark)}


def _parsed(fields: dict[str, Any]) -> Mark:
    if fields.pop("format") != _FORMAT:
        raise ValueError("of another program")
    mark = Mark(**{**fields, "tally": Tally(**fields["tally"])})
    numbers = [mark.bytes, *asdict(mark.tally).values()]
    if type(mark.last) is not str or any(type(number) is not int or number < 0 for number in numbers):
        raise ValueError("damaged")
    return mark
