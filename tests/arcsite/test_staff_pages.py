import pytest
from django.contrib.auth.models import Group, User
from django.test import Client, RequestFactory
from django.urls import reverse

from arcsite.staff_pages import pages_for

PASSWORD = "a quiet reading lamp"


def person(role: str) -> User:
    """Somebody in one group, or "superuser", or "both"."""
    user = User.objects.create_user(role.lower().replace(" ", "-"), password=PASSWORD)
    if role in {"superuser", "both"}:
        user.is_staff = user.is_superuser = True
        user.save()
    if role != "superuser":
        user.groups.add(Group.objects.get(name="Reviewer" if role == "both" else role))
    return user


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("role", "labels"),
    [
        ("Reviewer", ["Start", "Queue", "Second factor"]),
        ("Lead", ["Start", "Queue", "Team", "Log", "Second factor"]),
        ("Auditor", ["Log", "Second factor"]),
        ("Partner manager", ["Second factor"]),
        ("superuser", ["Admin", "Team", "Log", "Second factor"]),
        ("both", ["Start", "Queue", "Admin", "Team", "Log", "Second factor"]),
    ],
)
def test_only_open_pages_are_offered_and_each_opens(role: str, labels: list[str], client: Client) -> None:
    request = RequestFactory().get("/")
    request.user = person(role)
    pages = pages_for(request)
    assert [page.label for page in pages] == labels
    client.force_login(request.user)
    assert {page.label: client.get(page.url).status_code for page in pages} == dict.fromkeys(labels, 200)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("role", "start"),
    [("Reviewer", "review:start"), ("superuser", "admin:index"), ("Partner manager", "mfa_index")],
)
def test_signing_in_leads_to_a_page_that_is_open(role: str, start: str, client: Client) -> None:
    user = person(role)
    form = {"login": user.username, "password": PASSWORD}
    answer = client.post(reverse("account_login"), form, follow=True)
    assert answer.redirect_chain[-1] == (reverse(start), 302)
    assert answer.status_code == 200
