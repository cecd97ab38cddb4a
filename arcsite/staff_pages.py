"""Which staff pages are open to whom: for the navigation, and for where signing in leads."""

from collections.abc import Callable
from dataclasses import dataclass

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from arcsite import second_factor
from review import permissions


@dataclass(frozen=True)
class StaffPage:
    label: str
    url: str


def pages_for(request: HttpRequest) -> list[StaffPage]:
    """The pages the signed-in person may open, the one to start at first. Never empty."""
    shut = second_factor.is_missing(request)
    pages = [
        (_("Start"), "review:start", not shut and _is(permissions.reviewer, request)),
        (_("Queue"), "review:queue", not shut and _is(permissions.reviewer, request)),
        (_("Admin"), "admin:index", not shut and getattr(request.user, "is_staff", False)),
        (_("Team"), "review:lead", not shut and _is(permissions.lead, request)),
        (_("Log"), "review:log", not shut and _is(permissions.auditor, request)),
        (_("Second factor"), "mfa_index", True),
    ]
    return [StaffPage(str(label), reverse(name)) for label, name, is_open in pages if is_open]


def _is(role: Callable[[HttpRequest], object], request: HttpRequest) -> bool:
    try:
        role(request)
    except PermissionDenied:
        return False
    return True
