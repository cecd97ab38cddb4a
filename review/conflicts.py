"""Why a reviewer's step can no longer be taken: one stable code and one human sentence each."""

from django.utils.translation import gettext_lazy as _

EXPLANATIONS = {
    "claim-expired": _("Your time with this photo has run out, so it went back to the queue."),
    "claimed-by-another": _("Another reviewer is looking at this photo now."),
    "decided-by-you": _("You have already decided this photo. The first decision stands."),
    "decided-by-another": _("Another reviewer has already decided this photo. Their decision stands."),
    "old-form": _(
        "This form is from an earlier look at the photo. Please open the photo again and decide there."
    ),
    "not-yours": _(
        "This photo waits for somebody else: a lead, another reviewer, or somebody with another permission."
    ),
    "undo-too-late": _("The time to take this back is over: the next step has begun. A lead can help."),
    "nothing-to-undo": _("There is no decision of yours on this photo that could be taken back."),
    "not-offered": _("This choice is not open for the photo any more. Please open it again."),
    "paused": _("You are taking a pause. You can end it on the start page."),
    "break-due": _(
        "It is time for a break; the start page says until when. What you have seen you may still decide."
    ),
    "budget-spent": _("That is all for today. Thank you; what you have seen you may still decide."),
    "not-escalated": _("This photo is not waiting for a lead any more."),
    "not-theirs": _("This lead has spoken on the photo before, or may not decide it. Please choose another."),
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
