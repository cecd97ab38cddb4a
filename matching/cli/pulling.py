"""From cursor to end of feed: pages are gathered, put in force together, and only then confirmed."""

from collections.abc import Callable
from dataclasses import dataclass

from matching.cli.pull_folder import Draft
from matching.cli.pull_news import News
from matching.client.ahead import Ahead
from matching.client.errors import Refused, ServiceError
from matching.client.pages import Page, changes
from matching.client.service import ANOTHER_FEED, CURSOR_AHEAD, Service

# Records put in force together: seconds of work to lose, and under 60 MB to hold. With the page that filled
# them they are one file, and are not written again until something of it is withdrawn.
AT_ONCE = 60_000


@dataclass
class Tally:
    """What pages said, counted as they came."""

    active: int = 0
    withdrawn: int = 0
    unsupported: int = 0


@dataclass
class Poll:
    """What a service said at the end of its feed, so that the same need not be sent again."""

    etag: str | None = None
    confirmed: tuple[str, int] | None = None


def pull(service: Service, draft: Draft, poll: Poll, *, told: Callable[[int], object]) -> Tally:
    """Bring a folder up to date and confirm it; ``told`` is called with each cursor reached.

    What came before a failure stays in force. Raises ServiceError, CorruptStore or OSError.
    """
    tally = Tally()
    try:
        _crawl(service, draft, poll, tally, told)
    except Refused as refusal:
        begun = draft.manifest.feed is not None
        if not (draft.anew and begun and refusal.code in (ANOTHER_FEED, CURSOR_AHEAD)):
            raise
        # The feed changed while it was fetched anew: what was fetched is of no use.
        draft.restart()
        tally = Tally()
        _crawl(service, draft, poll, tally, told)
    draft.finish()
    manifest = draft.manifest
    if manifest.feed is not None and poll.confirmed != (manifest.feed, manifest.after):
        service.confirm(manifest.feed, manifest.after)
        poll.confirmed = (manifest.feed, manifest.after)
    return tally


def _crawl(service: Service, draft: Draft, poll: Poll, tally: Tally, told: Callable[[int], object]) -> None:
    gathered = _Gathered(draft)
    page = service.page(gathered.after, gathered.feed, etag=poll.etag)
    try:
        while page is not None:
            ahead = Ahead(service, page) if page.more else None
            gathered.take(page, tally)
            told(gathered.after)
            if ahead is None:
                break
            if gathered.is_full():
                gathered.put_in_force()
            page = ahead.page()
    except ServiceError:
        gathered.put_in_force()
        raise
    gathered.put_in_force()
    if page is not None:
        # Of an empty page: what comes after a full one has another.
        poll.etag = None if page.records else page.etag


class _Gathered:
    """Records between the folder's cursor and the one reached."""

    def __init__(self, draft: Draft) -> None:
        self._draft = draft
        self.feed, self.after = draft.manifest.feed, draft.manifest.after
        self._news = News()

    def take(self, page: Page, tally: Tally) -> None:
        """Raises Spoiled, having taken nothing."""
        found = changes(page, self.after)
        self._news.add(found)
        tally.active += len(found.ids)
        tally.withdrawn += len(found.gone) - found.unsupported
        tally.unsupported += found.unsupported
        self.feed, self.after = page.feed, page.next

    def is_full(self) -> bool:
        return len(self._news) >= AT_ONCE

    def put_in_force(self) -> None:
        """Raises CorruptStore or OSError."""
        manifest = self._draft.manifest
        if self.feed is None or (self.feed, self.after) == (manifest.feed, manifest.after):
            return
        self._draft.commit(self._news, feed=self.feed, after=self.after)
        self._news = News()
