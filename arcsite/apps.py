from importlib import import_module

from django.apps import AppConfig


class ArcsiteConfig(AppConfig):
    name = "arcsite"

    def ready(self) -> None:
        import_module("arcsite.checks")
        import_module("arcsite.deployment_checks")
        import_module("arcsite.remote_checks")
        import_module("arcsite.second_factor")
        import_module("arcsite.shared_secrets")
