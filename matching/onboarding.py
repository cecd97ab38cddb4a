"""How a partner comes to be, goes live by two people's word, and is paused.

Each step is taken under the lock of the partner's row, in one transaction with its audit entry. The feed's
lock comes before the audit's, as everywhere.
"""

from django.contrib.auth.models import User
from django.db import models, transaction
from django.db.models.functions import Now
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from matching import checklist, planted
from matching.models import FeedHead, Partner
from review import audit

# Letters of a slug, with room for a number behind them.
_PLAIN = (Partner._meta.get_field("slug").max_length or 0) - 5
_NAMELESS = "partner"


class Step(models.TextChoices):
    """What somebody can do about a partner's stage."""

    PROPOSE = "propose", gettext_lazy("Propose going live")
    DECLINE = "decline", gettext_lazy("Take the proposal back")
    APPROVE = "approve", gettext_lazy("Approve going live")
    PAUSE = "pause", gettext_lazy("Pause")
    RESUME = "resume", gettext_lazy("Resume")


class NotNow(Exception):
    """The step cannot be taken; the text says why, for the person who tried."""


def create(partner: Partner, *, by: User) -> None:
    """Save a new partner with a slug made from its name, and give it its test records."""
    with transaction.atomic():
        partner.slug = _free_slug(partner.name)
        partner.save(force_insert=True)
        planted.onboard(partner)
        _note("created", partner, by, kind=partner.kind)


def obstacle(step: Step, partner: Partner, by: User) -> str:
    """Why this person cannot take the step now, or "" when nothing stands in the way."""
    stage, proposed = Partner.Stage(partner.stage), partner.proposed_by_id is not None
    waiting = stage is Partner.Stage.ONBOARDING and proposed
    if step is Step.PAUSE:
        return _("It is paused already.") if stage is Partner.Stage.PAUSED else ""
    if step is Step.RESUME:
        return "" if stage is Partner.Stage.PAUSED else _("It is not paused.")
    if step is Step.PROPOSE:
        free = stage is Partner.Stage.ONBOARDING and not proposed
        return "" if free else _("It is proposed or live already, or it is paused.")
    if not waiting:
        return _("Nobody proposes it now. Somebody may have been quicker.")
    if step is Step.APPROVE and partner.proposed_by_id == by.pk:
        return _("You proposed it, so somebody else has to approve it.")
    if step is Step.APPROVE and not partner.exception and checklist.missing(partner):
        return _("Not everything on its list has worked yet.")
    return ""


def propose(partner_id: int, *, by: User, exception: str = "") -> None:
    """Ask a second person to let the partner go live. Raises NotNow.

    ``exception`` is why, when not everything on its list has worked yet.
    """
    with transaction.atomic():
        partner = _locked(partner_id, Step.PROPOSE, by)
        missing = checklist.missing(partner)
        if missing and not exception:
            raise NotNow(_("Not everything on its list has worked yet, so a reason is needed."))
        partner.proposed_by, partner.exception = by, exception if missing else ""
        partner.save(update_fields=["proposed_by", "exception"])
        _note(
            "proposed", partner, by, missing=[trial.value for trial in missing], exception=partner.exception
        )


def decline(partner_id: int, *, by: User) -> None:
    """End the proposal; whoever proposed may do that too. Raises NotNow."""
    with transaction.atomic():
        partner = _locked(partner_id, Step.DECLINE, by)
        partner.proposed_by, partner.exception = None, ""
        partner.save(update_fields=["proposed_by", "exception"])
        _note("declined", partner, by)


def approve(partner_id: int, *, by: User) -> None:
    """Let the partner go live: from its next request on it sees the whole feed. Raises NotNow.

    Its place in the feed starts anew: what it asked for and confirmed until now were test records.
    """
    with transaction.atomic():
        partner = _locked(partner_id, Step.APPROVE, by)
        head = FeedHead.objects.select_for_update().filter(pk=1).values_list("seq", flat=True).first()
        Partner.objects.filter(pk=partner.pk).update(
            stage=Partner.Stage.LIVE,
            staged_at=Now(),
            approved_by=by,
            approved_at=Now(),
            live_from=head or 0,
            pulled=0,
            pulled_at=None,
            applied=0,
            applied_at=None,
        )
        partner.progress.all().delete()
        partner.refresh_from_db()
        planted.go_live(partner)
        _note("approved", partner, by, proposed_by=partner.proposed_by_id, exception=partner.exception)


def pause(partner_id: int, *, by: User) -> None:
    """Shut the partner out with its next request. Raises NotNow."""
    with transaction.atomic():
        partner = _locked(partner_id, Step.PAUSE, by)
        _enter(partner, Partner.Stage.PAUSED)
        _note("paused", partner, by)


def resume(partner_id: int, *, by: User) -> None:
    """Let the partner go on where it was: live when two people once said so. Raises NotNow."""
    with transaction.atomic():
        partner = _locked(partner_id, Step.RESUME, by)
        was_live = partner.approved_by_id is not None
        _enter(partner, Partner.Stage.LIVE if was_live else Partner.Stage.ONBOARDING)
        _note("resumed", partner, by, stage=partner.stage)


def _locked(partner_id: int, step: Step, by: User) -> Partner:
    partner = Partner.objects.select_for_update().get(pk=partner_id)
    if hindrance := obstacle(step, partner, by):
        raise NotNow(hindrance)
    return partner


def _enter(partner: Partner, stage: Partner.Stage) -> None:
    partner.stage = stage
    Partner.objects.filter(pk=partner.pk).update(stage=stage, staged_at=Now())


def _note(what: str, partner: Partner, by: User, **details: object) -> None:
    audit.append(f"partner.{what}", actor=audit.staff(by), details={"partner": partner.pk, **details})


def _free_slug(name: str) -> str:
    """The name in plain letters, with a number behind it when another partner has that already."""
    plain = slugify(name)[:_PLAIN].strip("-") or _NAMELESS
    taken = set(Partner.objects.filter(slug__startswith=plain).values_list("slug", flat=True))
    numbered = (f"{plain}-{number}" for number in range(2, len(taken) + 3))
    return plain if plain not in taken else next(slug for slug in numbered if slug not in taken)
