from typing import TYPE_CHECKING

from django import forms
from django.utils.translation import gettext_lazy as _

from review.models import ReviewerSettings
from review.wellness import LOOK, Pause

if TYPE_CHECKING:
    SettingsForm = forms.ModelForm[ReviewerSettings]
else:
    SettingsForm = forms.ModelForm


class LookForm(SettingsForm):
    """How a reviewer wants to see photos."""

    class Meta:
        model = ReviewerSettings
        fields = LOOK
        labels = {
            "greyscale": _("Photos in grey, in colour only while I look closer"),
            "size": _("Size"),
            "blur": _("Blur, until I look closer"),
            "hold_to_view": _("Large only as long as I hold it"),
            "shortcuts": _("Keys such as c and n press buttons"),
        }
        help_texts = {
            "hold_to_view": _("Without this, one press makes it large and the next one small again."),
        }
        widgets = {"size": forms.RadioSelect, "blur": forms.RadioSelect}


class PauseForm(forms.Form):
    length = forms.ChoiceField(choices=Pause.choices)
