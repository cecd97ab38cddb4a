"""Read-only windows for the admin. Photos, claims and decisions have none: the admin shows no case work."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from review.models import AuditEntry, Clause, TermsVersion

if TYPE_CHECKING:
    EntryAdmin = admin.ModelAdmin[AuditEntry]
    TermsAdmin = admin.ModelAdmin[TermsVersion]
    InlineClauses = admin.TabularInline[Clause, TermsVersion]
else:
    EntryAdmin = TermsAdmin = admin.ModelAdmin
    InlineClauses = admin.TabularInline


class ReadOnly:
    """Nobody adds, changes or deletes through the admin, a superuser neither."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnly, EntryAdmin):
    """Searching is done in the log of review, which keeps case numbers out of addresses."""

    list_display = ("seq", "at", "actor", "action")
    list_per_page = 50
    show_full_result_count = False
    ordering = ("-seq",)


class ClauseInline(ReadOnly, InlineClauses):
    model = Clause
    extra = 0


@admin.register(TermsVersion)
class TermsVersionAdmin(ReadOnly, TermsAdmin):
    list_display = ("number", "title", "published_at")
    inlines = (ClauseInline,)
