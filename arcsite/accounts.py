"""How staff sign in: no sign-up, every try counted, and pages that hold under the strict CSP."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.forms import ChangePasswordForm
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.totp.forms import ActivateTOTPForm
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from arcsite import second_factor
from arcsite.staff_pages import pages_for
from enrollment import limiter
from enrollment.limiter import Purpose, Throttled

# Longer than a code can be right: its own 30 s and one step to either side.
CODE_SECONDS = 120
# Labels that allauth leaves to the name of the field.
BORROWED = (gettext_noop("Name"),)


class StaffAccountAdapter(DefaultAccountAdapter):
    """Staff accounts are made by an admin; nobody signs up."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """Where this person may be: not everybody who signs in is a reviewer."""
        return pages_for(request)[0].url

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        count_try(request)

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Not of somebody whose first factor is to be set up and who typed the password a moment ago."""
        return not second_factor.is_first_step(context.request)


class StaffMFAAdapter(DefaultMFAAdapter):
    def build_totp_svg(self, url: str) -> str:
        """The QR code as an element to stand in the page: without the declaration of an XML file."""
        svg = str(super().build_totp_svg(url))
        return svg[svg.index("<svg") :]


class CountedChangePasswordForm(ChangePasswordForm):
    """Whoever finds a session open must not try passwords here that the sign-in would have counted."""

    def clean_oldpassword(self) -> str:
        count_try(context.request)
        return str(super().clean_oldpassword())


class CountedAuthenticateForm(AuthenticateForm):
    def clean_code(self) -> str:
        count_try(context.request)
        return use_up(self.user, super().clean_code())


class CountedReauthenticateForm(ReauthenticateForm):
    def clean_code(self) -> str:
        count_try(context.request)
        return use_up(self.user, super().clean_code())


class OneTimeActivateForm(ActivateTOTPForm):
    def clean_code(self) -> str:
        return use_up(self.user, super().clean_code())


def use_up(user: User, code: str) -> str:
    """The right code, once. Raises ValidationError when it was used before, by whichever process.

    allauth remembers used codes in a cache, which each process of the web server has its own of.
    """
    plain = "".join(character for character in code if character.isalnum()).lower()
    if not limiter.first_use("code", str(user.pk), plain, seconds=CODE_SECONDS):
        raise ValidationError(_("This code was used already. Please wait for the next one."), code="used")
    return code


def count_try(request: HttpRequest) -> None:
    """Count one password or code before it is looked at. Raises ValidationError when there were too many.

    By network and never by account: otherwise a stranger could shut a reviewer out.
    """
    try:
        limiter.take(Purpose.SIGN_IN, request)
    except Throttled as throttled:
        raise ValidationError(
            _("Too many attempts from your network. Please try again in %(minutes)s minutes."),
            code="too-many-attempts",
            params={"minutes": throttled.retry_after // 60 + 1},
        ) from None
