"""Somebody who uses the pages of a service on this machine over HTTP, for measuring. Loopback only."""

import http.client
import re
import secrets
import time
from dataclasses import dataclass

HOST = "127.0.0.1"
PATIENCE = 120.0
CSRF_FIELD = re.compile(rb'name="csrfmiddlewaretoken" value="(\w+)"')
CASE_NUMBER = re.compile(rb'id="case-number"[^>]*>([^<]+)<')


@dataclass(frozen=True)
class Answered:
    """``status`` is 0 when the connection broke; ``seconds`` from connecting to the last byte."""

    status: int
    seconds: float
    body: bytes


class Visitor:
    """One browser: it has read one form and may send it any number of times, each time afresh."""

    def __init__(self, port: int, form: str) -> None:
        self.port, self.form = port, form
        connection = http.client.HTTPConnection(HOST, port, timeout=PATIENCE)
        connection.request("GET", form)
        answer = connection.getresponse()
        page = answer.read()
        connection.close()
        token = CSRF_FIELD.search(page)
        cookies = [value.partition(";")[0] for name, value in answer.getheaders() if name == "Set-Cookie"]
        if token is None or not cookies:
            raise RuntimeError(f"{form} answered {answer.status} without a form")
        self.csrf, self.cookies = token[1].decode("ascii"), "; ".join(cookies)

    def send(self, photo: bytes) -> Answered:
        """A submission of one photo, with a new token: a case of its own."""
        fields = {"token": secrets.token_urlsafe(32), "in_photo": "on", "not_consented": "on", "adult": "on"}
        return self._post(fields, photo)

    def look_up(self, number: str, secret: str) -> Answered:
        return self._post({"number": number, "secret": secret})

    def _post(self, fields: dict[str, str], photo: bytes | None = None) -> Answered:
        boundary = secrets.token_hex(16)
        body = _multipart(boundary, {"csrfmiddlewaretoken": self.csrf, **fields}, photo)
        headers = {"Content-Type": f"multipart/form-data; boundary={boundary}", "Cookie": self.cookies}
        started = time.perf_counter()
        connection = http.client.HTTPConnection(HOST, self.port, timeout=PATIENCE)
        try:
            connection.request("POST", self.form, body, headers)
            answer = connection.getresponse()
            page = answer.read()
            return Answered(answer.status, time.perf_counter() - started, page)
        except (OSError, http.client.HTTPException):
            return Answered(0, time.perf_counter() - started, b"")
        finally:
            connection.close()


def _multipart(boundary: str, fields: dict[str, str], photo: bytes | None) -> bytes:
    mark = f"--{boundary}\r\n".encode()
    parts = [
        mark + f'Content-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    if photo is not None:
        kind = b'name="photos"; filename="photo.jpg"\r\nContent-Type: image/jpeg\r\n\r\n'
        parts.append(mark + b"Content-Disposition: form-data; " + kind + photo + b"\r\n")
    return b"".join(parts) + f"--{boundary}--\r\n".encode()
