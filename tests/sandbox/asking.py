"""How these tests ask the portal, and read its refusals."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hubspot.crm import contacts, lists, owners, properties
from hubspot.settings import users

# Each module of the client has exceptions of its own, which share no base.
REFUSALS = tuple(module.exceptions.ApiException for module in (contacts, lists, owners, properties, users))

NOW = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)


def days_before(days: float) -> datetime:
    return NOW - timedelta(days=days)


def refused(call: Callable[[], object]) -> Any:
    """The exception, with `status`, `body` and `headers`, with which the portal refuses a call."""
    with pytest.raises(REFUSALS) as caught:
        call()
    return caught.value


def refusal(call: Callable[[], object]) -> tuple[int, Any]:
    """The status and JSON body with which the portal refuses a call."""
    error = refused(call)
    return error.status, json.loads(error.body)


def ids_of(answer: Any) -> list[str]:
    return [each.id for each in answer.results]


def update(api: Any, *inputs: tuple[str, dict[str, Any]]) -> Any:
    """One batch update of contacts, each input an id and its new values."""
    return api.batch_api.update({"inputs": [{"id": given, "properties": values} for given, values in inputs]})
