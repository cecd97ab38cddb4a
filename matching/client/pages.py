"""Pages of the feed: read strictly, because what slips in here blocks other people's photos."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard

from matching.client.errors import Spoiled
from matching.engine.errors import EngineError
from matching.engine.fingerprint import Fingerprint
from matching.engine.jsonform import from_json, rows_from_json
from matching.engine.rows import Rows

_NAME = re.compile(r"[!-~]{1,200}")  # of a feed or a record
_LARGEST = 2**63 - 1


@dataclass(frozen=True)
class Page:
    """One page, its frame checked: who speaks, what follows. The records are looked at by ``changes``."""

    feed: str
    next: int
    more: bool
    records: list[Mapping[str, Any]]
    etag: str | None = None


@dataclass(frozen=True)
class Changes:
    """What to hold from now on, ``rows`` under ``ids``; what to forget; how many are not for this program.

    An unsupported record replaces what was held under its id, so its id is among ``gone`` as well.
    """

    ids: list[str]
    rows: Rows
    gone: set[str]
    unsupported: int

    def active(self) -> dict[str, Fingerprint]:
        """Return the fingerprints by id."""
        return dict(zip(self.ids, self.rows.fingerprints(), strict=True))


def parsed(body: bytes, after: int, *, etag: str | None = None) -> Page:
    """Return the page that follows cursor ``after``. Raises Spoiled."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Spoiled("the service's page is not JSON") from error
    if not isinstance(document, dict):
        raise Spoiled("the service's page is not a JSON object")
    feed, records = document.get("feed"), document.get("records")
    next_, more = document.get("next"), document.get("more")
    if not isinstance(feed, str) or not _NAME.fullmatch(feed):
        raise Spoiled("the service's page does not say which feed it is of")
    if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
        raise Spoiled("the service's page holds no list of records")
    if not _is_whole(next_) or not isinstance(more, bool) or not after <= next_ <= _LARGEST:
        raise Spoiled("the service's page does not say what follows it")
    if more and next_ == after:
        raise Spoiled("the service's page leads nowhere")
    return Page(feed, next_, more, records, etag)


def head_of(body: bytes) -> int:
    """Return the end of the feed from a status document. Raises Spoiled."""
    try:
        head = json.loads(body)["head"]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise Spoiled("the service's status does not say how long its feed is") from error
    if not _is_whole(head):
        raise Spoiled("the service's status does not say how long its feed is")
    return head


def changes(page: Page, after: int) -> Changes:
    """Return what the records of a page say. Raises Spoiled, naming the record."""
    forms, gone = dict[str, Mapping[str, object]](), set[str]()
    last, unsupported = after, 0
    for record in page.records:
        seq, id_, status = record.get("seq"), record.get("id"), record.get("status")
        if not _is_whole(seq) or not last < seq <= page.next:
            raise Spoiled(f"record {seq!r} is out of its order")
        last = seq
        if not isinstance(id_, str) or not _NAME.fullmatch(id_) or id_ in forms or id_ in gone:
            raise Spoiled(f"record {seq} has no id of its own")
        if status == "active" and isinstance(form := record.get("fingerprint"), dict):
            forms[id_] = form
        elif status in ("withdrawn", "unsupported"):
            gone.add(id_)
            unsupported += status == "unsupported"
        else:
            raise Spoiled(f"record {seq} says what this program does not know; is there a newer one?")
    return Changes([*forms], _read(forms), gone, unsupported)


def _read(forms: Mapping[str, Mapping[str, object]]) -> Rows:
    try:
        return rows_from_json([*forms.values()])
    except EngineError:
        for id_, form in forms.items():
            _check(id_, form)
        raise


def _check(id_: str, form: Mapping[str, object]) -> None:
    try:
        from_json(form)
    except EngineError as error:
        raise Spoiled(f"record {id_}: {error}") from error


def _is_whole(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)
