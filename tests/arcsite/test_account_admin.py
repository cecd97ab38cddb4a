"""Who may do what here is changed in the admin only, and never without a trace."""

import json
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse

from review import audit
from review.models import AuditEntry

pytestmark = pytest.mark.django_db
BACKEND = "django.contrib.auth.backends.ModelBackend"


@pytest.fixture
def sol() -> User:
    return User.objects.create_superuser("sol")


@pytest.fixture
def rosa() -> User:
    return User.objects.create_user("rosa", password="a fine long password")


@pytest.fixture
def as_sol(client: Client, sol: User) -> Client:
    client.force_login(sol, backend=BACKEND)
    return client


def entries(sol: User) -> list[tuple[str, dict[str, Any]]]:
    rows = AuditEntry.objects.order_by("seq")
    assert {row.actor for row in rows} <= {audit.staff(sol)}
    assert audit.verify().fault == ""
    return [(row.action, json.loads(row.details)) for row in rows]


def send(client: Client, name: str, row: Any, /, **form: Any) -> None:
    path = reverse(f"admin:auth_{name}", args=[row.pk] if row else [])
    answer = client.post(path, form)
    assert answer.status_code == 302, answer.content.decode()


def test_a_new_account_is_noted(as_sol: Client, sol: User) -> None:
    password = "a fine long password"
    send(as_sol, "user_add", None, username="ada", password1=password, password2=password,
         usable_password="true")  # fmt: skip
    [(action, details)] = entries(sol)
    assert action == "account.created"
    assert details["account"] == audit.staff(User.objects.get(username="ada"))
    assert password not in json.dumps(details)


def test_a_new_role_is_noted_with_all_roles_it_leads_to(as_sol: Client, sol: User, rosa: User) -> None:
    reviewer = Group.objects.get(name="Reviewer")
    send(as_sol, "user_change", rosa, username="rosa", is_active="on", groups=[reviewer.pk],
         date_joined_0="2026-01-01", date_joined_1="00:00:00")  # fmt: skip
    [(action, details)] = entries(sol)
    assert (action, details["account"], details["groups"]) == (
        "account.changed",
        audit.staff(rosa),
        ["Reviewer"],
    )
    assert (details["active"], details["staff"], details["superuser"]) == (True, False, False)
    assert "Groups" in details["fields"]


def test_a_password_set_for_somebody_is_noted_and_never_told(as_sol: Client, sol: User, rosa: User) -> None:
    send(as_sol, "user_password_change", rosa, password1="some other password",
         password2="some other password", usable_password="true", **{"set-password": "1"})  # fmt: skip
    [(action, details)] = entries(sol)
    assert (action, details["fields"]) == ("account.changed", ["password"])
    assert "some other password" not in json.dumps(details)


@pytest.mark.parametrize("several", [False, True])
def test_a_deleted_account_is_noted(as_sol: Client, sol: User, rosa: User, several: bool) -> None:
    gone = audit.staff(rosa)
    if several:
        form = {"action": "delete_selected", "_selected_action": [rosa.pk], "post": "yes"}
        as_sol.post(reverse("admin:auth_user_changelist"), form)
    else:
        send(as_sol, "user_delete", rosa, post="yes")
    assert not User.objects.filter(username="rosa").exists()
    assert [(action, details["account"]) for action, details in entries(sol)] == [("account.deleted", gone)]


def test_a_role_is_noted_with_what_it_may_do(as_sol: Client, sol: User) -> None:
    group = Group.objects.get(name="Auditor")
    before = group.permissions.count()
    assert before
    send(as_sol, "group_change", group, name="Auditor")
    [(action, details)] = entries(sol)
    assert (action, details["group"], details["permissions"]) == ("group.changed", "Auditor", [])


def test_what_cannot_be_noted_does_not_happen(
    as_sol: Client, rosa: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "append", lambda *args, **options: 1 / 0)
    for name, form in (
        ("user_delete", {"post": "yes"}),
        ("user_password_change", {"password1": "some other password", "password2": "some other password",
                                  "usable_password": "true", "set-password": "1"}),
    ):  # fmt: skip
        with pytest.raises(ZeroDivisionError):
            as_sol.post(reverse(f"admin:auth_{name}", args=[rosa.pk]), form)
    assert User.objects.get(username="rosa").check_password("a fine long password")
