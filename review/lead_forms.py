from typing import TYPE_CHECKING

from django import forms
from django.contrib.auth.models import User

from review import assignments

if TYPE_CHECKING:
    UserChoiceField = forms.ModelChoiceField[User]
else:
    UserChoiceField = forms.ModelChoiceField


class AssignForm(forms.Form):
    """Which lead gets the photo; nobody in particular means all of them."""

    lead = UserChoiceField(User.objects.none(), required=False)

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["lead"].queryset = assignments.leads()  # type: ignore[attr-defined]
