"""Everybody who may knock, every address there is, and what came of a knock."""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from http.cookies import SimpleCookie
from typing import TYPE_CHECKING, Any

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from django.contrib.auth.models import Group, User
from django.db import connection, transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone
from partner_rows import live_partner

from enrollment import receipts
from enrollment.models import Attestation, Case, Photo
from matching import keys
from matching.models import Partner, PartnerKey, Scope
from review import claims

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Answer

METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS")
ACTORS = (
    "anonymous", "own case", "other case", "reviewer without mfa", "reviewer", "lead", "partner manager",
    "auditor", "superuser without mfa", "superuser", "feed key", "match key", "revoked key",
)  # fmt: skip
ADDRESS, AGENT = "203.0.113.77", "Distinctive/7.7"
ARGUMENT = re.compile(r"\(\?P<(\w+)>[^()]*(?:\([^()]*\)[^()]*)*\)|<(?:(\w+):)?(\w+)>")
WRITTEN = re.compile(r'\s*(?:INSERT (?:OR \w+ )?INTO|UPDATE|DELETE FROM|REPLACE INTO) "?(\w+)"?')
TOKENS = {"own": "o" * 43, "other": "p" * 43}


@dataclass(frozen=True)
class Address:
    """One pattern of the URLconf: its full name (or its route when it has none), and its route."""

    name: str
    route: str


def addresses(resolver: URLResolver | None = None, route: str = "", space: str = "") -> Iterator[Address]:
    for entry in (resolver or get_resolver()).url_patterns:
        full = route + str(entry.pattern)
        if isinstance(entry, URLResolver):
            inner = f"{space}{entry.namespace}:" if entry.namespace else space
            yield from addresses(entry, full, inner)
        elif isinstance(entry, URLPattern):
            yield Address(f"{space}{entry.name}" if entry.name else full, full)


@dataclass(frozen=True)
class Visit:
    """What one request met, and which tables it wrote to."""

    status: int
    outcome: str
    written: frozenset[str]
    answer: "Answer" = field(repr=False)


@dataclass
class World:
    """The rows that addresses point at, and a browser for each actor. Fill in before visiting."""

    photo: Photo
    paths: dict[str, str]
    clients: dict[str, Client]
    headers: dict[str, dict[str, str]]
    cookies: dict[str, SimpleCookie] = field(default_factory=dict)

    def visit(self, actor: str, method: str, name: str, *, keep: bool = False) -> Visit:
        """One request from a fresh start: what it changes is taken back unless kept, cookies always."""
        client = self.clients[actor]
        client.cookies = SimpleCookie({key: morsel.value for key, morsel in self.cookies[actor].items()})
        with transaction.atomic(), writes() as written:
            answer = client.generic(
                method,
                self.paths[name],
                REMOTE_ADDR=ADDRESS,
                headers={"User-Agent": AGENT, **self.headers.get(actor, {})},
            )
            transaction.set_rollback(not keep)
        return Visit(answer.status_code, outcome(self.paths[name], answer), frozenset(written), answer)


@contextmanager
def writes() -> Iterator[set[str]]:
    """Collects the names of the tables that are written to meanwhile."""
    tables: set[str] = set()

    def note(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        if match := WRITTEN.match(sql):
            tables.add(match[1])
        return execute(sql, *rest)

    with connection.execute_wrapper(note):
        yield tables


def outcome(path: str, answer: "Answer") -> str:
    """What the answer means to whoever asked for that path, in one word."""
    if answer.status_code in {301, 302}:
        target = answer.headers["Location"]
        if target.startswith(("/staff/login/?", "/admin/login/?")):
            return "sign in"
        if target == reverse("mfa_index") and not path.startswith(target):
            return "set up"
        return "again" if target.startswith(("/staff/reauthenticate/", "/staff/2fa/reauth")) else "leads on"
    named = {
        400: "body", 401: "no key", 403: "refused", 404: "nothing", 405: "method", 409: "conflict",
        415: "body", 422: "form", 503: "postponed",
    }  # fmt: skip
    return named.get(answer.status_code, "open" if answer.status_code < 400 else str(answer.status_code))


def build_world() -> World:
    """Two cases, a claimed photo, people of every kind, and keys of a partner."""
    own, other = (_case(name) for name in TOKENS)
    photo = own.photos.get(position=1)
    people = {
        "reviewer without mfa": _person("rosa", "Reviewer", factor=False),
        "reviewer": _person("omar", "Reviewer"),
        "lead": _person("lea", "Lead"),
        "partner manager": _person("pam", "Partner manager", is_staff=True),
        "auditor": _person("ada", "Auditor", is_staff=True),
        "superuser without mfa": _person("sol", factor=False, is_staff=True, is_superuser=True),
        "superuser": _person("sam", is_staff=True, is_superuser=True),
    }
    claim = claims.take_next(people["reviewer"])
    assert claim is not None
    assert claim.photo_id == photo.pk
    partner = live_partner("Example")
    revoked = _key(partner)
    keys.revoke(PartnerKey.objects.get(), actor="test")
    bearers = {
        "feed key": _key(partner, Scope.FEED),
        "match key": _key(partner, Scope.MATCH, Scope.SIGHTINGS),
        "revoked key": revoked,
    }
    world = World(
        photo=photo,
        paths=_paths(photo, partner),
        clients={actor: Client(raise_request_exception=False) for actor in ACTORS},
        headers={actor: {"Authorization": f"Bearer {key}"} for actor, key in bearers.items()},
    )
    for actor, user in people.items():
        world.clients[actor].force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        # Asked for the password just now, so that no page is shut for that reason alone.
        session = world.clients[actor].session
        session["account_authentication_methods_user"] = str(user.pk)
        session["account_authentication_methods"] = [
            {"method": "password", "at": time.time(), "reauthenticated": True}
        ]
        session.save()
    for actor, case in (("own case", own), ("other case", other)):
        session = world.clients[actor].session
        session.update({"case": case.pk, "case_until": 2**40})
        session.save()
        world.clients[actor].cookies["sessionid"] = session.session_key or ""
    world.cookies = {actor: client.cookies for actor, client in world.clients.items()}
    return world


def _key(partner: Partner, *scopes: Scope) -> str:
    """A new key of the partner; one for everything without scopes."""
    newest = keys.newest(partner)
    return keys.issue(
        partner, actor="test", valid_for=None, newest_seen=newest, scopes=scopes or tuple(Scope)
    )


def _person(name: str, *roles: str, factor: bool = True, **fields: Any) -> User:
    user = User.objects.create_user(name, password="a fine long password", **fields)
    user.groups.set(Group.objects.filter(name__in=roles))
    if factor:
        TOTP.activate(user, "JBSWY3DPEHPK3PXP")
    return user


def _case(name: str) -> Case:
    receipt = receipts.derive(TOKENS[name])
    case = Case.objects.create(
        number=receipt.number,
        secret_digest=receipts.secret_digest(receipt.number, receipt.secret),
        submission_digest=receipts.submission_digest(TOKENS[name]),
        contents_digest="2" * 64,
        attestation=Attestation.SELF,
    )
    # The owner's second photo stands where the other case has none.
    for position in range(1, 3 if name == "own" else 2):
        received = timezone.now() - timedelta(hours=position if name == "other" else 5 - position)
        Photo.objects.create(
            case=case,
            position=position,
            received_at=received,
            width=640,
            height=480,
            coverage=0.2,
            detail=128.0,
        )
    return case


def _paths(photo: Photo, partner: Partner) -> dict[str, str]:
    """A concrete path for every address: existing rows where the argument says which kind is meant."""
    factor = Authenticator.objects.values_list("pk", flat=True)[0]
    values = {
        "photo_id": str(photo.pk),
        "object_id": str(partner.pk),
        "partner_id": str(partner.pk),
        "key_id": str(partner.keys.values_list("pk", flat=True)[0]),
        "pk": str(factor),
        "app_label": "review",
        "url": "absent/",
        "position": "2",
    }

    def fill(match: re.Match[str]) -> str:
        return values.get(match[1] or match[3], "1")

    return {
        address.name: "/" + re.sub(r"[\^$]|\\Z", "", ARGUMENT.sub(fill, address.route))
        for address in addresses()
    }
