"""What the task cluster says of itself."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Heartbeat(models.Model):
    """When the task cluster last did a piece of work; the watchdog reads it."""

    name = models.CharField(max_length=40, primary_key=True)
    beat_at = models.DateTimeField()

    class Meta:
        verbose_name = _("task overview")
        verbose_name_plural = _("tasks")

    def __str__(self) -> str:
        return self.name
