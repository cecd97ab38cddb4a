"""The protection terms: a new wording starts as a copy, and from its publication on it never changes.

Triggers in the database say the same of published versions, to whatever may try.
"""

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Max
from django.db.models.functions import Now

from review import audit
from review.models import Clause, Outcome, TermsVersion


class NotPublished(Exception):
    """The draft cannot be published as it is. ``missing`` are outcomes that no clause argues for."""

    def __init__(self, missing: tuple[Outcome, ...] = ()) -> None:
        super().__init__(*missing)
        self.missing = missing


def draft(*, by: User) -> tuple[TermsVersion, bool]:
    """The draft, made as a copy of the wording in force if there is none; True when it is new."""
    with transaction.atomic():
        current = TermsVersion.objects.select_for_update().published().order_by("-number")[:1].get()
        if existing := TermsVersion.objects.drafts().first():
            return existing, False
        highest = TermsVersion.objects.aggregate(highest=Max("number"))["highest"]
        copy = TermsVersion.objects.create(number=highest + 1, title=current.title, preamble=current.preamble)
        Clause.objects.bulk_create(
            Clause(terms=copy, code=one.code, outcome=one.outcome, text=one.text, two_person=one.two_person)
            for one in current.clauses.all()
        )
        audit.append("terms.drafted", actor=audit.staff(by), details={"version": copy.number})
        return copy, True


def publish(terms_id: int, *, by: User) -> TermsVersion:
    """Put a draft into force, from the next decision on. Raises NotPublished or TermsVersion.DoesNotExist."""
    with transaction.atomic():
        terms = TermsVersion.objects.select_for_update().drafts().get(pk=terms_id)
        argued = set(terms.clauses.values_list("outcome", flat=True))
        if missing := tuple(outcome for outcome in Outcome if outcome not in argued):
            raise NotPublished(missing)
        TermsVersion.objects.drafts().filter(pk=terms_id).update(published_at=Now())
        details = {"version": terms.number, "clauses": terms.clauses.count()}
        audit.append("terms.published", actor=audit.staff(by), details=details)
        return terms


def discard(terms_id: int, *, by: User) -> bool:
    """Delete a draft; False when there is no such draft any more."""
    with transaction.atomic():
        terms = TermsVersion.objects.select_for_update().drafts().filter(pk=terms_id).first()
        if terms is None:
            return False
        terms.clauses.all().delete()
        terms.delete()
        audit.append("terms.discarded", actor=audit.staff(by), details={"version": terms.number})
        return True
