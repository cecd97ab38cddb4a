"""A language that nobody speaks: English with accents, a good half longer, in brackets. Made while tests run.

What shows on a page without brackets was not translated; what does not fit would not fit in German either.
"""

import re
from collections.abc import Iterable
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo

from arcsite.translating.rules import PLACEHOLDER, TAG
from arcsite.translating.texts import Text

# It takes the place of a language with letters of its own, in which Django says what it says by itself.
CODE = "bg"
OPEN, CLOSE = "⟦⟧"
LONGER = 0.6
# Whatever a program puts in, and what it reads, stays.
KEPT = re.compile(f"({PLACEHOLDER.pattern}|{TAG.pattern}|%%|&\\w+;)")
WORD = re.compile(r"[^\W\d_]+")
ACCENTED = str.maketrans("aceinosuyzAEINOSUZ", "áçéîñøšûýžÅÉÎÑØŠÛŽ")


def pseudo(english: str) -> str:
    """In brackets, every word of four letters or more a good half longer; what must stay stays."""
    kept = [match.span() for match in KEPT.finditer(english)]
    parts, end = [], 0
    for start, after in [*kept, (len(english), len(english))]:
        parts.append(WORD.sub(_longer, english[end:start]).translate(ACCENTED))
        parts.append(english[start:after])
        end = after
    return f"{OPEN}{''.join(parts)}{CLOSE}"


def _longer(match: re.Match[str]) -> str:
    word = match[0]
    return word + word[: round(len(word) * LONGER)].lower() if len(word) > 3 else word


def write_catalogue(directory: Path, texts: Iterable[Text]) -> None:
    """A directory for LOCALE_PATHS, with every text in the language CODE."""
    catalogue = Catalog(locale=CODE)
    for text in texts:
        ids, strings = (text.msgid, text.plural), (pseudo(text.msgid), pseudo(text.plural))
        plain = not text.plural
        catalogue.add(
            ids[0] if plain else ids, strings[0] if plain else strings, context=text.context or None
        )
    path = directory / CODE / "LC_MESSAGES" / "django.mo"
    path.parent.mkdir(parents=True)
    with path.open("wb") as file:
        write_mo(file, catalogue)


def outside_brackets(text: str) -> str:
    """What is left of a text without anything that was translated, brackets in brackets included."""
    inner = re.compile(f"{OPEN}[^{OPEN}{CLOSE}]*{CLOSE}")
    while inner.search(text):
        text = inner.sub(" ", text)
    return text
