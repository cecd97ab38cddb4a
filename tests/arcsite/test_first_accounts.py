from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ImproperlyConfigured

from arcsite.first_accounts import ensure_first_accounts

pytestmark = pytest.mark.django_db
GIVEN = "seven green bottles"


def test_a_new_service_gets_two_accounts() -> None:
    accounts = {account.username: account.password for account in ensure_first_accounts()}
    admin, reviewer = User.objects.get(username="admin"), User.objects.get(username="reviewer")
    assert set(accounts) == {"admin", "reviewer"}
    assert admin.check_password(accounts["admin"] or "")
    assert reviewer.check_password(accounts["reviewer"] or "")
    assert len({*accounts.values()}) == 2
    assert all(len(password or "") >= 20 for password in accounts.values())


def test_running_the_machine_is_not_reviewing() -> None:
    ensure_first_accounts()
    admin, reviewer = User.objects.get(username="admin"), User.objects.get(username="reviewer")
    assert admin.is_superuser
    assert not admin.groups.exists()
    assert [group.name for group in reviewer.groups.all()] == ["Reviewer"]
    assert not reviewer.is_staff
    assert not reviewer.is_superuser


def test_the_second_time_nothing_happens() -> None:
    ensure_first_accounts()
    before = list(User.objects.values_list("username", "password"))
    assert ensure_first_accounts() == []
    assert list(User.objects.values_list("username", "password")) == before


def test_a_deleted_account_stays_deleted() -> None:
    ensure_first_accounts()
    User.objects.get(username="reviewer").delete()
    assert ensure_first_accounts() == []
    assert not User.objects.filter(username="reviewer").exists()


def test_a_given_password_is_used_and_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARC_ADMIN_PASSWORD", GIVEN)
    shown = {account.username: account.password for account in ensure_first_accounts()}
    assert shown["admin"] is None
    assert shown["reviewer"]
    assert User.objects.get(username="admin").check_password(GIVEN)


def test_a_given_file_is_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "password").write_text(f"{GIVEN}\n")
    monkeypatch.setenv("ARC_REVIEWER_PASSWORD_FILE", str(tmp_path / "password"))
    ensure_first_accounts()
    assert User.objects.get(username="reviewer").check_password(GIVEN)


def test_a_weak_password_is_refused_and_nothing_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARC_REVIEWER_PASSWORD", "password")
    with pytest.raises(ImproperlyConfigured, match=r"ARC_REVIEWER_PASSWORD is refused: .*too common"):
        ensure_first_accounts()
    assert not User.objects.exists()


@pytest.mark.parametrize(("content", "reason"), [(None, "cannot be read"), ("\n", "is empty")])
def test_an_unusable_file_is_named(
    content: str | None, reason: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "password"
    if content is not None:
        path.write_text(content)
    monkeypatch.setenv("ARC_ADMIN_PASSWORD_FILE", str(path))
    with pytest.raises(ImproperlyConfigured, match=f"ARC_ADMIN_PASSWORD_FILE=.*{reason}"):
        ensure_first_accounts()
