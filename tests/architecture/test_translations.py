"""Every word that people read is in every language, and nothing that a page needs got lost on the way.

To mend what is reported here: `manage.py translations update`, then export, fill in, import.
"""

import re
from html.parser import HTMLParser

import pytest
from django.conf import settings
from django.template.base import Lexer, TokenType
from project_files import named, project_files

from arcsite.translating import catalogues, rules, texts
from arcsite.translating.catalogues import Entry
from arcsite.translating.texts import Text

LANGUAGES = ("es", "ar", "fr")
# Names, units and marks that are the same in every language.
SAME_EVERYWHERE = {
    "ARC": "the name of the service",
    "UTC": "a time zone",
    "Take It Down": "the name of a service",
    "Report Remove": "the name of a service",
    "PNG": "a format",
    "JPEG": "a format",
    "kB": "a unit",
    "Shift": "written on the key",
}
SPOKEN_ATTRIBUTES = frozenset(
    {"alt", "aria-label", "aria-description", "placeholder", "title", "summary", "label"}
)
CODE = frozenset({"code", "pre", "kbd", "script"})
WORD = re.compile(r"[^\W\d_]{2,}")
TRANSLATED_BLOCK = re.compile(r"\s*(end)?(?:blocktrans|blocktranslate|comment)\b")


@pytest.fixture(scope="module")
def found() -> dict[Text, list[str]]:
    return texts.texts()


def test_the_catalogues_are_those_of_the_settings() -> None:
    assert tuple(catalogues.languages()) == LANGUAGES
    assert sorted(path.name for path in settings.LOCALE_PATHS[0].iterdir()) == sorted(LANGUAGES)
    assert set(catalogues.PLURALS) == set(LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_is_in_the_catalogue_and_nothing_else(language: str, found: dict[Text, list[str]]) -> None:
    assert len(found) > 1000
    listed = catalogues.read(language)
    assert sorted(found.keys() - listed.keys()) == []
    assert sorted(listed.keys() - found.keys()) == []
    assert {text: entry.where for text, entry in listed.items()} == {
        text: sorted(where) for text, where in found.items()
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_is_translated(language: str, found: dict[Text, list[str]]) -> None:
    listed = catalogues.merged(catalogues.read(language), found, language)
    assert len(listed) > 1000
    wrong = [
        f"{text.msgid!r}: {fault}"
        for text, entry in listed.items()
        for fault in rules.faults(text, entry, language)
    ]
    assert wrong == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_django_reads_what_people_wrote(language: str) -> None:
    path = catalogues.path_of(language)
    entries = catalogues.read(language)
    assert path.read_bytes() == catalogues.as_po(language, entries)
    assert path.with_suffix(".mo").read_bytes() == catalogues.as_mo(language, entries)


def test_the_same_english_is_either_counted_or_not(found: dict[Text, list[str]]) -> None:
    """gettext looks a text up by its singular, so it cannot be plain in one place and counted in another."""
    keys = [(text.msgid, text.context) for text in found]
    assert len(keys) == len(set(keys))


GOOD = {
    "es": {
        Text("%(n)s photo", "%(n)s photos"): ["una foto", "%(n)s fotos"],
        Text("<b>Send</b> at %(percent)g %%"): ["<b>Enviar</b> al %(percent)g %%"],
        Text("Ellipse {number}"): ["Elipse {number}"],
        Text("ARC"): ["ARC"],
    },
    "ar": {
        Text("%(n)s photo", "%(n)s photos"): [
            "لا صور",
            "صورة",
            "صورتان",
            "%(n)s صور",
            "%(n)s صورة",
            "%(n)s صورة",
        ]
    },
    "fr": {Text("%(n)s photo", "%(n)s photos"): ["%(n)s photo", "%(n)s photos"]},
}
BAD = [
    ("es", Text("Send"), [""], "empty"),
    ("es", Text("Send it to us now, please"), ["Send it to us now, please"], "English"),
    ("es", Text("%(n)s photos"), ["fotos"], "lacks"),
    ("es", Text("%(n)s photos"), ["%(m)s %(n)s fotos"], "has not"),
    ("es", Text("Ellipse {number}"), ["Elipse {numero}"], "{number}"),
    ("es", Text("%(n)s %% of it"), ["%(n)s % de eso"], "percent"),
    ("es", Text("Half"), ["50 %"], "percent"),
    ("es", Text("<b>Send</b>"), ["<b>Enviar"], "tags"),
    ("es", Text("Send"), ["<script>Enviar</script>"], "tags"),
    ("es", Text('<a href="/x/">Send</a>'), ['<a href="/y/">Enviar</a>'], "tags"),
    ("es", Text("Type #FFA8E6"), ["Escriba #FFA8E7"], "colours"),
    ("es", Text("See https://example.org/a"), ["Vea https://example.org/b"], "addresses"),
    ("es", Text(" Send"), ["Enviar"], "beginning"),
    ("ar", Text("Send"), ["\u202eإرسال"], "invisible"),
    ("es", Text("%(n)s photo", "%(n)s photos"), ["una foto"], "needs 2 forms"),
    ("es", Text("%(n)s photo", "%(n)s photos"), ["una foto", "fotos"], "form 1: it lacks"),
    ("fr", Text("%(n)s photo", "%(n)s photos"), ["une photo", "%(n)s photos"], "form 0: it lacks"),
    ("ar", Text("%(n)s photo", "%(n)s photos"), ["", "a", "b", "c", "d", "e"], "form 0: it is empty"),
]  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_good_translation_passes(language: str) -> None:
    assert [
        rules.faults(text, Entry(strings), language) for text, strings in GOOD[language].items() if strings
    ] == [[] for _ in GOOD[language]]


@pytest.mark.parametrize(("language", "text", "strings", "fault"), BAD)
def test_a_bad_one_is_noticed(language: str, text: Text, strings: list[str], fault: str) -> None:
    assert fault in " ".join(rules.faults(text, Entry(strings), language))


def test_a_doubtful_one_is_noticed() -> None:
    assert rules.faults(Text("Send"), Entry(["Enviar"], fuzzy=True), "es") == ["it is marked as fuzzy"]


class _Page(HTMLParser):
    """Collects what a reader or a screen reader is told, codes aside: those are the same for everybody."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[str] = []
        self.code = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.told += [value for name, value in attrs if value and _is_spoken(name, value)]
        if tag in CODE or "code" in (dict(attrs).get("class") or "").split():
            self.code = tag

    def handle_endtag(self, tag: str) -> None:
        self.code = "" if tag == self.code else self.code

    def handle_data(self, data: str) -> None:
        if not self.code:
            self.told.append(data)


def _is_spoken(name: str, value: str) -> bool:
    """Scripts say what stands in data attributes, when it is a sentence."""
    return name in SPOKEN_ATTRIBUTES or (
        name.startswith("data-") and " " in value.strip() and value[0].isupper()
    )


def untranslated(source: str) -> list[str]:
    """Words of a template that no tag translates."""
    kept: list[str] = []
    inside = False
    for token in Lexer(source).tokenize():
        if token.token_type is TokenType.TEXT and not inside:
            kept.append(token.contents)
        elif token.token_type is TokenType.BLOCK and (tag := TRANSLATED_BLOCK.match(token.contents)):
            inside = not tag[1]
    page = _Page()
    page.feed("".join(kept))
    page.close()
    pieces = " ".join(page.told)
    for name in sorted(SAME_EVERYWHERE, key=len, reverse=True):
        pieces = re.sub(rf"\b{re.escape(name)}\b", " ", pieces)
    return WORD.findall(pieces)


def test_every_word_of_a_template_is_marked() -> None:
    templates = project_files(".html", under="templates")
    assert len(templates) > 60
    loose = [
        (named(path), word) for path in templates for word in untranslated(path.read_text(encoding="utf-8"))
    ]
    assert loose == []


@pytest.mark.parametrize(
    "breach",
    [
        "<p>Send</p>",
        '<p title="{{ x }} left">{% translate "Send" %}</p>',
        '<img alt="A photo">',
        "{% blocktranslate %}Send{% endblocktranslate %} it",
        '<button data-done="It is done">{% translate "Send" %}</button>',
        "{% if x %}Yes{% endif %}",
    ],
)
def test_an_unmarked_word_is_noticed(breach: str) -> None:
    assert untranslated(breach)


@pytest.mark.parametrize(
    "fine",
    [
        '<p class="lede">{% translate "Send" %} {{ name }} × 2 ARC</p>',
        "{% blocktranslate %}Send{% plural %}them{% endblocktranslate %}",
        '{% comment %}Send{% endcomment %}<p data-over="done">',
    ],
)
def test_a_marked_one_is_not(fine: str) -> None:
    assert untranslated(fine) == []
