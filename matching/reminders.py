"""What an operator may write to a partner that does not keep up. Nothing is sent from here."""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from matching.feed_health import Health


@dataclass(frozen=True)
class Reminder:
    """A letter; ``to`` is empty when the partner has no contact."""

    to: str
    subject: str
    text: str

    @property
    def link(self) -> str:
        """Opens it in a program for mail (RFC 6068: lines end with CR LF)."""
        body = self.text.replace("\n", "\r\n")
        return f"mailto:{quote(self.to)}?subject={quote(self.subject)}&body={quote(body)}"


def about(health: Health) -> Reminder | None:
    """The letter, or None when there is nothing to remind of."""
    if not (health.alarms or health.unconfirmed.count):
        return None
    name = health.partner.name
    lines = [
        _("Hello,"),
        "",
        _("this is about the connection of %(name)s to our feed.") % {"name": name},
        *_withdrawals(health),
        _last_call(health.last_call),
        "",
        _(
            "People who took a photo back are waiting for it to be forgotten everywhere. Please fetch the "
            "feed, forget what is withdrawn, and confirm how far you are. If something keeps you from it, "
            "tell us: we are glad to help."
        ),
    ]
    subject = _("The feed waits for %(name)s") % {"name": name}
    return Reminder(health.partner.contact, subject, "\n".join(lines))


def _withdrawals(health: Health) -> list[str]:
    waiting = health.unconfirmed
    if waiting.since is None:
        return []
    text = ngettext(
        "%(count)s withdrawal waits for your confirmation, since %(since)s.",
        "%(count)s withdrawals wait for your confirmation, the first since %(since)s.",
        waiting.count,
    )
    return [text % {"count": waiting.shown, "since": _written(waiting.since)}]


def _last_call(at: datetime | None) -> str:
    if at is None:
        return _("We have seen no call of yours that worked.")
    return _("The last call of yours that worked was at %(at)s.") % {"at": _written(at)}


def _written(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
