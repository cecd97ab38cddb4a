"""The way for parents and legal guardians: shut unless the operator opened it."""

import pytest
from enrolling import STATEMENTS, Submitter
from pytest_django import Settings

from enrollment import receipts
from enrollment.models import Attestation, Case

URL = "/send/guardian/"
SAID = {"guardian": "on", "not_consented": "on", "adult": "on"}
pytestmark = pytest.mark.usefixtures("quick_sandbox")


@pytest.fixture
def opened(settings: Settings) -> None:
    settings.ARC_GUARDIAN_ROUTE = True


def test_it_is_shut_and_nowhere_mentioned(mia: Submitter) -> None:
    assert mia.client.get(URL).status_code == 404
    assert mia.client.post(URL, SAID).status_code == 404
    for page in ("/", "/send/"):
        assert "guardian" not in mia.client.get(page).content.decode()


@pytest.mark.usefixtures("opened")
class TestOpened:
    def test_the_pages_lead_to_it(self, mia: Submitter) -> None:
        for page in ("/", "/send/"):
            assert f'href="{URL}"' in mia.client.get(page).content.decode()
        assert "takeitdown.ncmec.org" in mia.client.get(URL).content.decode()

    def test_what_is_sent_is_marked_as_a_guardian_s(self, mia: Submitter) -> None:
        token = receipts.new_token()
        assert mia.send(b"one", token=token, url=URL, **SAID).status_code == 200
        assert Case.objects.get().attestation == Attestation.GUARDIAN

    @pytest.mark.parametrize("missing", SAID)
    def test_everything_must_be_stated(self, mia: Submitter, missing: str) -> None:
        answer = mia.send(b"one", url=URL, **(SAID | {missing: ""}))
        assert answer.status_code == 422
        assert f'href="#id_{missing}"' in answer.content.decode()
        assert not Case.objects.exists()

    def test_the_person_in_the_photo_does_not_state_it(self, mia: Submitter) -> None:
        assert mia.send(b"one", url=URL, **STATEMENTS).status_code == 422

    @pytest.mark.parametrize("method", ["put", "patch", "delete", "options"])
    def test_it_rejects_other_methods(self, mia: Submitter, method: str) -> None:
        assert getattr(mia.client, method)(URL).status_code == 405
