"""What other apps put into the admin and must not be there."""

from importlib import import_module

from django.apps import apps
from django.contrib import admin

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
