"""The catalogues' tool: what it finds in sources, and what it hands out and takes in."""

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import translation
from pytest_django import Settings

from arcsite.translating import catalogues, exchange, texts
from arcsite.translating.catalogues import Entry
from arcsite.translating.texts import NotConstant, Text

SEND, PHOTOS = Text("Send it, %(name)s"), Text("%(n)s photo", "%(n)s photos")


@pytest.fixture
def sources(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[Text, list[str]]:
    """Catalogues of this test alone, and sources that say two things."""
    settings.LOCALE_PATHS = [tmp_path]
    said = {SEND: ["b.py", "a.html"], PHOTOS: ["a.html"]}
    monkeypatch.setattr("arcsite.management.commands.translations.texts", lambda: said)
    call_command("translations", "update", stdout=StringIO())
    return said


def import_(language: str, path: Path, rows: object) -> str:
    said = StringIO()
    path.write_text(rows if isinstance(rows, str) else json.dumps(rows))
    try:
        call_command("translations", "import", language, str(path), stdout=said)
    except CommandError as error:
        said.write(str(error))
    return said.getvalue()


def export(language: str, *options: str) -> list[dict[str, object]]:
    said = StringIO()
    call_command("translations", "export", language, *options, stdout=said)
    rows: list[dict[str, object]] = json.loads(said.getvalue())
    return rows


def test_templates_are_read_as_django_reads_them() -> None:
    source = """{% load i18n %}
      {% translate "50 % of it" %} {% translate "May" context "month" %}
    {% comment %}{% translate "not this" %}{% endcomment %}{{ _("Yes")|upper }}
        {% blocktranslate count n=n %}One {{ n }}{% plural %}Many {{ n }}{% endblocktranslate %}
    {% blocktranslate trimmed %}
        On two
        lines
    {% endblocktranslate %}"""
    assert set(texts.in_template(source)) == {
        Text("50 %% of it"),
        Text("May", context="month"),
        Text("Yes"),
        Text("One %(n)s", "Many %(n)s"),
        Text("On two lines"),
    }


def test_modules_are_read_by_their_calls() -> None:
    source = (
        """x = _("a" "b"), gettext_lazy("c"), ngettext("d", "e", n), module.pgettext("f", "g"), print("h")"""
    )
    assert set(texts.in_module(source, "x.py")) == {
        Text("ab"),
        Text("c"),
        Text("d", "e"),
        Text("g", context="f"),
    }


@pytest.mark.parametrize("source", ['_(f"{x}")', "_(x)", '_("a" + x)', 'ngettext("a", x, n)'])
def test_a_text_that_no_catalogue_could_hold_is_an_error(source: str) -> None:
    with pytest.raises(NotConstant, match=r"x\.py, line 1"):
        list(texts.in_module(source, "x.py"))


def test_texts_of_code_without_django_are_found() -> None:
    found = texts.texts()
    assert any("enrollment/refusals.py" in where for where in found.values())
    assert "enrollment/structure_png.py" in found[Text("the file ends too early")]
    assert any(text.msgid.startswith("The photo shows a person naked") for text in found)


def test_what_is_exported_filled_in_and_imported_is_what_people_read(
    sources: dict[Text, list[str]], tmp_path: Path
) -> None:
    rows = export("es")
    assert [row["msgid"] for row in rows] == [SEND.msgid, PHOTOS.msgid]
    assert rows[1]["numbers"] == ["1", "0, 2, 3, 4, 5, ..."]
    rows[0]["msgstr"] = "Envíalo, %(name)s"
    rows[1]["msgstr"] = ["una foto", "%(n)s fotos"]
    assert import_("es", tmp_path / "rows", rows).startswith("es: 2 taken, 0 problems, 0 left")
    assert export("es") == []
    assert len(export("es", "--all")) == 2
    assert catalogues.read("es")[SEND] == Entry(["Envíalo, %(name)s"], where=["a.html", "b.py"])
    with translation.override("es"):
        assert translation.gettext(SEND.msgid) == "Envíalo, %(name)s"
        assert translation.ngettext(PHOTOS.msgid, PHOTOS.plural, 1) == "una foto"


def test_what_would_break_a_page_is_not_taken(sources: dict[Text, list[str]], tmp_path: Path) -> None:
    rows = [
        {"msgid": SEND.msgid, "msgstr": "Envíalo, %(nombre)s"},
        {"msgid": "Never said", "msgstr": "Nunca"},
        {"msgid": PHOTOS.msgid, "plural": PHOTOS.plural, "msgstr": ["%(n)s foto", "%(n)s fotos"]},
    ]
    said = import_("es", tmp_path / "rows", rows)
    assert "'Send it, %(name)s': it has %(nombre)s" in said
    assert "'Never said': the sources do not say this" in said
    assert "es: 1 taken, 3 problems, 1 left" in said
    with pytest.raises(CommandError, match="missing or wrong"):
        call_command("translations", "check", stdout=StringIO())


@pytest.mark.parametrize(
    "rows", ["{", "{}", [1], [{"msgid": 1, "msgstr": ""}], [{"msgid": "a", "msgstr": [1]}], [{"msgstr": "a"}]]
)
def test_another_file_is_refused_in_one_sentence(
    rows: object, sources: dict[Text, list[str]], tmp_path: Path
) -> None:
    said = import_("es", tmp_path / "rows", rows)
    assert said.count("\n") == 0
    assert said.endswith(".") or "JSON" in said


def test_another_language_is_refused(sources: dict[Text, list[str]], tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"no catalogue of 'de'\. Hint: es, ar, fr"):
        export("de")
    assert "no catalogue" in import_("..", tmp_path / "rows", [])


def test_update_keeps_what_is_still_said_and_nothing_else(
    sources: dict[Text, list[str]], tmp_path: Path
) -> None:
    import_("fr", tmp_path / "rows", [{"msgid": SEND.msgid, "msgstr": "Envoyez, %(name)s"}])
    del sources[PHOTOS]
    sources[Text("New")] = ["c.py"]
    before = catalogues.path_of("fr").read_bytes()
    call_command("translations", "update", stdout=StringIO())
    assert catalogues.read("fr").keys() == {SEND, Text("New")}
    assert catalogues.read("fr")[SEND].strings == ["Envoyez, %(name)s"]
    once = catalogues.path_of("fr").read_bytes()
    assert once != before
    call_command("translations", "update", stdout=StringIO())
    assert catalogues.path_of("fr").read_bytes() == once


def test_half_a_translation_is_not_shown(sources: dict[Text, list[str]]) -> None:
    entries = {SEND: Entry(["Envíalo"], fuzzy=True), PHOTOS: Entry(["una foto", ""])}
    catalogues.save("es", entries)
    with translation.override("es"):
        assert translation.gettext(SEND.msgid) == SEND.msgid
        assert translation.ngettext(PHOTOS.msgid, PHOTOS.plural, 1) == PHOTOS.msgid
    assert len(json.loads(exchange.exported(entries, "es"))) == 2
