"""Access keys of a partner: issued and shown once, listed without their secret, revoked."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from matching import keys
from matching.admin.pages import PartnerPages, person_with, to_partner
from matching.feed_health import ENDS_SOON
from matching.forms import IssueKeyForm
from matching.models import Partner, PartnerKey, Scope
from review import audit

if TYPE_CHECKING:
    KeyInlineBase = admin.TabularInline[PartnerKey, Partner]
else:
    KeyInlineBase = admin.TabularInline


class PartnerKeyInline(KeyInlineBase):
    model = PartnerKey
    fields = readonly_fields = ("prefix", "opened", "created_at", "ends", "last_use", "revocation")
    can_delete = False
    extra = 0
    verbose_name_plural = gettext_lazy("Access keys")

    def has_add_permission(self, request: HttpRequest, obj: Partner | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description=gettext_lazy("Opens"))
    def opened(self, key: PartnerKey) -> str:
        return ", ".join(scope.value for scope in Scope if key.opens(scope))

    @admin.display(description=gettext_lazy("Ends"))
    def ends(self, key: PartnerKey) -> SafeString | str:
        if key.expires_at is None:
            return _("Not by itself")
        day = date_format(key.expires_at, "SHORT_DATE_FORMAT")
        left = key.expires_at - timezone.now()
        if key.revoked_at is not None or left > ENDS_SOON:
            return day
        words = _("Ended") if left.total_seconds() <= 0 else _("Ends soon")
        return format_html('{} <strong class="arc-late">{}</strong>', day, words)

    @admin.display(description=gettext_lazy("Last used"))
    def last_use(self, key: PartnerKey) -> str:
        if key.last_used_at is None:
            return _("Never")
        return date_format(key.last_used_at, "SHORT_DATETIME_FORMAT")

    @admin.display(description=gettext_lazy("Revoke"))
    def revocation(self, key: PartnerKey) -> SafeString | str:
        if key.revoked_at is not None:
            return _("Revoked")
        return format_html(
            '<a href="{}">{}</a>', reverse("admin:matching_partner_revoke_key", args=[key.pk]), _("Revoke...")
        )


class KeyPages(PartnerPages):
    """Issuing and revoking."""

    def get_urls(self) -> list[URLPattern]:
        inside = self.admin_site.admin_view
        own = [
            path("<int:partner_id>/issue-key/", inside(self.issue_key), name="matching_partner_issue_key"),
            path("key/<int:key_id>/revoke/", inside(self.revoke_key), name="matching_partner_revoke_key"),
        ]
        return [*own, *super().get_urls()]

    @method_decorator([never_cache, require_http_methods(["GET", "POST"])])
    def issue_key(self, request: HttpRequest, partner_id: int) -> HttpResponseBase:
        """Ask what for and how long, then show the new key on the answer to the POST and never again."""
        partner = get_object_or_404(Partner, pk=partner_id)
        person = person_with(request, "add_partnerkey")
        form = IssueKeyForm(
            request.POST if request.method == "POST" else None, initial={"newest_seen": keys.newest(partner)}
        )
        if not form.is_valid():
            return self.page(request, "issue_key", _("Issue a key"), partner=partner, form=form)
        try:
            key = keys.issue(
                partner,
                actor=audit.staff(person),
                valid_for=form.valid_for,
                newest_seen=form.cleaned_data["newest_seen"],
                scopes=form.scopes,
            )
        except keys.NotIssued as refusal:
            messages.error(request, str(refusal))
            return to_partner(partner.pk)
        return self.page(request, "key_issued", _("Copy this key now"), partner=partner, key=key)

    @method_decorator([never_cache, require_http_methods(["GET", "POST"])])
    def revoke_key(self, request: HttpRequest, key_id: int) -> HttpResponseBase:
        """Ask once, then revoke."""
        key = get_object_or_404(PartnerKey.objects.select_related("partner"), pk=key_id)
        person = person_with(request, "change_partnerkey")
        if request.method != "POST":
            return self.page(
                request, "revoke_key", _("Revoke this key?"), partner=key.partner, prefix=key.prefix
            )
        if keys.revoke(key, actor=audit.staff(person)):
            messages.success(request, _("The key %(prefix)s is revoked.") % {"prefix": key.prefix})
        return to_partner(key.partner_id)
