"""Staff sign-in, second factors and passwords: our own pages, every try counted, nothing else of allauth."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value, yield_hotp_counters_from_time
from allauth.mfa.webauthn.internal.auth import WebAuthn
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client
from django.urls import NoReverseMatch, URLPattern, URLResolver, get_resolver, reverse

from arcsite.second_factor import FIRST_STEP_SECONDS, factors_of

PASSWORD = "a fine long password"
LOGIN = reverse("account_login")
SECRET = "JBSWY3DPEHPK3PXP"


@pytest.fixture
def nia(db: None) -> User:
    return User.objects.create_user("nia", password=PASSWORD)


@pytest.fixture
def as_nia(nia: User) -> Client:
    """Signed in and asked once more just now, so that every page opens."""
    client = Client()
    assert sign_in(client).status_code == 302
    assert client.post(reverse("account_reauthenticate"), {"password": PASSWORD}).status_code == 302
    return client


def sign_in(client: Client, password: str = PASSWORD) -> Any:
    return client.post(LOGIN, {"login": "nia", "password": password})


def go_on_with(client: Client, user: User) -> None:
    """As if this session had made the change: other ones end when a factor comes or goes."""
    session = client.session
    session["factors"] = factors_of(user)
    session.save()


def code_now(secret: str) -> str:
    return str(format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time())))))


def test_a_password_opens(client: Client, nia: User) -> None:
    assert sign_in(client).status_code == 302
    assert client.session["_auth_user_id"] == str(nia.pk)


@pytest.mark.parametrize("name", ["nia", "nobody"])
def test_wrong_name_and_wrong_password_are_answered_alike(client: Client, nia: User, name: str) -> None:
    page = client.post(LOGIN, {"login": name, "password": "wrong"}).content.decode()
    errors = re.findall(r"<li>(.*?)</li>", page[page.index('role="alert"') :])
    assert errors[0] == "The username and/or password you specified are not correct."
    assert "_auth_user_id" not in client.session


def test_a_disabled_account_stays_shut(client: Client, nia: User) -> None:
    User.objects.update(is_active=False)
    assert sign_in(client).status_code == 200
    assert "_auth_user_id" not in client.session


def test_a_disabled_person_is_out_at_the_next_request(as_nia: Client) -> None:
    assert as_nia.get(reverse("mfa_index")).status_code == 200
    User.objects.update(is_active=False)
    assert as_nia.get(reverse("mfa_index")).status_code == 302


def test_too_many_tries_are_slowed_before_the_password_is_looked_at(
    client: Client, nia: User, settings: Any
) -> None:
    settings.ARC_LIMIT_SIGN_INS = 3
    for _ in range(3):
        sign_in(client, "wrong")
    page = sign_in(client).content.decode()
    assert "Too many attempts from your network." in page
    assert "_auth_user_id" not in client.session


def test_signing_out_takes_a_post(as_nia: Client) -> None:
    assert as_nia.get(reverse("account_logout")).status_code == 200
    assert "_auth_user_id" in as_nia.session
    as_nia.post(reverse("account_logout"))
    assert "_auth_user_id" not in as_nia.session


def test_a_changed_password_ends_other_sessions(as_nia: Client, nia: User) -> None:
    elsewhere = Client()
    sign_in(elsewhere)
    changed = {
        "oldpassword": PASSWORD,
        "password1": "another fine password",
        "password2": "another fine password",
    }
    assert as_nia.post(reverse("account_change_password"), changed).status_code == 302
    assert as_nia.get(reverse("mfa_index")).status_code == 200
    assert elsewhere.get(reverse("mfa_index")).status_code == 302


def test_an_authenticator_app_is_set_up_and_then_asked_for(as_nia: Client, client: Client) -> None:
    page = as_nia.get(reverse("mfa_activate_totp")).content.decode()
    assert "<svg" in page
    assert "<?xml" not in page
    assert "data:" not in page
    secret = as_nia.session["mfa.totp.secret"]
    assert secret in page
    assert f"otpauth://totp/nia?secret={secret}" in page
    assert as_nia.post(reverse("mfa_activate_totp"), {"code": code_now(secret)}).status_code == 302
    assert Authenticator.objects.filter(type=Authenticator.Type.TOTP).count() == 1

    assert sign_in(client).url == reverse("mfa_authenticate")
    assert "_auth_user_id" not in client.session


@pytest.fixture
def at_the_second_step(client: Client, nia: User) -> Client:
    cache.clear()  # codes that other tests used up
    TOTP.activate(nia, SECRET)
    sign_in(client)
    return client


def test_the_right_code_opens(at_the_second_step: Client) -> None:
    at_the_second_step.post(reverse("mfa_authenticate"), {"code": code_now(SECRET)})
    assert "_auth_user_id" in at_the_second_step.session


def test_a_code_works_once(at_the_second_step: Client) -> None:
    code = code_now(SECRET)
    at_the_second_step.post(reverse("mfa_authenticate"), {"code": code})
    again = Client()
    sign_in(again)
    again.post(reverse("mfa_authenticate"), {"code": code})
    assert "_auth_user_id" not in again.session


def test_codes_are_counted_like_passwords(at_the_second_step: Client, settings: Any) -> None:
    settings.ARC_LIMIT_SIGN_INS = 3
    for _ in range(2):
        at_the_second_step.post(reverse("mfa_authenticate"), {"code": "000000"})
    page = at_the_second_step.post(reverse("mfa_authenticate"), {"code": code_now(SECRET)})
    assert "Too many attempts from your network." in page.content.decode()
    assert "_auth_user_id" not in at_the_second_step.session


@pytest.mark.parametrize(
    "name", ["account_signup", "account_reset_password", "account_email", "mfa_login_webauthn"]
)
def test_the_rest_of_allauth_has_no_address(name: str) -> None:
    with pytest.raises(NoReverseMatch):
        reverse(name)


PAGES = {
    "account_logout": "Sign out",
    "account_change_password": "Change password",
    "account_reauthenticate": "Is it you?",
    "mfa_index": "Second factor",
    "mfa_reauthenticate": "Is it you?",
    "mfa_activate_totp": "Set up an authenticator app",
    "mfa_view_recovery_codes": "Recovery codes",
    "mfa_generate_recovery_codes": "Make new recovery codes",
    "mfa_list_webauthn": "Security keys",
    "mfa_add_webauthn": "Add a security key",
}
WITH_AN_APP = {"mfa_deactivate_totp": "Turn the authenticator app off", "mfa_index": "It is on."}
WITH_A_KEY = {
    "mfa_list_webauthn": "Security keys",
    "mfa_reauthenticate_webauthn": "Is it you?",
}
OF_A_KEY = {"mfa_edit_webauthn": "Rename a security key", "mfa_remove_webauthn": "Remove a security key"}


def assert_ours(response: Any, text: str) -> None:
    """Drawn by our own templates throughout, in our layout, and fit for the strict CSP."""
    page = response.content.decode()
    assert response.status_code == 200
    assert text in page
    assert "arcsite/arc.css" in page
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|data:image", page)
    assert not [
        script
        for script in re.findall(r"<script[^>]*>", page)
        if "src=" not in script and "json" not in script
    ]
    origins = [template.origin.name for template in response.templates if template.origin]
    assert origins
    foreign = [name for name in origins if "/allauth/templates/" in name]
    assert foreign == []


def test_the_sign_in_page_is_ours(client: Client) -> None:
    assert_ours(client.get(LOGIN), "Staff sign-in")


def test_the_second_step_is_ours(at_the_second_step: Client) -> None:
    assert_ours(at_the_second_step.get(reverse("mfa_authenticate")), "Second step")


@pytest.mark.parametrize(("name", "text"), PAGES.items())
def test_every_page_is_ours(as_nia: Client, nia: User, name: str, text: str) -> None:
    RecoveryCodes.activate(nia)
    go_on_with(as_nia, nia)
    assert_ours(as_nia.get(reverse(name)), text)


@pytest.mark.parametrize(("name", "text"), WITH_AN_APP.items())
def test_every_page_with_an_app_is_ours(as_nia: Client, nia: User, name: str, text: str) -> None:
    TOTP.activate(nia, SECRET)
    go_on_with(as_nia, nia)
    assert_ours(as_nia.get(reverse(name)), text)


@pytest.mark.parametrize(("name", "text"), WITH_A_KEY.items())
def test_every_page_with_a_key_is_ours(
    as_nia: Client, nia: User, monkeypatch: pytest.MonkeyPatch, name: str, text: str
) -> None:
    monkeypatch.setattr("allauth.mfa.webauthn.internal.auth.begin_authentication", lambda user: {})
    WebAuthn.add(nia, "blue key", {})
    go_on_with(as_nia, nia)
    assert_ours(as_nia.get(reverse(name)), text)


@pytest.mark.parametrize(("name", "text"), OF_A_KEY.items())
def test_every_page_of_a_key_is_ours(as_nia: Client, nia: User, name: str, text: str) -> None:
    key = WebAuthn.add(nia, "blue key", {}).instance
    go_on_with(as_nia, nia)
    assert_ours(as_nia.get(reverse(name, args=[key.pk])), text)
    assert "blue key" in as_nia.get(reverse("mfa_list_webauthn")).content.decode()


def test_every_address_is_looked_at() -> None:
    """An address that a newer allauth brings must be looked at, or shut."""
    looked_at = {
        *PAGES,
        *WITH_AN_APP,
        *WITH_A_KEY,
        *OF_A_KEY,
        "account_login",
        "mfa_authenticate",
        "mfa_download_recovery_codes",
    }
    names = {pattern.name for pattern in staff_patterns(get_resolver("arcsite.staff_urls"))}
    assert names == looked_at


def staff_patterns(resolver: URLResolver) -> Iterator[URLPattern]:
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            yield from staff_patterns(pattern)
        else:
            yield pattern


def test_recovery_codes_as_a_file(as_nia: Client, nia: User) -> None:
    codes = RecoveryCodes.activate(nia).get_unused_codes()
    go_on_with(as_nia, nia)
    response = as_nia.get(reverse("mfa_download_recovery_codes"))
    assert response.content.decode().split() == codes
    assert response["Cache-Control"] == "max-age=0, no-cache, no-store, must-revalidate, private"


def asked_again(client: Client) -> bool:
    answer = client.get(reverse("mfa_activate_totp"))
    return answer.status_code == 302 and answer["Location"].startswith(reverse("account_reauthenticate"))


def test_the_first_factor_follows_the_password_without_asking_again(client: Client, nia: User) -> None:
    sign_in(client)
    assert not asked_again(client)


def test_changing_how_one_signs_in_asks_again(client: Client, nia: User) -> None:
    sign_in(client)
    session = client.session
    session["signed_in"] -= FIRST_STEP_SECONDS
    session.save()
    assert asked_again(client)


def test_who_has_a_factor_is_always_asked_again(client: Client, nia: User) -> None:
    sign_in(client)
    RecoveryCodes.activate(nia)
    go_on_with(client, nia)
    assert asked_again(client)


@pytest.mark.parametrize(
    ("name", "field"),
    [("account_change_password", "oldpassword"), ("account_reauthenticate", "password")],
)
def test_a_password_tried_in_an_open_session_is_counted_too(
    client: Client, nia: User, settings: Any, name: str, field: str
) -> None:
    sign_in(client)
    settings.ARC_LIMIT_SIGN_INS = 3
    form = {"password1": "another fine password", "password2": "another fine password", field: "wrong"}
    for _ in range(2):
        assert "Too many" not in client.post(reverse(name), form).content.decode()
    page = client.post(reverse(name), form | {field: PASSWORD}).content.decode()
    assert "Too many attempts from your network." in page
    assert User.objects.get().check_password(PASSWORD)


@pytest.mark.django_db
def test_the_admin_has_no_password_form_of_its_own(client: Client) -> None:
    backend = "django.contrib.auth.backends.ModelBackend"
    client.force_login(User.objects.create_superuser("sol"), backend=backend)
    for name, ours in (
        ("admin:password_change", "account_change_password"),
        ("admin:login", "account_login"),
    ):
        assert client.post(reverse(name), {}).headers["Location"] == reverse(ours)
