"""The interface keeps to its own description: generated calls, in this process, few of them."""

from collections.abc import Iterator

import pytest
import schemathesis
from calling import BASE, Program
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.test import Client
from hypothesis import HealthCheck, given, settings, strategies
from partner_rows import live_partner
from schemathesis import GenerationMode
from schemathesis.specs.openapi.schemas import OpenApiSchema
from visiting import addresses

from matching import feed, pages
from matching.api import openapi, schemas
from matching.models import Outcome, Partner
from matching.problems import Problem

EXAMPLES = 10


@pytest.fixture
def partner(db: None) -> Partner:
    return live_partner()


@pytest.fixture(autouse=True)
def kept_connection() -> Iterator[None]:
    """The end of a request without Django's test client would close the connection of the test."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield
    for signal in signals:
        signal.connect(close_old_connections)


@pytest.fixture
def described(partner: Partner) -> OpenApiSchema:
    return schemathesis.openapi.from_wsgi(BASE + "openapi.json", WSGIHandler())


@pytest.fixture
def key(partner: Partner) -> str:
    return Program.of(partner).key


@pytest.mark.parametrize(
    ("method", "address", "mode"),
    [
        ("GET", "fingerprints", GenerationMode.POSITIVE),
        ("GET", "fingerprints", GenerationMode.NEGATIVE),
        ("POST", "confirmations", GenerationMode.POSITIVE),
        ("POST", "confirmations", GenerationMode.NEGATIVE),
        ("POST", "sightings", GenerationMode.POSITIVE),
        ("POST", "sightings", GenerationMode.NEGATIVE),
        ("GET", "status", GenerationMode.POSITIVE),
        ("GET", "test-picture.png", GenerationMode.POSITIVE),
    ],
)
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(data=strategies.data())
def test_calls_are_answered_as_described(
    described: OpenApiSchema,
    key: str,
    method: str,
    address: str,
    mode: GenerationMode,
    data: strategies.DataObject,
) -> None:
    """All of it against a running server, pictures included: tests/integration/test_partner_interface.py."""
    case = data.draw(described[BASE + address][method].as_strategy(generation_mode=mode))
    case.call_and_validate(headers={"Authorization": f"Bearer {key}", "Accept-Encoding": "identity"})


def test_it_is_valid_openapi(described: OpenApiSchema) -> None:
    described.validate()
    assert described.raw_schema["openapi"].startswith("3.1.")


def test_every_address_is_described() -> None:
    served = {f"/{address.route}" for address in addresses() if address.route.startswith("api/")}
    assert set(openapi.document()["paths"]) == served
    assert len(served) == 7


def test_its_words_are_those_of_the_code() -> None:
    found = schemas.schemas()
    assert found["Problem"]["properties"]["code"]["enum"] == [problem.code for problem in Problem]
    assert found["Sighting"]["properties"]["outcome"]["enum"] == Outcome.values
    fields = found["Fingerprint"]["properties"]
    assert [*fields] == [*feed.FIELDS, *feed.OPTIONAL_FIELDS]
    assert set(found["Fingerprint"]["required"]) == set(feed.FIELDS)
    limits = openapi.document()["paths"]["/api/v1/fingerprints"]["get"]["parameters"][1]["schema"]
    assert (limits["default"], limits["maximum"]) == (pages.PAGE, pages.LARGEST_PAGE)


def test_every_problem_stands_with_some_address() -> None:
    text = str(openapi.document()["paths"])
    unmentioned = {problem for problem in Problem if f"`{problem.code}`" not in text}
    # Of these two there is no address, or no method, to stand with.
    assert unmentioned == {Problem.NO_SUCH_ADDRESS, Problem.METHOD_NOT_ALLOWED}


def test_anybody_may_read_it() -> None:
    response = Client().get(BASE + "openapi.json")
    assert response.status_code == 200
    assert response.json() == openapi.document()
