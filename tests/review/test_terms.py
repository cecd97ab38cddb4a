import pytest
from django.db import IntegrityError, transaction

from review.models import Clause, Outcome, TermsVersion


def test_the_first_terms_argue_for_both_outcomes(db: None) -> None:
    terms = TermsVersion.objects.current()
    codes = {
        outcome: list(terms.clauses.filter(outcome=outcome).values_list("code", flat=True))
        for outcome in Outcome
    }
    assert terms.number == 1
    assert codes[Outcome.COVERED] == ["P1", "P2", "P3", "P4", "P5"]
    assert codes[Outcome.NOT_COVERED] == ["N1", "N2", "N3", "N4", "N5", "N6", "N7"]


def test_the_texts_are_whole_sentences(db: None) -> None:
    for clause in Clause.objects.all():
        assert clause.text.endswith(".")
        assert "  " not in clause.text


def test_the_newest_version_counts(db: None) -> None:
    newer = TermsVersion.objects.create(number=2, title="Protection terms", preamble="Newer.")
    assert TermsVersion.objects.current() == newer


@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        ({"code": "P1", "outcome": "covered"}, "UNIQUE"),
        ({"code": "X1", "outcome": "maybe"}, "clause_outcome_is_known"),
    ],
)
def test_the_database_refuses_an_impossible_clause(db: None, fields: dict[str, str], constraint: str) -> None:
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Clause.objects.create(terms=TermsVersion.objects.current(), text="x", **fields)
