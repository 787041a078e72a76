"""Which records changed since a moment: HubSpot's search, and its limits.

Search pages by offset, up to 10,000 records; records that change meanwhile shift the offsets. Nor do dates lead
through it: HubSpot itself stamps more than 10,000 contacts with one millisecond (airbyte#43317), and a record that is
found by an old date may arrive with a later one (estuary#2210). So the pages go by id, the only thing that stays: each
asks for the records beyond the last one given. A record that changes meanwhile is still changed since the moment, and
keeps its place.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from sync.hubspot.apis import Call
from sync.hubspot.building import MODIFIED, modified_at
from sync.hubspot.connection import Connection
from sync.hubspot.paging import Row, next_after, rows_of
from sync.hubspot.values import milliseconds_of
from sync.ports import RetryableError
from sync.records import Found

PAGE = 200
REACH = 10_000
"""Offset and page together may not go beyond this (HubSpot search guide)."""
OBJECT_MODIFIED = "hs_lastmodifieddate"
"""When a record of any other kind than contacts was last changed (HubSpot search guide)."""
_ID = "hs_object_id"
_ID_DIGITS = 17

Filter = Mapping[str, str]


class _OutOfOrder(RetryableError):
    """Ids did not come in the order of their numbers."""

    def __init__(self) -> None:
        super().__init__(
            "HubSpot's search gives records in no order that can be followed. Nothing was written; the next run "
            "searches again."
        )


def changed_since(connection: Connection, since: datetime) -> Iterator[Sequence[Found]]:
    """Contacts changed at or after a moment, each once, mostly in the order of their ids."""
    walk = _Walk(connection, connection.api.contacts_search.do_search, since, modified=MODIFIED, properties=())
    for rows in walk.pages():
        yield [Found(id=str(row["id"]), modified_at=_changed_at(row)) for row in rows]


def changed_objects(
    connection: Connection, kind: str, since: datetime, properties: Sequence[str]
) -> Iterator[Sequence[Row]]:
    """Records of another kind, such as `meetings`, likewise, as HubSpot shows them with these properties."""
    search = partial(connection.api.objects_search.do_search, kind)
    return _Walk(connection, search, since, modified=OBJECT_MODIFIED, properties=properties).pages()


class _Walk:
    """One pass through the changes."""

    def __init__(
        self, connection: Connection, search: Call, since: datetime, *, modified: str, properties: Sequence[str]
    ) -> None:
        self._connection = connection
        self._call = search
        self._modified = modified
        self._properties = [modified, *properties]
        # Exactly the epoch is answered with 500 (estuary): one second later is early enough.
        self._from_ms = max(milliseconds_of(since), 1_000)
        self._given: set[int] = set()

    def pages(self) -> Iterator[Sequence[Row]]:
        """Every change, by id.

        Whether HubSpot sorts ids as numbers or as text is not documented. Ids of one length come in the same order
        either way, so where the order is not that of numbers they are asked for length by length.
        """
        try:
            yield from self._by_id(above=0, below=10**_ID_DIGITS, complete=True)
        except _OutOfOrder:
            for digits in range(1, _ID_DIGITS + 1):
                yield from self._by_id(above=10 ** (digits - 1) - 1, below=10**digits, complete=False)

    def _by_id(self, *, above: int, below: int, complete: bool) -> Iterator[Sequence[Row]]:
        """Ids between two others; _OutOfOrder where going on from the last one would leave some out.

        `complete`: compare with the total that HubSpot counts. It may rightly be more, where records are deleted
        meanwhile. A single page needs no order.
        """
        total, got, last = 0, 0, above
        after: str | None = None
        while True:
            document = self._search(last, below, after)
            rows = rows_of(document)
            ids = [int(row["id"]) for row in rows]
            total, got = total or int(document.get("total") or 0), got + len(ids)
            yield self._fresh(rows)
            after = _place_after(document, after)
            is_all = after is None and got == len(ids)
            if not is_all and (ids != sorted(ids) or (ids and ids[0] <= last)):
                raise _OutOfOrder
            if after is None:
                break
            if ids:
                last, after = ids[-1], None
        if complete and got < total:
            raise _OutOfOrder

    def _fresh(self, rows: Sequence[Row]) -> list[Row]:
        fresh = []
        for row in rows:
            record_id = int(row["id"])
            if record_id not in self._given:
                self._given.add(record_id)
                fresh.append(row)
        return fresh

    def _search(self, above: int, below: int, after: str | None) -> Mapping[str, Any]:
        """One page. `after` is given only to step over an empty page that is not the last."""
        filters = [_where(self._modified, "GTE", self._from_ms), _where(_ID, "GT", above), _where(_ID, "LT", below)]
        body = {
            "filterGroups": [{"filters": filters}],
            "sorts": [{"propertyName": _ID, "direction": "ASCENDING"}],
            "properties": self._properties,
            "limit": PAGE,
        }
        place = {} if after is None else {"after": after}
        answer = self._connection.read(self._call, body | place, search=True)
        return answer.document or {}


def _place_after(document: Mapping[str, Any], place: str | None) -> str | None:
    """The offset of the next page; None on the last. It must lead further, and within reach."""
    after = next_after(document)
    if after is not None and not (after.isdigit() and int(place or 0) < int(after) <= REACH - PAGE):
        raise RetryableError(
            f"HubSpot's search leads from place {place or 0} to {after}, and so never to its end. Nothing was "
            "written; the next run searches again."
        )
    return after


def _where(name: str, operator: str, value: int) -> Filter:
    return {"propertyName": name, "operator": operator, "value": str(value)}


def _changed_at(row: Row) -> datetime | None:
    properties = row.get("properties")
    return modified_at(properties) if isinstance(properties, dict) else None
