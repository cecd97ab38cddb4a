import json
from io import StringIO

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from review import audit
from review.models import AuditEntry

pytestmark = pytest.mark.django_db


@pytest.fixture
def nia() -> User:
    user = User.objects.create_user("nia", password="a fine long password")
    TOTP.activate(user, "JBSWY3DPEHPK3PXP")
    RecoveryCodes.activate(user)
    return user


def reset(name: str) -> str:
    out = StringIO()
    call_command("reset_second_factor", name, stdout=out)
    return out.getvalue()


def test_it_removes_every_factor_of_that_person_and_says_so_in_the_audit(nia: User) -> None:
    other = User.objects.create_user("omar")
    TOTP.activate(other, "JBSWY3DPEHPK3PXP")
    assert reset("nia") == "Done: nia sets up a new second factor at the next sign-in.\n"
    assert [factor.user for factor in Authenticator.objects.all()] == [other]
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.action) == ("operator", "second-factor.reset")
    assert json.loads(entry.details) == {"account": audit.staff(nia)}


def test_open_sessions_end(nia: User, client: Client) -> None:
    client.force_login(nia, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(reverse("mfa_index")).status_code == 200
    reset("nia")
    assert client.get(reverse("mfa_index")).status_code == 302


def test_twice_writes_once(nia: User) -> None:
    reset("nia")
    assert "nothing was changed" in reset("nia")
    assert AuditEntry.objects.count() == 1


def test_an_unknown_name_is_told() -> None:
    with pytest.raises(CommandError, match="Nobody is called 'nobody' here"):
        reset("nobody")
