"""Partners in the stage that a test needs."""

import itertools
import uuid
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from matching.models import Call, FeedHead, FeedRecord, Partner, PartnerCalls, Planted

_numbers = itertools.count(1)


def live_partner(name: str = "Platform", kind: str = Partner.Kind.PLATFORM) -> Partner:
    """A partner that one person proposed and another approved."""
    first, second = (
        User.objects.create(username=f"partner-manager-{next(_numbers)}", is_active=False) for _ in range(2)
    )
    return Partner.objects.create(
        name=name,
        slug=f"partner-{next(_numbers)}",
        kind=kind,
        stage=Partner.Stage.LIVE,
        proposed_by=first,
        approved_by=second,
        approved_at=timezone.now(),
    )


def new_partner(name: str = "Newcomer") -> Partner:
    """A partner that is being connected and has tried nothing yet."""
    return Partner.objects.create(name=name, slug=f"partner-{next(_numbers)}")


def try_everything(partner: Partner) -> None:
    """As if every call on its list had worked, and the withdrawal of a test record was confirmed."""
    now = timezone.now()
    for call in (Call.KEY, Call.PULL, Call.MATCH):
        PartnerCalls.objects.update_or_create(
            partner=partner, what=call, defaults={"first_at": now, "last_at": now}
        )
    confirmed = record(partner=partner, tombstone=True)
    Planted.objects.create(pk=confirmed.pk, partner=partner, kind=Planted.Kind.TEST, document={})
    Partner.objects.filter(pk=partner.pk).update(applied=confirmed.seq, applied_at=now)
    partner.refresh_from_db()


def record(*, age: timedelta = timedelta(0), **fields: Any) -> FeedRecord:
    """The next record of the feed, published so long ago; of a fingerprint unless ``tombstone`` is set."""
    head, _ = FeedHead.objects.get_or_create(pk=1)
    head.seq += 1
    head.save(update_fields=["seq"])
    wire = "" if fields.get("tombstone") else "{}"
    published = {"seq": head.seq, "wire": wire, "published_at": timezone.now() - age}
    return FeedRecord.objects.create(fingerprint_id=uuid.uuid4(), **(published | fields))


def browser(person: User) -> Client:
    """A browser in which this person is signed in and has the admin open."""
    User.objects.filter(pk=person.pk).update(is_staff=True)
    client = Client()
    client.force_login(person)
    return client
