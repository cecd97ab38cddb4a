from datetime import timedelta

import pytest
from django.apps import apps
from django.contrib import admin
from django.db.models import Model
from django.test import Client
from django.utils import timezone
from partner_rows import browser, live_partner
from photo_rows import MakePhoto
from review_rows import person

from enrollment.states import PhotoState
from matching import partner_watch
from matching.admin import HIDDEN_APPS
from matching.models import Fingerprint, Heartbeat, Partner, Planted, Sighting

TASKS = "/admin/matching/heartbeat/"


def test_the_task_overview_shows_what_waits(admin_client: Client, make_photo: MakePhoto) -> None:
    assert "has not shown up yet" in admin_client.get(TASKS).text
    make_photo(PhotoState.COVERED)
    make_photo(PhotoState.FAILED)
    Heartbeat.objects.create(name="cluster", beat_at=timezone.now())
    page = admin_client.get(TASKS)
    assert page.status_code == 200
    assert "Something needs a person" in page.text
    assert "last showed up 0" in page.text
    assert admin_client.post(TASKS).status_code == 405


def test_the_task_overview_names_partners_in_alarm(admin_client: Client) -> None:
    live_partner("Loud")
    silent = live_partner("Silent")
    Partner.objects.filter(pk=silent.pk).update(staged_at=timezone.now() - timedelta(days=9))
    assert "do not keep up" not in admin_client.get(TASKS).text
    partner_watch.watch()
    page = admin_client.get(TASKS).text
    assert "Partners that do not keep up: Silent." in page
    assert "/admin/matching/partner/health/" in page


@pytest.mark.django_db
def test_the_task_overview_needs_its_permission() -> None:
    assert browser(person("manager", "Partner manager")).get(TASKS).status_code == 403


def test_the_admin_knows_no_model_that_must_not_be_there() -> None:
    hidden: list[type[Model]] = [
        model
        for name in HIDDEN_APPS
        if apps.is_installed(name)
        for model in apps.get_app_config(name.rpartition(".")[2]).get_models(include_auto_created=True)
    ]
    assert len(hidden) >= 6
    hidden += [Fingerprint, Planted, Sighting]
    assert not [model for model in hidden if admin.site.is_registered(model)]
