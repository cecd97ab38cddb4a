"""What stands in an error summary: one sentence each, with its stable code and where to mend it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS
from django.utils.formats import number_format
from django.utils.translation import get_language_bidi, gettext, gettext_noop

from enrollment.inspection import SentFile, UploadRefused
from enrollment.refusals import MESSAGES, Refused

_FIGURE = re.compile(r"%\((\w+)\)[dgs]")
# The other names of formats are the same everywhere, and damaged() marks what it says by itself.
_KINDS = (gettext_noop("video"), gettext_noop("rare kind of JPEG"))


@dataclass(frozen=True)
class Problem:
    """``anchor`` is the id of the field to go to, ``about`` the file it concerns; both may be empty."""

    message: str
    code: str
    anchor: str = ""
    about: str = ""


def form_problems(form: forms.Form) -> list[Problem]:
    """Every error of a bound form, in the order of its fields; a problem of the whole form comes first."""
    names = [name for name in (NON_FIELD_ERRORS, *form.fields) if name in form.errors]
    return [
        Problem(message, error.code or "invalid", _anchor(form, name))
        for name in names
        for error in form.errors[name].as_data()
        for message in error.messages
    ]


def file_problems(refusal: UploadRefused, files: Sequence[SentFile]) -> list[Problem]:
    """One entry per refused file: what was measured and what to do."""
    return [
        Problem(
            message=_sentence(refused),
            code=refused.code,
            about=gettext("Photo %(position)d (%(name)s)")
            % {"position": position, "name": _apart(file.name)},
        )
        for position, (refused, file) in enumerate(zip(refusal.verdicts, files, strict=True), start=1)
        if refused is not None
    ]


def _sentence(refused: Refused) -> str:
    """What is wrong, in the reader's language; figures too are written as they are there, such as 2,5."""
    figures = {name: _written(figure) for name, figure in refused.figures.items()}
    return _FIGURE.sub(r"%(\1)s", gettext(MESSAGES[refused.code])) % figures


def _written(figure: float | int | str) -> str:
    if isinstance(figure, str):
        return _apart(gettext(figure)) if figure else ""
    return number_format(figure if isinstance(figure, int) else f"{figure:g}")


def _apart(name: str) -> str:
    """In a language written from the right, what may run the other way stays in one piece (FSI ... PDI)."""
    return f"\u2068{name}\u2069" if get_language_bidi() else name


def _anchor(form: forms.Form, name: str) -> str:
    if name not in form.fields or form[name].is_hidden:
        return ""
    return form[name].id_for_label
