"""The protection terms: drafted as a copy, published once, and from then on as they are for ever."""

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, transaction

from review import terms
from review.models import AuditEntry, Clause, Outcome, TermsVersion


@pytest.fixture
def draft(sol: User) -> TermsVersion:
    return terms.draft(by=sol)[0]


def test_the_first_terms_argue_for_every_outcome(db: None) -> None:
    first = TermsVersion.objects.current()
    codes = {
        outcome: list(first.clauses.filter(outcome=outcome).values_list("code", flat=True))
        for outcome in Outcome
    }
    assert first.number == 1
    assert codes[Outcome.COVERED] == ["P1", "P2", "P3", "P4", "P5"]
    assert codes[Outcome.NOT_COVERED] == ["N1", "N2", "N3", "N4", "N5", "N6", "N7"]
    assert codes[Outcome.NEEDS_COVERING] == ["C1", "C2", "C3"]


def test_the_texts_are_whole_sentences(db: None) -> None:
    for clause in Clause.objects.all():
        assert clause.text.endswith(".")
        assert "  " not in clause.text


def test_a_draft_is_a_copy_that_nobody_decides_by(draft: TermsVersion) -> None:
    current = TermsVersion.objects.current()
    assert current.number == 1
    assert (draft.number, draft.title, draft.preamble) == (2, current.title, current.preamble)
    fields = ("code", "outcome", "text", "two_person")
    assert list(draft.clauses.values_list(*fields)) == list(current.clauses.values_list(*fields))
    assert draft.clauses.filter(two_person=True).exists()


def test_there_is_one_draft_at_a_time(draft: TermsVersion, sol: User) -> None:
    assert terms.draft(by=sol) == (draft, False)
    with pytest.raises(IntegrityError, match="terms_one_draft_at_a_time"), transaction.atomic():
        TermsVersion.objects.create(number=3, title="x", preamble="x")


def test_publishing_puts_it_into_force_once(draft: TermsVersion, sol: User) -> None:
    draft.clauses.filter(code="P1").update(text="Newer wording.", two_person=True)
    terms.publish(draft.pk, by=sol)
    current = TermsVersion.objects.current()
    assert current == draft
    assert current.clauses.get(code="P1").text == "Newer wording."
    with pytest.raises(TermsVersion.DoesNotExist):
        terms.publish(draft.pk, by=sol)
    said = AuditEntry.objects.order_by("seq").values_list("action", "actor", "details")
    actor = f"staff:{sol.pk}"
    assert list(said) == [
        ("terms.drafted", actor, '{"version":2}'),
        ("terms.published", actor, '{"clauses":15,"version":2}'),
    ]


def test_terms_that_leave_an_outcome_without_a_clause_are_not_published(
    draft: TermsVersion, sol: User
) -> None:
    draft.clauses.filter(outcome=Outcome.NEEDS_COVERING).delete()
    with pytest.raises(terms.NotPublished) as refusal:
        terms.publish(draft.pk, by=sol)
    assert refusal.value.missing == (Outcome.NEEDS_COVERING,)
    assert TermsVersion.objects.current().number == 1


def test_a_discarded_draft_is_gone(draft: TermsVersion, sol: User) -> None:
    assert terms.discard(draft.pk, by=sol)
    assert not terms.discard(draft.pk, by=sol)
    assert not TermsVersion.objects.drafts().exists()
    assert not Clause.objects.filter(terms__number=2).exists()


def test_published_terms_are_not_discarded(db: None, sol: User) -> None:
    assert not terms.discard(TermsVersion.objects.current().pk, by=sol)
    assert TermsVersion.objects.current().clauses.count() == 15


CHANGES = [
    "UPDATE review_termsversion SET title = 'x' WHERE number = 1",
    "UPDATE review_termsversion SET published_at = NULL WHERE number = 1",
    "DELETE FROM review_termsversion WHERE number = 1",
    "UPDATE review_clause SET text = 'x' WHERE code = 'P1'",
    "UPDATE review_clause SET two_person = NOT two_person WHERE terms_id = 1",
    "DELETE FROM review_clause WHERE terms_id = 1",
    """INSERT INTO review_clause (terms_id, code, outcome, text, two_person)
       SELECT terms_id, 'P9', outcome, text, two_person FROM review_clause WHERE code = 'P1'""",
]
CHANGES += {
    "sqlite": [
        "INSERT OR REPLACE INTO review_termsversion SELECT * FROM review_termsversion WHERE number = 1",
        "INSERT OR REPLACE INTO review_clause SELECT * FROM review_clause WHERE code = 'P1'",
    ],
    "postgresql": ["TRUNCATE review_clause CASCADE", "TRUNCATE review_termsversion CASCADE"],
}[connection.vendor]


@pytest.mark.parametrize("statement", CHANGES)
def test_the_database_refuses_to_change_what_is_published(db: None, statement: str) -> None:
    refused = pytest.raises(IntegrityError, match="published terms never change")
    with refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_a_clause_does_not_move_out_of_or_into_published_terms(draft: TermsVersion) -> None:
    published = TermsVersion.objects.current()
    moves = [
        (published.clauses.filter(code="P1"), draft),
        (draft.clauses.filter(code="P1"), published),
    ]
    for clauses, target in moves:
        with pytest.raises(IntegrityError, match="never change"), transaction.atomic():
            clauses.update(terms=target)


@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        ({"code": "P1", "outcome": "covered"}, "UNIQUE|clause_code_once_per_terms"),
        ({"code": "X1", "outcome": "maybe"}, "clause_outcome_is_known"),
    ],
)
def test_the_database_refuses_an_impossible_clause(
    draft: TermsVersion, fields: dict[str, str], constraint: str
) -> None:
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Clause.objects.create(terms=draft, text="x", **fields)
