"""/healthz and /readyz: what each part's fault looks like from outside, and that nothing else shows."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import review_rows
from django.db import OperationalError
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from arcsite.operations import probes
from enrollment import originals
from enrollment.states import PhotoState
from matching import heartbeat
from matching.models import Heartbeat

ALL = {"database", "store", "worker", "due work"}


@pytest.fixture(autouse=True)
def nothing_remembered() -> Iterator[None]:
    probes.ready.forget()
    yield
    probes.ready.forget()


@pytest.fixture
def sound(db: None, settings: Settings, tmp_path: Path) -> None:
    settings.STORE_DIR = tmp_path / "store"
    settings.STORE_DIR.mkdir(mode=0o700)
    heartbeat.beat()
    review_rows.photos(1, state=PhotoState.COVERED, due_at=timezone.now() - timedelta(minutes=1))


def not_ok(client: Client) -> set[str]:
    """The parts that are not as they should be; asserts that the answer is consistent in itself."""
    answer = client.get("/readyz")
    content = answer.json()
    assert set(content) == {"status", "parts"}
    assert set(content["parts"]) == ALL
    assert set(content["parts"].values()) <= {"ok", "not ok"}
    bad = {name for name, word in content["parts"].items() if word != "ok"}
    assert (answer.status_code, content["status"]) == ((503, "not ok") if bad else (200, "ok"))
    assert answer["Cache-Control"] == "no-store"
    return bad


def test_a_living_process_asks_nobody(
    client: Client, db: None, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(0):
        answer = client.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
    assert answer["Cache-Control"] == "no-store"
    assert not answer.cookies


def test_ready(client: Client, sound: None) -> None:
    assert not_ok(client) == set()


def test_no_sign_of_life_from_the_worker(
    client: Client, sound: None, caplog: pytest.LogCaptureFixture
) -> None:
    Heartbeat.objects.update(beat_at=timezone.now() - timedelta(minutes=3))
    assert not_ok(client) == {"worker"}
    # Asked every few seconds for hours, it would fill the log with errors.
    assert caplog.text == ""


@pytest.mark.parametrize("state", [PhotoState.COVERED, PhotoState.WITHDRAWN])
def test_work_that_is_late(state: PhotoState, client: Client, sound: None) -> None:
    review_rows.photos(1, state=state, due_at=timezone.now() - timedelta(minutes=16))
    assert not_ok(client) == {"due work"}


def test_a_store_that_takes_nothing(client: Client, sound: None, settings: Settings) -> None:
    (settings.STORE_DIR.parent / "file").write_text("in the way")
    settings.STORE_DIR = settings.STORE_DIR.parent / "file"
    assert not_ok(client) == {"store"}


def test_a_look_leaves_nothing_in_the_store(sound: None, settings: Settings) -> None:
    before = sorted(settings.STORE_DIR.iterdir())
    assert originals.works()
    assert sorted(settings.STORE_DIR.iterdir()) == before


def test_a_database_that_does_not_answer(
    client: Client, sound: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> bool:
        raise OperationalError("could not connect to db.internal as arc with pa55word")

    monkeypatch.setattr(probes, "PARTS", {**probes.PARTS, "database": fail})
    assert not_ok(client) == {"database"}
    assert "not ready: database (OperationalError)" in caplog.text
    assert "pa55word" not in caplog.text


def test_however_often_one_asks_it_looks_once_in_a_while() -> None:
    looks, now = [], [0.0]

    def look() -> dict[str, bool]:
        looks.append(now[0])
        return {"store": True}

    remembered = probes.Remembered(look, clock=lambda: now[0])
    for moment in (0.0, 1.0, probes.KEEP_SECONDS, probes.KEEP_SECONDS + 1):
        now[0] = moment
        assert remembered.parts() == {"store": True}
    assert looks == [0.0, probes.KEEP_SECONDS]


HTTPS = {
    "ARC_PUBLIC_URL": "https://cover.example.org",
    "ALLOWED_HOSTS": ["cover.example.org"],
    "SECURE_SSL_REDIRECT": True,
    "SECURE_REDIRECT_EXEMPT": [r"^(healthz|readyz|metrics)$"],
}


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_asked_by_number_and_without_https(
    path: str, client: Client, sound: None, settings: Settings
) -> None:
    """As a probe on the machine itself does; every other page insists on its name and on https."""
    for name, value in HTTPS.items():
        setattr(settings, name, value)
    assert client.get(path, headers={"host": "10.0.0.7:8000"}).status_code == 200
    assert client.get("/limits/", headers={"host": "10.0.0.7:8000"}).status_code == 400
    assert client.get("/limits/", headers={"host": "cover.example.org"}).status_code == 301
