"""Requests that are tried again while that may help, and answers whose bytes are checked before use."""

import base64
import binascii
import hashlib
import hmac
import json
import re
import time
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from importlib.metadata import version
from random import SystemRandom

import urllib3
from urllib3.exceptions import HTTPError

from matching.client.address import interface_of, proxy_of, stays_here
from matching.client.errors import Refused, Spoiled, Unreachable

ATTEMPTS = 5
LONGEST_WAIT = 60.0
SLEEP: Callable[[float], None] = time.sleep
# A page of two thousand extended fingerprints is 4 MB; beyond these something is wrong, or hostile.
LARGEST_ANSWER, LARGEST_DECODED = 32_000_000, 64_000_000

_TIMEOUT = urllib3.Timeout(connect=10, read=60)
_COME_BACK = frozenset((408, 429, 500, 502, 503, 504))
_DIGEST = re.compile(r"(?:^|,)\s*sha-256\s*=\s*:([A-Za-z0-9+/=]*):")
_CODE = re.compile(r"[a-z][a-z0-9-]{0,63}")
_WRONG_KEY = "the service does not accept this key: it is wrong, expired, revoked, or not for this"


@dataclass(frozen=True)
class Answer:
    """What came back: a status of 200 or 304, headers, and the decoded bytes."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class _Request:
    method: str
    path: str
    fields: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes | None = None
    digested: bool = False


class _Again(Exception):
    """This try failed in a way that another one may not; ``wait`` is what the service asked for."""

    def __init__(self, reason: str, wait: float = 0.0) -> None:
        super().__init__(reason)
        self.wait = wait


class Transport:
    """One service and one key. Safe to use from several threads."""

    def __init__(self, url: str, key: str) -> None:
        """Raises BadAddress."""
        self._interface = interface_of(url)
        proxy = proxy_of(self._interface)
        self._pool = urllib3.ProxyManager(proxy) if proxy else urllib3.PoolManager()
        self._headers = {
            "Authorization": f"Bearer {key}",
            "Accept": "application/json, application/problem+json",
            # Packing takes both sides longer than sending a page within one machine.
            "Accept-Encoding": "identity" if stays_here(self._interface) else "gzip",
            "User-Agent": f"arc/{version('arc-moderation')}",
        }

    def get(
        self, path: str, fields: Mapping[str, str], *, etag: str | None = None, digested: bool = True
    ) -> Answer:
        """Return the answer; ``digested``: only with a digest that its bytes agree with.

        Raises a ServiceError.
        """
        headers = {"If-None-Match": etag} if etag else {}
        return self._tried(_Request("GET", path, fields, headers, digested=digested))

    def post(self, path: str, document: Mapping[str, object]) -> Answer:
        """Send JSON that may safely arrive twice. Raises a ServiceError."""
        body = json.dumps(document).encode()
        return self._tried(_Request("POST", path, {}, {"Content-Type": "application/json"}, body))

    def _tried(self, request: _Request) -> Answer:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return self._once(request)
            except _Again as failure:
                if attempt == ATTEMPTS:
                    raise Unreachable(f"no usable answer in {ATTEMPTS} tries: {failure}") from failure
                # Spread, so that many clients do not come back in the same moment.
                pause = 2**attempt * SystemRandom().uniform(0.25, 0.5)
                SLEEP(min(max(pause, failure.wait), LONGEST_WAIT))
        raise AssertionError

    def _once(self, request: _Request) -> Answer:
        try:
            response = self._pool.request(
                request.method,
                self._interface + request.path,
                fields=request.fields or None,
                headers={**self._headers, **request.headers},
                body=request.body,
                timeout=_TIMEOUT,
                retries=False,
                redirect=False,  # the key is for this service alone
                preload_content=False,
            )
            raw = _read(response)
        except HTTPError as error:
            raise _Again(_reason(error)) from error
        status = response.status
        if status in _COME_BACK:
            raise _Again(f"the service answered {status}", _wait_of(response.headers))
        if status not in (HTTPStatus.OK, HTTPStatus.CREATED, HTTPStatus.NOT_MODIFIED):
            raise _refusal(status, raw)
        if request.digested and status == HTTPStatus.OK:
            _check_digest(response.headers.get("Repr-Digest", ""), raw)
        return Answer(status, response.headers, _decoded(raw, response.headers.get("Content-Encoding", "")))


def _read(response: urllib3.BaseHTTPResponse) -> bytes:
    """Return the bytes as sent. Raises Spoiled for too many, HTTPError when they end early."""
    raw = bytearray()
    try:
        for part in response.stream(1 << 16, decode_content=False):
            raw += part
            if len(raw) > LARGEST_ANSWER:
                raise Spoiled("the service's answer does not end")
    except BaseException:
        response.close()  # what is left in this connection is no answer to anything
        raise
    response.release_conn()
    return bytes(raw)


def _check_digest(header: str, raw: bytes) -> None:
    """Compare with RFC 9530's digest of the bytes as sent; a damaged page is worth asking for again."""
    found = _DIGEST.search(header)
    if found is None:
        raise Spoiled("the service's answer has no checksum; does a proxy change answers on their way?")
    try:
        expected = base64.b64decode(found[1], validate=True)
    except binascii.Error:
        expected = b""
    if not hmac.compare_digest(hashlib.sha256(raw).digest(), expected):
        raise _Again("the answer does not match its checksum; does a proxy change answers on their way?")


def _decoded(raw: bytes, encoding: str) -> bytes:
    if encoding in ("", "identity"):
        return raw
    if encoding != "gzip":
        raise Spoiled("the service's answer is packed in a way nobody asked for")
    packed = zlib.decompressobj(wbits=31)
    try:
        body = packed.decompress(raw, LARGEST_DECODED)
    except zlib.error as error:
        raise Spoiled("the service's answer cannot be unpacked") from error
    if not packed.eof or packed.unused_data:
        raise Spoiled("the service's answer cannot be unpacked whole")
    return body


def _refusal(status: int, raw: bytes) -> Refused:
    """Return what the service said; its words are for a terminal, so they are cut and made printable."""
    if status == HTTPStatus.UNAUTHORIZED:
        return Refused("key-not-accepted", _WRONG_KEY)
    try:
        problem = json.loads(raw)
        code, detail = problem["code"], problem["detail"]
        known = isinstance(detail, str) and _CODE.fullmatch(code) is not None
    except (ValueError, TypeError, KeyError, RecursionError):
        known = False
    if not known:
        return Refused(f"http-{status}", f"the service answered {status}; is its address right?")
    words = "".join(letter if letter.isprintable() else " " for letter in detail[:300])
    return Refused(code, f"the service says: {words.rstrip('.')}")


def _wait_of(headers: Mapping[str, str]) -> float:
    text = headers.get("Retry-After", "")
    return float(text) if text.isascii() and text.isdigit() and len(text) < 7 else 0.0


def _reason(error: HTTPError) -> str:
    """Return the innermost reason: urllib3's own words hold addresses of objects."""
    inner: BaseException = error
    while (cause := inner.__cause__ or inner.__context__) is not None:
        inner = cause
    words = (inner.strerror if isinstance(inner, OSError) else None) or str(inner)
    return words.strip() or type(inner).__name__
