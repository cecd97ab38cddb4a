"""Feed health: how each live partner keeps up."""

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.urls import URLPattern, path
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from matching import feed_health, reminders
from matching.admin.pages import PartnerPages
from matching.feed_health import Alarm


class HealthPage(PartnerPages):
    def get_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view(self.health)
        return [path("health/", page, name="matching_partner_health"), *super().get_urls()]

    @method_decorator([never_cache, require_GET])
    def health(self, request: HttpRequest) -> HttpResponseBase:
        if not self.has_view_permission(request):
            raise PermissionDenied
        partners = [(health, reminders.about(health)) for health in feed_health.everybody()]
        return self.page(
            request,
            "health",
            _("Feed health"),
            partners=partners,
            alarming=sum(bool(health.alarms) for health, _letter in partners),
            Alarm=Alarm,
            confirm_hours=settings.ARC_TOMBSTONE_HOURS,
            silence_hours=settings.ARC_SILENCE_HOURS,
            most=feed_health.MOST,
        )
