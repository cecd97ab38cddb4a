"""Their exchange of ours: pages of the feed as updates and deletions, under the partner's own ids."""

import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from threatexchange.exchanges import auth
from threatexchange.exchanges.collab_config import CollaborationConfigWithDefaults
from threatexchange.exchanges.fetch_state import (
    FetchCheckpointBase,
    FetchDelta,
    FetchedSignalMetadata,
    SignalOpinion,
    SignalOpinionCategory,
)
from threatexchange.exchanges.signal_exchange_api import SignalExchangeAPI
from threatexchange.signal_type.signal_base import SignalType

from matching.client.errors import Refused, ServiceError
from matching.client.pages import Page, changes
from matching.client.service import ANOTHER_FEED, CURSOR_AHEAD, Service, is_key
from matching.threatexchange import forms
from matching.threatexchange.index import NOTHING
from matching.threatexchange.signal import ArcPhotoSignal

logger = logging.getLogger(__name__)

_START_AGAIN = "its feed is another than the one fetched before; delete what was fetched and fetch anew"


@dataclass
class _Required:
    url: str = field(metadata={"help": "the service, such as https://cover.example.org"})


@dataclass
class ArcConfig(CollaborationConfigWithDefaults, _Required):
    """One service, under a name of the operator's choice."""


@dataclass
class ArcCredentials(auth.CredentialHelper):
    """An access key with the scope "feed"."""

    ENV_VARIABLE: ClassVar[str] = "TX_ARC_KEY"
    FILE_NAME: ClassVar[str] = "~/.tx_arc_key"

    key: str = field(repr=False, metadata={"help": "access key, as it was shown when it was issued"})

    @classmethod
    def _from_str(cls, s: str) -> "ArcCredentials":
        return cls(s.strip())

    def _are_valid(self) -> bool:
        return is_key(self.key)


@dataclass
class ArcCheckpoint(FetchCheckpointBase):
    """The feed and the number through which it was read, and when.

    Never stale: withdrawals stay in the feed for ever, so even an old checkpoint leads to today's set.
    """

    feed: str
    after: int
    read_at: int

    def get_progress_timestamp(self) -> int:
        return self.read_at


@dataclass
class ArcRecord(FetchedSignalMetadata):
    """The ``ids`` to report a sighting under; of a record, also its ``fingerprint`` as text."""

    ids: list[str]
    fingerprint: str = ""

    def get_as_opinions(self) -> Sequence[SignalOpinion]:
        """A person at the service has looked at the covered photo and decided."""
        return [SignalOpinion(False, SignalOpinionCategory.POSITIVE_CLASS, set(self.ids))]


class ArcExchangeAPI(
    auth.SignalExchangeWithAuth[ArcConfig, ArcCredentials],
    SignalExchangeAPI[ArcConfig, ArcCheckpoint, ArcRecord, str, ArcRecord],
):
    """The feed of one service, read with one key."""

    def __init__(self, service: Service) -> None:
        self._service = service

    @staticmethod
    def get_config_cls() -> type[ArcConfig]:
        return ArcConfig

    @staticmethod
    def get_checkpoint_cls() -> type[ArcCheckpoint]:
        return ArcCheckpoint

    @staticmethod
    def get_record_cls() -> type[ArcRecord]:
        return ArcRecord

    @staticmethod
    def get_credential_cls() -> type[ArcCredentials]:
        return ArcCredentials

    @classmethod
    def for_collab(cls, collab: ArcConfig, credentials: ArcCredentials | None = None) -> "ArcExchangeAPI":
        """Raises BadAddress, or their exceptions for a missing or malformed key."""
        return cls(Service(collab.url, (credentials or ArcCredentials.get(cls)).key))

    def fetch_iter(
        self, supported_signal_types: Sequence[type[SignalType]], checkpoint: ArcCheckpoint | None
    ) -> Iterator[FetchDelta[str, ArcRecord, ArcCheckpoint]]:
        """Yield a page at a time; nothing when nothing is new. Raises a ServiceError.

        Whoever calls with a checkpoint has kept what led to it, so that much is confirmed first.
        """
        feed, after, read_at = None, 0, 0
        if checkpoint is not None:
            feed, after, read_at = checkpoint.feed, checkpoint.after, checkpoint.read_at
        try:
            if feed is not None:
                self._service.confirm(feed, after)
            while (page := self._page(after, feed)).next > after or feed is None:
                updates = _updates(page, after)
                feed, after, read_at = page.feed, page.next, max(read_at, int(time.time()))
                yield FetchDelta(updates, ArcCheckpoint(feed, after, read_at))
                if not page.more:
                    return
        except ServiceError as error:
            another = isinstance(error, Refused) and error.code in (ANOTHER_FEED, CURSOR_AHEAD)
            # Below this level their command line says "failed to fetch!" and not why.
            logger.critical("the service cannot be read: %s", _START_AGAIN if another else error)
            raise

    @classmethod
    def naive_convert_to_signal_type(
        cls,
        signal_types: Sequence[type[SignalType]],
        _collab: ArcConfig,
        fetched: Mapping[str, ArcRecord],
    ) -> dict[type[SignalType], dict[str, ArcRecord]]:
        """Return the fingerprints and the ids of each.

        Without any there is a stand-in that matches nothing: their command line keeps the last index that it
        built when a collaboration has no signals left, and would go on finding what was withdrawn last.
        """
        if ArcPhotoSignal not in signal_types:
            return {}
        ids: dict[str, list[str]] = {} if fetched else {NOTHING: []}
        for record in fetched.values():
            ids.setdefault(record.fingerprint, []).extend(record.ids)
        return {ArcPhotoSignal: {text: ArcRecord(sorted(names)) for text, names in ids.items()}}

    def _page(self, after: int, feed: str | None) -> Page:
        page = self._service.page(after, feed)
        assert page is not None  # asked without an ETag
        return page


def _updates(page: Page, after: int) -> dict[str, ArcRecord | None]:
    """Return what to keep under each id, None for what to delete. Raises Spoiled."""
    found = changes(page, after)
    if found.unsupported:
        logger.critical("%d records of a newer kind passed over: update this extension", found.unsupported)
    kept = {id_: ArcRecord([id_], forms.fingerprint_text(each)) for id_, each in found.active().items()}
    return {**dict.fromkeys(found.gone), **kept}
