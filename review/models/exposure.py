from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from enrollment.models import Photo


class Viewing(models.Model):
    """One stretch of time for which a photo was shown to a reviewer under one claim."""

    reviewer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="viewings")
    photo = models.ForeignKey(Photo, on_delete=models.PROTECT, related_name="viewings")
    token = models.UUIDField(unique=True)
    started_at = models.DateTimeField(db_default=Now())
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        default_permissions = ()
        indexes = [models.Index(fields=["reviewer", "started_at"], name="viewing_by_reviewer")]


class ReviewerSettings(models.Model):
    """How a reviewer wants pictures shown to them, and until when they rest."""

    class Size(models.TextChoices):
        SMALL = "small", _("Small")
        MEDIUM = "medium", _("Medium")
        LARGE = "large", _("Large")

    class Blur(models.IntegerChoices):
        NONE = 0, _("None")
        LIGHT = 1, _("Light")
        MEDIUM = 2, _("Medium")
        STRONG = 3, _("Strong")

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="reviewer_settings",
    )
    greyscale = models.BooleanField(default=True)
    size = models.CharField(max_length=10, choices=Size.choices, default=Size.SMALL)
    hold_to_view = models.BooleanField(default=True)
    blur = models.PositiveSmallIntegerField(choices=Blur.choices, default=Blur.NONE)
    shortcuts = models.BooleanField(default=True)
    paused_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        default_permissions = ()
        constraints = [
            models.CheckConstraint(
                condition=models.Q(size__in=["small", "medium", "large"]), name="reviewer_size_is_known"
            ),
            models.CheckConstraint(condition=models.Q(blur__lte=3), name="reviewer_blur_is_known"),
        ]
