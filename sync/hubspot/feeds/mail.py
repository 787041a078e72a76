"""What marketing mails met: delivered, opened, clicked, bounced, unsubscribed. An address at a time, not a contact.

Fields and types are those of HubSpot's email events overview (developers.hubspot.com, email events v1).
"""

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from scoring import MAIL_SCANNER, PRIVACY_PROXY, is_proxy
from sync.hubspot.connection import Connection
from sync.hubspot.paging import Row, pages
from sync.hubspot.timeline import Timeline
from sync.hubspot.values import UnreadableError, milliseconds_of, moment_of
from sync.ports import Addressed, FatalError, RetryableError
from sync.side_by_side import merged, side_by_side
from sync.traces import MAILS, Trace, told_by_portal, who_has

_TYPES: Mapping[str, str] = {
    "delivered": "DELIVERED",
    "open": "OPEN",
    "click": "CLICK",
    "bounce": "BOUNCE",
    "unsubscribed": "STATUSCHANGE",
}
"""Each act, and what HubSpot calls events of it."""
_LAST = "delivered"
"""Deliveries are listed last: by then those of every click and open that was listed are listed, too."""


class MailFeed:
    """Fulfils the port `Feed`. A listing for each type of event, newest first, and a request for each mail that is met
    for the first time, for its name: that is told too, to be kept. Where HubSpot does not answer that one now, the
    reading fails once it has told every act."""

    name = "mail"
    page = 1_000

    def __init__(
        self,
        connection: Connection,
        *,
        acts: frozenset[str],
        quiet: frozenset[str],
        portal_id: str,
        names: Mapping[str, str],
        at_once: int,
    ) -> None:
        """`names`: what mails are called, by id, as far as it was asked for before."""
        self.acts = acts
        self.quiet = quiet
        self.left_out: Counter[str] = Counter()
        self._connection = connection
        self._portal_id = portal_id
        self._at_once = at_once
        self._names = dict(names)
        self._names_are_told = True
        self._unanswered: RetryableError | None = None

    @property
    def requests_at_rest(self) -> int:
        """One for each type that is read."""
        return len(self.acts & _TYPES.keys())

    @property
    def requests(self) -> int:
        return self._connection.requests.total

    def read(self, since: datetime | None) -> Iterator[Sequence[Addressed]]:
        self.left_out.clear()
        self._names_are_told, self._unanswered = True, None
        acts = sorted(self.acts & _TYPES.keys() - {_LAST})
        yield from self._all_told(merged([self._listed(act, since) for act in acts], threads=self._at_once))
        if _LAST in self.acts:
            yield from self._all_told(self._listed(_LAST, since))
        if self._unanswered is not None:
            # Nothing that was told is lost, and all of it is told again to the next run, by its name.
            raise self._unanswered

    def _all_told(self, listed: Iterator[tuple[str, Sequence[Row]]]) -> Iterator[Sequence[Addressed]]:
        for act, page in listed:
            named = list(self._names_of(page))
            yield [*(told for row in page if (told := self._told(act, row)) is not None), *named]

    def _listed(self, act: str, since: datetime | None) -> Iterator[tuple[str, Sequence[Row]]]:
        timeline = Timeline(asks=partial(self._asked, act), at=_created, threads=self._at_once)
        return ((act, page) for page in timeline.pages(since))

    def _asked(self, act: str, start: datetime | None, end: datetime | None) -> Iterator[Sequence[Row]]:
        return pages(self._connection, self._ask, act, start, end, holds="events", next_of=_next_offset)

    def _ask(
        self, act: str, start: datetime | None, end: datetime | None, *, after: str | None = None, **kwargs: Any
    ) -> Any:
        asked: list[tuple[str, object]] = [("eventType", _TYPES[act]), ("limit", self.page)]
        ends = {"startTimestamp": start, "endTimestamp": end}
        asked += [(name, milliseconds_of(at)) for name, at in ends.items() if at is not None]
        if after is not None:
            asked.append(("offset", after))
        return self._connection.api.get("/email/public/v1/events", query_params=asked, **kwargs)

    def _told(self, act: str, row: Row) -> Addressed | None:
        if act == "unsubscribed" and not _leaves(row):
            return None
        recipient, at = str(row.get("recipient") or "").strip().lower(), _created(row)
        if not recipient or not row.get("id") or at is None:
            self.left_out["mail events without an address or a date"] += 1
            return None
        trace = Trace(
            feed=self.name,
            key=str(row["id"]),
            who=who_has(recipient, self._portal_id),
            act=act,
            at=at,
            name=self._names.get(_campaign(row), ""),
            ref=_campaign(row),
            by_machine=_machine(act, row),
            link=_hashed(str(row.get("url") or "")),
        )
        return Addressed(trace=trace, address=recipient)

    def _names_of(self, rows: Sequence[Row]) -> Iterator[Addressed]:
        """Learn what these mails are called, and tell it, to be kept. The first look-up that fails is the last."""
        new = {campaign: row for row in rows if (campaign := _campaign(row)) and campaign not in self._names}
        looked_up = side_by_side(self._looked_up, new.items(), threads=min(len(new), self._at_once))
        for campaign, name in looked_up if self._names_are_told else ():
            if name is None:
                continue
            self._names[campaign] = name
            if name:
                yield Addressed(trace=told_by_portal(MAILS, campaign, name))

    def _looked_up(self, mail: tuple[str, Row]) -> tuple[str, str | None]:
        """A mail and what it is called: empty where HubSpot does not say, None where it was not asked."""
        campaign, row = mail
        if not self._names_are_told:
            return campaign, None
        try:
            answer = self._connection.read(
                self._connection.api.get,
                "/email/public/v1/campaigns/{campaign}",
                path_params={"campaign": campaign},
                query_params=[("appId", row.get("appId") or "")],
                holds="id",
                expects=(200, 404),
            )
        except RetryableError as problem:
            self._names_are_told, self._unanswered = False, problem
        except FatalError:
            self._names_are_told = False
        else:
            document = (answer.document or {}) if answer.status == 200 else {}
            return campaign, str(document.get("name") or document.get("subject") or "")
        return campaign, None


def _campaign(row: Row) -> str:
    return str(row.get("emailCampaignId") or "")


def _next_offset(document: Mapping[str, Any]) -> str | None:
    offset = document.get("offset")
    return str(offset) if document.get("hasMore") is True and offset not in (None, "") else None


def _created(row: Row) -> datetime | None:
    try:
        return moment_of(str(row.get("created")))
    except UnreadableError:
        return None


def _leaves(row: Row) -> bool:
    """Whether a change of subscriptions takes the lead off a list, or off all; it may also put it on one."""
    listed = row.get("subscriptions")
    changes = [each.get("status") for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
    return "UNSUBSCRIBED" in (row.get("portalSubscriptionStatus"), *changes)


def _machine(act: str, row: Row) -> str:
    """Why the event alone shows that no person did it; `""` where it may have been one."""
    if act not in ("open", "click"):
        return ""
    is_filtered = row.get("filteredEvent") is True
    if act == "click":
        return MAIL_SCANNER if is_filtered else ""
    return PRIVACY_PROXY if is_filtered or is_proxy(str(row.get("userAgent") or "")) else ""


def _hashed(url: str) -> str:
    """Which link it was, without keeping it: only whether two are the same matters."""
    return hashlib.sha256(url.encode()).hexdigest()[:16] if url else ""
