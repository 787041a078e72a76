"""The properties that HubSpot itself defines for contacts and companies, with their real flags.

Each table is in property groups. A row is `name type flags label`; a type may carry its field type
(`number/calculation_score`). Flags: `r` the value is read-only, `c` calculated, `h` hidden, `x` options come from
elsewhere, `f` may be a form field, `-` none. Types and flags are those of a property list recorded in 2026-02
(GitHub estuary/connectors, source-hubspot-native).
"""

from collections.abc import Iterator, Mapping

from sandbox.definitions import Definition, Group, Option

CONTACT_GROUPS = {
    "contactinformation": "Contact information",
    "analyticsinformation": "Web analytics history",
    "emailinformation": "Email information",
    "conversioninformation": "Conversion information",
    "sales_properties": "Sales properties",
    "deal_information": "Deal information",
    "contact_activity": "Contact activity",
    "socialmediainformation": "Social media information",
    "contactlcs": "Contact lifecycle stage properties",
}

CONTACT_TABLE = """
[analyticsinformation]
hs_analytics_num_visits             number      r   Number of Sessions
hs_analytics_num_page_views         number      r   Number of Pageviews
hs_analytics_average_page_views     number      r   Average Pageviews
hs_analytics_num_event_completions  number      r   Number of event completions
hs_analytics_first_timestamp        datetime    r   Time First Seen
hs_analytics_last_timestamp         datetime    r   Time of Last Visit
hs_analytics_first_visit_timestamp  datetime    r   Time of First Session
hs_analytics_last_visit_timestamp   datetime    r   Time of Last Session
hs_analytics_first_url              string      r   First Page Seen
hs_analytics_last_url               string      r   Last Page Seen
hs_analytics_first_referrer         string      r   First Referring Site
hs_analytics_last_referrer          string      r   Last Referring Site
hs_analytics_source                 enumeration -   Original Traffic Source
hs_analytics_source_data_1          string      r   Original Traffic Source Drill-Down 1
hs_analytics_source_data_2          string      r   Original Traffic Source Drill-Down 2
hs_latest_source                    enumeration -   Latest Traffic Source
hs_latest_source_timestamp          datetime    -   Latest Traffic Source Date

[emailinformation]
hs_email_delivered                  number      r   Marketing emails delivered
hs_email_open                       number      r   Marketing emails opened
hs_email_click                      number      r   Marketing emails clicked
hs_email_bounce                     number      r   Marketing emails bounced
hs_email_replied                    number      r   Marketing emails replied
hs_email_first_send_date            datetime    r   First marketing email send date
hs_email_first_open_date            datetime    r   First marketing email open date
hs_email_first_click_date           datetime    r   First marketing email click date
hs_email_first_reply_date           datetime    r   First marketing email reply date
hs_email_last_send_date             datetime    r   Last marketing email send date
hs_email_last_open_date             datetime    r   Last marketing email open date
hs_email_last_click_date            datetime    r   Last marketing email click date
hs_email_last_reply_date            datetime    r   Last marketing email reply date
hs_email_sends_since_last_engagement number     r   Sends Since Last Engagement
hs_email_optout                     bool        r   Unsubscribed from all email
hs_email_optout_20010001            enumeration/booleancheckbox r Opted out of email: Newsletter
hs_email_is_ineligible              bool        rh  Is globally ineligible
hs_email_quarantined                bool        r   Email address quarantined
hs_email_quarantined_reason         enumeration r   Email address quarantine reason
hs_email_bad_address                bool        r   Invalid email address
hs_email_hard_bounce_reason_enum    enumeration r   Email hard bounce reason
hs_emailconfirmationstatus          enumeration r   Marketing email confirmation status
hs_marketable_status                enumeration r   Marketing contact status

[conversioninformation]
num_conversion_events               number      rc  Number of Form Submissions
num_unique_conversion_events        number      rc  Number of Unique Forms Submitted
first_conversion_event_name         string      rc  First Conversion
first_conversion_date               datetime    rc  First Conversion Date
recent_conversion_event_name        string      rc  Recent Conversion
recent_conversion_date              datetime    rc  Recent Conversion Date
hs_calculated_form_submissions      enumeration/checkbox rch All form submissions for a contact

[sales_properties]
notes_last_contacted                datetime    r   Last Contacted
notes_last_updated                  datetime    r   Last Activity Date
notes_next_activity_date            datetime    r   Next Activity Date
num_notes                           number      r   Number of Sales Activities
num_contacted_notes                 number      r   Number of times contacted
engagements_last_meeting_booked     datetime    r   Date of last meeting booked in meetings tool
engagements_last_meeting_booked_source   string r   Source of last booking in meetings tool
engagements_last_meeting_booked_medium   string r   Medium of last booking in meetings tool
engagements_last_meeting_booked_campaign string r   Campaign of last booking in meetings tool
hs_latest_meeting_activity          datetime    rh  Latest meeting activity
hs_sa_first_engagement_date         datetime    r   Date of first engagement
hs_sa_first_engagement_descr        enumeration r   Description of first engagement
hs_sa_first_engagement_object_type  enumeration r   Type of first engagement
hs_time_to_first_engagement         number      rc  Lead response time
hs_sales_email_last_opened          datetime    r   Recent Sales Email Opened Date
hs_sales_email_last_clicked         datetime    r   Recent Sales Email Clicked Date
hs_sales_email_last_replied         datetime    r   Recent Sales Email Replied Date
hs_last_sales_activity_timestamp    datetime    r   Last Engagement Date
hs_last_sales_activity_type         enumeration rh  Last Engagement Type
hs_sequences_is_enrolled            bool        rc  Currently in Sequence
hs_is_unworked                      bool/calculation_equation r Contact unworked
hs_lead_status                      enumeration/radio f Lead Status

[socialmediainformation]
hs_social_last_engagement           datetime    r   Most Recent Social Click
hs_social_facebook_clicks           number      r   Facebook Clicks
hs_social_linkedin_clicks           number      r   LinkedIn Clicks
hs_social_num_broadcast_clicks      number      r   Broadcast Clicks
hs_social_twitter_clicks            number      r   Twitter Clicks

[contactinformation]
email                               string      f   Email
firstname                           string      f   First Name
lastname                            string      f   Last Name
jobtitle                            string      f   Job Title
company                             string      f   Company Name
website                             string      f   Website URL
phone                               string/phonenumber f Phone Number
mobilephone                         string/phonenumber f Mobile Phone Number
hs_email_domain                     string      rc  Email Domain
hs_seniority                        enumeration f   Employment Seniority
hs_role                             enumeration f   Employment Role
hs_sub_role                         enumeration f   Employment Sub Role
industry                            string      f   Industry
annualrevenue                       string      f   Annual Revenue
numemployees                        enumeration f   Number of Employees
company_size                        string      f   Company size
seniority                           string      f   Seniority
job_function                        string      f   Job function
country                             string      f   Country/Region
state                               string      f   State/Region
city                                string      f   City
zip                                 string      f   Postal Code
hs_country_region_code              string      -   Country/Region Code
hs_state_code                       string      -   State/Region Code
ip_country                          string      r   IP Country
ip_country_code                     string      r   IP Country Code
hs_timezone                         enumeration -   Time Zone
hs_language                         enumeration f   Preferred language
hubspot_owner_id                    enumeration x   Contact owner
hubspot_owner_assigneddate          datetime    r   Owner assigned date
associatedcompanyid                 number      h   Primary Associated Company ID
num_associated_deals                number/calculation_equation r Number of Associated Deals
total_revenue                       number      r   Total Revenue
recent_deal_amount                  number      r   Recent Deal Amount
hs_current_customer                 enumeration r   Current customer
hubspotscore                        number/calculation_score r HubSpot Score
hs_predictivecontactscore           number      r   Likelihood to close (legacy)
hs_predictivecontactscore_v2        number      r   Likelihood to close
hs_predictivecontactscorebucket     enumeration r   Lead Rating
hs_predictivescoringtier            enumeration r   Contact priority
createdate                          datetime    r   Create Date
lastmodifieddate                    datetime    r   Last Modified Date
hs_lastmodifieddate                 datetime    rh  Object last modified date/time
hs_object_id                        number      r   Record ID
hs_object_source                    string      rh  Record source
hs_object_source_id                 string      rh  Record source ID
hs_object_source_label              enumeration r   Record source
hs_object_source_user_id            number      rh  Record source user ID
hs_pipeline                         enumeration rx  Pipeline
hs_merged_object_ids                enumeration/checkbox r Merged record IDs
hs_all_contact_vids                 enumeration/checkbox rch All vids for a contact
hs_calculated_merged_vids           enumeration/checkbox rch Merged vids with timestamps of a contact
hs_additional_emails                enumeration/checkbox - Additional email addresses
"""

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
    "hs_email_quarantined_reason": "SUSPENSION_REMEDIATION BLOCKLIST_REMEDIATION TRUST_SAFETY ADMIN_REQUEST",
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
    "hs_current_customer": "true false",
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
    "datetime": "date",
}


def contact_definitions() -> list[Definition]:
    """HubSpot's contact properties, the stage properties excepted: those follow the portal's own stages."""
    return list(_rows(CONTACT_TABLE, CONTACT_OPTIONS))


def company_definitions() -> list[Definition]:
    """HubSpot's company properties that matter to a lead."""
    return list(_rows(COMPANY_TABLE, COMPANY_OPTIONS))


def groups(labels: Mapping[str, str]) -> list[Group]:
    return [Group(name=name, label=label, display_order=order) for order, (name, label) in enumerate(labels.items())]


def _rows(table: str, options: Mapping[str, str]) -> Iterator[Definition]:
    group = ""
    for line in filter(None, map(str.strip, table.splitlines())):
        if line.startswith("["):
            group = line.strip("[]")
            continue
        name, kind, flags, label = line.split(None, 3)
        type_, _, field_type = kind.partition("/")
        allowed = "true false" if type_ == "bool" else options.get(name, "")
        yield Definition(
            name=name,
            label=label,
            type=type_,
            field_type=field_type or _DEFAULT_FIELD_TYPES[type_],
            group=group,
            options=tuple(
                Option(value=value, label=value.replace("_", " ").capitalize(), display_order=order)
                for order, value in enumerate(allowed.split())
            ),
            calculated="c" in flags,
            hidden="h" in flags,
            external_options="x" in flags,
            read_only="r" in flags,
            form_field="f" in flags,
            hubspot_defined=True,
        )
