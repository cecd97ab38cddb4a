"""Case numbers and secrets: how they are made, written, read back and compared.

Both are derived from the random token that travels in the upload form, so sending the same form twice
gives the same receipt, and nothing that could give the secret away is stored.
"""

import hashlib
import hmac
import re
import secrets
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field

from enrollment.pepper import peppered

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
NUMBER_LENGTH = 10
SECRET_LENGTH = 25
GROUP = 5
TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")

_VALUES = {character: value for value, character in enumerate(ALPHABET)}
_FORGIVEN = str.maketrans("OIL", "011")
# Spaces and every Unicode dash, and the invisible marks that copying from a page can bring along.
_SKIPPED = re.compile(r"[\s\u00ad\u200b-\u200f\u2010-\u2015\u2060\u2066-\u2069\u2212\ufeff_.-]+")


@dataclass(frozen=True)
class Receipt:
    """What the submitter takes away. ``number`` is 10 characters, ``secret`` 25 (125 bits)."""

    number: str
    secret: str = field(repr=False)

    @property
    def shown_number(self) -> str:
        return grouped(self.number)

    @property
    def shown_secret(self) -> str:
        return grouped(self.secret)


def new_token() -> str:
    """A fresh 256-bit submission token, 43 URL-safe characters."""
    return secrets.token_urlsafe(32)


def derive(token: str, attempt: int = 0) -> Receipt:
    """The receipt of a submission. A further ``attempt`` gives another number, should one be taken."""
    body = _characters(peppered("case-number", token, str(attempt)), NUMBER_LENGTH - 1)
    return Receipt(number=body + check_character(body), secret=derive_secret(token))


def derive_secret(token: str) -> str:
    return _characters(peppered("case-secret", token), SECRET_LENGTH)


def submission_digest(token: str) -> str:
    return peppered("submission", token).hex()


def secret_digest(number: str, secret: str) -> str:
    return peppered("case-secret-digest", number, secret).hex()


def contents_digest(token: str, files: Iterable[bytes]) -> str:
    """Which files came with this token, in hex. Without the token it cannot be recomputed."""
    return peppered("contents", token, *(hashlib.sha256(data).digest() for data in files)).hex()


def is_secret(given: str, number: str, stored_digest: str) -> bool:
    """Whether ``given`` (normalised) is the secret of the case, in time that does not depend on it."""
    return hmac.compare_digest(secret_digest(number, given), stored_digest)


def read_number(text: str) -> str | None:
    """A typed case number in its stored form; None when it cannot be one (its check character is wrong)."""
    number = _normalised(text, NUMBER_LENGTH)
    return number if number is not None and check_character(number) == ALPHABET[0] else None


def read_secret(text: str) -> str | None:
    """A typed secret in its plain form, or None when it cannot be one."""
    return _normalised(text, SECRET_LENGTH)


def grouped(text: str) -> str:
    return "-".join(text[start : start + GROUP] for start in range(0, len(text), GROUP))


def check_character(text: str) -> str:
    """Damm's check over GF(32), x^5 + x^2 + 1: finds any one wrong character and any swap of neighbours.

    The check character of a text that ends in its own check character is "0".
    """
    value = 0
    for character in text:
        value = _doubled(value ^ _VALUES[character])
    return ALPHABET[value]


def _doubled(value: int) -> int:
    return (value << 1) ^ (0b100101 if value & 0b10000 else 0)


def _characters(digest: bytes, length: int) -> str:
    """The leading ``5 * length`` bits of a digest as Crockford characters."""
    bits = int.from_bytes(digest, "big") >> (8 * len(digest) - 5 * length)
    return "".join(ALPHABET[(bits >> (5 * place)) & 31] for place in reversed(range(length)))


def _normalised(text: str, length: int) -> str | None:
    if len(text) > 200:
        return None
    plain = _SKIPPED.sub("", unicodedata.normalize("NFKC", text)).upper().translate(_FORGIVEN)
    return plain if len(plain) == length and set(plain) <= _VALUES.keys() else None
