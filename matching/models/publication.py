"""What was made public."""

from django.db import models


class PublishedDay(models.Model):
    """What the transparency page showed from this day on; never changed afterwards.

    ``audit_entries`` and ``audit_head`` are the end of the audit on that day: whoever wrote them down can
    tell later whether it was rewritten. ``figures`` are ``matching.publishing.Figures``, without what is not
    to be shown.
    """

    day = models.DateField(primary_key=True)
    audit_entries = models.BigIntegerField()
    audit_head = models.CharField(max_length=64)
    figures = models.JSONField()

    class Meta:
        ordering = ["-day"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(audit_entries__gte=0), name="published_entries_are_a_count"
            )
        ]

    def __str__(self) -> str:
        return self.day.isoformat()
