"""Every address as every kind of visitor: strangers stay out, nothing breaks, a GET changes nothing."""

import hashlib
import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection
from django.http import HttpResponseBase
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from enrollment.models import Attestation, Case, Photo
from matching.models import Partner

# Pages for people without an account, and the doors that ask for something else than a session.
PUBLIC = {
    "enrollment:landing",
    "enrollment:cover",
    "enrollment:upload",
    "enrollment:status",
    "enrollment:withdraw",
    "enrollment:withdraw_photo",
    "enrollment:leave",
    "matching:fingerprints",
    "account_login",
    "mfa_authenticate",
    "admin:login",
}
REFUSALS = {401, 403, 404, 405}
# A visit moves the session's end, and looking at a photo or for one is written down.
MOVED_BY_LOOKING = {"django_session", "review_auditentry", "review_audithead", "enrollment_allowance"}
ARGUMENT = re.compile(r"\(\?P<(\w+)>[^()]*(?:\([^()]*\)[^()]*)*\)|<(?:(\w+):)?(\w+)>")
FEWEST_ADDRESSES = 60


@dataclass(frozen=True)
class Address:
    """One pattern of the URLconf: its full name (or its route when it has none), and its route."""

    name: str
    route: str


def addresses(resolver: URLResolver, route: str = "", space: str = "") -> Iterator[Address]:
    for entry in resolver.url_patterns:
        full = route + str(entry.pattern)
        if isinstance(entry, URLResolver):
            inner = f"{space}{entry.namespace}:" if entry.namespace else space
            yield from addresses(entry, full, inner)
        elif isinstance(entry, URLPattern):
            yield Address(f"{space}{entry.name}" if entry.name else full, full)


ADDRESSES = list(addresses(get_resolver()))


@pytest.fixture
def photo(db: None) -> Photo:
    case = Case.objects.create(
        number="TEST000001",
        secret_digest="0" * 64,
        submission_digest="1" * 64,
        contents_digest="2" * 64,
        attestation=Attestation.SELF,
    )
    return Photo.objects.create(case=case, position=1, width=640, height=480, coverage=0.2, detail=128.0)


@pytest.fixture
def paths(photo: Photo) -> dict[str, str]:
    """A concrete path for every address: existing rows where the argument says which kind is meant."""
    partner = Partner.objects.create(name="Example")
    values = {
        "photo_id": str(photo.pk),
        "object_id": str(partner.pk),
        "app_label": "review",
        "url": "absent/",
        "position": "1",
    }
    by_converter = {"int": "1", "uuid": str(uuid.uuid4()), "str": "x", "slug": "x", "path": "1"}

    def fill(match: re.Match[str]) -> str:
        name = match[1] or match[3]
        return values.get(name) or by_converter.get(match[2] or "str", "1")

    found = {}
    for address in ADDRESSES:
        path = ARGUMENT.sub(fill, address.route)
        found[address.name] = "/" + path.replace("^", "").replace("$", "").replace("\\Z", "")
    return found


@pytest.fixture(params=["anonymous", "reviewer", "admin"])
def visitor(request: pytest.FixtureRequest, db: None) -> tuple[str, Client]:
    """Somebody without an account, a reviewer, and a superuser who is not one."""
    client = Client(raise_request_exception=False)
    if request.param == "reviewer":
        user = User.objects.create_user("rosa", password="a fine long password")
        user.groups.add(Group.objects.get(name="Reviewer"))
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    elif request.param == "admin":
        user = User.objects.create_superuser("sol", password="a fine long password")
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return request.param, client


def contents() -> dict[str, str]:
    """A digest of all rows of each table that a GET must leave alone."""
    digests = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            if table not in MOVED_BY_LOOKING:
                cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)} ORDER BY 1")
                digests[table] = hashlib.sha256(repr(cursor.fetchall()).encode()).hexdigest()
    return digests


def leads_to_sign_in(response: HttpResponseBase) -> bool:
    return response.status_code == 302 and response.headers["Location"].startswith(
        ("/staff/login/", "/admin/login/")
    )


def test_the_walk_reaches_every_address(paths: dict[str, str]) -> None:
    assert len(ADDRESSES) >= FEWEST_ADDRESSES
    assert len(paths) == len({address.name for address in ADDRESSES})
    assert set(paths) >= PUBLIC
    assert [path for path in paths.values() if re.search(r"[<>()?\\^$]", path)] == []


@pytest.mark.parametrize("method", ["get", "post", "put", "delete"])
def test_nothing_breaks(visitor: tuple[str, Client], method: str, paths: dict[str, str]) -> None:
    _, client = visitor
    statuses = {name: getattr(client, method)(path).status_code for name, path in paths.items()}
    assert len(statuses) >= FEWEST_ADDRESSES
    assert {name: status for name, status in statuses.items() if status >= 500} == {}


def test_a_get_changes_nothing(visitor: tuple[str, Client], paths: dict[str, str]) -> None:
    _, client = visitor
    before = contents()
    assert len(before) > 15
    changed: dict[str, Any] = {}
    for name, path in paths.items():
        client.get(path)
        after = contents()
        if after != before:
            changed[name] = sorted(table for table in before if after[table] != before[table])
            before = after
    assert changed == {}


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["get", "post"])
def test_strangers_get_in_nowhere_else(method: str, paths: dict[str, str]) -> None:
    client = Client(raise_request_exception=False)
    let_in = {}
    for name, path in paths.items():
        response = getattr(client, method)(path)
        if name not in PUBLIC and not leads_to_sign_in(response) and response.status_code not in REFUSALS:
            let_in[name] = response.status_code
    assert let_in == {}


@pytest.mark.django_db
def test_public_pages_do_not_ask_to_sign_in(paths: dict[str, str]) -> None:
    client = Client()
    asked = [
        name
        for name in PUBLIC - {"admin:login", "mfa_authenticate"}
        if leads_to_sign_in(client.get(paths[name]))
    ]
    assert asked == []


@pytest.mark.django_db
def test_a_superuser_is_not_a_reviewer(paths: dict[str, str]) -> None:
    client = Client()
    client.force_login(
        User.objects.create_superuser("sol", password="a fine long password"),
        backend="django.contrib.auth.backends.ModelBackend",
    )
    review = [name for name in paths if name.startswith("review:") and not name.startswith("review:log")]
    assert len(review) >= 6
    for name in review:
        statuses = {client.get(paths[name]).status_code, client.post(paths[name]).status_code}
        assert statuses <= {403, 405}, name
