"""What marketing mails met: delivered, opened, clicked, bounced, unsubscribed. An address at a time, not a contact.

Fields and types are those of HubSpot's email events overview (developers.hubspot.com, email events v1).
"""

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from scoring import MAIL_SCANNER, PRIVACY_PROXY, is_proxy
from sync.hubspot.connection import Connection
from sync.hubspot.paging import Row, pages
from sync.hubspot.values import UnreadableError, moment_of
from sync.ports import Addressed, FatalError, RetryableError
from sync.traces import MAILS, Trace, told_by_portal, who_has

_TYPES: Mapping[str, str] = {
    "delivered": "DELIVERED",
    "open": "OPEN",
    "click": "CLICK",
    "bounce": "BOUNCE",
    "unsubscribed": "STATUSCHANGE",
}
"""Each act, and what HubSpot calls events of it."""


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
    ) -> None:
        """`names`: what mails are called, by id, as far as it was asked for before."""
        self.acts = acts
        self.quiet = quiet
        self.left_out: Counter[str] = Counter()
        self._connection = connection
        self._portal_id = portal_id
        self._names = dict(names)
        self._names_to_tell: list[Addressed] = []
        self._names_are_told = True
        self._unanswered: RetryableError | None = None

    @property
    def requests_at_rest(self) -> int:
        """One for each type that is read."""
        return len(self.acts & _TYPES.keys())

    def read(self, since: datetime | None) -> Iterator[Sequence[Addressed]]:
        self.left_out.clear()
        self._names_are_told, self._unanswered = True, None
        # Deliveries last: by then those of every click and open that was listed are listed, too.
        for act in sorted(self.acts & _TYPES.keys(), key=lambda act: (act == "delivered", act)):
            for page in pages(self._connection, self._ask, act, since, holds="events", next_of=_next_offset):
                acts = [told for row in page if (told := self._told(act, row)) is not None]
                named, self._names_to_tell = self._names_to_tell, []
                yield [*acts, *named]
        if self._unanswered is not None:
            # Nothing that was told is lost, and all of it is told again to the next run, by its name.
            raise self._unanswered

    def _ask(self, act: str, since: datetime | None, *, after: str | None = None, **kwargs: Any) -> Any:
        asked: list[tuple[str, object]] = [("eventType", _TYPES[act]), ("limit", self.page)]
        if since is not None:
            asked.append(("startTimestamp", (since - datetime.fromtimestamp(0, UTC)) // timedelta(milliseconds=1)))
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
            name=self._name_of(row),
            ref=_campaign(row),
            by_machine=_machine(act, row),
            link=_hashed(str(row.get("url") or "")),
        )
        return Addressed(trace=trace, address=recipient)

    def _name_of(self, row: Row) -> str:
        """What the mail is called; `""` where HubSpot does not say. The first look-up that fails is the last."""
        campaign = _campaign(row)
        if campaign and campaign not in self._names and self._names_are_told:
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
                name = self._names[campaign] = str(document.get("name") or document.get("subject") or "")
                if name:
                    self._names_to_tell.append(Addressed(trace=told_by_portal(MAILS, campaign, name)))
        return self._names.get(campaign, "")


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
