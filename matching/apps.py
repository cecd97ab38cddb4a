from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from enrollment import recipients


class MatchingConfig(AppConfig):
    name = "matching"
    verbose_name = _("Matching")

    def ready(self) -> None:
        import_module("matching.receivers")
        recipients.install(import_module("matching.partner_book").Book())
