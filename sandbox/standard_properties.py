"""The properties that HubSpot itself defines for contacts and companies.

Each table is in property groups. A row is `name type flags label`; a type may carry its field type
(`number/calculation_score`), and a label that is left out is made from the name. Flags: `r` the value is read-only,
`c` calculated, `x` options come from elsewhere, `h` hidden, `f` may be a form field, `u` unique, `d` the definition
may be changed, `p` it cannot be archived, `o` its options may be changed, `-` none.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache

from sandbox.contact_table import CONTACT_TABLE
from sandbox.definitions import Definition, Group, Option

CONTACT_GROUPS = {
    "contactinformation": "Contact information",
    "analyticsinformation": "Web analytics history",
    "emailinformation": "Email information",
    "conversioninformation": "Conversion information",
    "sales_properties": "Sales properties",
    "deal_information": "Deal information",
    "contact_activity": "Contact activity",
    "order_information": "Orders",
    "socialmediainformation": "Social media information",
    "facebook_ads_properties": "Ad forms",
    "smsinformation": "Text messages",
    "contactscripted": "Predictions",
    "multiaccountmanagement": "Several accounts",
    "contactlcs": "Contact lifecycle stage properties",
}

COMPANY_GROUPS = {"companyinformation": "Company information"}

COMPANY_TABLE = """
[companyinformation]
name                                string      f   Company name
domain                              string      f   Company Domain Name
website                             string      f   Website URL
industry                            enumeration f   Industry
type                                enumeration/radio f Type
numberofemployees                   number      f   Number of Employees
annualrevenue                       number      f   Annual Revenue
country                             string      f   Country/Region
state                               string      f   State/Region
city                                string      f   City
phone                               string/phonenumber f Phone Number
lifecyclestage                      enumeration/radio x Lifecycle Stage
hubspot_owner_id                    enumeration x   Company owner
num_associated_contacts             number      r   Number of Associated Contacts
createdate                          datetime    r   Create Date
hs_lastmodifieddate                 datetime    r   Last Modified Date
hs_object_id                        number      r   Record ID
hs_object_source                    string      rh  Record source
hs_object_source_id                 string      rh  Record source ID
hs_object_source_label              enumeration r   Record source
hs_object_source_user_id            number      rh  Record source user ID
"""

_TRAFFIC_SOURCES = (
    "ORGANIC_SEARCH PAID_SEARCH EMAIL_MARKETING SOCIAL_MEDIA REFERRALS OTHER_CAMPAIGNS DIRECT_TRAFFIC OFFLINE "
    "PAID_SOCIAL AI_REFERRALS"
)
_ROLES = (
    "accounting administrative business_development communications consulting customer_service design education "
    "engineering entrepreneurship finance health_professional human_resources information_technology legal marketing "
    "operations product project_management public_relations quality_assurance real_estate recruiting research "
    "sales support retired"
)

CONTACT_OPTIONS: Mapping[str, str] = {
    "hs_analytics_source": _TRAFFIC_SOURCES,
    "hs_latest_source": _TRAFFIC_SOURCES,
    "hs_email_optout_20010001": "true false",
    "currentlyinworkflow": "true false",
    "hs_buying_role": (
        "BLOCKER BUDGET_HOLDER CHAMPION DECISION_MAKER END_USER EXECUTIVE_SPONSOR INFLUENCER LEGAL_AND_COMPLIANCE OTHER"
    ),
    "hs_clicked_linkedin_ad": "true false",
    "hs_content_membership_status": "active inactive",
    "hs_customer_agent_lead_status": "qualified partially_qualified not_qualified",
    "hs_email_customer_quarantined_reason": "SUSPENSION_REMEDIATION BLOCKLIST_REMEDIATION TRUST_SAFETY_REMEDIATION",
    "hs_email_quarantined_reason": (
        "ON_LIST_IMPORT HIGH_HARD_BOUNCE_RATE MULTIPLE_CANCELLED_CAMPAIGNS FORM_ABUSE RECIPIENT_COMPLAINT "
        "SUSPENSION_REMEDIATION BLOCKLIST_REMEDIATION TRUST_SAFETY_REMEDIATION OTHER UNDELIVERABLE_ADDRESS "
        "MICROSOFT_UNDELIVERABLE"
    ),
    "hs_feedback_last_nps_rating": "0 1 2 3 4 5 6 7 8 9 10",
    "hs_journey_stage": (
        "new_contact in_nurturing low_intent mid_intent high_intent unqualified qualified onboarding "
        "post_onboarding engaged unengaged"
    ),
    "hs_linkedin_ad_clicked": "true false",
    "hs_marketable_reason_type": (
        "AD CONTACT_IMPORT CONVERSATION FORM_SUBMISSION INITIAL_STATE INTEGRATOR_SET USER_SET WORKFLOW EMAIL "
        "SAMPLE_CONTACT FEEDBACK_SUBMISSION"
    ),
    "hs_marketable_until_renewal": "true false",
    "hs_notes_next_activity_type": (
        "CALL CONVERSATION_SESSION INCOMING_EMAIL EMAIL FORWARDED_EMAIL LINKEDIN_MESSAGE MEETING NOTE "
        "POSTAL_MAIL PUBLISHING_TASK SMS TASK WHATS_APP"
    ),
    "hs_sa_first_engagement_descr": (
        "EMPTY_DESCRIPTION BOUNCED BUSY CALLING_CRM_USER CANCELED COMPLETED CONNECTING DEFERRED FB_MESSENGER "
        "FAILED IN_PROGRESS LIVE_CHAT LOGGED_CALL NO_ANSWER NO_SHOW NOT_STARTED QUEUED RESCHEDULED RINGING "
        "SCHEDULED SENDING SENT WAITING MISSED HOLD"
    ),
    "hs_sa_first_engagement_object_type": "CALL CONVERSATION_SESSION EMAIL MEETING_EVENT TASK",
    "hs_email_hard_bounce_reason_enum": "CONTENT MAILBOX_FULL OTHER POLICY SPAM UNKNOWN_USER",
    "hs_marketable_status": "true false",
    "hs_last_sales_activity_type": (
        "COMPANYPROSPECTS_REVISIT PRESENTATION_REVISIT EMAIL_CLICK EMAIL_OPEN EMAIL_REPLY FORM_SUBMITTED "
        "MEETING_BOOKED HUBSPOT_REVISIT"
    ),
    "hs_lead_status": "NEW OPEN IN_PROGRESS OPEN_DEAL UNQUALIFIED ATTEMPTED_TO_CONTACT CONNECTED BAD_TIMING",
    "hs_seniority": "vp director entry executive manager owner partner senior employee",
    "hs_role": _ROLES,
    "numemployees": "1-5 5-25 25-50 50-100 100-500 500-1000 1000+",
    "hs_current_customer": "yes no unknown",
    "hs_predictivecontactscorebucket": "bucket_1 bucket_2 bucket_3 bucket_4",
    "hs_predictivescoringtier": "tier_1 tier_2 tier_3 tier_4 closed_won",
    "hs_object_source_label": "IMPORT INTEGRATION CRM_UI FORM INTERNAL_PROCESSING MERGE",
}

COMPANY_OPTIONS: Mapping[str, str] = {
    "industry": (
        "ACCOUNTING AUTOMOTIVE BANKING BIOTECHNOLOGY COMPUTER_SOFTWARE CONSTRUCTION EDUCATION_MANAGEMENT "
        "FINANCIAL_SERVICES HOSPITAL_HEALTH_CARE HOSPITALITY INFORMATION_TECHNOLOGY_AND_SERVICES INSURANCE INTERNET "
        "LOGISTICS_AND_SUPPLY_CHAIN MARKETING_AND_ADVERTISING MACHINERY REAL_ESTATE RETAIL TELECOMMUNICATIONS"
    ),
    "type": "PROSPECT PARTNER RESELLER VENDOR OTHER",
    "hs_object_source_label": CONTACT_OPTIONS["hs_object_source_label"],
}

_DEFAULT_FIELD_TYPES = {
    "number": "number",
    "string": "text",
    "enumeration": "select",
    "bool": "booleancheckbox",
    "date": "date",
    "datetime": "date",
    "phone_number": "phonenumber",
    "object_coordinates": "text",
}


@cache
def contact_definitions() -> Sequence[Definition]:
    """HubSpot's contact properties, the stage properties excepted: those follow the portal's own stages."""
    return tuple(definitions_of(CONTACT_TABLE, CONTACT_OPTIONS))


@cache
def company_definitions() -> Sequence[Definition]:
    """HubSpot's company properties that matter to a lead."""
    return tuple(definitions_of(COMPANY_TABLE, COMPANY_OPTIONS))


def groups(labels: Mapping[str, str]) -> list[Group]:
    return [Group(name=name, label=label, display_order=order) for order, (name, label) in enumerate(labels.items())]


def definitions_of(table: str, options: Mapping[str, str]) -> Iterator[Definition]:
    """The definitions that a table spells out; `options` are the allowed values by name, separated by spaces."""
    group = ""
    for line in filter(None, map(str.strip, table.splitlines())):
        if line.startswith("["):
            group = line.strip("[]")
            continue
        name, kind, flags, *label = line.split(None, 3)
        type_, _, field_type = kind.partition("/")
        allowed = ("true false" if type_ == "bool" else options.get(name, "")).split()
        yield Definition(
            name=name,
            label=label[0] if label else _as_words(name.removeprefix("hs_")),
            type=type_,
            field_type=field_type or _DEFAULT_FIELD_TYPES[type_],
            group=group,
            options=tuple(
                Option(value=value, label=_as_words(value), display_order=order) for order, value in enumerate(allowed)
            ),
            calculated="c" in flags,
            hidden="h" in flags,
            external_options="x" in flags,
            read_only="r" in flags,
            form_field="f" in flags,
            unique="u" in flags,
            read_only_definition="d" not in flags,
            read_only_options="o" not in flags,
            archivable="p" not in flags,
            hubspot_defined=True,
        )


def _as_words(name: str) -> str:
    return name.replace("_", " ").capitalize()
