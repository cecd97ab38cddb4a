"""Every text that the sources mark for translation, the same that Django's makemessages would find."""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

from babel.messages.extract import DEFAULT_KEYWORDS, extract_python
from django.conf import settings
from django.utils.translation.template import templatize

from enrollment.refusals import MESSAGES

APPS = ("arcsite", "enrollment", "review", "matching")
TEMPLATES = "templates"
# What each function of django.utils.translation takes, in order; "number" is not a text.
_PLAIN, _COUNTED = ("msgid",), ("msgid", "plural", "number")
FUNCTIONS = {
    name + ending: prefix + arguments
    for name, prefix, arguments in (
        ("gettext", (), _PLAIN),
        ("ngettext", (), _COUNTED),
        ("pgettext", ("context",), _PLAIN),
        ("npgettext", ("context",), _COUNTED),
    )
    for ending in ("", "_lazy", "_noop")
} | {"_": _PLAIN, "damaged": _PLAIN}
# Pixel code knows no Django, so its texts are marked by standing in this table, or by being what a picture is
# damaged by (above); one module looks them up.
TABLE, READER = "enrollment/refusals.py", "enrollment/problems.py"
# The clauses of the terms as they are delivered: the sender of a photo is told the one that decided.
TERMS = "review/migrations/0004_terms_version_1.py"


@dataclass(frozen=True, order=True)
class Text:
    """What a source says in English; ``plural`` and ``context`` are empty where it has none."""

    msgid: str
    plural: str = ""
    context: str = ""


class NotConstant(Exception):
    """A text is put together while the program runs, so no catalogue can hold it."""


def texts() -> dict[Text, list[str]]:
    """Every text with the files that say it, in the order of the files. Raises NotConstant."""
    found: dict[Text, list[str]] = {}
    for path in sources():
        name = path.relative_to(settings.BASE_DIR).as_posix()
        for text in _texts_of(path, name):
            places = found.setdefault(text, [])
            if name not in places:
                places.append(name)
    return found


def sources() -> list[Path]:
    """Templates first: they say what people read most."""
    pages = [path for kind in ("*.html", "*.txt") for path in (settings.BASE_DIR / TEMPLATES).rglob(kind)]
    modules = [path for app in APPS for path in (settings.BASE_DIR / app).rglob("*.py")]
    return sorted(pages) + sorted(modules)


def _texts_of(path: Path, name: str) -> list[Text]:
    if name == TABLE:
        return [Text(message) for message in MESSAGES.values()]
    source = path.read_text(encoding="utf-8")
    if name == TERMS:
        return list(in_dictionaries(source))
    return list(in_module(source, name)) if path.suffix == ".py" else list(in_template(source))


def in_module(source: str, name: str) -> Iterator[Text]:
    for node in ast.walk(ast.parse(source, filename=name)):
        if not isinstance(node, ast.Call):
            continue
        function = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if (arguments := FUNCTIONS.get(function)) and (text := _text(node, arguments, name)):
            yield text


def in_dictionaries(source: str) -> Iterator[Text]:
    """The values of every dictionary of texts that a module defines."""
    for statement in ast.parse(source).body:
        if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Dict):
            yield from (Text(ast.literal_eval(value)) for value in statement.value.values)


def _text(call: ast.Call, arguments: tuple[str, ...], name: str) -> Text | None:
    parts: dict[str, str] = {}
    for argument, value in zip(arguments, call.args, strict=False):
        if argument == "number":
            break
        if not (isinstance(value, ast.Constant) and isinstance(value.value, str)):
            if name == READER:
                return None
            raise NotConstant(f"{name}, line {call.lineno}: a text to translate must be written out")
        parts[argument] = value.value
    return Text(**parts)


def in_template(source: str) -> Iterator[Text]:
    """templatize leaves calls of gettext among blanked-out words; their indentation would mean nothing."""
    calls = "\n".join(line.strip() for line in templatize(source).splitlines())
    # Its types say lists only; a single text comes as it is, and what is no text as None.
    found: Iterable[Any] = extract_python(BytesIO(calls.encode()), DEFAULT_KEYWORDS, (), {})
    for _line, function, message, _comments in found:
        parts = [message] if isinstance(message, str) else [part for part in message if part is not None]
        yield Text(**dict(zip(FUNCTIONS[function], parts, strict=False)))
