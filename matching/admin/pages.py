"""What the pages about a partner have in common."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from matching.models import Partner

if TYPE_CHECKING:
    PartnerModelAdmin = admin.ModelAdmin[Partner]
else:
    PartnerModelAdmin = admin.ModelAdmin


class PartnerPages(PartnerModelAdmin):
    """Pages of our own beside those that Django makes of the model."""

    def page(self, request: HttpRequest, name: str, title: str, **context: Any) -> TemplateResponse:
        return TemplateResponse(
            request,
            f"admin/matching/partner/{name}.html",
            {**self.admin_site.each_context(request), "opts": self.opts, "title": title, **context},
        )


def person_with(request: HttpRequest, permission: str) -> User:
    """The signed-in person, who must have this permission of matching."""
    if not isinstance(request.user, User) or not request.user.has_perm(f"matching.{permission}"):
        raise PermissionDenied
    return request.user


def to_partner(partner_id: int) -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse("admin:matching_partner_change", args=[partner_id]))
