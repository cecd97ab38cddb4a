import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from pytest_django import Settings

from arcsite import shared_secrets
from review import audit
from review.models import AuditEntry

pytestmark = pytest.mark.django_db


def test_the_second_host_must_have_the_pepper_of_the_first(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "vendor", "postgresql")
    for _ in range(2):
        shared_secrets.require_same()
    (entry,) = AuditEntry.objects.all()
    assert entry.action == shared_secrets.ACTION
    assert settings.ARC_PEPPER not in entry.details
    assert not audit.verify().fault
    settings.ARC_PEPPER = "x" * 40
    with pytest.raises(ImproperlyConfigured, match="another ARC_PEPPER"):
        shared_secrets.require_same()


@pytest.mark.sqlite
def test_one_machine_has_nothing_to_compare() -> None:
    shared_secrets.require_same()
    assert not AuditEntry.objects.exists()
