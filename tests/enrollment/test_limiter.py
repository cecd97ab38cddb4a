import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings as configured
from django.db import IntegrityError, connections, transaction
from django.test import RequestFactory
from enrolling import Together
from pytest_django import Settings

from enrollment import limiter
from enrollment.limiter import Purpose, Throttled
from enrollment.models import Allowance

CLOCKS = {
    "sqlite": "SELECT unixepoch()",
    "postgresql": "SELECT FLOOR(EXTRACT(EPOCH FROM clock_timestamp()))::bigint",
}
TAKE_IN_A_PROCESS = """
import django; django.setup()
from django.test import RequestFactory
from enrollment import limiter
limiter._database_seconds = lambda: 1_800_002_600
request = RequestFactory().get("/", REMOTE_ADDR="192.0.2.1")
taken = 0
for _ in range(20):
    try:
        limiter.take(limiter.Purpose.SIGN_IN, request)
        taken += 1
    except limiter.Throttled:
        pass
print(taken)
"""


@pytest.fixture(autouse=True)
def still_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """No window ends while a test runs: 1,000 s before the end of an hour of the database's clock."""
    monkeypatch.setattr(limiter, "_database_seconds", lambda: 1_800_002_600)


@pytest.fixture(autouse=True)
def small_limits(settings: Settings) -> None:
    settings.ARC_LIMIT_LOOKUPS = 3
    settings.ARC_LIMIT_UPLOADS = 2


def take(address: str = "192.0.2.1", purpose: Purpose = Purpose.LOOK_UP, **headers: str) -> bool:
    request = RequestFactory().get("/", REMOTE_ADDR=address, headers=headers or None)
    try:
        limiter.take(purpose, request)
    except Throttled:
        return False
    return True


@pytest.mark.django_db
class TestTake:
    def test_it_lets_the_limit_through_and_no_more(self) -> None:
        assert [take() for _ in range(5)] == [True, True, True, False, False]

    def test_purposes_are_counted_apart(self) -> None:
        assert [take(purpose=Purpose.UPLOAD) for _ in range(3)] == [True, True, False]
        assert take()

    def test_it_says_when_the_next_window_begins(self, rf: RequestFactory) -> None:
        for _ in range(3):
            take("192.0.2.1")
        with pytest.raises(Throttled) as throttled:
            limiter.take(Purpose.LOOK_UP, rf.get("/", REMOTE_ADDR="192.0.2.1"))
        assert throttled.value.retry_after == 100

    def test_a_new_window_starts_afresh(self, monkeypatch: pytest.MonkeyPatch) -> None:
        while take():
            pass
        monkeypatch.setattr(limiter, "_database_seconds", lambda: 1_800_002_700)
        assert take()

    def test_another_day_has_other_keys(self, monkeypatch: pytest.MonkeyPatch) -> None:
        take()
        monkeypatch.setattr(limiter, "_database_seconds", lambda: 1_800_002_600 + 86_400)
        take()
        assert Allowance.objects.values("key").distinct().count() == 2

    def test_no_address_is_stored(self) -> None:
        take("192.0.2.77")
        row = Allowance.objects.get()
        assert len(row.key) == 64
        assert "192" not in f"{row.window} {row.used}"

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("192.0.2.1", "192.0.2.254"),
            ("2001:db8:1:200::1", "2001:db8:1:2ff:ffff::9"),
            ("192.0.2.1", "::ffff:192.0.2.9"),
            ("fe80::1%eth0", "fe80::2"),
            ("", "not an address"),
        ],
    )
    def test_neighbours_share_an_allowance(self, one: str, other: str) -> None:
        assert [take(one), take(other), take(one), take(other)] == [True, True, True, False]

    @pytest.mark.parametrize(
        ("one", "other"), [("192.0.2.1", "192.0.3.1"), ("2001:db8:1:200::1", "2001:db8:1:300::1")]
    )
    def test_other_networks_do_not(self, one: str, other: str) -> None:
        while take(one):
            pass
        assert take(other)

    def test_old_rows_are_forgotten_and_young_ones_kept(self) -> None:
        take()
        Allowance.objects.create(key="old", window=1_800_002_600 - 86_401, used=1)
        Allowance.objects.create(key="young", window=1_800_002_600 - 86_399, used=1)
        assert limiter.forget_old() == 1
        assert set(Allowance.objects.values_list("key", flat=True)) > {"young"}

    def test_the_database_counts_a_key_once_per_window(self) -> None:
        Allowance.objects.create(key="k", window=1, used=1)
        with pytest.raises(IntegrityError), transaction.atomic():
            Allowance.objects.create(key="k", window=1, used=1)


class TestClientAddress:
    def address(self, **headers: str) -> str:
        return limiter.client_address(RequestFactory().get("/", REMOTE_ADDR="192.0.2.1", headers=headers))

    def test_a_claimed_address_is_not_believed(self) -> None:
        assert self.address(x_forwarded_for="203.0.113.9") == "192.0.2.1"

    def test_our_own_proxy_is_believed_and_what_its_client_claims_is_not(self, settings: Settings) -> None:
        settings.ARC_TRUSTED_PROXIES = 1
        assert self.address(x_forwarded_for="1.1.1.1, 203.0.113.9") == "203.0.113.9"

    def test_two_proxies(self, settings: Settings) -> None:
        settings.ARC_TRUSTED_PROXIES = 2
        assert self.address(x_forwarded_for="1.1.1.1, 203.0.113.9, 10.0.0.1") == "203.0.113.9"

    @pytest.mark.parametrize("forwarded", ["", "203.0.113.9", " , "])
    def test_a_header_with_fewer_entries_than_proxies_is_not_used(
        self, settings: Settings, forwarded: str
    ) -> None:
        settings.ARC_TRUSTED_PROXIES = 2
        assert self.address(x_forwarded_for=forwarded) == "192.0.2.1"


@pytest.mark.django_db
def test_the_clock_is_the_database_s(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    with connections["default"].cursor() as cursor:
        cursor.execute(CLOCKS[connections["default"].vendor])
        (seconds,) = cursor.fetchone()
    assert 0 <= limiter._database_seconds() - seconds <= 1


def test_it_is_exact_between_threads(together: Together, settings: Settings) -> None:
    settings.ARC_LIMIT_LOOKUPS = 10
    assert sum(together([take] * 24)) == 10


@pytest.mark.sqlite
def test_it_is_exact_between_processes(together: Together, tmp_path: Path) -> None:
    environment = os.environ | {
        "ARC_DATA": str(tmp_path),
        "ARC_LIMIT_SIGN_INS": "30",
        "ARC_SECRET_KEY": configured.SECRET_KEY,
        "ARC_MASTER_KEY": configured.ARC_MASTER_KEY,
        "ARC_PEPPER": configured.ARC_PEPPER,
        "DJANGO_SETTINGS_MODULE": "arcsite.settings",
    }
    (tmp_path / "races.sqlite3").rename(tmp_path / "db.sqlite3")
    command = [sys.executable, "-c", TAKE_IN_A_PROCESS]
    processes = [
        subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) for _ in range(2)
    ]
    assert sum(int(process.communicate(timeout=30)[0]) for process in processes) == 30
