"""The catalogues in ``arcsite/locale``: a .po file for people, and the .mo file made of it for Django."""

import fcntl
import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from gettext import c2py
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.conf import settings

from arcsite.translating.texts import Text

# How a language counts, as gettext writes it; the first number says into how many forms.
PLURALS = {
    "ar": (6, "n==0 ? 0 : n==1 ? 1 : n==2 ? 2 : n%100>=3 && n%100<=10 ? 3 : n%100>=11 && n%100<=99 ? 4 : 5"),
    "es": (2, "n != 1"),
    "fr": (2, "n > 1"),
}
# Enough to meet each form, and to see which stands for one number only.
COUNTED = range(1000)
HEADER_COMMENT = "# Made by `manage.py translations`; fill in msgstr only."


class UnknownLanguage(Exception):
    """No such catalogue; the text is one sentence and a hint."""


@dataclass
class Entry:
    """A text in another language: one string, or one for each plural form; empty until it is written."""

    strings: list[str]
    fuzzy: bool = False
    where: list[str] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        return all(self.strings) and not self.fuzzy


Entries = dict[Text, Entry]


class _Headed(Catalog):
    """With a header that says nothing of when, where and by whom, so that nothing changes by itself."""

    @property
    def mime_headers(self) -> list[tuple[str, str]]:
        language = str(self.locale_identifier)
        number, rule = PLURALS[language]
        return [
            ("Language", language),
            ("MIME-Version", "1.0"),
            ("Content-Type", "text/plain; charset=UTF-8"),
            ("Content-Transfer-Encoding", "8bit"),
            ("Plural-Forms", f"nplurals={number}; plural=({rule});\n"),
        ]

    @property
    def num_plurals(self) -> int:
        return PLURALS[str(self.locale_identifier)][0]


def languages() -> list[str]:
    """The codes of the languages that have a catalogue; English, the language of the sources, has none."""
    return [code for code, _ in settings.LANGUAGES if code != settings.LANGUAGE_CODE]


def path_of(language: str) -> Path:
    """The .po file; the .mo file stands beside it. Raises UnknownLanguage."""
    if language not in languages():
        raise UnknownLanguage(f"There is no catalogue of {language!r}. Hint: {', '.join(languages())}.")
    return Path(settings.LOCALE_PATHS[0]) / language / "LC_MESSAGES" / "django.po"


def read(language: str) -> Entries:
    """What the .po file holds, obsolete texts aside; nothing when there is no file yet."""
    path = path_of(language)
    if not path.exists():
        return {}
    with path.open("rb") as file:
        catalogue = read_po(file, locale=language, ignore_obsolete=True, abort_invalid=True)
    return dict(_entries(catalogue))


def _entries(catalogue: Catalog) -> Iterator[tuple[Text, Entry]]:
    for message in catalogue:
        if not message.id:
            continue
        singular, *plural = [message.id] if isinstance(message.id, str) else list(message.id)
        strings = [message.string] if isinstance(message.string, str) else list(message.string or [""])
        where = [name for name, _ in message.locations]
        text = Text(singular, plural[0] if plural else "", message.context or "")
        yield text, Entry(strings, message.fuzzy, where)


def merged(old: Entries, texts: Mapping[Text, list[str]], language: str) -> Entries:
    """The texts of the sources with what is written for them already; texts that are gone are left out."""
    number = PLURALS[language][0]
    fresh: Entries = {}
    for text, where in texts.items():
        forms = number if text.plural else 1
        known = old.get(text, Entry([]))
        strings = known.strings if len(known.strings) == forms else [""] * forms
        fresh[text] = Entry(strings, known.fuzzy, where)
    return fresh


def save(language: str, entries: Entries) -> None:
    """Both files, each replaced at once."""
    path = path_of(language)
    path.parent.mkdir(parents=True, exist_ok=True)
    for target, data in (
        (path, as_po(language, entries)),
        (path.with_suffix(".mo"), as_mo(language, entries)),
    ):
        if target.exists() and target.read_bytes() == data:
            continue
        draft = target.with_name(f".{target.name}.new")
        draft.write_bytes(data)
        draft.replace(target)


def as_po(language: str, entries: Entries) -> bytes:
    file = BytesIO()
    write_po(file, _catalogue(language, entries), width=100, include_lineno=False)
    return file.getvalue().lstrip(b"\n")


def as_mo(language: str, entries: Entries) -> bytes:
    """Only what is complete: of anything else the reader gets the English text."""
    file = BytesIO()
    complete = {text: entry for text, entry in entries.items() if entry.complete}
    write_mo(file, _catalogue(language, complete))
    return file.getvalue()


def _catalogue(language: str, entries: Entries) -> Catalog:
    catalogue = _Headed(locale=language, header_comment=HEADER_COMMENT, fuzzy=False)
    for text, entry in entries.items():
        catalogue.add(
            (text.msgid, text.plural) if text.plural else text.msgid,
            tuple(entry.strings) if text.plural else entry.strings[0],
            locations=[(name, 0) for name in entry.where],
            flags=["fuzzy"] if entry.fuzzy else [],
            context=text.context or None,
        )
    return catalogue


def numbers_of(language: str) -> list[list[int]]:
    """For each plural form, in order, the numbers below a thousand that it is for."""
    number, rule = PLURALS[language]
    form_of = c2py(rule)
    return [[n for n in COUNTED if form_of(n) == form] for form in range(number)]


@contextmanager
def alone(*names: str) -> Iterator[None]:
    """Nobody else changes these catalogues meanwhile: several people may import at the same time."""
    with ExitStack() as stack:
        for directory in sorted(path_of(name).parent for name in names):
            directory.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
            stack.callback(os.close, descriptor)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
