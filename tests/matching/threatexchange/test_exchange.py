"""The exchange against the contract, stored as ``tx`` and Hasher-Matcher-Actioner store it."""

from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest
from feed_server import KEY, Answering, FeedServer, serving
from grids import draw_grid, enroll
from threatexchange.exchanges.auth import (
    SignalExchangeAPIInvalidAuthException,
    SignalExchangeAPIMissingAuthException,
)
from threatexchange.exchanges.signal_exchange_api import TSignalExchangeAPICls
from threatexchange.storage.local_dbm import DBMStore

from matching.client.errors import BadAddress, Refused, Unreachable
from matching.threatexchange import forms
from matching.threatexchange.exchange import (
    ArcCheckpoint,
    ArcConfig,
    ArcCredentials,
    ArcExchangeAPI,
    ArcRecord,
)
from matching.threatexchange.index import ArcIndex
from matching.threatexchange.signal import ArcPhotoSignal

Held = dict[str, ArcRecord]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("matching.client.service.PAGE", 3)
    monkeypatch.setattr("matching.client.transport.SLEEP", lambda seconds: None)
    monkeypatch.setenv("TX_ARC_KEY", KEY)


@pytest.fixture
def server() -> Iterator[FeedServer]:
    with serving(FeedServer()) as server:
        for number in range(7):
            server.publish(f"id-{number}", enroll(number))
        yield server


def config(server: FeedServer) -> ArcConfig:
    return ArcConfig(name="COVER", url=server.url)


def fetch(server: FeedServer, held: Held, checkpoint: ArcCheckpoint | None) -> ArcCheckpoint | None:
    """Merge what is new, as their command line does."""
    for delta in ArcExchangeAPI.for_collab(config(server)).fetch_iter([ArcPhotoSignal], checkpoint):
        ArcExchangeAPI.naive_fetch_merge(held, delta.updates)
        before, checkpoint = checkpoint, delta.checkpoint
        assert before is None or before.get_progress_timestamp() <= checkpoint.get_progress_timestamp()
    return checkpoint


def found(server: FeedServer, held: Held, seed: int) -> list[str]:
    signals = ArcExchangeAPI.naive_convert_to_signal_type([ArcPhotoSignal], config(server), held)
    index: ArcIndex[ArcRecord] = ArcIndex.build(signals[ArcPhotoSignal].items())
    return [id_ for match in index.query(forms.photo_text(draw_grid(seed))) for id_ in match.metadata.ids]


def test_records_come_page_by_page_under_their_ids(server: FeedServer) -> None:
    held: Held = {}
    checkpoint = fetch(server, held, None)
    assert checkpoint is not None
    assert (checkpoint.feed, checkpoint.after) == ("feed-one", 7)
    assert set(held) == set(server.records)
    assert found(server, held, 3) == ["id-3"]
    assert "3" in str(held["id-3"])
    assert server.confirmed == []  # nobody has said yet that it was kept


def test_a_withdrawal_is_a_deletion_and_is_confirmed_by_who_comes_back(server: FeedServer) -> None:
    held: Held = {}
    checkpoint = fetch(server, held, None)
    server.withdraw("id-3")
    checkpoint = fetch(server, held, checkpoint)
    assert found(server, held, 3) == []
    assert fetch(server, held, checkpoint) == checkpoint  # nothing new is no new state to write
    assert server.confirmed == [7, 8]


def test_the_last_withdrawal_leaves_an_index_that_matches_nothing(server: FeedServer) -> None:
    held: Held = {}
    checkpoint = fetch(server, held, None)
    for id_ in [*server.records]:
        server.withdraw(id_)
    fetch(server, held, checkpoint)
    assert held == {}
    assert found(server, held, 3) == []


def test_an_old_checkpoint_leaves_no_ghosts(server: FeedServer) -> None:
    held: Held = {}
    checkpoint = fetch(server, held, None)
    assert checkpoint is not None
    old, aged = dict(held), ArcCheckpoint(checkpoint.feed, 2, 0)
    server.withdraw("id-1")
    server.withdraw("id-6")
    for start in (aged, None):
        assert start is None or not start.is_stale()
        again = dict(old)
        fetch(server, again, start)
        assert set(again) == {f"id-{number}" for number in (0, 2, 3, 4, 5)}


def test_what_this_program_cannot_read_is_deleted_and_told(
    server: FeedServer, caplog: pytest.LogCaptureFixture
) -> None:
    held: Held = {}
    checkpoint = fetch(server, held, None)
    server.outgrow("id-3")
    fetch(server, held, checkpoint)
    assert "id-3" not in held
    assert "1 records of a newer kind" in caplog.text


def test_two_records_of_one_fingerprint_are_both_named(server: FeedServer) -> None:
    server.publish("twin", enroll(3))
    held: Held = {}
    checkpoint = fetch(server, held, None)
    assert found(server, held, 3) == ["id-3", "twin"]
    server.withdraw("id-3")
    fetch(server, held, checkpoint)
    assert found(server, held, 3) == ["twin"]


def test_another_feed_stops_loudly_instead_of_mixing(
    server: FeedServer, caplog: pytest.LogCaptureFixture
) -> None:
    held: Held = {}
    checkpoint = fetch(server, held, None)
    server.feed = "feed-two"
    with pytest.raises(Refused):
        fetch(server, held, checkpoint)
    [record] = caplog.records
    assert (record.levelname, "fetch anew" in record.message) == ("CRITICAL", True)


def test_a_failure_midway_keeps_what_came_before(server: FeedServer) -> None:
    def down(answering: Answering) -> bool:
        answering.problem(503, "busy")
        return True

    server.faults.extend([lambda answering: False, *[down] * 5])
    held: Held = {}
    with pytest.raises(Unreachable):
        fetch(server, held, None)
    assert set(held) == {"id-0", "id-1", "id-2"}


def test_keys_come_from_where_their_tools_take_them(
    server: FeedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ArcCredentials, "FILE_NAME", str(tmp_path / "key"))
    monkeypatch.delenv("TX_ARC_KEY")
    with pytest.raises(SignalExchangeAPIMissingAuthException):
        ArcExchangeAPI.for_collab(config(server))
    (tmp_path / "key").write_text(f"{KEY}\n")
    ArcExchangeAPI.for_collab(config(server))
    (tmp_path / "key").write_text("two words")
    with pytest.raises(SignalExchangeAPIInvalidAuthException):
        ArcExchangeAPI.for_collab(config(server))
    assert KEY not in repr(ArcCredentials(KEY))


def test_a_key_is_not_sent_in_clear_text() -> None:
    with pytest.raises(BadAddress):
        ArcExchangeAPI.for_collab(ArcConfig(name="COVER", url="http://cover.example.org"))


def test_their_database_store_keeps_records_checkpoints_and_credentials(
    server: FeedServer, tmp_path: Path
) -> None:
    exchange = cast(TSignalExchangeAPICls, ArcExchangeAPI)  # as they cast theirs: the parameters differ
    store = DBMStore(tmp_path, signal_types=[ArcPhotoSignal], exchange_types=[exchange])
    collab = config(server)
    collab.api = "arc"
    store.exchange_update(collab, create=True)
    for delta in store.exchange_get_client(collab).fetch_iter([ArcPhotoSignal], None):
        store.exchange_commit_fetch(collab, None, delta.updates, delta.checkpoint)
    checkpoint = store.exchange_get_fetch_checkpoint("COVER")
    assert isinstance(checkpoint, ArcCheckpoint)
    assert checkpoint.after == 7
    kept = store.exchange_get_data("COVER", "id-3")
    assert isinstance(kept, ArcRecord)
    assert forms.fingerprint_of(kept.fingerprint) == enroll(3)
    server.withdraw("id-3")
    for delta in store.exchange_get_client(collab).fetch_iter([ArcPhotoSignal], checkpoint):
        store.exchange_commit_fetch(collab, checkpoint, delta.updates, delta.checkpoint)
    with pytest.raises(KeyError):
        store.exchange_get_data("COVER", "id-3")
