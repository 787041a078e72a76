"""Answers that are not a success, in HubSpot's error envelope."""

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]


class RefusedError(Exception):
    """The portal refuses a request; carries the whole answer."""

    def __init__(self, status: int, body: Json | str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(f"{status}: {body}")
        self.status = status
        self.body = body
        self.headers = dict(headers or {})


def refused(
    status: int, category: str, message: str, headers: Mapping[str, str] | None = None, **more: Any
) -> RefusedError:
    """A refusal in the usual envelope (HubSpot error handling guide); every field beyond the message may be absent."""
    body = {"status": "error", "message": message, "correlationId": str(uuid.uuid4()), **more, "category": category}
    return RefusedError(status, body, headers)


def invalid(message: str, **more: Any) -> RefusedError:
    """400 for a request that cannot be understood or breaks a rule."""
    return refused(400, "VALIDATION_ERROR", message, **more)


def not_found(message: str = "resource not found", **more: Any) -> RefusedError:
    """404 with the header that HubSpot adds to it."""
    return refused(404, "OBJECT_NOT_FOUND", message, headers={"X-HubSpot-NotFound": "true"}, **more)


def missing_scopes(scopes: Sequence[str]) -> RefusedError:
    """403 for a token that has none of these scopes. As recorded: they stand in the context of the envelope itself."""
    return refused(
        403,
        "MISSING_SCOPES",
        "One or more of the following scopes are required.",
        context={"requiredGranularScopes": list(scopes)},
        links={"scopes": "https://developers.hubspot.com/scopes"},
    )


def ids_not_found(ids: Sequence[str]) -> Json:
    """The single entry in `errors` with which a 207 names every id that it could not find."""
    return {
        "status": "error",
        "category": "OBJECT_NOT_FOUND",
        "message": "Could not get some CONTACT objects, they may be deleted or not exist. Check that ids are valid.",
        "context": {"ids": list(ids)},
    }


URL_TOO_LONG_PAGE = "<html><head><title>414 Request-URI Too Large</title></head></html>"
"""What a 414 comes with, in place of JSON."""


def name_taken(kind: str, name: str, sub_category: str) -> RefusedError:
    """409 for a name that exists among its kind; recorded of properties."""
    message = f"A {kind} named '{name}' already exists."
    return refused(409, "OBJECT_ALREADY_EXISTS", message, subCategory=sub_category, context={"name": [name]})


NAMES_NOTHING, READ_ONLY = "PROPERTY_DOESNT_EXIST", "READ_ONLY_VALUE"


@dataclass(frozen=True, slots=True, kw_only=True)
class BadValue:
    """Why one property of a write is refused; `code` is HubSpot's, such as INVALID_OPTION."""

    name: str
    code: str
    message: str

    @property
    def is_unwritable(self) -> bool:
        """Whether no value could be written, since the property is unknown or read-only."""
        return self.code in (NAMES_NOTHING, READ_ONLY)


# The recorded list is shortened; its length is not documented.
_BAD_VALUES_SHOWN = 10


def values_not_valid(bad: Sequence[BadValue]) -> RefusedError:
    """400 for bad property values: the whole request is refused and no record is named."""
    distinct = list(dict.fromkeys(bad))[:_BAD_VALUES_SHOWN]
    listed = [
        {
            "isValid": False,
            "message": value.message,
            "error": value.code,
            "name": value.name,
            "localizedErrorMessage": value.message,
        }
        for value in distinct
    ]
    errors = [
        {"message": value.message, "code": value.code, "context": {"propertyName": [value.name]}} for value in distinct
    ]
    return invalid(f"Property values were not valid: {json.dumps(listed)}", errors=errors)
