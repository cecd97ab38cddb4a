"""Why a reviewer's step can no longer be taken: one stable code and one human sentence each."""

from django.utils.translation import gettext_lazy as _

EXPLANATIONS = {
    "claim-expired": _("Your time with this photo has run out, so it went back to the queue."),
    "claimed-by-another": _("Another reviewer is looking at this photo now."),
    "decided-by-you": _("You have already decided this photo. The first decision stands."),
    "decided-by-another": _("Another reviewer has already decided this photo. Their decision stands."),
    "withdrawn": _("The person who sent this photo has withdrawn it. It needs no decision any more."),
    "no-longer-waiting": _("This photo is no longer waiting for a decision."),
    "original-gone": _(
        "This photo's file is missing. Please tell a lead; “Take next” sets it aside and goes on."
    ),
    "original-unreadable": _(
        "This photo's file is damaged. Please tell a lead; “Take next” sets it aside and goes on."
    ),
    "not-seen": _("The picture was not shown to you yet, so nothing was recorded. Please look at it first."),
    "not-drawn": _("The picture could not be drawn just now. Please reload the page in a moment."),
}


class Conflict(Exception):
    """The world moved on while a reviewer was looking; nothing was changed. ``code`` is stable."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code

    @property
    def explanation(self) -> str:
        return str(EXPLANATIONS[self.code])
