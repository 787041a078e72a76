"""Acts that HubSpot keeps as records of their own, tied to contacts: meetings, calls, mails, messages, deals."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from itertools import islice
from typing import Any

from sync.hubspot.changes import PAGE as CHANGES_PAGE
from sync.hubspot.changes import changed_objects
from sync.hubspot.connection import Connection
from sync.hubspot.feeds.contacts_of import INPUTS_MAX, contacts_of
from sync.hubspot.feeds.kinds import Kind, Texts
from sync.hubspot.listing import Listing, extent
from sync.hubspot.paging import Row, next_after
from sync.ports import Addressed
from sync.traces import Trace

LISTED = 100
"""Records of one page of a listing (HubSpot objects guide)."""


class ObjectsFeed:
    """Fulfils the port `Feed`: a listing with the contacts of each record at first, and then what changed since.

    A record is one trace for each of its contacts, of the act in force: one that was booked and is cancelled is no
    longer booked. So acts that the rulebook does not read are told too, where they take the place of others.
    """

    requests_at_rest = 1
    quiet: frozenset[str] = frozenset()

    def __init__(self, name: str, connection: Connection, kind: Kind, *, acts: frozenset[str], at_once: int) -> None:
        self.name = name
        self.acts = acts
        self.page = LISTED
        self.left_out: Counter[str] = Counter()
        self._connection = connection
        self._kind = kind
        self._at_once = at_once

    @property
    def requests(self) -> int:
        return self._connection.requests.total

    def read(self, since: datetime | None) -> Iterator[Sequence[Addressed]]:
        self.left_out.clear()
        for rows, contacts in self._listed() if since is None else self._changed(since):
            yield [told for row in rows for told in self._told(row, contacts.get(str(row["id"]), ()))]

    def _listed(self) -> Iterator[tuple[Sequence[Row], Mapping[str, Sequence[str]]]]:
        """Every record, with its contacts beside it; asked for where there are more than fit there, or where a page
        shows nobody's: whether listings of every kind of record show contacts is not documented."""
        for rows in Listing(self._page_at, extent=self._extent, threads=self._at_once).pages():
            beside = {str(row["id"]): _beside(row) for row in rows}
            shows_some = any(ids is None or ids for ids in beside.values())
            asked = [record_id for record_id, ids in beside.items() if ids is None or not shows_some]
            more = contacts_of(self._connection, self._kind.object_type, asked)
            yield rows, {record_id: more.get(record_id, ids or ()) for record_id, ids in beside.items()}

    def _page_at(self, place: str | None) -> Mapping[str, Any]:
        after: dict[str, Any] = {} if place is None else {"after": place}
        answer = self._connection.read(
            self._connection.api.objects.get_page,
            self._kind.object_type,
            limit=LISTED,
            properties=list(self._kind.properties),
            associations=["contacts"],
            **after,
        )
        return answer.document or {}

    def _extent(self) -> tuple[int, int] | None:
        search = partial(self._connection.api.objects_search.do_search, self._kind.object_type)
        return extent(self._connection, search)

    def _changed(self, since: datetime) -> Iterator[tuple[Sequence[Row], Mapping[str, Sequence[str]]]]:
        found = changed_objects(self._connection, self._kind.object_type, since, self._kind.properties)
        while together := list(islice(found, INPUTS_MAX // CHANGES_PAGE)):
            rows = [row for page in together for row in page]
            yield rows, contacts_of(self._connection, self._kind.object_type, [str(row["id"]) for row in rows])

    def _told(self, row: Row, contacts: Sequence[str]) -> Iterator[Addressed]:
        properties = row.get("properties")
        act = self._kind.act_of(Texts(properties)) if isinstance(properties, dict) else None
        if act is None:
            return
        if act.at is None:
            self.left_out[f"{self.name} without a date"] += 1
            return
        for contact_id in contacts:
            yield Addressed(
                trace=Trace(
                    feed=self.name,
                    key=f"{row['id']}:{contact_id}",
                    who=contact_id,
                    act=act.act,
                    at=act.at,
                    name=act.name,
                    ref=str(row["id"]),
                    until=act.until,
                )
            )


def _beside(row: Row) -> Sequence[str] | None:
    """The contacts that a listing shows beside a record; None where it does not show all of them."""
    found = (row.get("associations") or {}).get("contacts") or {}
    ids = dict.fromkeys(str(each["id"]) for each in found.get("results") or () if each.get("id"))
    return None if next_after(found) else list(ids)
