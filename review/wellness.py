"""What a reviewer decides about themselves: how they see photos, and when they rest. Nobody else reads it."""

from datetime import timedelta

from django.contrib.auth.models import User
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from review import exposure, services
from review.models import Claim, ReviewerSettings

LOOK = ["greyscale", "size", "blur", "hold_to_view", "shortcuts"]


class Pause(models.TextChoices):
    SHORT = "15", _("15 minutes")
    HOUR = "60", _("1 hour")
    DAY = "day", _("For today")


def save_look(chosen: ReviewerSettings) -> None:
    """Keep how the person of this row wants to see photos; a pause that runs stays as it is."""
    look = {name: getattr(chosen, name) for name in LOOK}
    ReviewerSettings.objects.update_or_create(user_id=chosen.user_id, defaults=look)


def pause(reviewer: User, length: Pause) -> None:
    """Rest from now. A photo they hold goes back to the queue, so that nobody waits for them."""
    now = timezone.now()
    if length is Pause.DAY:
        until = exposure.day_of(now) + exposure.DAY
    else:
        until = now + timedelta(minutes=int(length))
    with transaction.atomic():
        for photo_id in Claim.objects.live().filter(reviewer=reviewer).values_list("photo", flat=True):
            services.release(photo_id, reviewer)
        ReviewerSettings.objects.update_or_create(user=reviewer, defaults={"paused_until": until})


def resume(reviewer: User) -> None:
    ReviewerSettings.objects.filter(user=reviewer).update(paused_until=None)
