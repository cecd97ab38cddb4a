"""Which language a page speaks: the one its address begins with (/es/send/), else what the browser asks for.

A cookie would lie on a device that others use. So the language stands in the address, like the mount point of
a program: it is taken off before anything looks at the path, and every address that is made meanwhile, in
links, forms and redirects, carries it again.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import quote

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import get_script_prefix, set_script_prefix
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.translation.trans_real import parse_accept_lang_header

from arcsite.middleware import GetResponse

FIRST_PART = re.compile(r"/([a-z-]+)(/.*)?", re.DOTALL)
# What programs read is never translated, and has one address only.
FOR_PROGRAMS = "/api/"


class LanguageOfAddress:
    """Stands before everything that writes a page or an address, so that refusals speak the language too.

    Of one request only: when it is over, however it ended, the thread knows nothing of it any more.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        code, path = split(request.path_info)
        if code and not path:
            return HttpResponseRedirect(f"{get_script_prefix()}{code}/")
        language = code or negotiated(request)
        with speaking(language, under=code):
            if code:
                _take_off(request, code, path)
            response = self.get_response(request)
        if response.get("Content-Type", "").startswith("text/html"):
            response.setdefault("Content-Language", language)
            if not code and not _is_for_programs(request.path_info):
                patch_vary_headers(response, ("Accept-Language",))
        return response


def split(path: str) -> tuple[str, str]:
    """The language code that a path begins with, and the rest of it; no code where there is none to speak of.

    The rest is empty when there is nothing behind the code, not even a slash.
    """
    match = FIRST_PART.fullmatch(path)
    if not match or match[1] not in dict(settings.LANGUAGES):
        return "", path
    rest = match[2] or ""
    return ("", path) if _is_for_programs(rest) else (match[1], rest)


def negotiated(request: HttpRequest) -> str:
    """The first language the browser asks for that we have; English otherwise, and always for programs."""
    if not _is_for_programs(request.path_info):
        for wish, _ in parse_accept_lang_header(request.headers.get("Accept-Language", "")):
            try:
                return translation.get_supported_language_variant(wish)
            except LookupError:
                continue
    return settings.LANGUAGE_CODE


@contextmanager
def speaking(language: str, *, under: str = "") -> Iterator[None]:
    """Texts are in ``language`` and addresses begin with ``under``, on this thread, until the end."""
    before = get_script_prefix()
    with translation.override(language, deactivate=True):
        try:
            if under:
                set_script_prefix(f"{before}{under}/")
            yield
        finally:
            set_script_prefix(before)


def _take_off(request: HttpRequest, code: str, path: str) -> None:
    request.path_info = path
    request.META["SCRIPT_NAME"] = f"{request.META.get('SCRIPT_NAME', '')}/{code}"
    request.META["PATH_INFO"] = request.META["PATH_INFO"].removeprefix(f"/{code}")


def _is_for_programs(path: str) -> bool:
    return path.startswith(FOR_PROGRAMS)


@dataclass(frozen=True)
class Offer:
    """A language to choose: its name in itself, and where this page stands in it."""

    code: str
    name: str
    address: str
    is_spoken: bool


def offers(request: HttpRequest | None) -> list[Offer]:
    """The same page in every language, to be asked for by GET; the first page where there is none to ask for.

    ``request`` is None on the pages of errors.
    """
    spoken = translation.get_language()
    root = get_script_prefix().removesuffix(f"/{spoken}/").rstrip("/")
    page = request.path_info if request is not None and request.resolver_match else "/"
    return [
        Offer(code, name, quote(f"{root}/{code}{page}"), code == spoken) for code, name in settings.LANGUAGES
    ]
