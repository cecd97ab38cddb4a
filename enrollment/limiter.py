"""Throttling that is exact across processes and machines, and keeps no address.

One counting statement per try does it all; the database's clock says which window it falls in. A key is a
keyed digest of the purpose, the day and the address prefix. IPv4 is cut to /24 and IPv6 to /56: whoever owns
many addresses mostly owns neighbours, and a prefix points at a street rather than at a person. Limits slow
down, they never lock out: a new window starts afresh.
"""

import enum
import ipaddress

from django.conf import settings
from django.db import connection
from django.http import HttpRequest

from enrollment.models import Allowance
from enrollment.pepper import peppered

DAY_SECONDS = 86_400
IPV4_PREFIX = 24
IPV6_PREFIX = 56

_CLOCK = {
    "sqlite": "SELECT CAST(strftime('%s', 'now') AS INTEGER)",
    "postgresql": "SELECT CAST(FLOOR(EXTRACT(EPOCH FROM statement_timestamp())) AS BIGINT)",
}
_COUNT = """
    INSERT INTO enrollment_allowance ("key", "window", "used") VALUES (%s, %s, 1){more}
    ON CONFLICT ("key", "window") DO UPDATE SET "used" = enrollment_allowance."used" + 1
    RETURNING "used"
"""
_NOTE = """
    INSERT INTO enrollment_refusals ("what", "count") VALUES (%s, 1)
    ON CONFLICT ("what") DO UPDATE SET "count" = enrollment_refusals."count" + 1
"""


class Purpose(enum.Enum):
    """What is throttled: its name in the key, the setting that holds its limit, its window in seconds."""

    UPLOAD = ("upload", "ARC_LIMIT_UPLOADS", 3600)
    LOOK_UP = ("look-up", "ARC_LIMIT_LOOKUPS", 900)
    SIGN_IN = ("sign-in", "ARC_LIMIT_SIGN_INS", 900)

    def __init__(self, label: str, setting: str, window: int) -> None:
        self.label = label
        self.setting = setting
        self.window = window

    @property
    def limit(self) -> int:
        return int(getattr(settings, self.setting))


class Throttled(Exception):
    """Too many tries; the next window begins in ``retry_after`` seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"try again in {retry_after} s")
        self.retry_after = retry_after


def take(purpose: Purpose, request: HttpRequest) -> None:
    """Count one try from the request's network. Raises Throttled when the window's limit is used up."""
    take_for(network_of(request), purpose.label, limit=purpose.limit, seconds=purpose.window)


def take_for(whom: str, label: str, *, limit: int, seconds: int) -> None:
    """Count one use of what ``label`` names. Raises Throttled after ``limit`` in a window of ``seconds``."""
    now = _database_seconds()
    window = now - now % seconds
    key = peppered("allowance", label, str(now // DAY_SECONDS), whom).hex()
    with connection.cursor() as cursor:
        cursor.execute(_COUNT.format(more=""), [key, window])
        (used,) = cursor.fetchone()
        if used > limit:
            cursor.execute(_NOTE, [label])
    if used > limit:
        raise Throttled(retry_after=window + seconds - now)


def look_for(whom: str, label: str, *, limit: int, seconds: int) -> None:
    """Raises what ``take_for`` would raise now, and counts nothing: it only reads."""
    now = _database_seconds()
    window = now - now % seconds
    key = peppered("allowance", label, str(now // DAY_SECONDS), whom).hex()
    if Allowance.objects.filter(key=key, window=window, used__gte=limit).exists():
        raise Throttled(retry_after=window + seconds - now)


def first_use(label: str, *parts: str, seconds: int) -> bool:
    """Whether nobody used this one-time thing within the last ``seconds``; from now on somebody has.

    Exact across processes: a use marks its own window and the next one in one statement, and whoever finds
    any mark there already comes second.
    """
    now = _database_seconds()
    window = now - now % seconds
    key = peppered("one-time", label, *parts).hex()
    with connection.cursor() as cursor:
        cursor.execute(_COUNT.format(more=", (%s, %s, 1)"), [key, window, key, window + seconds])
        return all(used == 1 for (used,) in cursor.fetchall())


def forget_old() -> int:
    """Remove counters whose window began more than a day ago; returns how many."""
    return Allowance.objects.filter(window__lt=_database_seconds() - DAY_SECONDS).delete()[0]


def network_of(request: HttpRequest) -> str:
    """The prefix of the client's address; all clients without a readable one share the empty text."""
    try:
        address = ipaddress.ip_address(client_address(request).partition("%")[0])
    except ValueError:
        return ""
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    prefix = IPV4_PREFIX if address.version == 4 else IPV6_PREFIX
    return str(ipaddress.ip_network((address, prefix), strict=False))


def client_address(request: HttpRequest) -> str:
    """REMOTE_ADDR, or with ARC_TRUSTED_PROXIES = n the n-th X-Forwarded-For entry from the right.

    Entries further left are the client's own claims and are never looked at.
    """
    hops = settings.ARC_TRUSTED_PROXIES
    if hops:
        forwarded = [entry.strip() for entry in request.headers.get("X-Forwarded-For", "").split(",")]
        if len(forwarded) >= hops and forwarded[-hops]:
            return forwarded[-hops]
    return str(request.META.get("REMOTE_ADDR", ""))


def _database_seconds() -> int:
    with connection.cursor() as cursor:
        cursor.execute(_CLOCK[connection.vendor])
        (seconds,) = cursor.fetchone()
    return int(seconds)
