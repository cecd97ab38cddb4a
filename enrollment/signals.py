"""Triggers that later stages listen to; sent inside the transaction of the change itself."""

from django.dispatch import Signal

# photo: Photo, action: str (an Edge value, or "received" / "purge"), actor: str, details: dict
photo_moved = Signal()
