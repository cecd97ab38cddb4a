"""What submitters fill in. Files never survive a refusal, everything else does."""

import unicodedata
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Self

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.forms import BoundField
from django.utils.translation import gettext_lazy as _

from enrollment import receipts
from enrollment.inspection import SentFile
from enrollment.models import Attestation
from enrollment.wish_forms import WishForm

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise as StrPromise

SHOWN_NAME_LENGTH = 60
PICTURES = "image/png,image/jpeg,image/webp"
TYPED_FROM_PAPER = {
    "autocomplete": "off",
    "autocapitalize": "characters",
    "spellcheck": "false",
    "dir": "ltr",
}
BAD_FORM = _("A hidden part of this form was damaged. It is mended now: please send it again.")


class PhotosInput(forms.FileInput):
    allow_multiple_selected = True


class PhotosField(forms.FileField):
    """One or more files from one input; cleans to a list of uploaded files, empty ones included."""

    widget = PhotosInput

    def clean(self, data: Any, initial: Any = None) -> "list[UploadedFile[bytes]]":
        files = [file for file in data or [] if file]
        if not files:
            raise ValidationError(self.error_messages["required"], code="no-photo")
        if len(files) > settings.ARC_PHOTOS_PER_CASE:
            raise ValidationError(
                _("You chose %(count)d photos; at most %(limit)d can be sent at once."),
                code="too-many-photos",
                params={"count": len(files), "limit": settings.ARC_PHOTOS_PER_CASE},
            )
        return [super(PhotosField, self).clean(file, initial) for file in files]


class FilesForm(forms.Form):
    """Files come in its field ``held`` and nowhere else."""

    held: ClassVar[str]

    def clean(self) -> dict[str, Any]:
        if set(self.files) - {self.held}:
            raise ValidationError(_("A file came in the wrong place of the form."), code="unexpected-file")
        return self.cleaned_data


def statement(label: "StrPromise", unless: "StrPromise") -> forms.BooleanField:
    """Something that a sender must confirm; ``unless`` is what they read when they did not."""
    return forms.BooleanField(label=label, error_messages={"required": unless})


class SendForm(FilesForm, WishForm):
    """What everybody who sends photos fills in. ``speaker`` is the statement that says who they are."""

    attestation: ClassVar[Attestation]
    speaker: ClassVar[str]
    held = "photos"
    field_order = ("token", "photos", "in_photo", "guardian", "not_consented", "adult")

    token = forms.CharField(widget=forms.HiddenInput, error_messages={"required": BAD_FORM})
    photos = PhotosField(
        label=_("Your covered photos"),
        help_text=_("You can choose several at once."),
        allow_empty_file=True,
        max_length=None,
        error_messages={"required": _("Please choose at least one covered photo.")},
        widget=PhotosInput(attrs={"accept": PICTURES}),
    )
    not_consented = statement(
        _("It was shared without my consent, or I fear that it will be."),
        unless=_("Please confirm that the photo was, or may be, shared without your consent."),
    )
    adult = statement(
        _("I am 18 or older, and I was when the photo was taken."),
        unless=_("Please confirm your age, then and now. If you were under 18, Take It Down can help you."),
    )

    @classmethod
    def fresh(cls) -> Self:
        return cls(initial={"token": receipts.new_token()})

    def to_confirm(self) -> list[BoundField]:
        """What the sender must state, in order."""
        return [self[name] for name in (self.speaker, "not_consented", "adult")]

    def clean_token(self) -> str:
        token = str(self.cleaned_data["token"])
        if not receipts.TOKEN.fullmatch(token):
            raise ValidationError(BAD_FORM, code="bad-form")
        return token

    def sent_files(self) -> list[SentFile]:
        """The chosen files, read from memory; call once, on a valid form."""
        files: Sequence[UploadedFile[bytes]] = self.cleaned_data["photos"]
        return [as_sent(file) for file in files]


class UploadForm(SendForm):
    """For the person in the photo."""

    attestation = Attestation.SELF
    speaker = "in_photo"

    in_photo = statement(
        _("I am the person in the photo."),
        unless=_("Please confirm that you are in the photo. We can only help the person who is in it."),
    )


class GuardianForm(SendForm):
    """For whoever acts for the person in the photo; only where the operator opened this way."""

    attestation = Attestation.GUARDIAN
    speaker = "guardian"

    guardian = statement(
        _("I am the parent or legal guardian of the person in the photo, and I act for them."),
        unless=_("Please confirm that you are the parent or legal guardian. We cannot act for anybody else."),
    )
    not_consented = statement(
        _("It was shared without consent, or I fear that it will be."),
        unless=_("Please confirm that the photo was, or may be, shared without consent."),
    )
    adult = statement(
        _("I am 18 or older myself."), unless=_("Please confirm that you are 18 or older yourself.")
    )


class ResendForm(FilesForm):
    """One photo of a case, sent again."""

    held = "photo"

    photo = forms.FileField(
        label=_("Your covered photo"),
        allow_empty_file=True,
        error_messages={"required": _("Please choose the covered photo.")},
        widget=forms.FileInput(attrs={"accept": PICTURES}),
    )

    def sent_file(self) -> SentFile:
        """The chosen file, read from memory; call once, on a valid form."""
        return as_sent(self.cleaned_data["photo"])


class LookUpForm(forms.Form):
    number = forms.CharField(
        label=_("Case number"),
        help_text=_("10 characters. Capitals, spaces and dashes do not matter."),
        max_length=200,
        widget=forms.TextInput(attrs=TYPED_FROM_PAPER),
        error_messages={"required": _("Please enter your case number.")},
    )
    secret = forms.CharField(
        label=_("Secret"),
        help_text=_("25 characters, in five groups of five."),
        max_length=200,
        widget=forms.TextInput(attrs=TYPED_FROM_PAPER),
        error_messages={"required": _("Please enter your secret.")},
    )

    def refuse(self) -> None:
        """The one answer to a wrong number and to a wrong secret."""
        self.add_error(
            None,
            ValidationError(
                _("Number and secret do not open a case. Please check both, character by character."),
                code="no-such-case",
            ),
        )


def as_sent(file: "UploadedFile[bytes]") -> SentFile:
    return SentFile(shown_name(file.name or ""), file.read(), file.size or 0)


def shown_name(name: str) -> str:
    """A file name fit to be echoed on a page: no control or direction marks, and short."""
    plain = "".join(" " if unicodedata.category(character)[0] in "CZ" else character for character in name)
    plain = " ".join(plain.split())
    return plain if len(plain) <= SHOWN_NAME_LENGTH else f"{plain[: SHOWN_NAME_LENGTH - 1]}…"
