"""What contacts do, and what sales do with them, each told by HubSpot's own properties.

Counts and dates are those of HubSpot's rollups: an email counts once however often it is opened, what forms change is
calculated and moves no date, a deal moves a stage forward only. An act takes the portal, a source of chance and a
contact's id, and returns the id of the contact that it happened to.
"""

import uuid
from collections.abc import Mapping
from datetime import timedelta
from random import Random

from sandbox.activity import Occurrence, Submission, button_event
from sandbox.engagements import DEAL_LOST, DEAL_WON
from sandbox.journeys import FORM_PAGES, PAGES, SOURCES
from sandbox.merging import SUBMISSIONS_LISTED_MAX
from sandbox.portal import ANSWERS, Portal
from sandbox.times import to_ms
from sandbox.values import Value

STAGE_OF_A_DEAL, STAGE_OF_A_DEAL_WON = "opportunity", "customer"


# The web.


def visit(portal: Portal, random: Random, contact: str) -> str:
    """A session of one page or some."""
    now, pages, source = portal.clock.now(), random.randint(1, 6), random.choice(list(SOURCES))
    visits = count(portal, contact, "hs_analytics_num_visits") + 1
    views = count(portal, contact, "hs_analytics_num_page_views") + pages
    url = f"https://www.lumen-analytics.example{random.choice(PAGES)}"
    firsts = {"hs_analytics_first_timestamp": now, "hs_analytics_first_visit_timestamp": now}
    tell(
        portal,
        contact,
        hs_analytics_num_visits=visits,
        hs_analytics_num_page_views=views,
        hs_analytics_average_page_views=round(views / visits, 2),
        hs_analytics_last_timestamp=now,
        hs_analytics_last_visit_timestamp=now,
        hs_analytics_last_url=url,
        hs_latest_source=source,
        hs_latest_source_timestamp=now,
        **missing(portal, contact, {**firsts, "hs_analytics_first_url": url, "hs_analytics_source": source}),
    )
    portal.activity.saw(portal.contact(contact).id, url, at_ms=to_ms(now))
    return contact


def button_clicked(portal: Portal, random: Random, contact: str) -> str:
    """A visit that ends in a click on a button that the portal has made an event of its own."""
    visit(portal, random, contact)
    clicked = {"hs_url": held(portal, contact, "hs_analytics_last_url"), "button": "Book a demo"}
    now_ms, contact_id = to_ms(portal.clock.now()), portal.contact(contact).id
    portal.activity.occurrences.append(
        Occurrence(contact_id=contact_id, type=button_event(portal.portal_id), at_ms=now_ms, properties=clicked)
    )
    return contact


def social_clicked(portal: Portal, _: Random, contact: str) -> str:
    """A click on a post that the portal has published."""
    tell(
        portal,
        contact,
        hs_social_last_engagement=portal.clock.now(),
        hs_social_linkedin_clicks=count(portal, contact, "hs_social_linkedin_clicks") + 1,
        hs_social_num_broadcast_clicks=count(portal, contact, "hs_social_num_broadcast_clicks") + 1,
    )
    return contact


def form_sent(portal: Portal, random: Random, contact: str) -> str:
    """A form is sent, on a page that is tracked or on another one."""
    page, _ = random.choice(FORM_PAGES)
    name = page.partition(": ")[2]
    guid = next((form.id for form in portal.forms if form.name == name), str(uuid.uuid5(uuid.NAMESPACE_URL, name)))
    now = portal.clock.now()
    before = held(portal, contact, "hs_calculated_form_submissions")
    sent = [*filter(None, before.split(";")), f"{guid}::{to_ms(now)}"]
    if random.random() < 0.5:
        visit(portal, random, contact)
    tell(
        portal,
        contact,
        num_conversion_events=count(portal, contact, "num_conversion_events") + 1,
        num_unique_conversion_events=max(
            count(portal, contact, "num_unique_conversion_events") + (guid not in before),
            len({each.partition(":")[0] for each in sent}),
        ),
        recent_conversion_event_name=page,
        recent_conversion_date=now,
        hs_calculated_form_submissions=";".join(sent[-SUBMISSIONS_LISTED_MAX:]),
        **missing(portal, contact, {"first_conversion_event_name": page, "first_conversion_date": now}),
    )
    typed = {"email": held(portal, contact, "email")}
    portal.activity.submissions.append(Submission(form_id=guid, at_ms=to_ms(now), values=typed))
    return contact


# Sales at work.


def meeting_booked(portal: Portal, random: Random, contact: str) -> str:
    now = portal.clock.now()
    starts = now + timedelta(days=random.randint(1, 14))
    portal.add_meeting([contact], starts=starts)
    tell(
        portal,
        contact,
        engagements_last_meeting_booked=now,
        notes_next_activity_date=starts,
        hs_latest_meeting_activity=now,
        hs_last_sales_activity_timestamp=now,
        hs_last_sales_activity_type="MEETING_BOOKED",
    )
    return contact


def meeting_held(portal: Portal, random: Random, contact: str) -> str:
    _contacted(portal, random, contact)
    _end_meeting(portal, contact, "COMPLETED")
    tell(portal, contact, notes_next_activity_date="", hs_latest_meeting_activity=portal.clock.now())
    return contact


def meeting_cancelled(portal: Portal, _: Random, contact: str) -> str:
    """The booking's own date stays; nothing lies ahead any more."""
    return _not_held(portal, contact, "CANCELED")


def meeting_missed(portal: Portal, _: Random, contact: str) -> str:
    """The contact does not come; to the rollups that is a meeting cancelled."""
    return _not_held(portal, contact, "NO_SHOW")


def _not_held(portal: Portal, contact: str, outcome: str) -> str:
    now = portal.clock.now()
    _end_meeting(portal, contact, outcome)
    tell(portal, contact, notes_next_activity_date="", notes_last_updated=now, hs_latest_meeting_activity=now)
    return contact


def chat(portal: Portal, random: Random, contact: str) -> str:
    told = {"hs_communication_channel_type": "WHATS_APP", "hs_communication_logged_from": "CRM"}
    portal.engage("communications", [contact], {"hs_timestamp": portal.clock.now(), **told})
    return _contacted(portal, random, contact)


def call_logged(portal: Portal, random: Random, contact: str) -> str:
    now = portal.clock.now()
    told = {"hs_call_title": "Follow-up", "hs_call_direction": "OUTBOUND", "hs_call_status": "COMPLETED"}
    portal.engage("calls", [contact], {"hs_timestamp": now, **told})
    return _contacted(portal, random, contact)


def email_answered(portal: Portal, random: Random, contact: str) -> str:
    """Sales wrote an email, and the contact answers it."""
    now, address = portal.clock.now(), held(portal, contact, "email")
    sent = {"hs_email_direction": "EMAIL", "hs_email_to_email": address, "hs_email_subject": "Our talk"}
    portal.engage("emails", [contact], {"hs_timestamp": now - timedelta(hours=1), "hs_email_status": "SENT", **sent})
    came = {"hs_email_direction": "INCOMING_EMAIL", "hs_email_from_email": address, "hs_email_subject": "Re: Our talk"}
    portal.engage("emails", [contact], {"hs_timestamp": now, **came})
    tell(
        portal,
        contact,
        hs_sales_email_last_replied=now,
        hs_last_sales_activity_timestamp=now,
        hs_last_sales_activity_type="EMAIL_REPLY",
    )
    return _contacted(portal, random, contact)


def _contacted(portal: Portal, _: Random, contact: str) -> str:
    now = portal.clock.now()
    tell(
        portal,
        contact,
        notes_last_contacted=now,
        notes_last_updated=now,
        num_contacted_notes=count(portal, contact, "num_contacted_notes") + 1,
        num_notes=count(portal, contact, "num_notes") + 1,
        **missing(portal, contact, {"hs_sa_first_engagement_date": now}),
    )
    return contact


def deal_created(portal: Portal, _: Random, contact: str) -> str:
    _add_deal(portal, contact)
    portal.deal_sync_sets(contact, STAGE_OF_A_DEAL)
    return contact


def deal_won(portal: Portal, random: Random, contact: str) -> str:
    amount = random.randint(1, 80) * 500
    _end_deal(portal, contact, DEAL_WON, amount=amount)
    tell(
        portal,
        contact,
        recent_deal_amount=amount,
        total_revenue=count(portal, contact, "total_revenue") + amount,
    )
    portal.deal_sync_sets(contact, STAGE_OF_A_DEAL_WON)
    return contact


def deal_lost(portal: Portal, _: Random, contact: str) -> str:
    """The stage stays: a deal only ever moves it forward."""
    _end_deal(portal, contact, DEAL_LOST)
    return contact


def _add_deal(portal: Portal, contact: str) -> str:
    tell(portal, contact, num_associated_deals=count(portal, contact, "num_associated_deals") + 1)
    told = {"dealname": "Yearly plan", "dealstage": "qualifiedtobuy", "pipeline": "default"}
    return portal.engage("deals", [contact], told)


def _end_deal(portal: Portal, contact: str, stage: str, **more: Value) -> None:
    """The latest open deal of a contact ends in a stage; where there is none, one that nobody had noted before."""
    deal = portal.latest("deals", contact, hs_is_closed="false") or _add_deal(portal, contact)
    portal.record_changes("deals", deal, {"dealstage": stage, "closedate": portal.clock.now(), **more})


def sales_answered(portal: Portal, random: Random, contact: str) -> str:
    """One of sales' answers, or an answer taken back."""
    portal.sales_answers(contact, random.choice(list(ANSWERS)))
    return contact


def tell(portal: Portal, contact: str, /, **told: Value) -> None:
    """Let HubSpot note this about a contact, now."""
    portal.hubspot_records(contact, at=portal.clock.now(), **told)


def _end_meeting(portal: Portal, contact: str, outcome: str) -> None:
    if meeting := portal.planned_meeting(contact):
        portal.end_meeting(meeting, outcome)


def held(portal: Portal, contact: str, name: str) -> str:
    """What a contact holds, `""` for nothing."""
    return portal.contact(contact).properties.get(name) or ""


def count(portal: Portal, contact: str, name: str) -> int:
    """The number that a property holds; what makes no sense as a count begins again at 0."""
    try:
        return max(0, int(float(held(portal, contact, name) or 0)))
    except ValueError:
        return 0


def missing(portal: Portal, contact: str, firsts: Mapping[str, Value]) -> dict[str, Value]:
    """Those that are to be told only once, and are not yet."""
    return {name: value for name, value in firsts.items() if not held(portal, contact, name)}
