import base64
import gzip
import hashlib
import json
from typing import Any

import pytest
from calling import Program
from partner_rows import live_partner
from photo_rows import MakePhoto

from enrollment.models import Case
from enrollment.states import PhotoState
from matching import pages, planted, services
from matching.api import packing
from matching.engine.fingerprint import VERSION
from matching.models import FeedHead, FeedRecord, Partner, PartnerProgress


@pytest.fixture
def partner(db: None) -> Partner:
    return live_partner()


@pytest.fixture
def program(partner: Partner) -> Program:
    return Program.of(partner)


@pytest.fixture
def three(make_photo: MakePhoto) -> None:
    for _ in range(3):
        services.process_photo(make_photo(PhotoState.COVERED).pk, actor="worker")


def refused(program: Program, query: str) -> tuple[int, str]:
    response = program.get(f"fingerprints?{query}")
    return response.status_code, response.json()["code"]


def test_it_gives_a_page(program: Program, make_photo: MakePhoto, document: dict[str, Any]) -> None:
    services.process_photo(make_photo(PhotoState.COVERED).pk, actor="worker")
    response = program.get("fingerprints")
    assert response.status_code == 200
    assert response["Content-Type"] == "application/json"
    page = response.json()
    assert set(page) == {"feed", "records", "next", "more"}
    assert (page["feed"], page["next"], page["more"]) == (str(FeedHead.objects.get().feed_id), 1, False)
    assert page["records"][0]["fingerprint"] == document
    assert Case.objects.get().number not in response.text


def test_it_follows_the_cursor_and_notes_how_far(program: Program, three: None, partner: Partner) -> None:
    seen, after, more = [], 0, True
    while more:
        page = program.get(f"fingerprints?after={after}&limit=2").json()
        seen += [record["seq"] for record in page["records"]]
        after, more = page["next"], page["more"]
    assert seen == [1, 2, 3]
    partner.refresh_from_db()
    assert partner.pulled == 3
    assert [*PartnerProgress.objects.order_by("through").values_list("through", flat=True)] == [2, 3]


@pytest.mark.parametrize("after", ["", "-1", "1.5", "abc", "1_0", "+1", " 1", "²", "٣", "9" * 19, "9" * 5000])
def test_it_refuses_a_garbage_cursor(program: Program, after: str) -> None:
    assert refused(program, f"after={after}") == (400, "bad-cursor")


def test_it_refuses_a_cursor_from_the_future(program: Program) -> None:
    assert refused(program, "after=1") == (409, "cursor-ahead")


@pytest.mark.parametrize("limit", ["", "0", "-1", "5001", "many"])
def test_it_refuses_a_garbage_limit(program: Program, limit: str) -> None:
    assert refused(program, f"limit={limit}") == (400, "bad-limit")


def test_it_knows_which_feed_it_is(program: Program, three: None) -> None:
    feed = program.get("fingerprints").json()["feed"]
    assert program.get(f"fingerprints?after=2&feed={feed}").status_code == 200
    for other in ("", "x", "00000000-0000-4000-8000-000000000000"):
        assert refused(program, f"after=2&feed={other}") == (409, "another-feed")


class TestVersions:
    @pytest.mark.parametrize("versions", [VERSION, f"arc-0,{VERSION}", f"{VERSION},arc-99"])
    def test_it_speaks_what_the_client_knows(self, program: Program, three: None, versions: str) -> None:
        records = program.get(f"fingerprints?versions={versions}").json()["records"]
        assert {record["status"] for record in records} == {"active"}

    def test_it_tells_an_old_client_instead_of_breaking_it(self, program: Program) -> None:
        response = program.get("fingerprints?versions=arc-0")
        assert (response.status_code, response.json()["code"]) == (406, "version-not-offered")
        assert response.json()["offered"] == [VERSION]

    def test_it_does_not_send_what_the_client_cannot_read(self, program: Program, three: None) -> None:
        FeedRecord.objects.filter(seq=2).update(version="arc-0")
        found = program.get(f"fingerprints?versions={VERSION}").json()["records"]
        assert [record["status"] for record in found] == ["active", "unsupported", "active"]
        assert found[1]["version"] == "arc-0"

    @pytest.mark.parametrize("versions", ["", ",", "arc", "arc-", "ARC-1", f"{VERSION},", "arc-1," * 11])
    def test_it_refuses_garbage(self, program: Program, versions: str) -> None:
        assert refused(program, f"versions={versions}") == (400, "bad-versions")


class TestPacking:
    def test_it_packs_only_when_asked(self, program: Program, three: None) -> None:
        plain = program.get("fingerprints")
        packed = program.get("fingerprints", accept_encoding="gzip")
        assert "Content-Encoding" not in plain
        assert packed["Content-Encoding"] == "gzip"
        assert gzip.decompress(packed.content) == plain.content
        assert packed.content == program.get("fingerprints", accept_encoding="br, gzip").content

    @pytest.mark.parametrize("packed", [False, True])
    def test_the_digest_is_of_the_bytes_as_sent(self, program: Program, three: None, packed: bool) -> None:
        headers = {"accept_encoding": "gzip"} if packed else {}
        response = program.get("fingerprints", **headers)
        digest = base64.b64encode(hashlib.sha256(response.content).digest()).decode()
        assert response["Repr-Digest"] == f"sha-256=:{digest}:"

    def test_it_is_not_sent_twice(self, program: Program, three: None) -> None:
        first = program.get("fingerprints")
        for known in (first["ETag"], f'"x", {first["ETag"]}', f"W/{first['ETag']}", "*"):
            again = program.get("fingerprints", if_none_match=known)
            assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
        assert program.get("fingerprints?limit=2", if_none_match=first["ETag"]).status_code == 200
        assert program.get("fingerprints", if_none_match='"x", garbage').status_code == 200
        assert {"Accept-Encoding", "Authorization"} <= set(first["Vary"].split(", "))

    def test_a_tag_is_of_one_key_and_one_packing(
        self, program: Program, three: None, partner: Partner
    ) -> None:
        other = Program.of(partner)
        answers = [
            program.get("fingerprints"),
            program.get("fingerprints", accept_encoding="gzip"),
            other.get("fingerprints"),
        ]
        assert answers[0].content == answers[2].content
        assert len({answer["ETag"] for answer in answers}) == 3

    @pytest.mark.parametrize(
        ("header", "accepted"),
        [("", False), ("gzip", True), ("GZIP", True), ("x-gzip", True), ("*", True), ("identity", False),
         ("gzip;q=0", False), ("gzip; q=0.0", False), ("*;q=0", False), ("gzip;q=0, *", False),
         ("br;q=1.0, gzip;q=0.5", True), ("gzip;q=x", False), ("gzip;q=1.2.3", False), (",;,", False)],
    )  # fmt: skip
    def test_it_reads_what_is_accepted(self, header: str, accepted: bool) -> None:
        assert packing.accepts_gzip(header) is accepted


def test_a_partner_being_connected_meets_a_withdrawal(db: None) -> None:
    """Three test records; once they are fetched, one is a tombstone, and its confirmation is noted."""
    partner = live_partner()
    Partner.objects.update(stage=Partner.Stage.ONBOARDING)
    partner.refresh_from_db()
    planted.onboard(partner)
    program = Program.of(partner)
    first = program.get("fingerprints?limit=2").json()
    assert len(first["records"]) == 2
    assert program.get("fingerprints").json()["records"][:2] == first["records"]
    after = program.get("fingerprints").json()
    assert [record["status"] for record in after["records"]] == ["active", "active", "withdrawn"]
    assert program.post("confirmations", {"feed": after["feed"], "applied": after["next"]}).status_code == 200
    partner.refresh_from_db()
    assert partner.applied == after["records"][2]["seq"] == pages.head()
    assert json.loads(pages.page(partner, after=0, limit=9).text())["records"] == after["records"]
