"""What people did, event by event: forms sent, marketing mails opened, pages seen.

The properties of a contact sum most of it up; here is what HubSpot lists one by one.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self
from zlib import crc32

from sandbox.errors import Json
from sandbox.log import Log, Packed
from sandbox.merging import addresses_of, ids_of
from sandbox.records import Record
from sandbox.times import to_iso

PAGE_SEEN = "e_visited_page"


def button_event(portal_id: int) -> str:
    """The type of a click on a button: a custom event, named with the portal's id (HubSpot events guide)."""
    return f"pe{portal_id}_clicked_button"


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """A form that was sent; it names no contact, only what was typed (HubSpot submissions v1 page)."""

    form_id: str
    at_ms: int
    values: Mapping[str, str]
    page_url: str = ""

    @property
    def id(self) -> str:
        """None of its own."""
        return ""

    def packed(self) -> Packed:
        who = self.values.get("email", "").lower()
        others = tuple(sorted((name, value) for name, value in self.values.items() if (name, value) != ("email", who)))
        return Packed(self.at_ms, self.form_id, who, (self.page_url, others))

    @classmethod
    def unpacked(cls, _: str, packed: Packed) -> Self:
        page_url, others = packed.detail
        return cls(
            form_id=packed.kind,
            at_ms=packed.at_ms,
            values={"email": str(packed.who), **dict(others)} if packed.who else dict(others),
            page_url=page_url,
        )

    @staticmethod
    def shared(kind: str, detail: tuple[Any, ...]) -> Json:
        page_url, others = detail
        return {"conversionId": kind, "pageUrl": page_url, "values": [_typed(*each) for each in others]}

    @staticmethod
    def tell(shared: Json, _: str, at_ms: int, who: int | str, __: int) -> Json:
        named = f"{shared['conversionId']}/{at_ms}/{who}"
        values = {each["name"]: each for each in ([_typed("email", who)] if who else []) + shared["values"]}
        return {
            "conversionId": str(uuid.uuid5(uuid.NAMESPACE_URL, named)),
            "submittedAt": at_ms,
            "pageUrl": shared["pageUrl"],
            "values": [values[name] for name in sorted(values)],
        }


def _typed(name: str, value: int | str) -> Json:
    return {"name": name, "value": value, "objectTypeId": "0-1"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """What opened a mail or followed a link in it: its `user_agent`, and what HubSpot makes of that."""

    user_agent: str
    browser: str
    device: str = "COMPUTER"
    filtered: bool = False
    """Whether HubSpot holds it for a machine."""

    def as_json(self) -> Json:
        return {
            "userAgent": self.user_agent,
            "browser": {"family": self.browser, "name": self.browser, "type": "Browser", "version": []},
            "deviceType": self.device,
            "location": {"country": "Unknown", "state": "Unknown", "city": "Unknown"},
            "filteredEvent": self.filtered,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class MailEvent:
    """Something that a marketing email met; `type` is HubSpot's, such as OPEN (email analytics v1 page).

    `url` is the link that was clicked, `read_with` what opened the mail or followed the link, `sent_ms` when the mail
    was sent, `left` the types of subscription that the recipient has left, none for all of them, and `told` what else
    events of this type hold.
    """

    id: str = ""
    type: str
    recipient: str
    campaign_id: int
    at_ms: int
    app_id: int = 113
    sent_ms: int = 0
    url: str = ""
    read_with: Reader | None = None
    left: tuple[int, ...] = ()
    told: tuple[tuple[str, str], ...] = ()

    def packed(self) -> Packed:
        detail = (self.campaign_id, self.app_id, self.url, self.read_with, self.left, self.told)
        return Packed(self.at_ms, self.type, self.recipient.lower(), detail, self.sent_ms)

    @classmethod
    def unpacked(cls, event_id: str, packed: Packed) -> Self:
        campaign_id, app_id, url, read_with, left, told = packed.detail
        return cls(
            id=event_id,
            type=packed.kind,
            recipient=str(packed.who),
            campaign_id=campaign_id,
            at_ms=packed.at_ms,
            app_id=app_id,
            sent_ms=packed.since_ms,
            url=url,
            read_with=read_with,
            left=left,
            told=told,
        )

    @staticmethod
    def shared(kind: str, detail: tuple[Any, ...]) -> Json:
        campaign_id, app_id, url, read_with, left, more = detail
        told: Json = {"type": kind, "emailCampaignId": campaign_id, "appId": app_id, "appName": "Batch"}
        if read_with is not None:
            told |= read_with.as_json()
        if url:
            told["url"], told["linkId"] = url, 0
        if kind == "STATUSCHANGE":
            told["subscriptions"] = [{"id": each, "status": "UNSUBSCRIBED"} for each in left]
            if not left:
                told["portalSubscriptionStatus"] = "UNSUBSCRIBED"
        return told | dict(more)

    @staticmethod
    def tell(shared: Json, event_id: str, at_ms: int, who: int | str, since_ms: int) -> Json:
        told = {**shared, "id": event_id, "recipient": who, "created": at_ms}
        if since_ms and told["type"] != "SENT":
            send = f"{told['emailCampaignId']:x}-{since_ms:x}-{crc32(str(who).encode()):x}"
            told["sentBy"] = {"id": send, "created": since_ms}
        return told


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrence:
    """One event of a contact, such as a page seen (HubSpot events guide); all its properties are text."""

    id: str = ""
    contact_id: int
    type: str
    at_ms: int
    properties: Mapping[str, str] = field(default_factory=dict)

    def packed(self) -> Packed:
        return Packed(self.at_ms, self.type, self.contact_id, tuple(self.properties.items()))

    @classmethod
    def unpacked(cls, event_id: str, packed: Packed) -> Self:
        return cls(
            id=event_id,
            contact_id=int(packed.who),
            type=packed.kind,
            at_ms=packed.at_ms,
            properties=dict(packed.detail),
        )

    @staticmethod
    def shared(kind: str, detail: tuple[Any, ...]) -> Json:
        return {"objectType": "CONTACT", "eventType": kind, "properties": dict(detail)}

    @staticmethod
    def tell(shared: Json, event_id: str, at_ms: int, who: int | str, _: int) -> Json:
        return {**shared, "id": event_id, "objectId": str(who), "occurredAt": to_iso(at_ms)}


class Activity:
    """What is listed of one portal event by event, in any order."""

    def __init__(self) -> None:
        self.submissions = Log(Submission, prefix="")
        self.mail_events = Log(MailEvent, prefix="mail")
        self.occurrences = Log(Occurrence, prefix="event")

    def saw(self, contact_id: int, url: str, *, at_ms: int) -> None:
        """A contact saw a page."""
        self.occurrences.append(
            Occurrence(contact_id=contact_id, type=PAGE_SEEN, at_ms=at_ms, properties={"hs_url": url})
        )

    def forget(self, contact: Record) -> None:
        """Drop what is listed of a contact under any id or address it ever had."""
        addresses = addresses_of(contact)
        self.submissions.forget(addresses)
        self.mail_events.forget(addresses)
        self.occurrences.forget(ids_of(contact))
