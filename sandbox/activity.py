"""What people did, event by event: forms sent, marketing mails opened, pages seen, meetings booked.

The properties of a contact sum most of it up; here is what HubSpot lists one by one.
"""

import uuid
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import TypeVar

from sandbox.errors import Json
from sandbox.merging import ids_of
from sandbox.records import Record
from sandbox.times import to_iso


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """A form that was sent; it names no contact, only what was typed (HubSpot submissions v1 page)."""

    form_id: str
    at_ms: int
    values: Mapping[str, str]
    page_url: str = ""

    def as_json(self) -> Json:
        return {
            "conversionId": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{self.form_id}/{self.at_ms}")),
            "submittedAt": self.at_ms,
            "values": [
                {"name": name, "value": value, "objectTypeId": "0-1"} for name, value in sorted(self.values.items())
            ],
            "pageUrl": self.page_url,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class MailEvent:
    """Something that a marketing email met; `type` is HubSpot's, such as OPEN (email analytics v1 page)."""

    id: str
    type: str
    recipient: str
    campaign_id: int
    at_ms: int
    app_id: int = 113

    def as_json(self) -> Json:
        return {
            "id": self.id,
            "type": self.type,
            "recipient": self.recipient,
            "created": self.at_ms,
            "emailCampaignId": self.campaign_id,
            "appId": self.app_id,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrence:
    """One event of a contact, such as a page seen (HubSpot events guide); all its properties are text."""

    id: str
    contact_id: int
    type: str
    at_ms: int
    properties: Mapping[str, str] = field(default_factory=dict)

    def as_json(self) -> Json:
        return {
            "id": self.id,
            "objectType": "CONTACT",
            "objectId": str(self.contact_id),
            "eventType": self.type,
            "occurredAt": to_iso(self.at_ms),
            "properties": dict(self.properties),
        }


T = TypeVar("T")
KEPT = 200_000


def _kept(listed: Iterable[T]) -> deque[T]:
    return deque(listed, maxlen=KEPT)


class Activity:
    """What is listed of one portal event by event, in any order: the last 200,000 of each kind."""

    def __init__(self) -> None:
        self.submissions: deque[Submission] = deque(maxlen=KEPT)
        self.mail_events: deque[MailEvent] = deque(maxlen=KEPT)
        self.occurrences: deque[Occurrence] = deque(maxlen=KEPT)
        self._numbers = count(1)

    def saw(self, contact_id: int, url: str, *, at_ms: int) -> None:
        """A contact saw a page."""
        self.occurrences.append(
            Occurrence(
                id=f"event-{next(self._numbers)}",
                contact_id=contact_id,
                type="e_visited_page",
                at_ms=at_ms,
                properties={"hs_url": url},
            )
        )

    def forget(self, contact: Record) -> None:
        """Drop what is listed of a contact under any id or address it ever had."""
        ids = ids_of(contact)
        further = contact.properties.get("hs_additional_emails", "").split(";")
        addresses = {contact.properties.get("email", ""), *further} - {""}
        self.submissions = _kept(each for each in self.submissions if each.values.get("email") not in addresses)
        self.mail_events = _kept(each for each in self.mail_events if each.recipient not in addresses)
        self.occurrences = _kept(each for each in self.occurrences if each.contact_id not in ids)

    def mailed(self, recipient: str, type_: str, *, at_ms: int, campaign_id: int = 1) -> None:
        """A marketing email to that address met something, such as OPEN."""
        self.mail_events.append(
            MailEvent(
                id=f"mail-{next(self._numbers)}", type=type_, recipient=recipient, campaign_id=campaign_id, at_ms=at_ms
            )
        )
