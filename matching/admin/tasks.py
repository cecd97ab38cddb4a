"""One read-only page: what is waiting, what failed, whether the cluster is alive and partners keep up."""

from typing import TYPE_CHECKING

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from matching import backlog, partner_watch
from matching.models import Heartbeat

if TYPE_CHECKING:
    HeartbeatModelAdmin = admin.ModelAdmin[Heartbeat]
else:
    HeartbeatModelAdmin = admin.ModelAdmin


@admin.register(Heartbeat)
class TasksAdmin(HeartbeatModelAdmin):
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
            "heartbeat": Heartbeat.objects.order_by("-beat_at").first(),
            "partners": partner_watch.in_alarm(),
        }
        return TemplateResponse(request, "admin/matching/heartbeat/tasks.html", context)
