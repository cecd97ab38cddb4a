"""Partners and their keys, and how the work is going. No photo, fingerprint, secret or key is shown here.

Django looks for this package and registers what it imports.
"""

from matching.admin.hidden import HIDDEN_APPS, hide_third_parties
from matching.admin.partners import PartnerAdmin
from matching.admin.tasks import TasksAdmin

__all__ = ["HIDDEN_APPS", "PartnerAdmin", "TasksAdmin"]

hide_third_parties()
