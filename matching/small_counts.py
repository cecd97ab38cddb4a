"""Which counts may be published: none that could point at a person, on its own or by subtraction.

A published count is never taken back later, since whoever read it remembers. So of a year's total and its
months it is the total that is left out, and only when it would say more about a small month than that it is
small.
"""

from collections.abc import Sequence

FEW = 10


def shown(count: int) -> int | None:
    """The count, or None for "fewer than ten", nought included."""
    return count if count >= FEW else None


def shown_total(counts: Sequence[int]) -> int | None:
    """The sum of counts that are published by ``shown``, or None where it would narrow a small one down.

    With k small counts whose sum is S, every one of them can still be anything from 0 to 9 exactly when
    9 <= S <= 9 (k - 1): the others can then make up for it at both ends.
    """
    small = [count for count in counts if count < FEW]
    most = FEW - 1
    if small and not most <= sum(small) <= most * (len(small) - 1):
        return None
    return sum(counts)
