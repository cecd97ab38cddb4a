"""What a sender can choose beside the photos; nothing chosen means: everything as usual."""

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from enrollment import recipients
from enrollment.models import Term
from enrollment.wishes import Wishes

SLUG = re.compile(r"[-a-zA-Z0-9_]{1,50}")
MOST_OFFERED = 100


class ChosenField(forms.MultipleChoiceField):
    """Ticked partners. One that left while the form was open does no harm: what is *not* ticked counts."""

    def valid_value(self, value: Any) -> bool:
        return True


class WishForm(forms.Form):
    """``offered`` names the partners that this form showed, so that one who joins later is not left out."""

    extended = forms.BooleanField(
        label=_("Also make an extended fingerprint."),
        help_text=_(
            "It finds copies that were cropped, zoomed or framed, too. For that we keep more of what stays "
            "visible, as a coarse pattern of light and dark; still no photo, and nothing of what you "
            "covered. You can take it back later and keep the plain one."
        ),
        required=False,
    )
    term = forms.TypedChoiceField(
        label=_("How long should protection last?"),
        help_text=_(
            "At the end of the term the fingerprint is deleted, and our partners must stop using it."
        ),
        choices=[("", _("Until I withdraw")), *Term.choices],
        coerce=lambda days: Term(int(days)),
        empty_value=None,
        required=False,
        error_messages={"invalid_choice": _("Please choose one of the terms in the list.")},
    )
    offered = forms.CharField(widget=forms.HiddenInput, required=False, max_length=51 * MOST_OFFERED)
    partners = ChosenField(
        label=_("Who gets the fingerprint?"),
        help_text=_("Untick those that shall not. Partners who join later get it, too."),
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        listed = {partner.slug: partner.name for partner in recipients.book().listed()}
        shown = self._sent_slugs() if self.is_bound else set(listed)
        partners = self.fields["partners"]
        assert isinstance(partners, ChosenField)
        partners.choices = [(slug, name) for slug, name in listed.items() if slug in shown]
        partners.initial = list(listed)
        self.offers_partners = bool(shown & set(listed))
        self.fields["offered"].initial = ",".join(listed)

    @property
    def wishes_need_a_look(self) -> bool:
        return any(name in self.errors for name in ("extended", "term", "offered", "partners"))

    def clean_partners(self) -> list[str]:
        chosen: list[str] = self.cleaned_data["partners"]
        if self.offers_partners and not set(chosen) & self._sent_slugs():
            raise ValidationError(
                _("Please leave at least one partner ticked. Without any, nothing can be blocked."),
                code="no-partner",
            )
        return chosen

    def wishes(self) -> Wishes:
        """What was chosen; call on a valid form."""
        return Wishes(
            extended=self.cleaned_data["extended"],
            term=self.cleaned_data["term"],
            withheld=frozenset(self._sent_slugs() - set(self.cleaned_data["partners"])),
        )

    def _sent_slugs(self) -> set[str]:
        sent = str(self.data.get(self.add_prefix("offered")) or "").split(",")[:MOST_OFFERED]
        return {slug for slug in sent if SLUG.fullmatch(slug)}
