"""Between values and columns: times, and the size in which many rows travel."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TypeVar, overload

T = TypeVar("T")

PAGE = 100
"""Rows handed out at a time: as many as HubSpot takes in one batch."""
CHUNK = 500
"""Values in one `IN (…)`: SQLite before 3.32 allows 999 in a whole statement."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


@overload
def to_ms(at: datetime) -> int: ...
@overload
def to_ms(at: None) -> None: ...
def to_ms(at: datetime | None) -> int | None:
    """Whole milliseconds since 1970 in UTC, exact: finer parts are dropped. The moment must know its zone."""
    return None if at is None else (at - _EPOCH) // _MILLISECOND


@overload
def from_ms(ms: int) -> datetime: ...
@overload
def from_ms(ms: None) -> None: ...
def from_ms(ms: int | None) -> datetime | None:
    """The moment, in UTC."""
    return None if ms is None else _EPOCH + ms * _MILLISECOND


def storable(text: str) -> str:
    """The text, with `?` for what a database refuses: a zero byte (PostgreSQL), half a surrogate pair (both)."""
    if text.isascii():
        return text.replace("\0", "?") if "\0" in text else text
    return text.replace("\0", "?").encode("utf-8", "replace").decode("utf-8")


def in_chunks(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """The items in lists of at most `size`, none of them empty."""
    rest = iter(items)
    while chunk := list(islice(rest, size)):
        yield chunk
