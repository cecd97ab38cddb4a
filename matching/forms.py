from datetime import timedelta

from django import forms
from django.utils.translation import gettext_lazy as _


class IssueKeyForm(forms.Form):
    """How long the new key is good for, and which key was the newest when the page was shown."""

    days = forms.TypedChoiceField(
        label=_("Valid for"),
        coerce=int,
        choices=[(90, _("90 days")), (365, _("One year")), (0, _("Until revoked"))],
        initial=365,
    )
    newest_seen = forms.CharField(widget=forms.HiddenInput, required=False, max_length=12)

    @property
    def valid_for(self) -> timedelta | None:
        days: int = self.cleaned_data["days"]
        return timedelta(days=days) if days else None
