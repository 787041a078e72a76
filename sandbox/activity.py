"""What people did, event by event: forms sent, marketing mails opened, pages seen, meetings booked.

The properties of a contact sum most of it up; here is what HubSpot lists one by one.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field

from sandbox.collection import Kind
from sandbox.definitions import Definition
from sandbox.errors import Json
from sandbox.standard_properties import definitions_of
from sandbox.times import to_iso

MEETING_OUTCOMES = "SCHEDULED COMPLETED RESCHEDULED NO_SHOW CANCELED"
MEETING_GROUPS = {"engagement": "Meeting information"}

_MEETING_TABLE = """
[engagement]
hs_timestamp                        datetime             f   Activity date
hs_meeting_title                    string               f   Meeting name
hs_meeting_body                     string/textarea      f   Meeting description
hs_meeting_outcome                  enumeration          f   Meeting outcome
hs_meeting_start_time               datetime             f   Meeting start time
hs_meeting_end_time                 datetime             f   Meeting end time
hs_activity_type                    string               f   Activity type
hubspot_owner_id                    enumeration          x   Activity assigned to
hs_createdate                       datetime             r   Create date
createdate                          datetime             rh  Create date
hs_lastmodifieddate                 datetime             r   Last modified date
hs_object_id                        number               r   Record ID
hs_object_source                    string               rh  Record source
hs_object_source_id                 string               rh  Record source ID
hs_object_source_label              enumeration          r   Record source
"""

MEETINGS = Kind(
    name="meetings",
    type_id="0-47",
    modified="hs_lastmodifieddate",
    default_properties=("hs_createdate", "hs_lastmodifieddate", "hs_object_id"),
    read_scope="crm.objects.contacts.read",
    write_scope="crm.objects.contacts.write",
)


def meeting_definitions() -> list[Definition]:
    """The properties of a meeting (HubSpot meetings guide)."""
    return list(definitions_of(_MEETING_TABLE, {"hs_meeting_outcome": MEETING_OUTCOMES}))


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


@dataclass(slots=True)
class Activity:
    """Everything of one portal that is listed event by event, in any order."""

    submissions: list[Submission] = field(default_factory=list)
    mail_events: list[MailEvent] = field(default_factory=list)
    occurrences: list[Occurrence] = field(default_factory=list)
    attendances: list[tuple[int, int]] = field(default_factory=list)
    """Which meeting is associated with which contact."""
