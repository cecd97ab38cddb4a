"""The people of the review tests, and the cases they look at.

Rosa and Omar review, Gus reviews what guardians send as well, Ada reads the audit, Sol is a superuser with no
role, Nia works here with no role.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import drawing
import pytest
from django.contrib.auth.models import Group, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from enrollment import receipts
from enrollment.models import Attestation, Case, Photo
from enrollment.photo import encode_working
from enrollment.sandbox import Inspected
from enrollment.services import enroll
from review import claims
from review.models import Claim, Clause, Outcome, TermsVersion

PASSWORD = "a fine long password"


@dataclass(frozen=True)
class Unwelcome:
    """Somebody who may not review: who, their browser, and the answer they must get."""

    who: str
    client: Client
    status: int


def person(name: str, *roles: str, **fields: Any) -> User:
    user = User.objects.create_user(name, password=PASSWORD, **fields)
    user.groups.set(Group.objects.filter(name__in=roles))
    assert user.groups.count() == len(roles)
    return user


def browser_of(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


@contextmanager
def counted() -> Iterator[list[str]]:
    """Collects the statements of a page, without the savepoints that only a test has."""
    statements: list[str] = []
    with CaptureQueriesContext(connection) as captured:
        yield statements
    statements += [q["sql"] for q in captured if not q["sql"].startswith(("SAVEPOINT", "RELEASE"))]


@pytest.fixture
def count_queries() -> Callable[[], AbstractContextManager[list[str]]]:
    return counted


@pytest.fixture
def rosa(db: None) -> User:
    return person("rosa", "Reviewer")


@pytest.fixture
def omar(db: None) -> User:
    return person("omar", "Reviewer")


@pytest.fixture
def gus(db: None) -> User:
    return person("gus", "Guardian reviewer")


@pytest.fixture
def ada(db: None) -> User:
    return person("ada", "Auditor")


@pytest.fixture
def sol(db: None) -> User:
    return person("sol", is_superuser=True, is_staff=True)


@pytest.fixture
def nia(db: None) -> User:
    return person("nia", is_staff=True)


@pytest.fixture
def as_rosa(rosa: User) -> Client:
    return browser_of(rosa)


@pytest.fixture
def as_omar(omar: User) -> Client:
    return browser_of(omar)


@pytest.fixture
def as_gus(gus: User) -> Client:
    return browser_of(gus)


@pytest.fixture
def as_ada(ada: User) -> Client:
    return browser_of(ada)


@pytest.fixture
def as_sol(sol: User) -> Client:
    return browser_of(sol)


@pytest.fixture(params=["anonymous", "nia", "sol", "ada"])
def unwelcome(request: pytest.FixtureRequest, db: None) -> Unwelcome:
    """Everybody who may not review: strangers are sent to the sign-in, staff are refused."""
    if request.param == "anonymous":
        return Unwelcome("anonymous", Client(), 302)
    return Unwelcome(request.param, browser_of(request.getfixturevalue(request.param)), 403)


@pytest.fixture
def store(tmp_path: Path, settings: Any) -> Path:
    settings.STORE_DIR = tmp_path / "store"
    return tmp_path / "store"


MakeCase = Callable[..., list[Photo]]


@lru_cache(maxsize=8)
def inspected(seed: int) -> Inspected:
    """What the checks of the upload page give for a drawn photo with a covered face and body."""
    rgb = drawing.cover(drawing.natural(seed), drawing.FACE_AND_BODY)
    height, width = rgb.shape[:2]
    share = float(drawing.shape_mask(drawing.FACE_AND_BODY, width, height).mean())
    working = encode_working(rgb)
    return Inspected(
        working=working, width=width, height=height, coverage=share, detail=200, stripped=(), sketch=b""
    )


@pytest.fixture
def make_case(db: None, store: Path) -> MakeCase:
    """Enrolls a case of drawn, covered photos, as the upload page does after its checks."""

    def make(photos: int = 1, *, seed: int = 1) -> list[Photo]:
        token = receipts.new_token()
        receipt = enroll(token, [inspected(seed)] * photos, contents="", attestation=Attestation.SELF)
        return list(Case.objects.get(number=receipt.number).photos.order_by("position"))

    return make


@pytest.fixture
def photo(make_case: MakeCase) -> Photo:
    return make_case()[0]


@pytest.fixture
def rosas_claim(rosa: User, photo: Photo) -> Claim:
    claim = claims.take_next(rosa)
    assert claim is not None
    assert claim.photo_id == photo.pk
    return claim


@pytest.fixture
def let_expire() -> Callable[[Claim], None]:
    """Makes a claim run out, by the database's clock."""

    def expire(claim: Claim) -> None:
        Claim.objects.filter(pk=claim.pk).update(expires_at=claim.claimed_at)

    return expire


@pytest.fixture
def protected(db: None) -> Clause:
    return TermsVersion.objects.current().clauses.get(code="P1")


@pytest.fixture
def not_protected(db: None) -> Clause:
    clause = TermsVersion.objects.current().clauses.get(code="N1")
    assert clause.outcome == Outcome.NOT_COVERED
    return clause
