"""The way of a partner to the feed: proposed by one person, approved by another, paused and resumed."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from matching import checklist, onboarding
from matching.admin.pages import PartnerPages, person_with, to_partner
from matching.forms import ProposalForm
from matching.models import Partner
from matching.onboarding import NotNow, Step

TAKE: dict[Step, Callable[..., None]] = {
    Step.PROPOSE: onboarding.propose,
    Step.DECLINE: onboarding.decline,
    Step.APPROVE: onboarding.approve,
    Step.PAUSE: onboarding.pause,
    Step.RESUME: onboarding.resume,
}
DONE = {
    Step.PROPOSE: gettext_lazy("%(name)s is proposed. Somebody else has to approve it now."),
    Step.DECLINE: gettext_lazy("%(name)s is no longer proposed."),
    Step.APPROVE: gettext_lazy("%(name)s is live."),
    Step.PAUSE: gettext_lazy("%(name)s is paused. Its keys open nothing."),
    Step.RESUME: gettext_lazy("%(name)s goes on."),
}


class StepPages(PartnerPages):
    """Each step has one page that explains it and asks, and is taken by its POST only."""

    def get_urls(self) -> list[URLPattern]:
        inside = self.admin_site.admin_view
        own = [
            path(
                f"<int:partner_id>/{step.value}/",
                inside(partial(self.step, step=step)),
                name=f"matching_partner_{step.value}",
            )
            for step in Step
        ]
        return [*own, *super().get_urls()]

    @method_decorator([never_cache, require_http_methods(["GET", "POST"])])
    def step(self, request: HttpRequest, partner_id: int, step: Step) -> HttpResponseBase:
        """Ask, or take the step; what stands in its way is said on the partner's page."""
        partner = get_object_or_404(Partner, pk=partner_id)
        person = person_with(request, "change_partner")
        if hindrance := onboarding.obstacle(step, partner, person):
            messages.error(request, hindrance)
            return to_partner(partner.pk)
        items = checklist.items(partner) if step in {Step.PROPOSE, Step.APPROVE} else []
        data = request.POST if request.method == "POST" else None
        incomplete = step is Step.PROPOSE and any(item.done_at is None for item in items)
        form = ProposalForm(data, incomplete=incomplete)
        if not form.is_valid():
            return self.page(
                request, f"step_{step.value}", str(step.label), partner=partner, form=form, items=items
            )
        extra = {"exception": form.cleaned_data["exception"]} if step is Step.PROPOSE else {}
        return _take(request, step, partner, person, **extra)


def steps_for(partner: Partner, person: User) -> list[tuple[Step, str]]:
    """The steps that make sense now, each with what keeps this person from it, or ""."""
    stage = Partner.Stage(partner.stage)
    proposed = partner.proposed_by_id is not None
    offered = {
        Partner.Stage.ONBOARDING: [Step.APPROVE, Step.DECLINE] if proposed else [Step.PROPOSE],
        Partner.Stage.LIVE: [],
        Partner.Stage.PAUSED: [Step.RESUME],
    }[stage]
    if stage is not Partner.Stage.PAUSED:
        offered = [*offered, Step.PAUSE]
    return [(step, onboarding.obstacle(step, partner, person)) for step in offered]


def _take(request: HttpRequest, step: Step, partner: Partner, person: User, **extra: Any) -> HttpResponseBase:
    try:
        TAKE[step](partner.pk, by=person, **extra)
    except NotNow as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, DONE[step] % {"name": partner.name})
    return to_partner(partner.pk)
