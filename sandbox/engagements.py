"""What sales and a contact have to do with each other, as records: meetings, calls, 1:1 emails, messages, deals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sandbox.collection import Collection, Kind
from sandbox.definitions import Definitions
from sandbox.errors import Json
from sandbox.stages import pipeline_json
from sandbox.standard_properties import definitions_of, groups

DEAL_WON, DEAL_LOST = "closedwon", "closedlost"
DEAL_STAGES = {
    "appointmentscheduled": "Appointment Scheduled",
    "qualifiedtobuy": "Qualified To Buy",
    "presentationscheduled": "Presentation Scheduled",
    "decisionmakerboughtin": "Decision Maker Bought-In",
    "contractsent": "Contract Sent",
    DEAL_WON: "Closed Won",
    DEAL_LOST: "Closed Lost",
}
"""HubSpot's own sales pipeline, first stage to last."""
DEAL_STAGE = "dealstage"

_OF_EVERY_RECORD = """
hubspot_owner_id                    enumeration          x   Owner
createdate                          datetime             r   Create date
hs_lastmodifieddate                 datetime             r   Last modified date
hs_object_id                        number               r   Record ID
hs_object_source                    string               rh  Record source
hs_object_source_id                 string               rh  Record source ID
hs_object_source_label              enumeration          r   Record source
"""
_OF_EVERY_ACTIVITY = f"""
hs_timestamp                        datetime             f   Activity date
hs_createdate                       datetime             r   Create date
{_OF_EVERY_RECORD}
"""
_ACTIVITY_DEFAULTS = ("hs_createdate", "hs_lastmodifieddate", "hs_object_id")


@dataclass(frozen=True, slots=True, kw_only=True)
class Engagement:
    """One kind of record that is tied to contacts: its properties, and HubSpot's numbers for the tie, there and back.

    `table` is one of `sandbox.standard_properties`; `singular` is what v3 calls the kind in the name of a tie;
    `needs` are the properties without which none is made.
    """

    kind: Kind
    singular: str
    to_contact: int
    from_contact: int
    first_id: int
    table: str
    options: Mapping[str, str] = field(default_factory=dict)
    needs: Sequence[str] = ("hs_timestamp",)

    def collection(self, portal_id: int) -> Collection:
        """The records of this kind in one portal: none yet."""
        group = f"{self.singular}information"
        defined = definitions_of(f"[{group}]\n{self.table}", self.options)
        labelled = groups({group: f"{self.singular.capitalize()} information"})
        return Collection(self.kind, Definitions(labelled, defined), portal_id=portal_id, first_id=self.first_id)


def _activity(name: str, type_id: str, content: tuple[str, ...] = ()) -> Kind:
    """Activities have no scope of their own (specification)."""
    return Kind(
        name=name,
        type_id=type_id,
        modified="hs_lastmodifieddate",
        default_properties=_ACTIVITY_DEFAULTS,
        content=content,
        read_scope="crm.objects.contacts.read",
        write_scope="crm.objects.contacts.write",
    )


MEETINGS = Engagement(
    kind=_activity("meetings", "0-47"),
    singular="meeting",
    to_contact=200,
    from_contact=199,
    first_id=30_001,
    options={"hs_meeting_outcome": "SCHEDULED COMPLETED RESCHEDULED NO_SHOW CANCELED"},
    table=f"""
hs_meeting_title                    string               f   Meeting name
hs_meeting_body                     string/textarea      f   Meeting description
hs_meeting_outcome                  enumeration          f   Meeting outcome
hs_meeting_start_time               datetime             f   Meeting start time
hs_meeting_end_time                 datetime             f   Meeting end time
hs_activity_type                    string               f   Activity type
{_OF_EVERY_ACTIVITY}
""",
)
CALLS = Engagement(
    kind=_activity("calls", "0-48"),
    singular="call",
    to_contact=194,
    from_contact=193,
    first_id=40_001,
    options={
        "hs_call_direction": "INBOUND OUTBOUND",
        "hs_call_status": (
            "BUSY CALLING_CRM_USER CANCELED COMPLETED CONNECTING FAILED IN_PROGRESS NO_ANSWER QUEUED RINGING"
        ),
    },
    table=f"""
hs_call_title                       string               f   Call title
hs_call_body                        string/textarea      f   Call notes
hs_call_direction                   enumeration          f   Call direction
hs_call_disposition                 string               f   Call outcome
hs_call_duration                    number               f   Call duration
hs_call_status                      enumeration          f   Call status
hs_activity_type                    string               f   Activity type
{_OF_EVERY_ACTIVITY}
""",
)
EMAILS = Engagement(
    kind=_activity("emails", "0-49", content=("hs_email_subject", "hs_email_text")),
    singular="email",
    to_contact=198,
    from_contact=197,
    first_id=50_001,
    options={
        "hs_email_direction": "EMAIL INCOMING_EMAIL FORWARDED_EMAIL",
        "hs_email_status": "BOUNCED FAILED SCHEDULED SENDING SENT",
    },
    table=f"""
hs_email_subject                    string               f   Email subject
hs_email_text                       string/textarea      f   Email body
hs_email_direction                  enumeration          f   Email direction
hs_email_status                     enumeration          f   Email send status
hs_email_from_email                 string               f   Email from address
hs_email_to_email                   string               f   Email to address
{_OF_EVERY_ACTIVITY}
""",
)
COMMUNICATIONS = Engagement(
    kind=_activity("communications", "0-18"),
    singular="communication",
    to_contact=81,
    from_contact=82,
    first_id=60_001,
    options={
        "hs_communication_channel_type": "WHATS_APP LINKEDIN_MESSAGE SMS",
        "hs_communication_logged_from": "CRM",
    },
    table=f"""
hs_communication_channel_type       enumeration          f   Channel type
hs_communication_logged_from        enumeration          f   Logged from
hs_communication_body               string/textarea      f   Communication body
{_OF_EVERY_ACTIVITY}
""",
)
DEALS = Engagement(
    kind=Kind(
        name="deals",
        type_id="0-3",
        modified="hs_lastmodifieddate",
        default_properties=(
            *("amount", "closedate", "createdate", DEAL_STAGE, "dealname"),
            *("hs_lastmodifieddate", "hs_object_id", "pipeline"),
        ),
        read_scope="crm.objects.deals.read",
        write_scope="crm.objects.deals.write",
    ),
    singular="deal",
    to_contact=3,
    from_contact=4,
    first_id=70_001,
    needs=(),
    options={DEAL_STAGE: " ".join(DEAL_STAGES), "pipeline": "default"},
    table=f"""
dealname                            string               f   Deal Name
{DEAL_STAGE}                           enumeration/radio    f   Deal Stage
pipeline                            enumeration          f   Pipeline
amount                              number               f   Amount
closedate                           datetime             f   Close Date
hs_is_closed                        bool                 rc  Is Deal Closed?
hs_is_closed_won                    bool                 rc  Is Closed Won
hs_is_closed_lost                   bool                 rc  Is Closed Lost
{_OF_EVERY_RECORD}
""",
)

ENGAGEMENTS: Mapping[str, Engagement] = {
    each.kind.name: each for each in (MEETINGS, CALLS, EMAILS, COMMUNICATIONS, DEALS)
}
"""By the name of the kind, as in `/crm/v3/objects/calls`."""


def follows_stage(stage: str) -> dict[str, str]:
    """What HubSpot calculates from a deal's stage."""
    told = {"hs_is_closed": stage in {DEAL_WON, DEAL_LOST}}
    told |= {"hs_is_closed_won": stage == DEAL_WON, "hs_is_closed_lost": stage == DEAL_LOST}
    return {name: str(value).lower() for name, value in told.items()}


def deal_pipeline() -> Json:
    """The one pipeline of `GET /crm/v3/pipelines/deals`: its stages tell whether a deal in them is closed."""
    return pipeline_json(
        "default",
        "Sales Pipeline",
        [
            (
                stage,
                label,
                {"isClosed": follows_stage(stage)["hs_is_closed"], "probability": _probability(place, stage)},
            )
            for place, (stage, label) in enumerate(DEAL_STAGES.items())
        ],
    )


def _probability(place: int, stage: str) -> str:
    if stage == DEAL_LOST:
        return "0.0"
    return f"{(place + 1) / (len(DEAL_STAGES) - 1):.1f}"
