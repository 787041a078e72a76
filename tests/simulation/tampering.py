"""Answers that are whole and say something else than they should: rows that are missing, doubled, or called wrong."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from random import Random
from typing import Any
from urllib.parse import parse_qsl, urlencode

from sandbox.errors import ids_not_found
from tests.simulation.network import Request, Response, Trouble

CATEGORIES = ("INTERNAL_ERROR", "CONFLICT", "RATE_LIMITS", "VALIDATION_ERROR")
"""What a row of a batch may fail with, besides not being found."""


def rows_not_told(random: Random) -> Trouble:
    """The first rows of a batch are done, and the answer is silent on them."""
    count = random.randint(1, 3)

    def tells(request: Request, response: Response) -> Response:
        silent = request.ids[:count]
        return _with(response, results=[row for row in response.rows if str(row.get("id")) not in silent])

    return Trouble(name="rows_not_told", tells=tells)


def rows_lost(random: Random) -> Trouble:
    """The first rows of a batch never arrive, and the answer is silent on them."""
    count = random.randint(1, 3)
    return Trouble(name="rows_lost", asks=lambda request: _without(request, count))


def rows_fail(random: Random) -> Trouble:
    """The first rows of a batch fail with something that is no word on what they hold, or that is."""
    count, category = random.randint(1, 3), random.choice(CATEGORIES)

    def tells(request: Request, response: Response) -> Response:
        errors = [
            {"status": "error", "category": category, "message": "It failed.", "context": {"ids": [each]}}
            for each in request.ids[:count]
        ]
        return _failed(response, errors)

    return Trouble(name=f"rows_fail {category}", asks=lambda request: _without(request, count), tells=tells)


def rows_called_gone(random: Random) -> Trouble:
    """The first rows of a batch are called unknown, though they are there."""
    count = random.randint(1, 3)
    return Trouble(
        name="rows_called_gone",
        asks=lambda request: _without(request, count),
        tells=lambda request, response: _failed(response, [ids_not_found(request.ids[:count])]),
    )


def rows_doubled(_: Random) -> Trouble:
    """Some records come twice."""
    return Trouble(name="rows_doubled", tells=lambda _, r: _with(r, results=[*r.rows, *r.rows[:2]]))


def shuffled(_: Random) -> Trouble:
    """Records come in another order."""
    return Trouble(name="shuffled", tells=lambda _, r: _with(r, results=[*r.rows[1::2], *r.rows[::2]]))


def page_short(random: Random) -> Trouble:
    """A page holds fewer records than were asked for, and more follow."""
    limit = random.choice([1, 2, 7])

    def asks(request: Request) -> Request:
        if request.document is not None:
            return replace(request, document={**request.document, "limit": limit})
        others = [each for each in parse_qsl(request.query) if each[0] != "limit"]
        return replace(request, query=urlencode([*others, ("limit", limit)]))

    return Trouble(name="page_short", asks=asks)


def page_empty(_: Random) -> Trouble:
    """The first page holds nothing, and names a next one."""

    def tells(request: Request, response: Response) -> Response:
        place = request.document or dict(parse_qsl(request.query))
        if str(place.get("after", "0")) != "0":
            return response
        return _with(response, results=[], paging={"next": {"after": "0"}})

    return Trouble(name="page_empty", tells=tells)


Make = Callable[[Random], Trouble]

OF_BATCHES: Mapping[str, Make] = {
    each.__name__: each for each in (rows_not_told, rows_lost, rows_fail, rows_called_gone, rows_doubled, shuffled)
}
OF_PAGES: Mapping[str, Make] = {each.__name__: each for each in (page_short, page_empty)}


def _without(request: Request, count: int) -> Request:
    return replace(request, document={**request.document, "inputs": request.document["inputs"][count:]})


def _with(response: Response, status: int = 0, **parts: Any) -> Response:
    return replace(response, status=status or response.status, data=json.dumps({**response.document, **parts}).encode())


def _failed(response: Response, errors: Sequence[Mapping[str, Any]]) -> Response:
    all_ = [*response.document.get("errors", ()), *errors]
    return _with(response, status=207, errors=all_, numErrors=len(all_))
