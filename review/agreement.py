"""How far two reviewers who did not know of each other agree, beyond what chance alone would give."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

Pair = tuple[str, str]


@dataclass(frozen=True)
class Agreement:
    """``pairs`` blind pairs of opinions, of which ``agreeing`` were the same.

    ``kappa`` is Cohen's, from -1 to 1: 0 is chance, 1 is always the same. None when it says nothing: without
    pairs, or when both always gave one and the same answer.
    """

    pairs: int
    agreeing: int
    kappa: float | None


def measure(pairs: Sequence[Pair]) -> Agreement:
    """Cohen's kappa of (first opinion, second opinion); J. Cohen, Educ. Psychol. Meas. 20 (1960) 37."""
    count = len(pairs)
    agreeing = sum(first == second for first, second in pairs)
    firsts, seconds = Counter(first for first, _ in pairs), Counter(second for _, second in pairs)
    # In whole numbers, so that "no room above chance" is exact.
    by_chance = sum(firsts[outcome] * seconds[outcome] for outcome in firsts)
    room = count * count - by_chance
    return Agreement(count, agreeing, (count * agreeing - by_chance) / room if room else None)
