"""Every run is hermetic: its own empty data directory, throw-away secrets, no network but loopback.

Settings are read here and nowhere earlier, so nothing of the machine's own configuration reaches a test.
"""

import gc
import os
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import django
import postgresql
import pytest
from django.conf import settings

from arcsite.datadir import throwaway_environment

E2E = Path(__file__).parent / "e2e"
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost", None, b"localhost"})
SETTINGS_MODULE = "DJANGO_SETTINGS_MODULE"
SOCKET = "TEST_POSTGRESQL"

for name in [name for name in os.environ if name.startswith(("ARC_", "DATABASE_URL"))]:
    del os.environ[name]
os.environ.update(throwaway_environment())
# Most tests are about something else; those of the second factor switch it on.
os.environ["ARC_REQUIRE_MFA"] = "off"
os.environ[SETTINGS_MODULE] = "arcsite.settings"
if SOCKET in os.environ:
    # tests/integration/test_postgresql.py runs the unit tests again on a server of its own.
    os.environ["DATABASE_URL"] = postgresql.url(os.environ[SOCKET])
django.setup()
# Left set, it would make each xdist worker read the settings before its own directory exists.
del os.environ[SETTINGS_MODULE]

settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# The manifest is made by `up`; a page under test links to the plain name.
settings.STORAGES = {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
settings.STATIC_ROOT.mkdir()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--slow", action="store_true", help="also run the tests marked slow")
    parser.addoption(
        "--slow-browser", action="store_true", help="browser tests: on a slow device and a slow line"
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        if item.get_closest_marker("alone") and not item.get_closest_marker("slow"):
            raise pytest.UsageError(f"{item.nodeid} is alone but not slow, so the quick run would miss it")
    if config.getoption("--slow"):
        return
    slow = [item for item in items if item.get_closest_marker("slow")]
    config.hook.pytest_deselected(items=slow)
    items[:] = [item for item in items if item not in slow]


def pytest_collection_finish(session: pytest.Session) -> None:
    """What is loaded by now stays until the end, so the collector need not go through it again and again."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(trylast=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.path.is_relative_to(E2E) and find_chromium() is None:
        pytest.skip("no chromium on this machine (on Debian: apt install chromium)")


def find_chromium() -> str | None:
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


class NetworkForbidden(RuntimeError):
    """A test tried to leave the machine."""


@pytest.fixture(autouse=True, scope="session")
def no_network() -> Iterator[None]:
    """Connections and look-ups reach this machine only; anything else is an error in the code under test."""
    real_connect, real_lookup = socket.socket.connect, socket.getaddrinfo

    def connect(self: socket.socket, address: Any) -> None:
        if self.family != socket.AF_UNIX and address[0] not in LOOPBACK:
            raise NetworkForbidden(f"a test connects to {address}")
        real_connect(self, address)

    def lookup(host: Any, *rest: Any, **options: Any) -> Any:
        if host not in LOOPBACK:
            raise NetworkForbidden(f"a test looks up {host}")
        return real_lookup(host, *rest, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", connect)
        patch.setattr(socket, "getaddrinfo", lookup)
        yield
