from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from enrollment import receipts
from review import log
from review.log import Search
from review.models import AuditEntry


class LogSearchForm(forms.Form):
    """What the log is narrowed to; empty means everything."""

    case = forms.CharField(label=_("Case number"), required=False, max_length=20)
    actor = forms.CharField(
        label=_("Who"),
        required=False,
        max_length=150,
        help_text=_("A user name, or submitter, worker, sweep."),
    )
    action = forms.CharField(label=_("Action"), required=False, max_length=40)
    since = forms.DateField(
        label=_("From (UTC)"), required=False, widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d")
    )
    until = forms.DateField(
        label=_("To (UTC)"), required=False, widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d")
    )

    @property
    def search(self) -> Search:
        """The search of a valid form."""
        return Search(**{name: _plain(value) for name, value in self.cleaned_data.items()})

    def clean_case(self) -> str:
        text = self.cleaned_data["case"]
        number = receipts.read_number(text)
        if text and number is None:
            raise ValidationError(
                _("This is not a case number. Please check for a typing mistake."), code="no-case-number"
            )
        return number or ""

    def clean_actor(self) -> str:
        name: str = self.cleaned_data["actor"]
        if name and not AuditEntry.objects.filter(actor=log.actor_key(name)).exists():
            raise ValidationError(_("Nobody of this name has done anything here."), code="unknown-actor")
        return name

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        since, until = cleaned.get("since"), cleaned.get("until")
        if since and until and until < since:
            self.add_error(
                "until", ValidationError(_("The last day lies before the first one."), code="dates-reversed")
            )
        return cleaned


def _plain(value: str | date | None) -> str:
    return value.isoformat() if isinstance(value, date) else value or ""
