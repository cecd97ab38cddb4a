"""Where a partner stands, for whoever sets up its side; and the picture to try the connection with."""

from django.http import HttpRequest, HttpResponse, JsonResponse

from matching import feed, pages, trial_pictures
from matching.api.callers import Caller, endpoint, public
from matching.models import Call, Partner


@endpoint("GET", scope=None, call=Call.KEY)
def status(request: HttpRequest, caller: Caller) -> HttpResponse:
    """What this key opens, and how far the feed and the partner are."""
    # Read anew: with the key came the row as it was when the call began.
    partner = Partner.objects.get(pk=caller.partner.pk)
    return JsonResponse(
        {
            "partner": partner.name,
            "stage": partner.stage,
            "scopes": caller.key.scopes.split(),
            "feed": pages.identity(partner),
            "head": pages.head(),
            "applied": partner.applied,
            "versions": list(feed.VERSIONS),
        }
    )


@public("GET")
def test_picture(request: HttpRequest) -> HttpResponse:
    """The uncovered picture of the first test record: asked about it, the service answers with a match."""
    return HttpResponse(trial_pictures.png(0), content_type="image/png")
