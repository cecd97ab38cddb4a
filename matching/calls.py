"""How the calls of each partner go: what worked first and last, what failed, and nothing about from where.

For the checklist before it goes live, and for the operator who sees that something broke.
"""

from datetime import timedelta

from django.db.models import F
from django.db.models.functions import Coalesce, Now

from matching.models import Call, Partner, PartnerCalls

NOTE_EVERY = timedelta(minutes=1)


def worked(partner: Partner, *calls: Call) -> None:
    """Note that these worked; of one kind at most once a minute, unless it failed in the meantime."""
    told = PartnerCalls.objects.filter(partner=partner, last_at__gte=Now() - NOTE_EVERY, failures=0)
    for call in {*calls} - {*told.values_list("what", flat=True)}:
        _row(partner, call)
        PartnerCalls.objects.filter(partner=partner, what=call).update(
            first_at=Coalesce(F("first_at"), Now()), last_at=Now(), failures=0
        )


def failed(partner: Partner, call: Call, code: str) -> None:
    """Note that it was refused with the problem of that code; ``failures`` counts those in a row."""
    _row(partner, call)
    PartnerCalls.objects.filter(partner=partner, what=call).update(
        failed_at=Now(), failed_code=code, failures=F("failures") + 1
    )


def held_back(partner: Partner, call: Call, code: str) -> None:
    """As ``failed``, once a minute: whoever calls too often must not keep the database writing."""
    just_now = PartnerCalls.objects.filter(
        partner=partner, what=call, failed_code=code, failed_at__gte=Now() - NOTE_EVERY
    )
    if not just_now.exists():
        failed(partner, call, code)


def _row(partner: Partner, call: Call) -> None:
    if not PartnerCalls.objects.filter(partner=partner, what=call).exists():
        # Ignoring the other of two at once: the first call of a kind is the same whoever writes it down.
        PartnerCalls.objects.bulk_create([PartnerCalls(partner=partner, what=call)], ignore_conflicts=True)
