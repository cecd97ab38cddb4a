from datetime import timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from matching.models import Partner, Scope

_EXCEPTION_LENGTH = Partner._meta.get_field("exception").max_length


class IssueKeyForm(forms.Form):
    """What the new key opens and for how long, and which key was the newest when the page was shown."""

    opens = forms.MultipleChoiceField(
        label=_("What it opens"),
        choices=Scope.choices,
        initial=Scope.values,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("A key that opens nothing is of no use. Choose at least one.")},
    )
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

    @property
    def scopes(self) -> list[Scope]:
        return [Scope(value) for value in self.cleaned_data["opens"]]


class ProposalForm(forms.Form):
    """Why a partner should go live although not everything was tried; no question when everything was."""

    exception = forms.CharField(
        label=_("Why now, although not everything has worked"),
        max_length=_EXCEPTION_LENGTH,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Please say why, for whoever approves and for the audit.")},
    )

    def __init__(self, *args: Any, incomplete: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["exception"].required = incomplete
        if not incomplete:
            self.fields["exception"].widget = forms.HiddenInput()
