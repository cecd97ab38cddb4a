"""What every page of a reviewer's workplace shows: the undo bar, their day, the photo they hold."""

from typing import Any

from django.contrib.auth.models import User

from review import exposure, queue, rulings


def context(reviewer: User, *, guardian: bool) -> dict[str, Any]:
    today = exposure.today(reviewer)
    return {
        "today": today,
        "wellness": today.wellness,
        "own_claims": queue.own_claims(reviewer),
        "overview": queue.overview(reviewer, guardian=guardian),
        "undoable": rulings.undoable(reviewer),
    }
