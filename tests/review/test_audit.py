"""The chain: whatever is changed in it shows. The triggers that would refuse the tampering are taken off."""

from collections.abc import Callable

import pytest
from audit_triggers import trigger_names
from django.db import connection

from review import audit
from review.models import AuditEntry, AuditHead

LENGTH = 8


@pytest.fixture
def chain(db: None) -> list[AuditEntry]:
    return [audit.append("tested", actor="worker", case=f"CASE{n}", details={"n": n}) for n in range(LENGTH)]


@pytest.fixture
def unguarded(chain: list[AuditEntry]) -> None:
    """The same chain without triggers; the test's own rollback brings them back."""
    names = trigger_names()
    assert len(names) == {"sqlite": 3, "postgresql": 2}[connection.vendor]
    with connection.cursor() as cursor:
        for name in names:
            place = " ON review_auditentry" if connection.vendor == "postgresql" else ""
            cursor.execute(f"DROP TRIGGER {name}{place}")


def execute(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        assert cursor.rowcount >= 1


def test_an_untouched_chain_holds(chain: list[AuditEntry]) -> None:
    verdict = audit.verify()
    assert (verdict.count, verdict.fault) == (LENGTH, "")
    assert verdict.head == chain[-1].digest


def test_an_empty_chain_holds(db: None) -> None:
    assert audit.verify() == audit.Verdict(0, audit.GENESIS, "")


def test_numbers_are_dense_and_digests_linked(chain: list[AuditEntry]) -> None:
    assert [entry.seq for entry in chain] == list(range(1, LENGTH + 1))
    assert [entry.previous for entry in chain] == [audit.GENESIS, *(entry.digest for entry in chain[:-1])]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("at", "'2020-01-01T00:00:00.000000+00:00'"),
        ("actor", "'sweep'"),
        ("action", "'other'"),
        ("photo", "'00000000000000000000000000000001'"),
        ('"case"', "'CASE9'"),
        ("details", "'{\"n\":99}'"),
        ("previous", "digest"),
        ("digest", "previous"),
    ],
)
def test_an_edit_of_any_field_shows(unguarded: None, field: str, value: str) -> None:
    execute(f"UPDATE review_auditentry SET {field} = {value} WHERE seq = 4")
    assert audit.verify().fault == "entry 4 was changed"
    assert audit.verify().count == 3


def test_an_edit_with_a_digest_made_to_fit_shows(unguarded: None) -> None:
    entry = AuditEntry.objects.get(seq=4)
    entry.details = "{}"
    entry.digest = audit.digest_of(entry)
    entry.save()
    assert audit.verify().fault == "entry 5 was changed"


def test_a_removed_entry_shows(unguarded: None) -> None:
    execute("DELETE FROM review_auditentry WHERE seq = 4")
    assert audit.verify().fault == "entry 4 is missing"


def test_a_removed_first_entry_shows(unguarded: None) -> None:
    execute("DELETE FROM review_auditentry WHERE seq = 1")
    assert audit.verify().fault == "entry 1 is missing"


@pytest.mark.parametrize("seq", [0, -5])
def test_an_entry_before_the_first_is_refused(chain: list[AuditEntry], seq: int) -> None:
    early = AuditEntry(seq=seq, at="", actor="x", action="x", details="{}", previous="", digest="")
    with pytest.raises(Exception, match="audit_starts_at_one"):
        early.save(force_insert=True)


def test_an_added_entry_shows(unguarded: None) -> None:
    last = AuditEntry.objects.get(seq=LENGTH)
    false = AuditEntry(
        seq=LENGTH + 1, at=last.at, actor="x", action="x", details="{}", previous=last.digest
    )  # fmt: skip
    false.digest = audit.digest_of(false)
    false.save(force_insert=True)
    assert audit.verify().fault == "the end of the chain was cut off or replaced"


def test_swapped_entries_show(unguarded: None) -> None:
    execute("UPDATE review_auditentry SET seq = 99 WHERE seq = 4")
    execute("UPDATE review_auditentry SET seq = 4 WHERE seq = 5")
    execute("UPDATE review_auditentry SET seq = 5 WHERE seq = 99")
    assert audit.verify().fault == "entry 4 was changed"


def test_a_cut_tail_shows(unguarded: None) -> None:
    execute(f"DELETE FROM review_auditentry WHERE seq > {LENGTH - 2}")
    assert audit.verify().fault == "the end of the chain was cut off or replaced"


def test_an_emptied_chain_shows(unguarded: None) -> None:
    execute("DELETE FROM review_auditentry")
    assert audit.verify().fault == "the end of the chain was cut off or replaced"


def test_a_cut_tail_with_a_head_made_to_fit_shows_against_a_head_noted_earlier(
    unguarded: None, chain: list[AuditEntry]
) -> None:
    noted = chain[-1].digest
    execute(f"DELETE FROM review_auditentry WHERE seq = {LENGTH}")
    AuditHead.objects.update(seq=LENGTH - 1, digest=chain[-2].digest)
    assert audit.verify().fault == ""
    assert audit.verify(noted).fault == "the head exported earlier is no longer in the chain"


def test_a_rewritten_chain_shows_against_a_head_noted_earlier(
    unguarded: None, chain: list[AuditEntry]
) -> None:
    noted = chain[2].digest
    AuditEntry.objects.all().delete()
    AuditHead.objects.all().delete()
    for n in range(LENGTH):
        audit.append("tested", actor="worker", details={"n": n + 1})
    assert audit.verify().fault == ""
    assert audit.verify(noted).fault == "the head exported earlier is no longer in the chain"


@pytest.mark.parametrize("position", [0, 3, LENGTH - 1])
def test_every_earlier_head_is_still_in_the_chain(chain: list[AuditEntry], position: int) -> None:
    assert audit.verify(chain[position].digest).fault == ""


def test_an_entry_that_arrives_during_the_walk_is_no_fault(
    chain: list[AuditEntry], monkeypatch: pytest.MonkeyPatch
) -> None:
    honest: Callable[[AuditEntry], str] = audit.digest_of
    arrived: list[AuditEntry] = []

    def digest_and_append(entry: AuditEntry) -> str:
        if entry.seq == 3 and not arrived:
            arrived.append(entry)
            audit.append("tested", actor="worker")
        return honest(entry)

    monkeypatch.setattr(audit, "digest_of", digest_and_append)
    verdict = audit.verify()
    assert (verdict.fault, verdict.count) == ("", LENGTH + 1)


def test_the_walk_takes_one_query_for_all_entries(
    chain: list[AuditEntry], django_assert_num_queries: object
) -> None:
    with django_assert_num_queries(3):  # type: ignore[operator]
        audit.verify()
