"""Platforms and helplines. They are paused rather than deleted: what they did stays explained."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError
from django.forms import ModelForm
from django.http import HttpRequest

from matching import checklist, feed_health, onboarding
from matching.admin.health import HealthPage
from matching.admin.keys import KeyPages, PartnerKeyInline
from matching.admin.pages import to_partner
from matching.admin.steps import StepPages, steps_for
from matching.models import Partner
from review import audit


@admin.register(Partner)
class PartnerAdmin(KeyPages, StepPages, HealthPage):
    list_display = ("name", "kind", "stage", "contact")
    list_filter = ("stage", "kind")
    search_fields = ("name",)
    readonly_fields = ("slug",)
    inlines = (PartnerKeyInline,)
    actions = None

    def get_fields(self, request: HttpRequest, obj: Partner | None = None) -> tuple[str, ...]:
        made_once = () if obj is None else ("slug",)
        return ("name", *made_once, "kind", "contact", "urgent_contact", "surfaces")

    def has_delete_permission(self, request: HttpRequest, obj: Partner | None = None) -> bool:
        return False

    def save_model(
        self, request: HttpRequest, obj: Partner, form: "ModelForm[Partner]", change: bool
    ) -> None:
        """The admin's own transaction holds both the row and its audit entry."""
        person = _person(request)
        if not change:
            onboarding.create(obj, by=person)
        elif form.changed_data:
            obj.save(update_fields=form.changed_data)
            audit.append(
                "partner.changed",
                actor=audit.staff(person),
                details={"partner": obj.pk, "fields": sorted(form.changed_data)},
            )

    def response_post_save_add(self, request: HttpRequest, obj: Partner) -> Any:
        return to_partner(obj.pk)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """What somebody else saved between the look at the form and the saving is seen at the second look."""
        partner = self.get_object(request, object_id) if object_id else None
        connection = {"connection": _connection(request, partner)} if partner else {}
        context = {**(extra_context or {}), **connection}
        try:
            return super().changeform_view(request, object_id, form_url, context)
        except IntegrityError:
            return super().changeform_view(request, object_id, form_url, context)


def _connection(request: HttpRequest, partner: Partner) -> dict[str, Any]:
    """What the page says above the form about where the partner stands and what can be done."""
    keys = list(partner.keys.live())
    onboarding_now = partner.stage == Partner.Stage.ONBOARDING
    may_change = request.user.has_perm("matching.change_partner")
    return {
        "partner": partner,
        "items": checklist.items(partner) if onboarding_now else [],
        "steps": steps_for(partner, _person(request)) if may_change else [],
        "has_key": bool(keys),
        "keys_end_at": feed_health.keys_end_at(keys),
    }


def _person(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user
