"""Triggers for later stages: they only make things quick, the sweep is the guarantee."""

from django.dispatch import Signal

# photo_id: uuid.UUID; sent after the decision's transaction was committed
photo_decided = Signal()
