from django.db import models

from enrollment.models import Photo


class NearDuplicate(models.Model):
    """Two photos whose fingerprints lie close together. ``photo`` is the one that came later."""

    photo = models.ForeignKey(Photo, on_delete=models.PROTECT, related_name="near_duplicates")
    other = models.ForeignKey(Photo, on_delete=models.PROTECT, related_name="+")
    distance = models.FloatField()

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["photo", "other"], name="near_duplicate_once_per_pair"),
            models.CheckConstraint(
                condition=~models.Q(photo=models.F("other")), name="near_duplicate_is_another"
            ),
        ]
