"""The OpenAPI 3.1 document of the partner interface, made of the code's own constants and served with it."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse

from enrollment.formats import PUBLIC_FORMATS
from matching import feed, pages
from matching.api.callers import public
from matching.api.feed import MOST_VERSIONS
from matching.api.schemas import SEQUENCE, VERSION_NAME, ref, schemas
from matching.models import Scope
from matching.problems import CONTENT_TYPE, Problem

Json = dict[str, Any]

_ALWAYS = (Problem.BAD_REQUEST, Problem.SERVER_ERROR, Problem.BUSY)
_WITH_KEY = (Problem.KEY_NOT_ACCEPTED, Problem.TOO_MANY_CALLS, *_ALWAYS)
_WITH_BODY = (Problem.BODY_TOO_LARGE, Problem.LENGTH_REQUIRED, *_WITH_KEY)
_WITH_JSON = (Problem.NOT_JSON, Problem.BAD_BODY, *_WITH_BODY)
_TEXT = {"type": "string"}
_RETRY_AFTER = {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds."}}
_HEADERS_OF = {
    401: {"WWW-Authenticate": {"schema": _TEXT, "required": True}},
    429: _RETRY_AFTER,
    503: _RETRY_AFTER,
}
_PAGE_HEADERS = {
    "ETag": {"schema": _TEXT, "required": True},
    "Repr-Digest": {
        "schema": {"type": "string", "pattern": "^sha-256=:[A-Za-z0-9+/]{43}=:$"},
        "required": True,
        "description": "RFC 9530, of the bytes as sent.",
    },
    "Content-Encoding": {"schema": {"const": "gzip"}, "description": "If you accept it."},
}


@public("GET")
def openapi(request: HttpRequest) -> HttpResponse:
    """What this interface is, for programs."""
    return JsonResponse(document())


def document() -> Json:
    return {
        "openapi": "3.1.1",
        "info": {
            "title": "ARC partner interface",
            "version": "1",
            "summary": "Fingerprints to block, their withdrawals, and what was found",
            "description": "Errors are problem documents; go by their `code`. Unknown fields of a body are "
            "refused, unknown parameters of an address ignored.",
        },
        "servers": [{"url": settings.ARC_PUBLIC_URL}],
        "security": [{"key": []}],
        "paths": {
            reverse("matching:fingerprints"): {"get": _fingerprints()},
            reverse("matching:confirmations"): {"post": _confirmations()},
            reverse("matching:match"): {"post": _match()},
            reverse("matching:sightings"): {"post": _sightings()},
            reverse("matching:status"): {"get": _status()},
            reverse("matching:test_picture"): {"get": _test_picture()},
            reverse("matching:openapi"): {"get": _openapi()},
        },
        "components": {
            "securitySchemes": {
                "key": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": f"`prefix_secret`; opens some of: {', '.join(Scope.values)}.",
                }
            },
            "schemas": schemas(),
        },
    }


def _fingerprints() -> Json:
    limit = {"type": "integer", "minimum": 1, "maximum": pages.LARGEST_PAGE, "default": pages.PAGE}
    versions = {
        "type": "array",
        "items": VERSION_NAME,
        "contains": {"enum": list(feed.VERSIONS)},
        "minItems": 1,
        "maxItems": MOST_VERSIONS,
    }
    return {
        "operationId": "fingerprints",
        "summary": "A page of the feed",
        "description": f"Needs scope `{Scope.FEED.value}`. Any page may be asked for again.",
        "parameters": [
            _query("after", {**SEQUENCE, "default": 0}, "The `next` of the page before."),
            _query("limit", limit, "How many records at most."),
            {
                **_query("versions", versions, "What you can read; one of them must be made here today."),
                "style": "form",
                "explode": False,
            },
            _query("feed", _TEXT, "The feed that `after` is of: another one is refused."),
            {
                "name": "If-None-Match",
                "in": "header",
                "schema": _TEXT,
                "description": "The `ETag` that came with the same question.",
            },
        ],
        "responses": {
            **_answer("A page", "Page", headers=_PAGE_HEADERS),
            "304": {"description": "As before", "headers": {"ETag": _PAGE_HEADERS["ETag"]}},
            **_refusals(
                Problem.BAD_CURSOR,
                Problem.BAD_LIMIT,
                Problem.BAD_VERSIONS,
                Problem.CURSOR_AHEAD,
                Problem.ANOTHER_FEED,
                Problem.VERSION_NOT_OFFERED,
                *_WITH_KEY,
            ),
        },
    }


def _confirmations() -> Json:
    refused = (Problem.CURSOR_AHEAD, Problem.ANOTHER_FEED, Problem.CONFIRMATION_BEHIND, *_WITH_JSON)
    return {
        "operationId": "confirm",
        "summary": "Say that everything through a number is in force with you",
        "description": f"Needs scope `{Scope.FEED.value}`. The same again gets the same answer.",
        "requestBody": _json_body("Confirmation"),
        "responses": {**_answer("What stands", "Confirmed"), **_refusals(*refused)},
    }


def _match() -> Json:
    refused = (Problem.NOT_A_PICTURE, Problem.PHOTO_TOO_LARGE, Problem.CATCHING_UP, *_WITH_BODY)
    photo = {kind: {"schema": {"type": "string", "format": "binary"}} for kind in PUBLIC_FORMATS.values()}
    return {
        "operationId": "match",
        "summary": "Ask whether a public photo matches",
        "description": f"Needs scope `{Scope.MATCH.value}`. Nothing about the photo is kept.",
        "requestBody": {"required": True, "content": photo},
        "responses": {**_answer("What matches, best first", "Matches"), **_refusals(*refused)},
    }


def _sightings() -> Json:
    refused = (Problem.UNKNOWN_ID, Problem.REFERENCE_TAKEN, Problem.TOO_MANY_DISPUTES, *_WITH_JSON)
    return {
        "operationId": "report",
        "summary": "Report what became of a match",
        "description": f"Needs scope `{Scope.SIGHTINGS.value}`. The same again changes nothing.",
        "requestBody": _json_body("Sighting"),
        "responses": {
            **_answer("Another word on it, or the same", "Reported"),
            **_answer("The first word on it", "Reported", status=201),
            **_refusals(*refused),
        },
    }


def _status() -> Json:
    return {
        "operationId": "status",
        "summary": "Where you stand",
        "description": "Any key will do.",
        "responses": {**_answer("Where you stand", "Status"), **_refusals(*_WITH_KEY)},
    }


def _test_picture() -> Json:
    picture = {"image/png": {"schema": {"type": "string", "format": "binary"}}}
    return {
        "operationId": "testPicture",
        "summary": "The drawn picture that a test record is of",
        "security": [],
        "responses": {"200": {"description": "A picture", "content": picture}, **_refusals(*_ALWAYS)},
    }


def _openapi() -> Json:
    whole = {"application/json": {"schema": {"type": "object"}}}
    return {
        "operationId": "openapi",
        "summary": "This document",
        "security": [],
        "responses": {"200": {"description": "OpenAPI 3.1", "content": whole}, **_refusals(*_ALWAYS)},
    }


def _query(name: str, schema: Json, description: str) -> Json:
    return {"name": name, "in": "query", "schema": schema, "description": description}


def _json_body(schema: str) -> Json:
    return {"required": True, "content": {"application/json": {"schema": ref(schema)}}}


def _answer(description: str, schema: str, *, status: int = 200, headers: Json | None = None) -> Json:
    content = {"application/json": {"schema": ref(schema)}}
    whole: Json = {"description": description, "content": content}
    return {str(status): {**whole, "headers": headers} if headers else whole}


def _refusals(*problems: Problem) -> Json:
    """One answer for each status, with the codes that come with it."""
    by_status: defaultdict[int, list[Problem]] = defaultdict(list)
    for problem in problems:
        by_status[problem.status.value].append(problem)
    return {str(status): _refusal(status, by_status[status]) for status in sorted(by_status)}


def _refusal(status: int, problems: Iterable[Problem]) -> Json:
    codes = [problem.code for problem in problems]
    these = {"properties": {"status": {"const": status}, "code": {"enum": codes}}}
    return {
        "description": ", ".join(f"`{code}`" for code in codes),
        "headers": _HEADERS_OF.get(status, {}),
        "content": {CONTENT_TYPE: {"schema": {"allOf": [ref("Problem"), these]}}},
    }
