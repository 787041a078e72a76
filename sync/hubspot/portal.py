"""The HubSpot account itself: which portal it is, its stages, properties, people and partners."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from email.utils import parsedate_to_datetime
from typing import Any
from zoneinfo import ZoneInfo

from config import Rulebook
from sync.hubspot.connection import Connection
from sync.hubspot.errors import Answer
from sync.hubspot.forms import forms_if_any
from sync.hubspot.paging import Row, list_members, pages, rows_of
from sync.hubspot.wanted import acts_read
from sync.ports import FatalError, RetryableError
from sync.records import STAGE, PortalFacts, RequestCount, Untold
from workflows import shared_domains

_LIFECYCLE_PIPELINE = "contacts-lifecycle-pipeline"


class HubSpotPortal:
    """Fulfils the port `Portal`."""

    def __init__(self, connection: Connection, rulebook: Rulebook) -> None:
        self._connection = connection
        self._rulebook = rulebook

    @property
    def requests(self) -> RequestCount:
        """What the connection has sent so far."""
        return self._connection.requests

    def facts(self) -> PortalFacts:
        """Ask for everything a run must know before it starts. These few requests ignore the daily reserve: a run
        that has contacts to put right must be able to begin."""
        answer = account_details(self._connection)
        details = answer.document or {}
        definitions = property_definitions(self._connection)
        emails = frozenset(owner_emails(self._connection))
        exclusions = self._rulebook.policy.exclusions
        own = set(self._rulebook.properties.values())
        members, untold = self._list_members()
        return PortalFacts(
            portal_id=str(details["portalId"]),
            time_zone=_time_zone(details),
            stages=self._stages(definitions),
            properties=frozenset(definitions),
            options={
                name: frozenset(option["value"] for option in options_of(definition))
                for name, definition in definitions.items()
                if name in own and definition.get("type") == "enumeration"
            },
            employee_emails=emails,
            employee_domains=exclusions.own_domains or shared_domains(emails, exclusions.free_mail_domains),
            partner_ids=self._partners(),
            forms=forms_if_any(self._connection) if "submissions" in acts_read(self._rulebook) else None,
            list_members=members,
            lists_untold=untold,
            server_time=server_time(answer.headers),
        )

    def _partners(self) -> frozenset[str]:
        """Who is on the partner lists. Where one cannot be read, no run may go on."""
        found: set[str] = set()
        for list_id in self._rulebook.partner_lists:
            try:
                found.update(self._members(list_id))
            except (FatalError, RetryableError) as error:
                raise type(error)(
                    f"{error} Partners are not to be scored: while nobody knows who is on partner list {list_id}, "
                    "nobody is scored."
                ) from error
        return frozenset(found)

    def _list_members(self) -> tuple[Mapping[str, frozenset[str]], Mapping[str, Untold]]:
        """Who is on the lists that facts are taken from, 250 a request; and why others cannot be read."""
        wanted = dict.fromkeys(source.list_id for source in self._rulebook.sources.facts.values() if source.list_id)
        found: dict[str, frozenset[str]] = {}
        untold: dict[str, Untold] = {}
        for list_id in wanted:
            try:
                found[list_id] = self._members(list_id)
            except (FatalError, RetryableError) as problem:
                untold[list_id] = Untold(problem=str(problem), is_refused=isinstance(problem, FatalError))
        return found, untold

    def _members(self, list_id: str) -> frozenset[str]:
        pages = list_members(self._connection, list_id, urgent=True)
        return frozenset(contact_id for page in pages for contact_id in page)

    def _stages(self, definitions: Mapping[str, Row]) -> tuple[str, ...]:
        """Lifecycle stages, lowest first: from the property's options, else from the pipeline that holds them."""
        options = options_of(definitions.get(STAGE, {}))
        if options:
            return tuple(option["value"] for option in sorted(options, key=_display_order))
        answer = self._connection.read(self._connection.api.pipelines.get_all, "contacts", urgent=True)
        pipelines = rows_of(answer.document or {})
        named = [p for p in pipelines if p.get("id") == _LIFECYCLE_PIPELINE] or pipelines[:1]
        return tuple(
            str(stage["id"])
            for pipeline in named
            for stage in sorted(pipeline.get("stages") or [], key=_display_order)
            if not stage.get("archived")
        )


def account_details(connection: Connection) -> Answer:
    """What the account says of itself: works with every kind of token."""
    return connection.read(connection.api.get, "/account-info/v3/details", holds="portalId", urgent=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Which portal a token belongs to, and what is left of its day."""

    portal_id: str
    time_zone: tzinfo
    daily_limit: int | None
    """Requests that the account may send a day; None where HubSpot does not say."""
    daily_remaining: int | None


def account(connection: Connection) -> Account:
    """Ask with one request; its headers tell of the day."""
    details = account_details(connection).document or {}
    budget = connection.budget
    return Account(
        portal_id=str(details["portalId"]),
        time_zone=_time_zone(details),
        daily_limit=budget.daily_limit,
        daily_remaining=budget.daily_remaining,
    )


def property_definitions(connection: Connection, of: str = "contacts") -> dict[str, Row]:
    """All properties of contacts, or of `companies`, by name. HubSpot lists them on one page."""
    answer = connection.read(connection.api.properties.get_all, of, urgent=True)
    return {row["name"]: row for row in rows_of(answer.document or {})}


def options_of(definition: Row) -> Sequence[Row]:
    """The options of an enumeration; none where it has none."""
    return [option for option in definition.get("options") or [] if isinstance(option, dict) and option.get("value")]


def owner_emails(connection: Connection) -> Iterator[str]:
    """Lower-case addresses of the portal's owners; deactivated users are among the archived ones only."""
    for archived in (False, True):
        for page in pages(connection, connection.api.owners.get_page, limit=100, archived=archived, urgent=True):
            yield from (owner["email"].strip().lower() for owner in page if owner.get("email"))


def server_time(headers: Mapping[str, str]) -> datetime | None:
    """HubSpot's clock, from an answer's `Date`; None without a readable one."""
    try:
        return parsedate_to_datetime(headers.get("Date", "")).astimezone(UTC)
    except ValueError:
        return None


def _time_zone(details: Mapping[str, Any]) -> tzinfo:
    """The portal's zone by its name, or its present offset where this system does not know the name."""
    try:
        return ZoneInfo(str(details.get("timeZone") or ""))
    except (KeyError, ValueError, OSError):
        return timezone(timedelta(milliseconds=float(details.get("utcOffsetMilliseconds") or 0)))


def _display_order(option: Row) -> int:
    return int(option.get("displayOrder") or 0)
