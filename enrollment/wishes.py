"""What the sender of a case wants done with the fingerprints of its photos."""

from dataclasses import dataclass

from django.utils.translation import gettext

from enrollment import recipients
from enrollment.models import Case, Term, WithheldPartner


@dataclass(frozen=True)
class Wishes:
    """``term`` of None is until they are withdrawn; ``withheld`` are the slugs of partners left out."""

    extended: bool = False
    term: Term | None = None
    withheld: frozenset[str] = frozenset()


def note(case: Case, wishes: Wishes) -> None:
    """Keep what does not stand in the case's own row. Call in the transaction that makes the case."""
    WithheldPartner.objects.bulk_create(
        WithheldPartner(case=case, slug=slug) for slug in sorted(wishes.withheld)
    )


def wishes_of(case: Case) -> Wishes:
    """What stands now."""
    days = case.expires_after_days
    return Wishes(
        extended=case.extended,
        term=Term(days) if days is not None else None,
        withheld=frozenset(case.withheld.values_list("slug", flat=True)),
    )


def in_words(wishes: Wishes) -> list[tuple[str, str]]:
    """What was chosen as pairs of what and how, for the sender to read."""
    listed = recipients.book().listed() if wishes.withheld else []
    names = {partner.slug: partner.name for partner in listed}
    withheld = sorted(names.get(slug, slug) for slug in wishes.withheld)
    left_out = gettext("all partners but %(names)s") % {"names": ", ".join(withheld)}
    term = str(wishes.term.label) if wishes.term else gettext("until you withdraw")
    return [
        (gettext("Protection lasts"), term),
        (gettext("Fingerprint"), gettext("plain and extended") if wishes.extended else gettext("plain")),
        (gettext("Goes to"), left_out if withheld else gettext("all partners")),
    ]
