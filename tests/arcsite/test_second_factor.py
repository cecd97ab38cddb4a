"""Nothing of staff's opens without a second factor, a code works once, and changes end other sessions."""

import base64
from datetime import timedelta
from typing import Any

import authenticator_app
import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from django.contrib.auth.models import Group, User
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

PASSWORD = "a fine long password"
SECRET = base64.b32encode(b"twenty secret bytes!").decode()
SET_UP = reverse("mfa_activate_totp")
INDEX = reverse("mfa_index")


@pytest.fixture(autouse=True)
def required(settings: Settings) -> None:
    settings.ARC_REQUIRE_MFA = True
    cache.clear()  # codes that other tests used up


@pytest.fixture
def rosa(db: None) -> User:
    user = User.objects.create_user("rosa", password=PASSWORD)
    user.groups.add(Group.objects.get(name="Reviewer"))
    return user


def sign_in(client: Client) -> Any:
    return client.post(reverse("account_login"), {"login": "rosa", "password": PASSWORD})


def set_up(client: Client) -> str:
    """Set up an authenticator app as the pages lead to; returns its secret."""
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    client.get(SET_UP)
    secret = str(client.session["mfa.totp.secret"])
    answer = client.post(SET_UP, {"code": authenticator_app.code(secret)})
    assert answer.status_code == 302, answer.content.decode()
    return secret


def enter_code(client: Client, code: str) -> bool:
    """Sign in with password and code; whether that opened the queue."""
    assert sign_in(client).headers["Location"] == reverse("mfa_authenticate")
    client.post(reverse("mfa_authenticate"), {"code": code})
    return client.get(reverse("review:queue")).status_code == 200


def is_in(client: Client) -> bool:
    return client.get(INDEX).status_code == 200


def test_the_code_is_that_of_the_standard(monkeypatch: pytest.MonkeyPatch) -> None:
    """The last six digits of the vectors in RFC 6238, appendix B."""
    secret = base64.b32encode(b"12345678901234567890").decode()
    for moment, expected in ((59, "287082"), (1111111109, "081804"), (20000000000, "353130")):
        monkeypatch.setattr("time.time", lambda moment=moment: moment)
        assert authenticator_app.code(secret) == expected


def test_who_has_none_is_led_to_set_one_up(client: Client, rosa: User) -> None:
    assert sign_in(client).headers["Location"] == INDEX
    page = client.get(INDEX).content.decode()
    assert "Please set up an authenticator app" in page
    assert reverse("review:queue") not in page
    for path in (reverse("review:queue"), reverse("admin:index"), reverse("review:log")):
        assert client.get(path).headers["Location"] == INDEX


def test_what_is_sent_without_one_changes_nothing(client: Client, rosa: User) -> None:
    client.force_login(rosa, backend="django.contrib.auth.backends.ModelBackend")
    assert client.post(reverse("review:next")).headers["Location"] == INDEX


def test_everything_opens_once_it_is_set_up(client: Client, rosa: User) -> None:
    sign_in(client)
    set_up(client)
    assert client.get(reverse("review:queue")).status_code == 200
    assert "Please set up" not in client.get(INDEX).content.decode()


def test_recovery_codes_alone_are_no_second_factor(client: Client, rosa: User) -> None:
    sign_in(client)
    set_up(client)
    Authenticator.objects.filter(type=Authenticator.Type.TOTP).delete()
    again = Client()
    again.force_login(rosa, backend="django.contrib.auth.backends.ModelBackend")
    assert again.get(reverse("review:queue")).headers["Location"] == INDEX


def test_the_setting_switches_it_off(client: Client, rosa: User, settings: Settings) -> None:
    settings.ARC_REQUIRE_MFA = False
    sign_in(client)
    assert client.get(reverse("review:queue")).status_code == 200


def test_a_code_works_once_whichever_process_sees_it(rosa: User) -> None:
    """A process of the web server has a cache of its own: an emptied cache stands for another process."""
    TOTP.activate(rosa, SECRET)
    code = authenticator_app.code(SECRET)
    assert enter_code(Client(), code)
    cache.clear()
    assert not enter_code(Client(), code)
    assert not enter_code(Client(), f"{code[:3]} {code[3:]}")
    cache.clear()
    assert enter_code(Client(), authenticator_app.code(SECRET, steps_ahead=1))


def test_the_code_of_the_set_up_does_not_sign_in(client: Client, rosa: User) -> None:
    sign_in(client)
    secret = set_up(client)
    assert not enter_code(Client(), authenticator_app.code(secret))


def test_a_recovery_code_works_once(client: Client, rosa: User) -> None:
    sign_in(client)
    set_up(client)
    recovery = Authenticator.objects.get(type=Authenticator.Type.RECOVERY_CODES).wrap()
    code = recovery.get_unused_codes()[0]
    assert enter_code(Client(), code)
    cache.clear()
    assert not enter_code(Client(), code)


def test_setting_one_up_ends_other_sessions(client: Client, rosa: User) -> None:
    elsewhere = Client()
    sign_in(elsewhere)
    sign_in(client)
    assert is_in(elsewhere)
    set_up(client)
    assert is_in(client)
    assert not is_in(elsewhere)


@pytest.mark.parametrize("name", ["mfa_deactivate_totp", "mfa_generate_recovery_codes"])
def test_changing_it_ends_other_sessions(client: Client, rosa: User, name: str) -> None:
    sign_in(client)
    secret = set_up(client)
    elsewhere = Client()
    assert enter_code(elsewhere, authenticator_app.code(secret, steps_ahead=1))
    client.get(reverse(name))
    assert client.post(reverse(name)).status_code == 302
    assert is_in(client)
    assert not is_in(elsewhere)


def test_turning_it_off_shuts_the_rest_at_once(client: Client, rosa: User) -> None:
    sign_in(client)
    set_up(client)
    client.post(reverse("mfa_deactivate_totp"))
    assert client.get(reverse("review:queue")).headers["Location"] == INDEX


def test_a_session_that_does_not_say_its_factors_is_ended(client: Client, rosa: User) -> None:
    sign_in(client)
    session = client.session
    del session["factors"]
    session.save()
    assert not is_in(client)


class TestSessions:
    def test_one_ends_after_half_an_hour_without_a_request(self, client: Client, rosa: User) -> None:
        sign_in(client)
        [session] = Session.objects.all()
        left = session.expire_date - timezone.now()
        assert timedelta(minutes=29) < left <= timedelta(minutes=30)
        Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
        assert not is_in(client)

    def test_each_request_starts_the_half_hour_anew(self, client: Client, rosa: User) -> None:
        sign_in(client)
        Session.objects.update(expire_date=timezone.now() + timedelta(minutes=1))
        assert is_in(client)
        assert Session.objects.get().expire_date > timezone.now() + timedelta(minutes=29)

    def test_its_cookie_ends_with_the_browser_and_is_out_of_reach_of_scripts(
        self, client: Client, rosa: User
    ) -> None:
        sign_in(client)
        cookie = client.cookies["sessionid"]
        assert cookie["expires"] == cookie["max-age"] == ""
        assert (cookie["httponly"], cookie["samesite"]) == (True, "Strict")

    def test_signing_in_changes_the_key(self, client: Client, rosa: User) -> None:
        client.get(reverse("account_login"))
        planted = client.session
        planted["x"] = 1
        planted.save()
        client.cookies["sessionid"] = planted.session_key or ""
        sign_in(client)
        assert client.session.session_key != planted.session_key

    def test_signing_out_ends_it_for_whoever_kept_the_cookie(self, client: Client, rosa: User) -> None:
        sign_in(client)
        kept = Client()
        kept.cookies["sessionid"] = client.cookies["sessionid"].value
        assert is_in(kept)
        client.post(reverse("account_logout"))
        assert not is_in(kept)
        assert not Session.objects.filter(session_key=kept.cookies["sessionid"].value).exists()


@pytest.mark.parametrize("prefix", ["", "/es"])
def test_a_form_sent_before_the_password_is_led_back_to_and_nothing_of_it_is_kept(
    prefix: str, rosa: User, client: Client
) -> None:
    """Its headers would be an address and a user agent in the database."""
    sign_in(client)
    set_up(client)
    page = f"{prefix}{reverse('mfa_generate_recovery_codes')}"
    session = client.session
    session["account_authentication_methods"] = []  # as long after the password was typed
    session.save()
    headers = {"user-agent": "Telltale/1.0"}
    asked = client.post(page, {"action": "generate"}, headers=headers, REMOTE_ADDR="203.0.113.77")
    assert asked.status_code == 302
    assert asked.headers["Location"].startswith(f"{prefix}{reverse('account_reauthenticate')}?next=")
    kept = "".join(str(one.get_decoded()) for one in Session.objects.all())
    assert "_auth_user_id" in kept
    assert "Telltale" not in kept
    assert "203.0.113.77" not in kept
    again = client.post(asked.headers["Location"], {"password": PASSWORD})
    assert (again.status_code, again.headers["Location"]) == (302, page)
    assert client.get(page).status_code == 200
