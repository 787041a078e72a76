"""Walking through HubSpot's pages."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from sync.hubspot.apis import Call
from sync.hubspot.connection import Connection
from sync.ports import FatalError, RetryableError

_CONTACTS = "0-1"
"""HubSpot's type id of contacts."""

Row = Mapping[str, Any]


def next_after(document: Mapping[str, Any]) -> str | None:
    """The place of the next page; None on the last."""
    place = ((document.get("paging") or {}).get("next") or {}).get("after")
    return str(place) if place not in (None, "") else None


def pages(
    connection: Connection,
    call: Call,
    *args: object,
    holds: str = "results",
    next_of: Callable[[Mapping[str, Any]], str | None] = next_after,
    **kwargs: Any,
) -> Iterator[Sequence[Row]]:
    """Every page of a listing. The end is where no next page is named: a short or empty one means nothing.

    `holds` is the field with the rows, and `next_of` tells from an answer which place, as `after`, follows it.
    """
    after: str | None = None
    seen: set[str] = set()
    while True:
        place: dict[str, Any] = {} if after is None else {"after": after}
        document = connection.read(call, *args, holds=holds, **place, **kwargs).document or {}
        yield rows_of(document, holds)
        after = next_of(document)
        if after is None:
            return
        if after in seen:
            raise RetryableError(
                f"HubSpot's paging goes round in circles: page {len(seen) + 1} leads back to one already read. "
                "Nothing was written; the next run starts afresh."
            )
        seen.add(after)


def rows_of(document: Mapping[str, Any], holds: str = "results") -> Sequence[Row]:
    """The records of an answer."""
    rows: Sequence[Row] = document[holds]
    return rows


def properties_of(row: Row) -> Mapping[str, Any]:
    """A record's properties. One without them would look like one whose every value is empty."""
    properties = row.get("properties")
    if not isinstance(properties, dict):
        raise RetryableError(
            f"HubSpot answered with record {row.get('id')} but without its properties. Nothing was taken from that; "
            "the next run asks again."
        )
    return properties


def without_empty(row: Row) -> Row:
    """A record without what it does not have, which is most: those that wait, or are remembered, take less room so."""
    return {**row, "properties": {name: value for name, value in properties_of(row).items() if value is not None}}


def list_members(connection: Connection, list_id: str, *, urgent: bool = False) -> Iterator[Sequence[str]]:
    """The ids of a contact list's members, in pages; FatalError when the portal has no such list of contacts."""
    answer = connection.read(connection.api.lists.get_by_id, list_id, holds="list", expects=(200, 404), urgent=urgent)
    found = (answer.document or {}).get("list") if answer.status == 200 else None
    if not found or found.get("objectTypeId", _CONTACTS) != _CONTACTS:
        raise FatalError(
            f"The portal has no list of contacts with the id {list_id}. Nothing was read or written. HubSpot shows a "
            "list's id in its address; lists of companies or deals cannot be used."
        )
    for page in pages(connection, connection.api.memberships.get_page, list_id, limit=250, urgent=urgent):
        yield [str(row["recordId"]) for row in page]
