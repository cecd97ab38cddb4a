"""Accounts and roles in the admin: every change of them is audited, in one transaction with it."""

from collections.abc import Iterable
from importlib import import_module
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse

from review import audit

if TYPE_CHECKING:
    AnyAdmin = admin.ModelAdmin[Model]
    AccountAdmin = UserAdmin[User]
else:
    AnyAdmin = object
    AccountAdmin = UserAdmin

# Imported first, or autodiscovery would register the stock pages after ours.
import_module("django.contrib.auth.admin")
admin.site.unregister([User, Group])


class Audited(AnyAdmin):
    """The admin calls these three for everything it writes, each inside the transaction of the change."""

    noun = ""

    def log_addition(self, request: HttpRequest, obj: Model, message: Any) -> LogEntry:
        self._note(request, "created", obj, message)
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: Model, message: Any) -> LogEntry:
        self._note(request, "changed", obj, message)
        return super().log_change(request, obj, message)

    def log_deletions(self, request: HttpRequest, queryset: "QuerySet[Model]") -> Any:
        for obj in queryset:
            self._note(request, "deleted", obj, [])
        return super().log_deletions(request, queryset)

    def facts(self, obj: Any) -> dict[str, Any]:
        """What the audit is told about the row as it is now."""
        raise NotImplementedError

    def _note(self, request: HttpRequest, what: str, obj: Model, message: Any) -> None:
        if not isinstance(request.user, User):
            raise PermissionDenied
        audit.append(
            f"{self.noun}.{what}",
            actor=audit.staff(request.user),
            details={**self.facts(obj), "fields": sorted(_changed_fields(message))},
        )


@admin.register(User)
class AuditedUserAdmin(Audited, AccountAdmin):
    noun = "account"

    def facts(self, obj: User) -> dict[str, Any]:
        return {
            "account": audit.staff(obj),
            "active": obj.is_active,
            "staff": obj.is_staff,
            "superuser": obj.is_superuser,
            "groups": sorted(obj.groups.values_list("name", flat=True)),
        }

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        with transaction.atomic():
            return super().user_change_password(request, id, form_url)


@admin.register(Group)
class AuditedGroupAdmin(Audited, GroupAdmin):
    noun = "group"

    def facts(self, obj: Group) -> dict[str, Any]:
        return {
            "group": obj.name,
            "permissions": sorted(obj.permissions.values_list("codename", flat=True)),
        }


def _changed_fields(message: Any) -> Iterable[str]:
    """The names in the admin's own change message: a list of actions, or for a few pages a sentence."""
    if not isinstance(message, list):
        return []
    return {name for entry in message for action in entry.values() for name in action.get("fields", [])}
