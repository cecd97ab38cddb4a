"""What travels, as JSON Schema (2020-12), made of the same constants that the code itself goes by."""

from collections.abc import Iterable
from typing import Any

from matching import feed
from matching.api import confirmations, sightings
from matching.api.feed import LARGEST_CURSOR, VERSION
from matching.engine.extended import EXTENDED_BYTES
from matching.engine.fingerprint import DETAIL_NEEDED
from matching.engine.grid import SIZE
from matching.engine.sketch import POSITIONS, SKETCH_BYTES
from matching.engine.spectrum import HASH_BITS, HASH_BYTES
from matching.models import Outcome, Partner, Scope
from matching.problems import Problem

Schema = dict[str, Any]

_ID = {
    "type": "string",
    "pattern": "^[A-Za-z0-9_-]{22}$",
    "description": "Yours alone: another partner sees another id for the same fingerprint.",
}
_FEED = {
    "type": "string",
    "minLength": 1,
    "maxLength": confirmations.LONGEST_FEED,
    "description": "Which feed the numbers are of. When it changes, they mean nothing: start again from 0.",
}
SEQUENCE = {"type": "integer", "format": "int64", "minimum": 0, "maximum": LARGEST_CURSOR}
VERSION_NAME = {"type": "string", "pattern": f"^{VERSION.pattern}$"}


def _base64(size: int, description: str) -> Schema:
    length = (size + 2) // 3 * 4
    return {
        "type": "string",
        "contentEncoding": "base64",
        "minLength": length,
        "maxLength": length,
        "description": description,
    }


def _hash(description: str) -> Schema:
    return {"type": "string", "pattern": f"^[0-9a-f]{{{2 * HASH_BYTES}}}$", "description": description}


_FINGERPRINT = {
    "version": {**VERSION_NAME, "description": "The algorithm that made it and can compare it."},
    "mask": _base64(SIZE * SIZE // 8, f"{SIZE}x{SIZE} bits, row by row: which cells the person covered."),
    "hash": _hash("The visible part, the covered cells filled with its mean."),
    "painted_hash": _hash("The photo with its cover as it is."),
    "sketch": _base64(SKETCH_BYTES, f"{POSITIONS} differences of neighbouring cells, two bits each."),
    "threshold": {"type": "number", "minimum": -HASH_BITS, "maximum": HASH_BITS / 2 - 1},
    "coverage": {"type": "number", "minimum": 0, "maximum": 1},
    "detail": {"type": "integer", "minimum": DETAIL_NEEDED, "maximum": POSITIONS},
    "extended": _base64(EXTENDED_BYTES, "Finds cut copies; only where the person chose it."),
}


def _object(properties: Schema, *, optional: Iterable[str] = (), description: str = "") -> Schema:
    """All of the properties and nothing else; all but the optional ones are always there."""
    form: Schema = {
        "type": "object",
        "properties": properties,
        "required": [name for name in properties if name not in set(optional)],
        "additionalProperties": False,
    }
    return {**form, "description": description} if description else form


def _record(status: str, description: str, **more: Schema) -> Schema:
    fields = {"seq": SEQUENCE, "id": _ID, "status": {"const": status}, **more}
    return _object(fields, description=description)


def ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def schemas() -> Schema:
    """The ``components/schemas`` of the document."""
    fields = {name: _FINGERPRINT[name] for name in (*feed.FIELDS, *feed.OPTIONAL_FIELDS)}
    return {
        "Fingerprint": _object(
            fields, optional=feed.OPTIONAL_FIELDS, description="Confidential: a mask shows a silhouette."
        ),
        "Record": {
            "oneOf": [
                _record(
                    "active", "Block this, in the place of what had this id.", fingerprint=ref("Fingerprint")
                ),
                _record("withdrawn", "Forget what had this id, at once and for ever."),
                _record(
                    "unsupported",
                    "Not among the versions you named. Forget what had this id, and get a newer program.",
                    version=VERSION_NAME,
                ),
            ]
        },
        "Page": _object(
            {
                "feed": _FEED,
                "records": {"type": "array", "items": ref("Record")},
                "next": {
                    **SEQUENCE,
                    "description": "The `after` of the next page; keep it with what you applied.",
                },
                "more": {"type": "boolean"},
            }
        ),
        "Confirmation": _object({"feed": _FEED, "applied": SEQUENCE}),
        "Confirmed": _object({"applied": SEQUENCE}),
        "Matches": _object({"matches": {"type": "array", "items": ref("Match")}}),
        "Match": _object(
            {
                "id": _ID,
                "rate": {
                    "type": "number",
                    "minimum": 0,
                    "maximum": 1,
                    "description": "Share of unrelated photos that would match as well as this one.",
                },
                "mirrored": {"type": "boolean"},
            }
        ),
        "Sighting": _object(
            {
                "id": {
                    "type": "string",
                    "minLength": 1,
                    "maxLength": sightings.LONGEST_ID,
                    "description": "The `id` of the record that matched.",
                },
                "reference": {
                    "type": "string",
                    "minLength": 1,
                    "maxLength": sightings.LONGEST_REFERENCE,
                    "description": "Your own name for this match. Only a keyed digest of it is kept.",
                },
                "outcome": {"enum": Outcome.values},
            }
        ),
        "Reported": _object({"reference": {"type": "string"}, "outcome": {"enum": Outcome.values}}),
        "Status": _object(
            {
                "partner": {"type": "string"},
                "stage": {"enum": [stage for stage in Partner.Stage.values if stage != Partner.Stage.PAUSED]},
                "scopes": {"type": "array", "items": {"enum": Scope.values}},
                "feed": _FEED,
                "head": {**SEQUENCE, "description": "The last number given out."},
                "applied": {**SEQUENCE, "description": "What you last confirmed."},
                "versions": {"type": "array", "items": VERSION_NAME, "description": "What is made today."},
            }
        ),
        "Problem": _problem(),
    }


def _problem() -> Schema:
    return _object(
        {
            "type": {"const": "about:blank"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "code": {"enum": [problem.code for problem in Problem], "description": "Stable: go by this."},
            "detail": {"type": "string", "description": "For people."},
            "offered": {"type": "array", "items": VERSION_NAME, "description": "With `version-not-offered`."},
            "applied": {**SEQUENCE, "description": "With `confirmation-behind`."},
        },
        optional=("offered", "applied"),
        description="RFC 9457.",
    )
