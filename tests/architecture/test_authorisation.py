"""Every address, as everybody, by every method: the answers of the table in ``tests/authorisation.py``.

What is shut writes nothing, what only reads changes nothing, nothing breaks, and every answer wears every
safety header. Most of HEAD, PUT, DELETE and OPTIONS is visited in the slow run.
"""

import hashlib
import logging
import re
from collections import Counter

import pytest
import safety_headers
from authorisation import ENTRIES, OUTCOMES, SHUT, expected
from django.db import connection
from django.urls import URLPattern, URLResolver, get_resolver
from pytest_django import Settings
from visiting import ACTORS, ADDRESS, AGENT, METHODS, World, addresses, build_world

from enrollment import originals, sandbox

FEWEST_ADDRESSES = 110
TABLE = {(name, method): letters for name, method, letters in expected()}
# A visit moves the session's end, looking at a photo is written down, and so is the use of a key.
# Of whoever calls with a key: that it did, how often, and how it went. The feed's first reader names it.
CALL_NOTES = {"enrollment_allowance", "matching_feedhead", "matching_partnercalls", "matching_partnerkey"}
WRITTEN_BY_LOOKING = {
    "review:image": {"review_auditentry", "review_audithead", "review_viewing"},
    "matching:fingerprints": {*CALL_NOTES, "matching_partner", "matching_partnerprogress"},
    "matching:status": CALL_NOTES,
}
MOVED_BY_LOOKING = {"django_session", *set().union(*WRITTEN_BY_LOOKING.values())}


@pytest.fixture
def world(db: None, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> World:
    settings.ARC_REQUIRE_MFA = True
    # Whether the bytes can be read is asked elsewhere; here, who gets as far as that.
    monkeypatch.setattr(originals, "open_original", lambda photo_id: b"")
    monkeypatch.setattr(sandbox, "render_masked", lambda working: b"masked")
    return build_world()


def visits(actor: str) -> list[tuple[str, str, str]]:
    place = ACTORS.index(actor)
    return [(name, method, letters[place]) for (name, method), letters in TABLE.items()]


def assert_as_expected(world: World, actor: str, methods: set[str]) -> None:
    wrong, written, bare = [], [], []
    for name, method, letter in visits(actor):
        if method not in methods:
            continue
        visit = world.visit(actor, method, name)
        if visit.outcome != OUTCOMES[letter]:
            wrong.append(f"{method} {name}: {visit.outcome} instead of {OUTCOMES[letter]}")
        if letter in SHUT and visit.written - {"django_session"}:
            written.append(f"{method} {name}: {sorted(visit.written)}")
        if safety_headers.faults(visit.answer.headers):
            bare.append(f"{method} {name}")
    assert (wrong, written, bare) == ([], [], [])


@pytest.mark.parametrize("actor", ACTORS)
def test_everybody_gets_the_answer_of_the_table(actor: str, world: World) -> None:
    assert_as_expected(world, actor, {"GET", "POST"})


@pytest.mark.slow
@pytest.mark.parametrize("actor", ACTORS)
def test_by_the_other_methods_too(actor: str, world: World) -> None:
    assert_as_expected(world, actor, set(METHODS) - {"GET", "POST"})


def test_the_table_names_every_address_and_no_other() -> None:
    names = [address.name for address in addresses()]
    assert len(names) >= FEWEST_ADDRESSES
    assert {name for name, _ in TABLE} == set(names)


def test_the_table_answers_every_method_once() -> None:
    found = Counter((name, method) for name, method, _ in expected())
    assert found == Counter({(name, method): 1 for name, _ in TABLE for method in METHODS})
    assert {len(letters) for letters in TABLE.values()} == {len(ACTORS)}
    assert len({name for entry in ENTRIES for name in entry.names.split()}) * len(METHODS) == len(TABLE)


def test_a_wrong_line_of_the_table_is_noticed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(TABLE, ("review:queue", "GET"), "S" * len(ACTORS))
    with pytest.raises(AssertionError, match="GET review:queue: open instead of sign in"):
        assert_as_expected(world, "reviewer", {"GET"})


def test_paths_are_filled_in(world: World) -> None:
    assert [path for path in world.paths.values() if re.search(r"[<>()?\\^$]", path)] == []


def contents() -> dict[str, str]:
    """A digest of all rows of each table that looking must leave alone."""
    digests = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            if table not in MOVED_BY_LOOKING:
                cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)} ORDER BY 1")
                digests[table] = hashlib.sha256(repr(cursor.fetchall()).encode()).hexdigest()
    return digests


@pytest.mark.parametrize("actor", ["anonymous", "own case", "reviewer", "superuser", "feed key"])
def test_looking_changes_nothing(actor: str, world: World) -> None:
    before = contents()
    assert len(before) > 15
    written = {}
    for name in world.paths:
        visit = world.visit(actor, "GET", name, keep=True)
        written[name] = visit.written - {"django_session"} - WRITTEN_BY_LOOKING.get(name, set())
    assert {name: tables for name, tables in written.items() if tables} == {}
    assert contents() == before


def test_a_change_is_noticed(world: World) -> None:
    before = contents()
    visit = world.visit("own case", "POST", "enrollment:withdraw", keep=True)
    assert {"enrollment_photo", "review_auditentry"} <= visit.written
    assert contents() != before


def test_what_is_not_kept_leaves_nothing(world: World) -> None:
    before = contents()
    assert "enrollment_photo" in world.visit("own case", "POST", "enrollment:withdraw").written
    assert contents() == before


def test_another_case_reaches_its_own_photos_only(world: World) -> None:
    for name in ("enrollment:withdraw", "enrollment:withdraw_photo"):
        world.visit("other case", "POST", name, keep=True)
    states = world.photo.case.photos.values_list("state", flat=True)
    assert list(states) == ["awaiting_review"] * 2


def test_no_form_is_taken_without_its_csrf_token() -> None:
    """But for Exit, which has no form, and for partners, whose key no browser adds by itself."""
    found = views(get_resolver())
    exempt = {(view.__module__, name) for name, view in found if getattr(view, "csrf_exempt", False)}
    assert len(found) >= FEWEST_ADDRESSES
    assert {one for one in exempt if not one[0].startswith("matching.api.")} == {
        ("enrollment.views.case", "leave")
    }


def views(resolver: URLResolver) -> list[tuple[str, object]]:
    found: list[tuple[str, object]] = []
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            found += views(entry)
        elif isinstance(entry, URLPattern):
            found.append((str(entry.name), entry.callback))
    return found


def test_no_address_and_no_user_agent_is_kept(world: World, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        for actor in ("anonymous", "own case", "reviewer", "superuser", "revoked key"):
            for name in world.paths:
                for method in ("GET", "POST"):
                    world.visit(actor, method, name, keep=True)
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            kept = repr(cursor.fetchall())
            assert ADDRESS not in kept, table
            assert AGENT not in kept, table
    said = caplog.text
    assert ADDRESS not in said
    assert AGENT not in said
