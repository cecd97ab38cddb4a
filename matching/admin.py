"""Partners and their keys, and how the work is going. No photo, fingerprint, secret or key is shown here."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from matching import backlog, keys
from matching.forms import IssueKeyForm
from matching.models import Heartbeat, Partner, PartnerKey
from review import audit

if TYPE_CHECKING:
    PartnerModelAdmin = admin.ModelAdmin[Partner]
    HeartbeatModelAdmin = admin.ModelAdmin[Heartbeat]
    KeyInlineBase = admin.TabularInline[PartnerKey, Partner]
else:
    PartnerModelAdmin = HeartbeatModelAdmin = admin.ModelAdmin
    KeyInlineBase = admin.TabularInline

# A queued task runs any dotted path and its rows are pickles; second factors are the owner's business.
HIDDEN_APPS = ("django_q", "allauth.account", "allauth.mfa", "allauth.socialaccount")


def hide_third_parties() -> None:
    """Take everything these apps put into the admin out of it again, now and after autodiscovery."""
    for name in HIDDEN_APPS:
        if not apps.is_installed(name):
            continue
        # Imported first, or autodiscovery would register them after us.
        import_module(f"{name}.admin")
        for model in apps.get_app_config(name.rpartition(".")[2]).get_models(include_auto_created=True):
            if admin.site.is_registered(model):
                admin.site.unregister(model)


hide_third_parties()


class PartnerKeyInline(KeyInlineBase):
    model = PartnerKey
    fields = readonly_fields = (
        "prefix",
        "created_at",
        "expires_at",
        "revoked_at",
        "last_used_at",
        "revocation",
    )
    can_delete = False
    extra = 0
    verbose_name_plural = gettext_lazy("Access keys")

    def has_add_permission(self, request: HttpRequest, obj: Partner | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description=gettext_lazy("Revoke"))
    def revocation(self, key: PartnerKey) -> SafeString | str:
        if key.revoked_at is not None:
            return _("Revoked")
        return format_html(
            '<a href="{}">{}</a>', reverse("admin:matching_partner_revoke_key", args=[key.pk]), _("Revoke...")
        )


@admin.register(Partner)
class PartnerAdmin(PartnerModelAdmin):
    """Platforms and helplines. They are deactivated rather than deleted: what they did stays explained."""

    list_display = ("name", "kind", "active", "contact")
    list_filter = ("active", "kind")
    search_fields = ("name",)
    fields = ("name", "kind", "contact", "active")
    inlines = (PartnerKeyInline,)
    actions = None

    def has_delete_permission(self, request: HttpRequest, obj: Partner | None = None) -> bool:
        return False

    def save_model(
        self, request: HttpRequest, obj: Partner, form: "ModelForm[Partner]", change: bool
    ) -> None:
        """The admin's own transaction holds both the row and its audit entry."""
        if change and not form.changed_data:
            return
        obj.save(update_fields=form.changed_data if change else None)
        audit.append(
            "partner.changed" if change else "partner.created",
            actor=_actor(request),
            details={"partner": obj.pk, "fields": sorted(form.changed_data), "active": obj.active},
        )

    def get_urls(self) -> list[URLPattern]:
        own = [
            path(
                "<int:partner_id>/issue-key/",
                self.admin_site.admin_view(self.issue_key),
                name="matching_partner_issue_key",
            ),
            path(
                "key/<int:key_id>/revoke/",
                self.admin_site.admin_view(self.revoke_key),
                name="matching_partner_revoke_key",
            ),
        ]
        return [*own, *super().get_urls()]

    @method_decorator([never_cache, require_http_methods(["GET", "POST"])])
    def issue_key(self, request: HttpRequest, partner_id: int) -> HttpResponseBase:
        """Ask how long, then show the new key on the answer to the POST and never again."""
        partner = get_object_or_404(Partner, pk=partner_id)
        if not request.user.has_perm("matching.add_partnerkey"):
            raise PermissionDenied
        form = IssueKeyForm(
            request.POST if request.method == "POST" else None, initial={"newest_seen": keys.newest(partner)}
        )
        if not form.is_valid():
            return self._page(request, "issue_key", _("Issue a key"), partner=partner, form=form)
        try:
            key = keys.issue(
                partner,
                actor=_actor(request),
                valid_for=form.valid_for,
                newest_seen=form.cleaned_data["newest_seen"],
            )
        except keys.NotIssued as refusal:
            messages.error(request, str(refusal))
            return HttpResponseRedirect(_change_url(partner.pk))
        return self._page(request, "key_issued", _("Copy this key now"), partner=partner, key=key)

    @method_decorator([never_cache, require_http_methods(["GET", "POST"])])
    def revoke_key(self, request: HttpRequest, key_id: int) -> HttpResponseBase:
        """Ask once, then revoke."""
        key = get_object_or_404(PartnerKey.objects.select_related("partner"), pk=key_id)
        if not request.user.has_perm("matching.change_partnerkey"):
            raise PermissionDenied
        if request.method != "POST":
            return self._page(
                request, "revoke_key", _("Revoke this key?"), partner=key.partner, prefix=key.prefix
            )
        if keys.revoke(key, actor=_actor(request)):
            messages.success(request, _("The key %(prefix)s is revoked.") % {"prefix": key.prefix})
        return HttpResponseRedirect(_change_url(key.partner_id))

    def _page(self, request: HttpRequest, name: str, title: str, **context: Any) -> TemplateResponse:
        return TemplateResponse(
            request,
            f"admin/matching/partner/{name}.html",
            {**self.admin_site.each_context(request), "opts": self.opts, "title": title, **context},
        )


@admin.register(Heartbeat)
class TasksAdmin(HeartbeatModelAdmin):
    """One read-only page: what is waiting, what failed, and whether the cluster is alive."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Heartbeat | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Heartbeat | None = None) -> bool:
        return False

    def get_urls(self) -> list[URLPattern]:
        overview = self.admin_site.admin_view(self.overview)
        return [path("", overview, name="matching_heartbeat_changelist")]

    @method_decorator(require_GET)
    def overview(self, request: HttpRequest) -> HttpResponseBase:
        if not self.has_view_permission(request):
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Tasks"),
            "backlog": backlog.measure(),
            "too_long": int(backlog.TOO_LONG.total_seconds() // 60),
            "heartbeat": Heartbeat.objects.first(),
        }
        return TemplateResponse(request, "admin/matching/heartbeat/tasks.html", context)


def _actor(request: HttpRequest) -> str:
    if not isinstance(request.user, User):
        raise PermissionDenied
    return audit.staff(request.user)


def _change_url(partner_id: int) -> str:
    return reverse("admin:matching_partner_change", args=[partner_id])
