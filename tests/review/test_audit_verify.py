"""``manage.py audit_verify``: one line, and a status a monitor can read."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from review import audit
from review.models import AuditHead


def verify(*arguments: str) -> str:
    out = StringIO()
    call_command("audit_verify", *arguments, stdout=out)
    return out.getvalue()


def test_it_says_that_the_chain_holds(db: None) -> None:
    head = [audit.append("tested", actor="worker") for _ in range(3)][-1].digest
    assert verify() == f"The audit holds: 3 entries, head {head}\n"
    assert verify("--expect", head) == verify()


def test_it_says_what_is_wrong(db: None) -> None:
    audit.append("tested", actor="worker")
    AuditHead.objects.update(seq=2)
    with pytest.raises(CommandError, match="does NOT hold: the end of the chain was cut off") as raised:
        verify()
    assert raised.value.returncode == 1


def test_it_misses_an_expected_head(db: None) -> None:
    audit.append("tested", actor="worker")
    with pytest.raises(CommandError, match="no longer in the chain"):
        verify("--expect", "a" * 64)


@pytest.mark.parametrize("digest", ["", "A" * 64, "a" * 63, "g" * 64, "a" * 64 + "\n"])
def test_a_mistyped_digest_is_not_taken_for_tampering(db: None, digest: str) -> None:
    with pytest.raises(CommandError, match="64 hexadecimal digits") as raised:
        verify("--expect", digest)
    assert raised.value.returncode == 2
