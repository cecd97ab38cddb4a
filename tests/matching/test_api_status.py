from io import BytesIO

import numpy as np
import pytest
from calling import BASE, Program
from django.test import Client
from partner_rows import live_partner
from PIL import Image

from matching import pages, trial_pictures
from matching.engine.fingerprint import VERSION
from matching.engine.grid import luma_grid
from matching.engine.index import Index
from matching.models import FeedHead, Partner, Scope

pytestmark = pytest.mark.django_db


def test_it_says_where_a_partner_stands() -> None:
    partner = live_partner("Example")
    FeedHead.objects.create(pk=1, seq=10)
    program = Program.of(partner, scopes=[Scope.MATCH])
    assert program.get("status").json() == {
        "partner": "Example",
        "stage": "live",
        "scopes": ["match"],
        "feed": pages.identity(partner),
        "head": 10,
        "applied": 0,
        "versions": [VERSION],
    }


def test_a_new_partner_is_told_so() -> None:
    partner = live_partner()
    Partner.objects.update(stage=Partner.Stage.ONBOARDING)
    found = Program.of(partner).get("status").json()
    assert found["stage"] == "onboarding"
    assert found["feed"] != str(FeedHead.objects.get().feed_id)


def test_the_test_picture_matches_the_first_test_record() -> None:
    response = Client().get(BASE + "test-picture.png")
    assert (response.status_code, response["Content-Type"]) == (200, "image/png")
    with Image.open(BytesIO(response.content)) as picture:
        assert np.array_equal(np.asarray(picture), trial_pictures.picture(0))
        half = picture.convert("L").resize((240, 180))
    index = Index((str(number), trial_pictures.fingerprint(number)) for number in range(trial_pictures.COUNT))
    [found] = index.search(luma_grid(np.asarray(half))[None])
    assert [match.id for match in found] == ["0"]
