"""A line between browser and service that writes down every byte the browser sends, and can be cut."""

import re
import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

CHUNK = 65_536
HEAD_END = b"\r\n\r\n"


@dataclass(frozen=True)
class Sent:
    """One request as it travelled. ``body`` is shorter than announced when the line was cut."""

    method: str
    target: str
    head: bytes
    body: bytes

    @property
    def is_whole(self) -> bool:
        return self.method != "POST" or self.body.endswith(b"--\r\n")

    def parts(self) -> list[tuple[str, bytes]]:
        """The file name ("" when it is no file) and the content of each part of a form."""
        boundary = re.search(rb"boundary=(\S+)", self.head)
        assert boundary
        parts = (b"\r\n" + self.body).split(b"\r\n--" + boundary[1])[1:-1]
        heads_and_contents = (part.split(HEAD_END, 1) for part in parts)
        return [(name_in(head), content) for head, content in heads_and_contents]


@dataclass
class Tap:
    """``url`` leads to the service.

    After ``cut_after`` bytes of a POST the line breaks; with ``lose_answers`` it breaks at the first answer.
    """

    url: str
    upstream: tuple[str, int]
    streams: list[bytearray] = field(default_factory=list)
    cut_after: int | None = None
    lose_answers: bool = False

    def everything(self) -> bytes:
        return b"\n".join(bytes(stream) for stream in self.streams)

    def requests(self) -> list[Sent]:
        return [request for stream in self.streams for request in requests_in(bytes(stream))]

    def posts(self) -> list[Sent]:
        return [request for request in self.requests() if request.method == "POST"]

    def carry(self, browser: socket.socket) -> None:
        stream = bytearray()
        self.streams.append(stream)
        with socket.create_connection(self.upstream) as service:
            back = threading.Thread(target=self._carry_back, args=(service, browser), daemon=True)
            back.start()
            with suppress(OSError):
                while data := browser.recv(CHUNK):
                    stream += data
                    if self._is_cut(stream):
                        break
                    service.sendall(data)
            hang_up(service)
            hang_up(browser)
            back.join()

    def _carry_back(self, service: socket.socket, browser: socket.socket) -> None:
        with suppress(OSError):
            while data := service.recv(CHUNK):
                if self.lose_answers:
                    break
                browser.sendall(data)
        hang_up(browser)

    def _is_cut(self, stream: bytearray) -> bool:
        post = stream.rfind(b"POST ")
        return self.cut_after is not None and post >= 0 and len(stream) - post > self.cut_after


def name_in(head: bytes) -> str:
    found = re.search(rb'filename="([^"]*)"', head)
    return found[1].decode() if found else ""


def requests_in(stream: bytes) -> Iterator[Sent]:
    while HEAD_END in stream:
        head, _, rest = stream.partition(HEAD_END)
        method, target, _ = head.split(b" ", 2)
        fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
        assert b"transfer-encoding" not in fields
        length = int(fields.get(b"content-length", b"0"))
        yield Sent(method.decode(), target.decode(), head, rest[:length])
        stream = rest[length:]


def hang_up(line: socket.socket) -> None:
    with suppress(OSError):
        line.shutdown(socket.SHUT_RDWR)


@contextmanager
def tapped(service_url: str) -> Iterator[Tap]:
    """A tap in front of a service, on a port of its own."""
    address = urlsplit(service_url)
    assert address.hostname
    assert address.port
    upstream = (address.hostname, address.port)

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            tap.carry(self.request)

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        block_on_close = False

    with Server(("127.0.0.1", 0), Handler) as server:
        tap = Tap(f"http://127.0.0.1:{server.server_address[1]}", upstream)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        yield tap
        server.shutdown()
        thread.join()
