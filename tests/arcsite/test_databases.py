"""DATABASE_URL is read exactly, and whatever is wrong with it is told without the password in it."""

from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from pytest_django import Settings

from arcsite import databases, stores
from arcsite.remote_checks import broker_is_spoken_to_in_private, database_is_spoken_to_in_private
from arcsite.settings import env_or_file

URL = (
    "postgresql://arc:p%40ss%2Fw%3Fd@db.example.org:5433/arc?sslmode=verify-full&sslrootcert=%2Fetc%2Fca.pem"
)
PASSWORD = "hush-hush"


def test_every_part_of_an_address_is_read() -> None:
    found = databases.database(URL, Path("unused"))
    assert found["ENGINE"] == "django.db.backends.postgresql"
    assert (found["USER"], found["PASSWORD"], found["NAME"]) == ("arc", "p@ss/w?d", "arc")
    assert (found["HOST"], found["PORT"]) == ("db.example.org", "5433")
    assert found["OPTIONS"]["sslmode"] == "verify-full"
    assert found["OPTIONS"]["sslrootcert"] == "/etc/ca.pem"
    assert found["CONN_MAX_AGE"] == 60
    assert found["CONN_HEALTH_CHECKS"]


def test_a_socket_and_an_ipv6_address_are_hosts() -> None:
    assert databases.postgresql("postgres:///arc?host=/run/postgresql")["HOST"] == "/run/postgresql"
    assert databases.postgresql("postgresql://[::1]/arc")["HOST"] == "::1"


def test_a_session_commits_to_the_disk_and_waits_as_long_as_on_sqlite() -> None:
    options = databases.postgresql(URL)["OPTIONS"]["options"]
    assert "-c synchronous_commit=on" in options
    assert f"-c lock_timeout={databases.WAIT_SECONDS}s" in options
    own = databases.postgresql(f"{URL}&options=-c%20lock_timeout%3D5s&connect_timeout=3")["OPTIONS"]
    assert (own["options"], own["connect_timeout"]) == ("-c lock_timeout=5s", "3")


def test_without_an_address_it_is_the_file(tmp_path: Path) -> None:
    found = databases.database("", tmp_path / "db.sqlite3")
    assert (found["ENGINE"], found["NAME"]) == ("django.db.backends.sqlite3", tmp_path / "db.sqlite3")


@pytest.mark.parametrize(
    ("url", "why"),
    [
        (f"mysql://arc:{PASSWORD}@db/arc", "must begin with postgresql://"),
        (f"arc:{PASSWORD}@db/arc", "must begin with postgresql://"),
        (f"postgresql://arc:{PASSWORD}@db", "must end with the name"),
        (f"postgresql://arc:{PASSWORD}@db/arc/more", "must end with the name"),
        (f"postgresql://arc:{PASSWORD}@db:port/arc", "cannot be read"),
        (f"postgresql://arc:{PASSWORD}@db:99999/arc", "cannot be read"),
        (f"postgresql://arc:{PASSWORD}@[db/arc", "cannot be read"),
        (f"postgresql://arc:{PASSWORD}#x@db/arc", "must end with the name|cannot be read|holds a #"),
        (f"postgresql://arc@db/arc?password={PASSWORD}", "may not set password"),
        (f"postgresql://arc:{PASSWORD}@db/arc?sslmode", "not written as name=value"),
        (f"postgresql://arc:{PASSWORD}@db/arc?sslmode=require&sslmode=disable", "twice"),
    ],
)
def test_an_address_that_cannot_be_meant_stops_the_start(url: str, why: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=why) as refused:
        databases.database(url, Path("unused"))
    assert PASSWORD not in str(refused.value)
    assert "Hint" in str(refused.value)
    assert refused.value.__suppress_context__ or refused.value.__context__ is None


def test_the_address_may_lie_in_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "url").write_text(f"{URL}\n")
    monkeypatch.setenv("ARC_TEST_URL_FILE", str(tmp_path / "url"))
    assert env_or_file("ARC_TEST_URL") == URL
    monkeypatch.setenv("ARC_TEST_URL_FILE", str(tmp_path / "absent"))
    with pytest.raises(ImproperlyConfigured, match=r"ARC_TEST_URL_FILE=.* cannot be read"):
        env_or_file("ARC_TEST_URL")


def test_what_is_not_installed_is_named_with_its_command() -> None:
    with pytest.raises(ImproperlyConfigured, match=r"DATABASE_URL needs .* -e '\.\[postgres\]'"):
        stores.require("DATABASE_URL", "postgres", "psycopg_of_nobody")


@pytest.mark.parametrize("url", ["http://queue", f"queue:{PASSWORD}", f"amqp://:{PASSWORD}@queue"])
def test_a_broker_that_is_not_redis_is_refused(url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="must begin with redis://") as refused:
        stores.redis(url)
    assert PASSWORD not in str(refused.value)


def test_the_broker_is_not_waited_for_without_end() -> None:
    assert stores.redis("redis://queue/0?x=1").startswith("redis://queue/0?x=1&socket_timeout=")
    assert stores.redis("") == ""


@pytest.mark.parametrize(
    ("host", "options", "found"),
    [
        ("db.example.org", "", ["arc.E011"]),
        ("db.example.org", "sslmode=prefer", ["arc.E011"]),
        ("127.0.0.1,db.example.org", "", ["arc.E011"]),
        ("db.example.org", "sslmode=require", ["arc.W006"]),
        ("db.example.org", "sslmode=verify-full", []),
        ("127.0.0.1", "", []),
        ("/run/postgresql", "", []),
    ],
)
def test_what_is_said_to_a_far_database_is_encrypted(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, host: str, options: str, found: list[str]
) -> None:
    settings.ARC_PUBLIC_URL, settings.ARC_HTTPS = "https://cover.example.org", True
    url = f"postgresql:///arc?host={host}" + (f"&{options}" if options else "")
    monkeypatch.setitem(settings.DATABASES, "default", databases.postgresql(url))
    assert [fault.id for fault in database_is_spoken_to_in_private(None)] == found
    settings.ARC_PUBLIC_URL, settings.ARC_HTTPS = "http://127.0.0.1:8000", False
    assert database_is_spoken_to_in_private(None) == []


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("redis://queue.example.org", ["arc.E012"]),
        ("rediss://queue.example.org", []),
        ("redis://127.0.0.1", []),
        ("unix:///run/redis.sock", []),
        ("", []),
    ],
)
def test_what_is_said_to_a_far_broker_is_encrypted(settings: Settings, url: str, found: list[str]) -> None:
    settings.ARC_PUBLIC_URL, settings.ARC_HTTPS = "https://cover.example.org", True
    settings.ARC_REDIS_URL = url
    assert [fault.id for fault in broker_is_spoken_to_in_private(None)] == found
