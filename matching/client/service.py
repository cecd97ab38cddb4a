"""What a partner asks of a service."""

import re
from http import HTTPStatus

from matching.client.errors import Refused, Spoiled
from matching.client.pages import Page, head_of, parsed
from matching.client.transport import Transport
from matching.engine.fingerprint import VERSION

# Each page costs the service as much as some hundred records, and us twenty times its size in memory.
PAGE = 2000
ANOTHER_FEED, CURSOR_AHEAD, CONFIRMATION_BEHIND = "another-feed", "cursor-ahead", "confirmation-behind"

_KEY = re.compile(r"[!-~]{1,200}")


def is_key(text: str) -> bool:
    """Return whether a text can be an access key: one printable word, such as is shown when one is issued."""
    return _KEY.fullmatch(text) is not None


class Service:
    """One service and one partner's key. All of it may be asked for again without harm."""

    def __init__(self, url: str, key: str) -> None:
        """Raises BadAddress."""
        self._transport = Transport(url, key)

    def page(self, after: int, feed: str | None, *, etag: str | None = None) -> Page | None:
        """Return the page after a cursor, None when it is still the one of ``etag``.

        ``feed``: the one that the cursor is of, None at the first time. Raises a ServiceError.
        """
        fields = {"after": str(after), "limit": str(PAGE), "versions": VERSION}
        if feed is not None:
            fields["feed"] = feed
        answer = self._transport.get("/fingerprints", fields, etag=etag)
        if answer.status == HTTPStatus.NOT_MODIFIED:
            if etag is None:
                raise Spoiled("the service says that nothing changed since never")
            return None
        page = parsed(answer.body, after, etag=answer.headers.get("ETag"))
        if feed not in (None, page.feed):
            raise Refused(ANOTHER_FEED, "the service now speaks of another feed than before")
        return page

    def head(self) -> int:
        """Return the sequence number at which the feed ends now. Raises a ServiceError."""
        return head_of(self._transport.get("/status", {}, digested=False).body)

    def confirm(self, feed: str, applied: int) -> None:
        """Say that everything through ``applied`` is in force here. Raises a ServiceError.

        That more was confirmed before, perhaps by another machine with this key, is no error.
        """
        try:
            self._transport.post("/confirmations", {"feed": feed, "applied": applied})
        except Refused as refusal:
            if refusal.code != CONFIRMATION_BEHIND:
                raise
