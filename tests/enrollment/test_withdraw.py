import pytest
from django.test import Client
from enrolling import Submitter

from enrollment.models import Case, Photo, TimelineEntry
from enrollment.states import Edge, PhotoState

ALL = "/case/withdraw/"
ONE = "/case/withdraw/1/"

pytestmark = pytest.mark.usefixtures("quick_sandbox")


@pytest.fixture
def case(mia: Submitter) -> Case:
    """Mia's case with two photos, open in her browser."""
    made = mia.enrol(b"one", b"two")
    mia.look_up()
    return made


def states_of(case: Case) -> list[str]:
    return list(case.photos.order_by("position").values_list("state", flat=True))


WAITING, WITHDRAWN = PhotoState.AWAITING_REVIEW, PhotoState.WITHDRAWN


@pytest.mark.parametrize("url", [ALL, ONE])
def test_it_asks_first_and_changes_nothing(mia: Submitter, case: Case, url: str) -> None:
    response = mia.client.get(url)
    assert response.status_code == 200
    assert "Yes, withdraw" in response.content.decode()
    assert states_of(case) == [WAITING, WAITING]


@pytest.mark.parametrize(("url", "after"), [(ONE, [WITHDRAWN, WAITING]), (ALL, [WITHDRAWN, WITHDRAWN])])
def test_the_answer_withdraws_at_once(mia: Submitter, case: Case, url: str, after: list[str]) -> None:
    response = mia.client.post(url)
    assert response.status_code == 302
    assert response["Location"] == "/case/"
    assert states_of(case) == after
    assert "This photo was withdrawn." in mia.client.get("/case/").content.decode()


def test_a_second_answer_changes_nothing(mia: Submitter, case: Case) -> None:
    mia.client.post(ONE)
    assert mia.client.post(ONE).status_code == 302
    assert TimelineEntry.objects.filter(event=Edge.WITHDRAW).count() == 1


def test_it_works_in_every_state(mia: Submitter, case: Case) -> None:
    for state in PhotoState:
        moment = "2026-01-01T00:00:00Z"
        case.photos.update(state=state, original_removed_at=moment, expires_at=moment)
        mia.client.post(ALL)
        assert states_of(case) == [WITHDRAWN, WITHDRAWN], state


def test_a_withdrawn_photo_offers_no_second_withdrawal(mia: Submitter, case: Case) -> None:
    mia.client.post(ONE)
    page = mia.client.get("/case/").content.decode()
    assert 'href="/case/withdraw/1/"' not in page
    assert 'href="/case/withdraw/2/"' in page
    assert f'href="{ALL}"' not in page


@pytest.mark.parametrize("url", [ALL, ONE])
@pytest.mark.parametrize("method", ["get", "post"])
def test_it_needs_an_open_case(mia: Submitter, case: Case, rudi: Submitter, url: str, method: str) -> None:
    response = getattr(rudi.client, method)(url)
    assert response.status_code == 302
    assert response["Location"] == "/case/"
    assert states_of(case) == [WAITING, WAITING]


def test_it_reaches_photos_of_the_own_case_only(mia: Submitter, case: Case, zoe: Submitter) -> None:
    zoe.enrol(b"three")
    zoe.look_up()
    assert zoe.client.post("/case/withdraw/2/").status_code == 404
    zoe.client.post(ALL)
    assert states_of(case) == [WAITING, WAITING]
    assert Photo.objects.filter(state=WITHDRAWN).count() == 1


@pytest.mark.parametrize("url", ["/case/withdraw/0/", "/case/withdraw/3/", "/case/withdraw/99999999999/"])
def test_a_photo_that_is_not_there(mia: Submitter, case: Case, url: str) -> None:
    assert mia.client.post(url).status_code == 404


@pytest.mark.parametrize("method", ["put", "patch", "delete", "options"])
def test_it_rejects_other_methods(mia: Submitter, case: Case, method: str) -> None:
    assert getattr(mia.client, method)(ALL).status_code == 405


def test_it_needs_the_csrf_token(mia: Submitter, case: Case) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = mia.client.cookies
    assert strict.post(ALL).status_code == 403
    assert states_of(case) == [WAITING, WAITING]
