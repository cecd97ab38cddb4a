"""Plain words for what sanitising took out of a file."""

from collections.abc import Iterable

from django.utils.translation import gettext_lazy as _

WORDS = {
    "location": _("the place where it was taken"),
    "camera-details": _("details of the camera"),
    "thumbnail": _("a small preview picture"),
    "comment": _("a comment"),
    "editing-notes": _("notes of an editing program"),
    "trailing-data": _("data after the end of the picture"),
    "other-details": _("other hidden details"),
}


def in_words(names: Iterable[str]) -> list[str]:
    """One phrase per kind, the most personal first; an unknown kind counts as other details."""
    known = {name if name in WORDS else "other-details" for name in names}
    return [str(phrase) for name, phrase in WORDS.items() if name in known]
