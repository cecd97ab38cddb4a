"""The second factor of staff: nothing opens without one, and a change of it ends every other session."""

import time
from weakref import WeakKeyDictionary

from allauth.account.internal.flows.reauthentication import STATE_SESSION_KEY
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_in
from django.contrib.auth.views import redirect_to_login
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect

from arcsite.middleware import GetResponse, View

# Where a person looks after their own sign-in: open before a second factor is set up.
OWN_ACCOUNT = "staff/"
FACTOR_PAGES = "staff/2fa/"
ENOUGH = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]
_FACTORS = "factors"
_found: WeakKeyDictionary[HttpRequest, tuple[int | None, list[tuple[int, str]]]] = WeakKeyDictionary()
_SIGNED_IN = "signed_in"
FIRST_STEP_SECONDS = 300


class SecondFactorRequired:
    """Stands behind LoginRequiredMiddleware and asks for more on the same views: all but the public ones."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if request.method == "POST" and _is_on(request, FACTOR_PAGES) and isinstance(request.user, User):
            # This session made the change, so it is the one that goes on.
            request.session[_FACTORS] = factors_of(request.user)
        return response

    def process_view(
        self, request: HttpRequest, view: View, _args: object, _kwargs: object
    ) -> HttpResponseBase | None:
        if not getattr(view, "login_required", True) or not isinstance(request.user, User):
            return None
        if request.session.get(_FACTORS) != [factor for factor, _ in _looked_up(request)]:
            logout(request)
            return redirect_to_login(request.get_full_path())
        if is_missing(request) and not _is_on(request, OWN_ACCOUNT):
            return redirect("mfa_index")
        return None


class NothingSuspended:
    """Whoever has to type the password again comes back to an empty form.

    allauth would keep the interrupted request in the session to go on with it: its fields, and the headers
    with address and user agent, in the database.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        # A session that nobody asked for is not asked for here either.
        if request.session.accessed and "request" in request.session.get(STATE_SESSION_KEY, {}):
            del request.session[STATE_SESSION_KEY]
        return response


def is_missing(request: HttpRequest) -> bool:
    """Whether the signed-in person must set up a second factor before anything else opens."""
    return bool(settings.ARC_REQUIRE_MFA) and not any(kind in ENOUGH for _, kind in _looked_up(request))


def is_first_step(request: HttpRequest) -> bool:
    """Whether the password was typed just now by somebody who has no factor and no recovery code at all."""
    typed = float(request.session.get(_SIGNED_IN, 0))
    just_now = 0 <= time.time() - typed < FIRST_STEP_SECONDS
    return just_now and isinstance(request.user, User) and not factors_of(request.user)


def factors_of(user: User) -> list[int]:
    """Which factors and recovery codes the person has now; each change of any gives another list."""
    return list(Authenticator.objects.filter(user=user).order_by("pk").values_list("pk", flat=True))


def _looked_up(request: HttpRequest) -> list[tuple[int, str]]:
    """The factors of whoever is signed in, with their types; looked up once a request and person."""
    person = request.user.pk
    if _found.get(request, (None, []))[0] != person:
        factors = Authenticator.objects.filter(user=person).order_by("pk").values_list("pk", "type")
        _found[request] = (person, list(factors))
    return _found[request][1]


@receiver(user_logged_in)
def _remember(request: HttpRequest, user: User, **_: object) -> None:
    request.session[_FACTORS] = factors_of(user)
    request.session[_SIGNED_IN] = time.time()


def _is_on(request: HttpRequest, pages: str) -> bool:
    return request.resolver_match is not None and request.resolver_match.route.startswith(pages)
