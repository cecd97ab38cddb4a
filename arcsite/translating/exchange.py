"""Texts for translators as JSON, and what they send back."""

import json
from typing import Any

from arcsite.translating.catalogues import Entries, Entry, numbers_of
from arcsite.translating.rules import faults
from arcsite.translating.texts import Text


class Unreadable(Exception):
    """The file is not what export wrote; the text says where."""


def exported(entries: Entries, language: str, *, everything: bool = False) -> str:
    """A JSON list of the texts nobody has written yet (or of all), each with a place for the translation.

    ``msgstr`` is one string, or a list with one for each plural form; ``numbers`` says what each is for.
    """
    forms = [_some(numbers) for numbers in numbers_of(language)]
    rows = [
        {
            "msgid": text.msgid,
            "plural": text.plural,
            "context": text.context,
            "where": entry.where,
            **({"numbers": forms} if text.plural else {}),
            "msgstr": entry.strings if text.plural else entry.strings[0],
        }
        for text, entry in entries.items()
        if everything or not entry.complete
    ]
    return json.dumps(rows, ensure_ascii=False, indent=1) + "\n"


def imported(entries: Entries, language: str, document: str) -> tuple[Entries, list[str]]:
    """What a file fills in, and one sentence for each translation that was not taken. Raises Unreadable.

    Texts left empty are passed over; a text that the sources no longer say is a refusal.
    """
    taken: Entries = {}
    refused: list[str] = []
    for text, strings in _rows(document):
        if not any(strings):
            continue
        known = entries.get(text)
        entry = Entry(strings, where=known.where if known else [])
        wrong = faults(text, entry, language) if known else ["the sources do not say this (any more)"]
        refused += [f"{text.msgid!r}: {fault}" for fault in wrong]
        if not wrong:
            taken[text] = entry
    return taken, refused


def _some(numbers: list[int]) -> str:
    shown = ", ".join(map(str, numbers[:5]))
    return f"{shown}, ..." if len(numbers) > 5 else shown


def _rows(document: str) -> list[tuple[Text, list[str]]]:
    try:
        rows = json.loads(document)
    except ValueError as error:
        raise Unreadable(f"This is no JSON: {error}.") from None
    if not isinstance(rows, list):
        raise Unreadable("The file must hold a list.")
    return [_row(number, row) for number, row in enumerate(rows, start=1)]


def _row(number: int, row: Any) -> tuple[Text, list[str]]:
    if not isinstance(row, dict):
        raise Unreadable(f"Entry {number} is not an object.")
    parts = [row.get(name) or "" for name in ("msgid", "plural", "context")]
    msgstr = row.get("msgstr", "")
    strings = [msgstr] if isinstance(msgstr, str) else msgstr
    all_texts = isinstance(strings, list) and all(isinstance(part, str) for part in [*parts, *strings])
    if not (parts[0] and all_texts):
        raise Unreadable(f"Entry {number} must have msgid and msgstr: texts, or for msgstr a list of texts.")
    return Text(*parts), strings
