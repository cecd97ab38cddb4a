from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from enrollment import receipts
from review.models import REASON_MAX_LENGTH, Clause, Outcome, TermsVersion

if TYPE_CHECKING:
    ClauseChoiceField = forms.ModelChoiceField[Clause]
else:
    ClauseChoiceField = forms.ModelChoiceField


class ReasonField(forms.CharField):
    """Counts a line break as one character, as the browser's own limit does."""

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        return text.replace("\r\n", "\n") if isinstance(text, str) else text


class ClauseField(ClauseChoiceField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(Clause.objects.none(), widget=forms.RadioSelect, empty_label=None, **kwargs)


class DecisionForm(forms.Form):
    """A reviewer's decision: the clause must belong to the terms of today and argue for the outcome."""

    outcome = forms.ChoiceField(choices=Outcome.choices, widget=forms.HiddenInput)
    token = forms.UUIDField(widget=forms.HiddenInput)
    clause = ClauseField(
        label=_("Clause"), error_messages={"required": _("Choose the clause that your decision rests on.")}
    )
    reason = ReasonField(
        label=_("Reason"),
        required=False,
        max_length=REASON_MAX_LENGTH,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_(
            "Needed when the photo is not protected. The person who sent the photo will read this: "
            "be plain and kind, and name nobody."
        ),
    )

    def __init__(self, *args: Any, terms: TermsVersion, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Grouped by outcome on the page, what protects first.
        clauses = terms.clauses.select_related("terms").order_by("outcome", "code")
        self.fields["clause"].queryset = clauses  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        outcome, clause = cleaned.get("outcome"), cleaned.get("clause")
        if outcome and clause and clause.outcome != outcome:
            self.add_error(
                "clause",
                ValidationError(
                    _("Clause %(code)s does not fit the button you pressed. Nothing was recorded."),
                    code="clause-mismatch",
                    params={"code": clause.code},
                ),
            )
        if outcome == Outcome.NOT_COVERED and "reason" in cleaned and not cleaned["reason"]:
            self.add_error(
                "reason",
                ValidationError(
                    _("Tell the person in a sentence why their photo is not protected."),
                    code="reason-missing",
                ),
            )
        return cleaned


class LogSearchForm(forms.Form):
    """What the log is narrowed to; empty means everything."""

    case = forms.CharField(label=_("Case number"), required=False, max_length=20)
    action = forms.CharField(label=_("Action"), required=False, max_length=40)

    def clean_case(self) -> str:
        text = self.cleaned_data["case"]
        number = receipts.read_number(text)
        if text and number is None:
            raise ValidationError(_("This is not a case number. Please check for a typing mistake."))
        return number or ""
