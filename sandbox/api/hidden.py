"""Paging by cursors that hide the offset they stand for, as forms, submissions and events have it."""

import base64
import binascii
from collections.abc import Sequence

from sandbox.api.calls import Answer
from sandbox.errors import Json, invalid
from sandbox.ids import read_whole


def cursor(offset: int) -> str:
    return base64.urlsafe_b64encode(str(offset).encode()).decode()


def read_cursor(given: str) -> int:
    """The offset that a cursor hides, 0 for none; a 400 for what is no cursor."""
    if not given:
        return 0
    try:
        offset = read_whole(base64.urlsafe_b64decode(given).decode())
    except (binascii.Error, ValueError):
        offset = None
    if offset is None:
        raise invalid(f"'{given}' is not a valid paging cursor")
    return offset


def paged(results: Sequence[Json], next_start: int | None) -> Answer:
    """A page, and how to go on where there is more."""
    body: Json = {"results": results}
    if next_start is not None:
        body["paging"] = {"next": {"after": cursor(next_start)}}
    return Answer(body=body)
