"""Terms in the admin: drafted with a button, edited while a draft, published on a page that asks once."""

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from review import terms
from review.models import AuditEntry, TermsVersion

LIST = reverse("admin:review_termsversion_changelist")
DRAFT = reverse("admin:review_termsversion_draft")


def url(verb: str, version: TermsVersion) -> str:
    return reverse(f"admin:review_termsversion_{verb}", args=[version.pk])


@pytest.fixture
def draft(sol: User) -> TermsVersion:
    return terms.draft(by=sol)[0]


def form_of(version: TermsVersion, **changes: str) -> dict[str, str]:
    """What the change page sends when nothing but ``changes`` was touched."""
    clauses = list(version.clauses.order_by("code"))
    fields = {
        "title": version.title,
        "preamble": version.preamble,
        "clauses-TOTAL_FORMS": str(len(clauses)),
        "clauses-INITIAL_FORMS": str(len(clauses)),
    }
    for place, clause in enumerate(clauses):
        row = {
            "id": str(clause.pk), "terms": str(version.pk), "code": clause.code, "outcome": clause.outcome,
            "text": clause.text, **({"two_person": "on"} if clause.two_person else {}),
        }  # fmt: skip
        fields |= {f"clauses-{place}-{name}": value for name, value in row.items()}
    return fields | changes


def test_from_the_button_to_the_next_decision(as_sol: Client) -> None:
    assert DRAFT in as_sol.get(LIST).content.decode()
    answer = as_sol.post(DRAFT)
    draft = TermsVersion.objects.drafts().get()
    assert answer.headers["Location"] == url("change", draft)
    page = as_sol.get(url("change", draft)).content.decode()
    assert 'name="_save"' in page
    assert url("publish", draft) in page

    changes = {"title": "Terms, again", "clauses-0-text": "A new sentence.", "clauses-0-two_person": "on"}
    assert as_sol.post(url("change", draft), form_of(draft, **changes)).status_code == 302
    first = draft.clauses.order_by("code")[0]
    assert (first.text, first.two_person) == ("A new sentence.", True)
    assert TermsVersion.objects.current().number == 1

    assert as_sol.get(url("publish", draft)).status_code == 200
    assert TermsVersion.objects.current().number == 1
    as_sol.post(url("publish", draft))
    current = TermsVersion.objects.current()
    assert (current.number, current.title) == (2, "Terms, again")
    assert AuditEntry.objects.filter(action="terms.published").count() == 1


def test_what_is_published_cannot_be_changed_here(as_sol: Client) -> None:
    current = TermsVersion.objects.current()
    page = as_sol.get(url("change", current)).content.decode()
    assert 'name="_save"' not in page
    assert url("publish", current) not in page
    assert as_sol.post(url("change", current), form_of(current, title="x")).status_code == 403
    assert as_sol.get(url("publish", current)).status_code == 404
    assert as_sol.post(url("discard", current)).status_code == 404
    current.refresh_from_db()
    assert current.title == "Protection terms"


def test_an_unargued_outcome_is_told(as_sol: Client, draft: TermsVersion) -> None:
    draft.clauses.filter(outcome="covered").delete()
    page = as_sol.post(url("publish", draft), follow=True).content.decode()
    assert "no clause argues for “Protected by the terms”" in page
    assert TermsVersion.objects.drafts().exists()


def test_a_second_draft_is_not_begun(as_sol: Client, draft: TermsVersion) -> None:
    page = as_sol.post(DRAFT, follow=True).content.decode()
    assert "There is a draft already." in page
    assert TermsVersion.objects.count() == 2


def test_a_draft_is_discarded_after_a_question(as_sol: Client, draft: TermsVersion) -> None:
    assert as_sol.get(url("discard", draft)).status_code == 200
    assert TermsVersion.objects.drafts().exists()
    assert as_sol.post(url("discard", draft)).headers["Location"] == LIST
    assert not TermsVersion.objects.drafts().exists()


@pytest.fixture(params=["change_termsversion", "publish_terms", "view_termsversion"])
def nias_permission(request: pytest.FixtureRequest, nia: User) -> str:
    nia.user_permissions.add(*Permission.objects.filter(codename__in=[request.param, "view_termsversion"]))
    return str(request.param)


def test_drafting_and_publishing_are_granted_apart(
    nias_permission: str, client: Client, nia: User, draft: TermsVersion
) -> None:
    client.force_login(nia, backend="django.contrib.auth.backends.ModelBackend")
    may_change, may_publish = nias_permission == "change_termsversion", nias_permission == "publish_terms"
    assert client.get(url("change", draft)).status_code == 200
    assert client.post(DRAFT).status_code == (302 if may_change else 403)
    assert client.post(url("change", draft), form_of(draft, title="y")).status_code == (
        302 if may_change else 403
    )
    assert client.post(url("publish", draft)).status_code == (302 if may_publish else 403)
    assert TermsVersion.objects.current().number == (2 if may_publish else 1)


def test_the_pages_ask_by_get_and_do_by_post(as_sol: Client, draft: TermsVersion) -> None:
    assert as_sol.get(DRAFT).status_code == 405
    assert as_sol.put(url("publish", draft)).status_code == 405
    assert as_sol.head(url("discard", draft)).status_code == 405
