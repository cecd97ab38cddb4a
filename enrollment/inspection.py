"""Looking at everything that was sent, and saying of each file what is wrong with it."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.conf import settings

from enrollment import sandbox
from enrollment.refusals import Refused
from enrollment.sandbox import Inspected, SandboxFailed


@dataclass(frozen=True)
class SentFile:
    """One file of a form: the name as sent (only ever echoed), its bytes, and its true size.

    ``data`` may be shorter than ``size``: nothing past the limit is kept in memory.
    """

    name: str = field(repr=False)
    data: bytes = field(repr=False)
    size: int


class UploadRefused(Exception):
    """At least one photo cannot be taken, so none was kept. ``verdicts`` has one entry per file, None = fine.

    All or nothing: a case that silently lacks a photo would promise protection that is not there.
    """

    def __init__(self, verdicts: Sequence[Refused | None]) -> None:
        super().__init__(", ".join(refused.code for refused in verdicts if refused))
        self.verdicts = tuple(verdicts)


class Unavailable(Exception):
    """Our side failed, nothing was kept, trying again later helps. ``code`` is stable and kebab-case."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def inspect_all(files: Sequence[SentFile]) -> list[Inspected]:
    """Every photo, decoded and judged in the sandbox. Raises UploadRefused or Unavailable."""
    results = [_inspect(file) for file in files]
    photos = [result for result in results if not isinstance(result, Refused)]
    if len(photos) < len(files):
        raise UploadRefused([result if isinstance(result, Refused) else None for result in results])
    return photos


def _inspect(file: SentFile) -> Inspected | Refused:
    limit = settings.ARC_PHOTO_MAX_BYTES
    if file.size > limit:
        return Refused(
            "too-large-file", {"megabytes": round(file.size / 1e6, 1), "limit_megabytes": limit / 1e6}
        )
    try:
        return sandbox.inspect(file.data)
    except Refused as refused:
        return refused
    except SandboxFailed as error:
        raise Unavailable("inspection-failed") from error
