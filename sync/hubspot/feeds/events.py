"""Page views and other events of contacts, type by type: for accounts with an Enterprise hub."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sync.hubspot.connection import Connection
from sync.hubspot.paging import Row, pages
from sync.hubspot.timeline import Timeline
from sync.hubspot.values import UnreadableError, moment_of, text_of
from sync.ports import Addressed, FatalError, TokenRefused
from sync.side_by_side import merged
from sync.traces import Trace

_CONTACT = "CONTACT"
_NAMES = ("hs_url", "hs_page_url", "hs_form_name", "hs_name", "hs_title")
"""Properties that say which page, form or thing an event was of, best first."""


class EventsFeed:
    """Fulfils the port `Feed`. The acts are HubSpot's own types of events, each listed for all contacts at once."""

    name = "events"
    quiet: frozenset[str] = frozenset()
    page = 100

    def __init__(self, connection: Connection, *, acts: frozenset[str], now: datetime | None, at_once: int) -> None:
        """`now`: about, by HubSpot's clock; None: it does not tell."""
        self.acts = acts
        self._now = now
        self._at_once = at_once
        self.left_out: Counter[str] = Counter()
        self._connection = connection

    @property
    def requests_at_rest(self) -> int:
        """One for the names of all types, and one for each that is read."""
        return 1 + len(self.acts)

    @property
    def requests(self) -> int:
        return self._connection.requests.total

    def read(self, since: datetime | None) -> Iterator[Sequence[Addressed]]:
        self.left_out.clear()
        known = self._known()
        for act in sorted(self.acts - known):
            self.left_out[f"type {act}, which the portal does not know"] += 1
        refused: dict[str, FatalError] = {}
        lists = [self._listed(act, since, refused) for act in sorted(self.acts & known)]
        for act, page in merged(lists, threads=self._at_once):
            yield [told for row in page if (told := self._told(act, row)) is not None]
        self.left_out.update(f"type {act}, which HubSpot does not list" for act in refused)
        if refused.keys() == self.acts & known and refused:
            raise FatalError(
                "HubSpot does not list this account's events for all contacts at once. To ask for one contact at a "
                "time would cost a request for each, so none were read."
            ) from next(iter(refused.values()))

    def _known(self) -> frozenset[str]:
        """The types that may be asked for: all that are read, where the portal does not list the names of its types."""
        try:
            return event_types(self._connection)
        except TokenRefused:
            raise
        except FatalError:
            return self.acts

    def _listed(
        self, act: str, since: datetime | None, refused: dict[str, FatalError]
    ) -> Iterator[tuple[str, Sequence[Row]]]:
        threads = self._at_once if self._now else 1
        timeline = Timeline(asks=partial(self._asked, act), at=_occurred, threads=threads, now=self._now)
        try:
            for page in timeline.pages(since):
                yield act, page
        except TokenRefused:
            raise
        except FatalError as problem:
            refused[act] = problem

    def _asked(self, act: str, start: datetime | None, end: datetime | None) -> Iterator[Sequence[Row]]:
        # What is asked for is after a moment, not at it: a millisecond earlier is early enough.
        place: dict[str, Any] = {} if start is None else {"occurred_after": start - timedelta(milliseconds=1)}
        place |= {} if end is None else {"occurred_before": end}
        call = self._connection.api.events.get_page
        return pages(self._connection, call, event_type=act, sort=["occurredAt"], limit=self.page, **place)

    def _told(self, act: str, row: Row) -> Addressed | None:
        at, who = _occurred(row), str(row.get("objectId") or "")
        if str(row.get("objectType") or _CONTACT).upper() not in (_CONTACT, "0-1"):
            return None
        if at is None or not who or not row.get("id"):
            self.left_out["events without a contact or a date"] += 1
            return None
        properties = row.get("properties")
        name = _name(properties) if isinstance(properties, dict) else ""
        return Addressed(trace=Trace(feed=self.name, key=str(row["id"]), who=who, act=act, at=at, name=name))


def event_types(connection: Connection) -> frozenset[str]:
    """The types of events that the portal knows. TokenRefused where it has none at all."""
    try:
        answer = connection.read(connection.api.events.get_types, holds="eventTypes")
    except TokenRefused as refused:
        raise TokenRefused(
            "HubSpot gives this account, or this token, no events (403): they need an Enterprise hub."
        ) from refused
    return frozenset(map(str, (answer.document or {})["eventTypes"]))


def _occurred(row: Row) -> datetime | None:
    try:
        return moment_of(str(row.get("occurredAt")))
    except UnreadableError:
        return None


def _name(properties: Mapping[str, object]) -> str:
    """Which page, or what else; an address without its query, which may name a person."""
    text = next((found for name in _NAMES if (found := text_of(properties.get(name)))), "")
    return text.partition("?")[0].partition("#")[0] if "://" in text else text
