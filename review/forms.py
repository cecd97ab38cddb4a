from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from enrollment.states import PhotoState
from review.models import REASON_MAX_LENGTH, Clause, Evidence, Outcome, TermsVersion
from review.rulings import OFFERED, Choice

if TYPE_CHECKING:
    from django.forms.boundfield import BoundWidget

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


@dataclass(frozen=True)
class Button:
    """One way to send the form, with the key that presses it and the elements to fill in before."""

    choice: Choice
    key: str
    style: str
    needs: str


BUTTONS = (
    Button(Choice.COVERED, "c", "primary", "clauses-covered"),
    Button(Choice.NOT_COVERED, "n", "danger", "clauses-not_covered id_reason"),
    Button(Choice.NEEDS_COVERING, "u", "", "clauses-needs_covering"),
    Button(Choice.SECOND_OPINION, "2", "quiet", "id_clause"),
    Button(Choice.ESCALATE, "e", "quiet", "id_reason"),
)


class DecisionForm(forms.Form):
    """A reviewer's word: the clause must belong to the terms of today and argue for the choice."""

    choice = forms.ChoiceField(choices=Choice.choices, widget=forms.HiddenInput)
    token = forms.UUIDField(widget=forms.HiddenInput)
    clause = ClauseField(label=_("Clause"), required=False)
    evidence = forms.MultipleChoiceField(
        label=_("What you see"),
        choices=Evidence.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    reason = ReasonField(
        label=_("Reason"),
        required=False,
        max_length=REASON_MAX_LENGTH,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_(
            "Needed when the photo is not protected: the person who sent it will read this, so be plain and "
            "kind, and name nobody. Needed as well when you pass it to a lead, who alone will read it then."
        ),
    )

    def __init__(
        self, *args: Any, terms: TermsVersion, state: str = PhotoState.AWAITING_REVIEW, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.offered = OFFERED.get(PhotoState(state), tuple(Choice))
        clauses = terms.clauses.select_related("terms").order_by("code")
        self.fields["clause"].queryset = clauses  # type: ignore[attr-defined]

    @property
    def buttons(self) -> list[Button]:
        """The choices open for the photo as it waits now."""
        return [button for button in BUTTONS if button.choice in self.offered]

    @property
    def sides(self) -> "list[tuple[Outcome, list[BoundWidget]]]":
        """The clauses as radio buttons, by the outcome they argue for."""
        radios = list(self["clause"])
        outcomes = [radio.data["value"].instance.outcome for radio in radios]
        return [
            (side, [radio for radio, outcome in zip(radios, outcomes, strict=True) if outcome == side])
            for side in Outcome
            if side in outcomes
        ]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if "choice" in cleaned:
            choice = cleaned["choice"] = Choice(cleaned["choice"])
            self._check_clause(choice, cleaned)
            self._check_reason(choice, cleaned)
        return cleaned

    def _check_clause(self, choice: Choice, cleaned: dict[str, Any]) -> None:
        clause = cleaned.get("clause")
        if choice is Choice.ESCALATE:
            cleaned["clause"] = None
        elif clause is None and not self.has_error("clause"):
            message = _("Choose the clause that your decision rests on.")
            self.add_error("clause", ValidationError(message, code="clause-missing"))
        elif clause and choice.outcome and clause.outcome != choice.outcome:
            message = _("Clause %(code)s does not fit the button you pressed. Nothing was recorded.")
            params = {"code": clause.code}
            self.add_error("clause", ValidationError(message, code="clause-mismatch", params=params))

    def _check_reason(self, choice: Choice, cleaned: dict[str, Any]) -> None:
        why = {
            Choice.NOT_COVERED: _("Tell the person in a sentence why their photo is not protected."),
            Choice.ESCALATE: _("Tell the lead in a sentence what you are unsure about."),
        }
        if choice in why and "reason" in cleaned and not cleaned["reason"]:
            self.add_error("reason", ValidationError(why[choice], code="reason-missing"))


class AlarmForm(forms.Form):
    """The claim under which the alarm is sounded."""

    token = forms.UUIDField(widget=forms.HiddenInput)
