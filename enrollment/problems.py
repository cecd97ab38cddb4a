"""What stands in an error summary: one sentence each, with its stable code and where to mend it."""

from collections.abc import Sequence
from dataclasses import dataclass

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS
from django.utils.translation import gettext

from enrollment.inspection import SentFile, UploadRefused
from enrollment.refusals import MESSAGES


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
            message=gettext(MESSAGES[refused.code]) % refused.figures,
            code=refused.code,
            about=gettext("Photo %(position)d (%(name)s)") % {"position": position, "name": file.name},
        )
        for position, (refused, file) in enumerate(zip(refusal.verdicts, files, strict=True), start=1)
        if refused is not None
    ]


def _anchor(form: forms.Form, name: str) -> str:
    if name not in form.fields or form[name].is_hidden:
        return ""
    return form[name].id_for_label
