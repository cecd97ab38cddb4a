"""A service's partner interface in miniature: the contract, no database, and faults on request.

It speaks what partners are promised and nothing else, so a client is tested against the promise rather than
against today's server; the real one is met in tests/integration/test_stock_clients.py.
"""

import base64
import gzip
import hashlib
import json
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qs, urlsplit

from matching.engine.fingerprint import VERSION, Fingerprint
from matching.engine.jsonform import to_json

KEY = "testkey2_abcdefghijklmnopqrstuvwxyz234567abcdefgh"
BASE = "/api/v1"

Headers = Mapping[str, str]
Fault = Callable[["Answering"], bool]


class FeedServer:
    """What is published, what was asked for, and what goes wrong next.

    ``faults``: each is called with one request, the oldest first; one that returns True has answered it.
    """

    def __init__(self) -> None:
        self.feed = "feed-one"
        self.key = KEY
        self.records: dict[str, dict[str, Any]] = {}
        self.head = 0
        self.asked: list[str] = []
        self.confirmed: list[int] = []
        self.faults: deque[Fault] = deque()
        self.url = ""

    def publish(self, id_: str, fingerprint: Fingerprint) -> None:
        self._say(id_, {"status": "active", "fingerprint": to_json(fingerprint)})

    def withdraw(self, id_: str) -> None:
        self._say(id_, {"status": "withdrawn"})

    def outgrow(self, id_: str) -> None:
        """From now on the record is of a version that nobody asked for."""
        self._say(id_, {"status": "unsupported", "version": "arc-99"})

    def _say(self, id_: str, what: dict[str, Any]) -> None:
        self.head += 1
        self.records.pop(id_, None)
        self.records[id_] = {"seq": self.head, "id": id_, **what}

    def page(self, after: int, limit: int) -> dict[str, Any]:
        ahead = [record for record in self.records.values() if record["seq"] > after]
        records = ahead[:limit]
        next_ = records[-1]["seq"] if records else after
        return {"feed": self.feed, "records": records, "next": next_, "more": len(ahead) > limit}


class Answering(BaseHTTPRequestHandler):
    """One request."""

    protocol_version = "HTTP/1.1"
    feed_server: FeedServer

    def do_GET(self) -> None:
        self._answer(self._get)

    def do_POST(self) -> None:
        self._answer(self._post)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""

    def problem(self, status: int, code: str, headers: Headers = MappingProxyType({})) -> None:
        body = json.dumps(
            {"type": "about:blank", "status": status, "code": code, "detail": f"Not so: {code}."}
        )
        self.reply(body.encode(), status, {"Content-Type": "application/problem+json", **headers})

    def reply(self, body: bytes, status: int = 200, headers: Headers = MappingProxyType({})) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def page_reply(self, document: Any, headers: Headers = MappingProxyType({})) -> None:
        """A page as promised, unless ``headers`` say otherwise."""
        body = gzip.compress(json.dumps(document).encode(), 1)
        promised = {"Content-Encoding": "gzip", "Repr-Digest": digest_of(body), "ETag": etag_of(document)}
        self.reply(body, headers={**promised, **headers})

    def asked_for(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}

    def _answer(self, promised: Callable[[], None]) -> None:
        length = int(self.headers.get("Content-Length", 0))
        self.sent = self.rfile.read(length)
        self.feed_server.asked.append(f"{self.command} {self.path}")
        if self.feed_server.faults and self.feed_server.faults.popleft()(self):
            return
        if self.headers.get("Authorization") != f"Bearer {self.feed_server.key}":
            self.problem(401, "key-not-accepted", {"WWW-Authenticate": "Bearer"})
        else:
            promised()

    def _get(self) -> None:
        place, fields = urlsplit(self.path).path, self.asked_for()
        if place == f"{BASE}/status":
            self.reply(json.dumps({"head": self.feed_server.head}).encode())
        elif place != f"{BASE}/fingerprints":
            self.problem(404, "not-found")
        elif VERSION not in fields["versions"].split(","):
            self.problem(406, "version-not-offered")
        elif fields.get("feed", self.feed_server.feed) != self.feed_server.feed:
            self.problem(409, "another-feed")
        elif int(fields["after"]) > self.feed_server.head:
            self.problem(400, "cursor-ahead")
        else:
            document = self.feed_server.page(int(fields["after"]), int(fields["limit"]))
            if self.headers.get("If-None-Match") == etag_of(document):
                self.send_response(304)
                self.end_headers()
            else:
                self.page_reply(document)

    def _post(self) -> None:
        document = json.loads(self.sent)
        applied = int(document["applied"])
        if self.path != f"{BASE}/confirmations":
            self.problem(404, "not-found")
        elif document["feed"] != self.feed_server.feed:
            self.problem(409, "another-feed")
        elif applied > self.feed_server.head:
            self.problem(400, "cursor-ahead")
        elif applied < max(self.feed_server.confirmed, default=0):
            self.problem(409, "confirmation-behind")
        else:
            self.feed_server.confirmed.append(applied)
            self.reply(json.dumps({"applied": applied}).encode())


def digest_of(body: bytes) -> str:
    return f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"


def etag_of(document: dict[str, Any]) -> str:
    return f'"{hashlib.sha256(json.dumps(document).encode()).hexdigest()[:16]}"'


@contextmanager
def serving(server: FeedServer) -> Iterator[FeedServer]:
    """Answer on a free port of this machine until the block ends."""

    class Handler(Answering):
        feed_server = server

    class Listening(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: Any, client_address: Any) -> None:
            """Clients that are killed hang up; that is what some tests are about."""

    with Listening(("127.0.0.1", 0), Handler) as listening:
        server.url = f"http://127.0.0.1:{listening.server_address[1]}"
        thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            listening.shutdown()
            thread.join()
