"""What the admin shows of review: the audit and the terms, to be read; never a photo."""

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from review import audit
from review.models import AuditEntry, TermsVersion

READ_ONLY = ["auditentry", "termsversion"]


@pytest.fixture
def keys(db: None) -> dict[str, int]:
    return {
        "auditentry": audit.append("tested", actor="worker").pk,
        "termsversion": TermsVersion.objects.current().pk,
    }


@pytest.mark.parametrize("model", READ_ONLY)
def test_even_a_superuser_only_reads(as_sol: Client, keys: dict[str, int], model: str) -> None:
    def url(verb: str, *args: int) -> str:
        return reverse(f"admin:review_{model}_{verb}", args=args)

    assert as_sol.get(url("changelist")).status_code == 200
    page = as_sol.get(url("change", keys[model]))
    assert page.status_code == 200
    assert b'name="_save"' not in page.content
    assert as_sol.post(url("change", keys[model]), {"actor": "x"}).status_code == 403
    assert as_sol.get(url("add")).status_code == 403
    assert as_sol.post(url("delete", keys[model]), {"post": "yes"}).status_code == 403
    assert audit.verify().fault == ""


def test_no_bulk_action_deletes(as_sol: Client, keys: dict[str, int]) -> None:
    action = {"action": "delete_selected", "_selected_action": str(keys["auditentry"]), "post": "yes"}
    as_sol.post(reverse("admin:review_auditentry_changelist"), action)
    assert AuditEntry.objects.count() == 1


def test_photos_claims_and_decisions_have_no_admin_page() -> None:
    registered = {model._meta.label for model in admin.site._registry}
    assert {"review.AuditEntry", "review.TermsVersion"} <= registered
    hidden = {model._meta.label for model in apps.get_app_config("enrollment").get_models()}
    hidden |= {"review.Claim", "review.Decision", "review.AuditHead"}
    assert not registered & hidden


def test_staff_without_a_role_sees_nothing(nia: User, client: Client, keys: dict[str, int]) -> None:
    client.force_login(nia, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(reverse("admin:review_auditentry_changelist")).status_code == 403
