"""Windows for the admin: the audit to be read, the terms to be drafted and published. No case work."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from review import terms
from review.models import AuditEntry, Clause, TermsVersion

if TYPE_CHECKING:
    EntryAdmin = admin.ModelAdmin[AuditEntry]
    TermsAdmin = admin.ModelAdmin[TermsVersion]
    InlineClauses = admin.StackedInline[Clause, TermsVersion]
else:
    EntryAdmin = TermsAdmin = admin.ModelAdmin
    InlineClauses = admin.StackedInline


@admin.register(AuditEntry)
class AuditEntryAdmin(EntryAdmin):
    """To be read, a superuser does no more. Searching is done in the log of review, which keeps case
    numbers out of addresses."""

    list_display = ("seq", "at", "actor", "action")
    list_per_page = 50
    show_full_result_count = False
    ordering = ("-seq",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class ClauseInline(InlineClauses):
    """Clauses may be changed as long as their terms are a draft, by whoever may change the terms."""

    model = Clause
    fields = ("code", "outcome", "two_person", "text")
    extra = 0

    def has_add_permission(self, request: HttpRequest, obj: TermsVersion | None = None) -> bool:
        return _may_change(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _may_change(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _may_change(request, obj)


@admin.register(TermsVersion)
class TermsVersionAdmin(TermsAdmin):
    """Published versions are read-only; a draft starts as a copy of the one in force."""

    list_display = ("number", "title", "published_at")
    fields = ("number", "title", "preamble", "published_at")
    readonly_fields = ("number", "published_at")
    inlines = (ClauseInline,)
    actions = None

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # a draft is never made from nothing: ``draft``

    def has_change_permission(self, request: HttpRequest, obj: TermsVersion | None = None) -> bool:
        return _may_change(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: TermsVersion | None = None) -> bool:
        return False  # a draft is discarded: ``discard``

    def save_model(
        self, request: HttpRequest, obj: TermsVersion, form: "ModelForm[TermsVersion]", change: bool
    ) -> None:
        if form.changed_data:
            obj.save(update_fields=form.changed_data)

    def get_urls(self) -> list[URLPattern]:
        inside = self.admin_site.admin_view
        own = [
            path("draft/", inside(self.draft), name="review_termsversion_draft"),
            path("<int:terms_id>/publish/", inside(self.publish), name="review_termsversion_publish"),
            path("<int:terms_id>/discard/", inside(self.discard), name="review_termsversion_discard"),
        ]
        return [*own, *super().get_urls()]

    @method_decorator([never_cache, require_POST])
    def draft(self, request: HttpRequest) -> HttpResponseBase:
        draft, is_new = terms.draft(by=_editor(request))
        if not is_new:
            messages.info(request, _("There is a draft already. Only one can be in work at a time."))
        return HttpResponseRedirect(_change_url(draft.pk))

    @method_decorator([never_cache, require_http_methods(["GET", "POST"])])
    def publish(self, request: HttpRequest, terms_id: int) -> HttpResponseBase:
        """Ask once, then put the draft into force."""
        editor = _publisher(request)
        draft = get_object_or_404(TermsVersion.objects.drafts(), pk=terms_id)
        if request.method != "POST":
            return self._page(request, "publish", _("Publish this version?"), draft)
        try:
            terms.publish(terms_id, by=editor)
        except TermsVersion.DoesNotExist:
            messages.info(request, _("Somebody else was quicker; nothing was changed."))
        except terms.NotPublished as refusal:
            missing = ", ".join(str(outcome.label) for outcome in refusal.missing)
            messages.error(request, _("Not published: no clause argues for “%s”.") % missing)
        else:
            messages.success(request, _("Published. Decisions rest on this version from now on."))
        return HttpResponseRedirect(_change_url(terms_id))

    @method_decorator([never_cache, require_http_methods(["GET", "POST"])])
    def discard(self, request: HttpRequest, terms_id: int) -> HttpResponseBase:
        """Ask once, then delete the draft."""
        editor = _editor(request)
        draft = get_object_or_404(TermsVersion.objects.drafts(), pk=terms_id)
        if request.method != "POST":
            return self._page(request, "discard", _("Discard this draft?"), draft)
        if terms.discard(terms_id, by=editor):
            messages.success(request, _("The draft is gone."))
        return HttpResponseRedirect(reverse("admin:review_termsversion_changelist"))

    def _page(self, request: HttpRequest, name: str, title: str, draft: TermsVersion) -> TemplateResponse:
        common = self.admin_site.each_context(request)
        context = {**common, "opts": self.opts, "title": title, "original": draft}
        return TemplateResponse(request, f"admin/review/termsversion/{name}.html", context)


def _may_change(request: HttpRequest, version: TermsVersion | None) -> bool:
    return (version is None or version.is_draft) and request.user.has_perm("review.change_termsversion")


def _editor(request: HttpRequest) -> User:
    return _permitted(request, "review.change_termsversion")


def _publisher(request: HttpRequest) -> User:
    return _permitted(request, "review.publish_terms")


def _permitted(request: HttpRequest, permission: str) -> User:
    if not isinstance(request.user, User) or not request.user.has_perm(permission):
        raise PermissionDenied
    return request.user


def _change_url(terms_id: int) -> str:
    return reverse("admin:review_termsversion_change", args=[terms_id])
