"""What a partner tries before it goes live, computed from its real calls."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from matching.models import Call, FeedRecord, Partner, PartnerCalls, PartnerProgress, Planted


class Trial(models.TextChoices):
    """Each thing that must have worked once, in the order in which one tries them."""

    KEY = "key", _("The key is accepted")
    PULL = "pull", _("The test records are fetched")
    MATCH = "match", _("A photo is sent and answered")
    TOMBSTONE = "tombstone", _("The withdrawal of the test record is confirmed")


@dataclass(frozen=True)
class Item:
    """One line of the list: when it first worked, or None and the command that tries it."""

    trial: Trial
    done_at: datetime | None
    command: str

    @property
    def advice(self) -> str:
        """What to do about it next."""
        return str(_ADVICE[self.trial])


_ADVICE = {
    Trial.KEY: _("Issue a key, hand it over, and ask them to put it into the variable ARC_KEY and run:"),
    Trial.PULL: _("Ask them to fetch the feed, for now test records only, with their own client or:"),
    Trial.MATCH: _("Ask them to send any photo; nothing of it is kept:"),
    Trial.TOMBSTONE: _("Ask them to fetch the feed to its end and to confirm it; this does both:"),
}
# The key stands in a variable, so that it is in no history of commands and on no page.
_CURL = 'curl -H "Authorization: Bearer $ARC_KEY"'
_PULL = "arc pull --url {url} --store fingerprints"
_COMMANDS = {
    Trial.KEY: f"{_CURL} {{url}}/api/v1/status",
    Trial.PULL: _PULL,
    Trial.MATCH: f'{_CURL} -H "Content-Type: image/jpeg" --data-binary @photo.jpg {{url}}/api/v1/match',
    Trial.TOMBSTONE: _PULL,
}


def items(partner: Partner) -> list[Item]:
    """The whole list as it stands now."""
    calls = PartnerCalls.objects.filter(partner=partner, first_at__isnull=False)
    first = dict(calls.values_list("what", "first_at"))
    done = {
        Trial.KEY: first.get(Call.KEY),
        Trial.PULL: first.get(Call.PULL),
        Trial.MATCH: first.get(Call.MATCH),
        Trial.TOMBSTONE: _tombstone_confirmed(partner),
    }
    return [Item(trial, done[trial], _COMMANDS[trial].format(url=settings.ARC_PUBLIC_URL)) for trial in Trial]


def missing(partner: Partner) -> list[Trial]:
    """What has not worked yet."""
    return [item.trial for item in items(partner) if item.done_at is None]


def _tombstone_confirmed(partner: Partner) -> datetime | None:
    tests = Planted.objects.filter(partner=partner, kind=Planted.Kind.TEST).values("pk")
    withdrawn = FeedRecord.objects.filter(partner=partner, tombstone=True, fingerprint_id__in=tests)
    seq = withdrawn.order_by("seq").values_list("seq", flat=True).first()
    if seq is None or partner.applied < seq:
        return None
    steps = PartnerProgress.objects.filter(
        partner=partner, kind=PartnerProgress.Kind.APPLIED, through__gte=seq
    )
    return steps.order_by("through").values_list("at", flat=True).first() or partner.applied_at
