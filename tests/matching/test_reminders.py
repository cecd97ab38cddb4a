from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

from matching import reminders
from matching.feed_health import NOTHING, Alarm, Health, Waiting
from matching.models import Partner

THEN = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)


def health(*alarms: Alarm, unconfirmed: Waiting = NOTHING, last_call: datetime | None = None) -> Health:
    return Health(
        partner=Partner(name="Räuber & Söhne?", contact="abuse+arc@example.org"),
        alarms=alarms,
        last_call=last_call,
        unread=NOTHING,
        unconfirmed=unconfirmed,
        failing=(),
        reports=(),
        keys_end_at=None,
        has_key=True,
    )


def test_there_is_nothing_to_remind_of_when_all_is_well() -> None:
    assert reminders.about(health()) is None


def test_it_says_what_waits_and_since_when() -> None:
    letter = reminders.about(health(unconfirmed=Waiting(3, THEN), last_call=THEN))
    assert letter is not None
    assert "3 withdrawals wait for your confirmation, the first since 2026-03-01 12:30 UTC." in letter.text
    assert "The last call of yours that worked was at 2026-03-01 12:30 UTC." in letter.text
    one = reminders.about(health(unconfirmed=Waiting(1, THEN)))
    assert one is not None
    assert "1 withdrawal waits for your confirmation, since 2026-03-01 12:30 UTC." in one.text


def test_silence_alone_is_worth_a_letter() -> None:
    letter = reminders.about(health(Alarm.SILENT))
    assert letter is not None
    assert "We have seen no call of yours that worked." in letter.text
    assert "confirmation" not in letter.text


def test_the_link_carries_the_whole_letter() -> None:
    letter = reminders.about(health(Alarm.SILENT))
    assert letter is not None
    parts = urlsplit(letter.link)
    assert (parts.scheme, parts.path) == ("mailto", "abuse%2Barc%40example.org")
    fields = parse_qs(parts.query, strict_parsing=True)
    assert fields["subject"] == [letter.subject]
    assert fields["body"] == [letter.text.replace("\n", "\r\n")]
    assert "Räuber & Söhne?" in letter.subject
