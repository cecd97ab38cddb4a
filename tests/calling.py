"""A partner's program in tests: it has a key and calls addresses."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.test import Client

from matching import keys
from matching.models import Partner, Scope

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Answer

BASE = "/api/v1/"


@dataclass(frozen=True)
class Program:
    """Calls with one key, from a fresh start each time."""

    key: str

    @classmethod
    def of(cls, partner: Partner, *, scopes: Collection[Scope] = tuple(Scope)) -> "Program":
        newest = keys.newest(partner)
        return cls(keys.issue(partner, actor="staff:1", valid_for=None, newest_seen=newest, scopes=scopes))

    def get(self, path: str, **headers: str) -> "Answer":
        return Client(raise_request_exception=False).get(BASE + path, headers=self._with_key(headers))

    def post(self, path: str, body: Any, **headers: str) -> "Answer":
        """``body`` is sent as JSON, bytes as they are."""
        return Client(raise_request_exception=False).post(
            BASE + path, body, content_type="application/json", headers=self._with_key(headers)
        )

    def _with_key(self, headers: dict[str, str]) -> dict[str, str]:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return {"authorization": f"Bearer {self.key}", **named}
