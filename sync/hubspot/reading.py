"""Contacts read from HubSpot: by list, by id, with their companies, and what their fields once held."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

from config import Rulebook
from sync.hubspot.building import ADDITIONAL_EMAILS, RecordBuilder, addresses_of
from sync.hubspot.changes import changed_since
from sync.hubspot.connection import Connection
from sync.hubspot.employers import BATCH, Company, Employers, Group
from sync.hubspot.history import history_of
from sync.hubspot.listing import PAGE, Listing, extent
from sync.hubspot.lookup import Lookup, fits_url
from sync.hubspot.paging import Row, list_members, properties_of, rows_of, without_empty
from sync.hubspot.values import text_of
from sync.ports import FatalError, Scratch
from sync.records import STAGE, ContactRecord, Found, History
from sync.side_by_side import side_by_side

HISTORY_PAGE = 50
"""Ids of one batch read that asks for property histories (HubSpot objects guide)."""
SEARCHED_MAX = 50
SEARCHED_TEXT_MAX = 2_000
"""Addresses of one search, and how long they may be together: its whole body may have 3,000 characters (HubSpot search
guide)."""
GROUPS_AT_ONCE = 3
"""Groups of contacts that are worked on at once: while companies of some are waited for, others go on."""


class HubSpotReader:
    """Fulfils the port `ContactReader`."""

    def __init__(self, connection: Connection, rulebook: Rulebook, builder: RecordBuilder, kept: Scratch) -> None:
        """`kept` remembers companies."""
        self._connection = connection
        self._api = connection.api
        self._builder = builder
        self._answer_property = rulebook.properties["feedback"]
        self._contacts_by_id = Lookup(
            connection, batch=self._api.contacts_batch.read, alone=self._api.contacts.get_by_id
        )
        self._companies_by_id = Lookup(
            connection, batch=self._api.companies_batch.read, alone=self._api.companies.get_by_id
        )
        self._employers = Employers(self._companies, kept)

    def every(self) -> Iterator[Sequence[ContactRecord]]:
        groups = self._employers.groups(self._listed())
        threads = min(GROUPS_AT_ONCE, self._connection.at_once)
        yield from side_by_side(self._records, groups, threads=threads, in_order=False)

    def changed_since(self, since: datetime) -> Iterator[Sequence[Found]]:
        return changed_since(self._connection, since)

    def members(self, list_id: str) -> Iterator[Sequence[str]]:
        return list_members(self._connection, list_id)

    def read(self, ids: Sequence[str]) -> Sequence[ContactRecord]:
        return self._records(self._employers.group(self._rows(ids, self._builder.contact_properties)))

    def find(self, who: str) -> str | None:
        who = who.strip()
        if who.isascii() and who.isdigit():
            # Only this one request follows the id of a merged contact to the survivor (HubSpot objects guide).
            answer = self._connection.read(
                self._api.contacts.get_by_id, who, properties=[STAGE], holds="id", expects=(200, 404), urgent=True
            )
            return str((answer.document or {})["id"]) if answer.status == 200 else None
        found = self._rows_with([who.lower()]) if "@" in who else []
        return str(found[0]["id"]) if found else None

    def find_all(self, addresses: Collection[str]) -> Mapping[str, str]:
        wanted = dict.fromkeys(address.strip().lower() for address in addresses if "@" in address)
        found: dict[str, str] = {}
        for some in _parts(list(wanted), BATCH):
            for row in self._rows_with(some):
                found |= {each: str(row["id"]) for each in addresses_of(properties_of(row)) if each in wanted}
        if ADDITIONAL_EMAILS in self._builder.contact_properties:
            with suppress(FatalError):  # how it is searched is not documented; the next full pass meets these anyway
                for row in self._rows_also_with([address for address in wanted if address not in found]):
                    found |= {each: str(row["id"]) for each in addresses_of(properties_of(row)) if each in wanted}
        return found

    def stages(self, ids: Sequence[str]) -> Mapping[str, str | None]:
        return {row["id"]: text_of(properties_of(row).get(STAGE)) or None for row in self._rows(ids, [STAGE])}

    def values(self, ids: Sequence[str], properties: Sequence[str]) -> Mapping[str, Mapping[str, str]]:
        asked = dict.fromkeys(properties, None)
        return {
            row["id"]: self._builder.as_ours({name: properties_of(row).get(name) for name in asked})
            for row in self._rows(ids, properties)
        }

    def histories(self, ids: Sequence[str]) -> Mapping[str, History]:
        names = [STAGE, self._answer_property]
        found: dict[str, History] = {}
        for row in self._in_parts(self._contacts_by_id, ids, HISTORY_PAGE, [STAGE], names):
            found[str(row["id"])] = History(
                stage_now=text_of(properties_of(row).get(STAGE)) or None,
                stage=history_of(row, STAGE),
                answer=history_of(row, self._answer_property),
            )
        return found

    def _listed(self) -> Iterator[Sequence[Row]]:
        """Every contact once, in pages."""
        names = self._builder.contact_properties
        fits = fits_url(names)
        asked = list(names) if fits else ["hs_object_id"]

        def page_at(place: str | None) -> Mapping[str, Any]:
            after: dict[str, Any] = {} if place is None else {"after": place}
            answer = self._connection.read(self._api.contacts.get_page, limit=PAGE, properties=asked, **after)
            document = answer.document or {}
            return {**document, "results": [without_empty(row) for row in rows_of(document)]}

        for page in Listing(page_at, extent=self._extent, threads=self._connection.at_once).pages():
            yield page if fits else self._rows([str(row["id"]) for row in page], names)

    def _companies(self, ids: Sequence[str]) -> Mapping[str, Company]:
        names = self._builder.company_properties
        if not names:
            return {}
        rows = self._in_parts(self._companies_by_id, ids, BATCH, names)
        return {str(row["id"]): {name: properties_of(row).get(name) for name in names} for row in rows}

    def _extent(self) -> tuple[int, int] | None:
        return extent(self._connection, self._api.contacts_search.do_search)

    def _rows(self, ids: Sequence[str], properties: Sequence[str]) -> list[Row]:
        """The contacts of these ids, in their order, each once: two ids may lead to the same one after a merge."""
        rows = {str(row["id"]): row for row in self._in_parts(self._contacts_by_id, ids, BATCH, properties)}
        return [rows[contact_id] for contact_id in dict.fromkeys((*ids, *rows)) if contact_id in rows]

    def _in_parts(
        self, lookup: Lookup, ids: Sequence[str], size: int, properties: Sequence[str], history: Sequence[str] = ()
    ) -> Iterator[Row]:
        """Records by id, so many a request, and several requests at once."""
        parts = list(_parts(ids, size))
        threads = min(len(parts), self._connection.at_once)
        for rows in side_by_side(lambda part: lookup.rows(part, properties, history), parts, threads=threads):
            yield from rows

    def _rows_with(self, addresses: Sequence[str]) -> Sequence[Row]:
        """The contacts with these addresses; an address that is none is nobody's, and costs no other its contact.

        By POST, so that addresses stand in no URL: those end up in logs on the way.
        """
        body = {
            "inputs": [{"id": address} for address in addresses],
            "properties": ["email", ADDITIONAL_EMAILS],
            "propertiesWithHistory": [],
            "idProperty": "email",
        }
        expects = (200, 207, 400)
        answer = self._connection.read(self._api.contacts_batch.read, body, expects=expects, urgent=True)
        if answer.status != 400:
            return rows_of(answer.document or {})
        middle = len(addresses) // 2
        return [row for half in (addresses[:middle], addresses[middle:]) if middle for row in self._rows_with(half)]

    def _rows_also_with(self, addresses: Sequence[str]) -> Iterator[Row]:
        """The contacts that have these addresses beside their first one: only a search leads from those to them
        (hubspot-api-nodejs#24)."""
        for some in _short_parts(addresses):
            body = {
                "filterGroups": [{"filters": [{"propertyName": ADDITIONAL_EMAILS, "operator": "IN", "values": some}]}],
                "properties": ["email", ADDITIONAL_EMAILS],
                "limit": BATCH,
            }
            answer = self._connection.read(self._api.contacts_search.do_search, body, search=True)
            yield from rows_of(answer.document or {})

    def _records(self, group: Group) -> Sequence[ContactRecord]:
        return [self._builder.build(row, company) for row, company in self._employers.filled(group)]


def _parts(ids: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    distinct = list(dict.fromkeys(ids))
    for start in range(0, len(distinct), size):
        yield distinct[start : start + size]


def _short_parts(addresses: Sequence[str]) -> Iterator[Sequence[str]]:
    """The addresses in parts that fit a search each; without those that are too long to be one (RFC 5321: 254)."""
    part: list[str] = []
    for address in (each for each in addresses if len(each) <= 254):
        if len(part) == SEARCHED_MAX or sum(map(len, part)) + len(address) > SEARCHED_TEXT_MAX:
            yield part
            part = []
        part.append(address)
    if part:
        yield part
