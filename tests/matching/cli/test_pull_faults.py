"""What may go wrong between a service and ``arc pull``, by accident or on purpose."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from feed_server import Answering, Fault, FeedServer
from pulled_folders import cursor, down, expected, held, passed, silent, torn, wrong_digest

Arc = Callable[..., Any]

pytestmark = pytest.mark.usefixtures("quick")


@pytest.mark.parametrize("fault", [down, torn, silent, wrong_digest])
def test_what_may_pass_is_tried_again(
    arc: Arc, server: FeedServer, folder: Path, quick: list[float], fault: Fault
) -> None:
    server.faults.extend([passed, fault, fault])
    assert arc("pull", "--url", server.url, "--store", folder).status == 0
    assert set(held(folder)) == expected(server)
    assert len(quick) == 2
    assert min(quick) >= (7 if fault is down else 0.5)


@pytest.mark.parametrize("fault", [down, torn, silent, wrong_digest])
def test_what_does_not_pass_is_given_up_and_what_came_before_stays(
    arc: Arc, server: FeedServer, folder: Path, quick: list[float], fault: Fault
) -> None:
    server.faults.extend([passed, *[fault] * 5])
    ran = arc("pull", "--url", server.url, "--store", folder)
    assert ran.status == 1
    assert ran.errors.endswith("(unreachable)\n")
    assert ran.errors.count("\n") == 1
    assert (set(held(folder)), cursor(folder)) == ({"id-0", "id-1", "id-2"}, ("feed-one", 3))
    assert server.confirmed == []
    server.asked.clear()
    assert arc("pull", "--url", server.url, "--store", folder).status == 0
    assert "after=3" in server.asked[0]
    assert set(held(folder)) == expected(server)


def spoiled_pages() -> dict[str, Callable[[dict[str, Any]], Any]]:
    """Ways to say something wrong with the right checksum."""
    return {
        "no object": lambda page: [page],
        "no feed": lambda page: {**page, "feed": None},
        "another feed": lambda page: {**page, "feed": "feed-two"},
        "no list": lambda page: {**page, "records": {}},
        "no records": lambda page: {**page, "records": [1]},
        "backwards": lambda page: {**page, "next": 1},
        "nowhere": lambda page: {**page, "records": [], "next": 3},
        "true is no number": lambda page: {**page, "next": True},
        "out of order": lambda page: {**page, "records": page["records"][::-1]},
        "twice": lambda page: changed(page, 1, id=page["records"][0]["id"]),
        "no id": lambda page: changed(page, 1, id=""),
        "odd id": lambda page: changed(page, 1, id="a b"),
        "odd status": lambda page: changed(page, 1, status="paused"),
        "no fingerprint": lambda page: changed(page, 1, fingerprint=None),
        "odd fingerprint": lambda page: changed(page, 1, fingerprint={"version": "arc-1"}),
        "newer fingerprint": lambda page: changed(page, 1, fingerprint={"version": "arc-99"}),
        "far fingerprint": lambda page: changed(
            page, 1, fingerprint={**page["records"][1]["fingerprint"], "mask": "/" * 683 + "="}
        ),
    }


def changed(page: dict[str, Any], number: int, **fields: Any) -> dict[str, Any]:
    records = [dict(record) for record in page["records"]]
    records[number].update(fields)
    return {**page, "records": records}


@pytest.mark.parametrize("case", list(spoiled_pages()))
def test_a_spoiled_page_is_refused_whole(arc: Arc, server: FeedServer, folder: Path, case: str) -> None:
    def spoil(answering: Answering) -> bool:
        answering.page_reply(spoiled_pages()[case](server.page(3, 3)))
        return True

    server.faults.extend([passed, spoil])
    ran = arc("pull", "--url", server.url, "--store", folder)
    assert ran.status == 1
    assert ran.errors.endswith("(another-feed)\n" if case == "another feed" else "(spoiled-answer)\n")
    assert ran.errors.count("\n") == 1
    assert cursor(folder) == ("feed-one", 3)
    assert server.confirmed == []


def test_a_page_without_checksum_is_refused(arc: Arc, server: FeedServer, folder: Path) -> None:
    def bare(answering: Answering) -> bool:
        answering.reply(json.dumps(server.page(0, 3)).encode())
        return True

    server.faults.append(bare)
    ran = arc("pull", "--url", server.url, "--store", folder)
    assert (ran.status, "no checksum" in ran.errors) == (1, True)


def test_a_redirect_is_not_followed_with_the_key(arc: Arc, server: FeedServer, folder: Path) -> None:
    def moved(answering: Answering) -> bool:
        answering.reply(b"", 302, {"Location": f"{server.url}/elsewhere"})
        return True

    server.faults.append(moved)
    ran = arc("pull", "--url", server.url, "--store", folder)
    assert (ran.status, ran.errors.endswith("(http-302)\n")) == (1, True)
    assert len(server.asked) == 1


def test_a_bomb_is_not_unpacked(
    arc: Arc, server: FeedServer, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("matching.client.transport.LARGEST_DECODED", 2000)
    ran = arc("pull", "--url", server.url, "--store", folder)
    assert (ran.status, ran.errors.endswith("(spoiled-answer)\n")) == (1, True)
