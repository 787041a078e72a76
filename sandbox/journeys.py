"""What one imagined contact did, as HubSpot's rollups: counts and dates that agree with each other.

Each kind of act also notes in a `Past` when it was done.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

from sandbox.account import Form
from sandbox.times import DAY_MS, to_iso

MINUTE_MS = 60_000

# Page title and weight: how far along somebody is who fills in the form on it.
FORM_PAGES = (
    ("Blog: Newsletter sign-up", 0.0),
    ("Resources: Onboarding checklist", 0.05),
    ("Resources: Planning template", 0.05),
    ("Resources: E-book on data quality", 0.1),
    ("Resources: White paper on forecasting", 0.25),
    ("Webinars: Webinar registration", 0.35),
    ("Customers: Case study pack", 0.4),
    ("Compare us: Comparison table", 0.55),
    ("Pricing page: Price sheet", 0.6),
    ("Try it: Free trial", 0.7),
    ("Request a demo: Demo request", 0.75),
    ("Contact: Contact sales", 0.8),
)
SOURCES = {
    "ORGANIC_SEARCH": 34,
    "DIRECT_TRAFFIC": 24,
    "PAID_SEARCH": 11,
    "EMAIL_MARKETING": 9,
    "REFERRALS": 8,
    "SOCIAL_MEDIA": 6,
    "OFFLINE": 5,
    "PAID_SOCIAL": 3,
}
PAGES = (
    "/",
    "/product",
    "/blog/forecasting",
    "/customers/case-studies",
    "/industries/retail",
    "/pricing",
    "/demo",
    "/contact",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """The part of time in which a contact may have done things, in epoch milliseconds."""

    start_ms: int
    end_ms: int

    def moments(self, random: Random, count: int) -> list[int]:
        """That many moments, in order."""
        return sorted(random.randint(self.start_ms, self.end_ms) for _ in range(count))


@dataclass(slots=True, kw_only=True)
class Past:
    """When one contact did what, in epoch milliseconds, in order: what lies behind its rollups."""

    sessions: Sequence[int] = ()
    views: int = 0
    last_view: int = 0
    forms: Sequence[tuple[int, int]] = ()
    """Places in `FORM_PAGES`, and times."""
    mails: Sequence[int] = ()
    opened: dict[int, int] = field(default_factory=dict)
    """When the mail of that time was opened, and below when a link in it was followed."""
    clicked: dict[int, int] = field(default_factory=dict)
    contacted: Sequence[int] = ()
    meeting_ahead: int = 0
    has_booked: bool = False


def web(random: Random, interest: float, span: Span, past: Past) -> dict[str, str]:
    """Visits and pages; nothing for somebody who never came. `interest` runs from 0 to 1."""
    source = random.choices(list(SOURCES), list(SOURCES.values()))[0]
    told = {"hs_analytics_source": source, "hs_analytics_source_data_1": source.replace("_", " ").capitalize()}
    visits = 0 if source == "OFFLINE" and random.random() < 0.7 else 1 + int(random.expovariate(1) * 8 * interest)
    told["hs_analytics_num_visits"] = str(visits)
    if visits == 0:
        return {**told, "hs_analytics_num_page_views": "0", "hs_analytics_average_page_views": "0"}
    views = visits + int(random.expovariate(1) * visits * (1 + 2 * interest))
    starts = span.moments(random, visits)
    last_view = min(span.end_ms, starts[-1] + random.randint(0, 20) * MINUTE_MS)
    reached = 1 + int(interest * (len(PAGES) - 1))
    past.sessions, past.views, past.last_view = starts, views, last_view
    return {
        **told,
        "hs_analytics_num_page_views": str(views),
        "hs_analytics_average_page_views": f"{views / visits:.2f}".rstrip("0").rstrip("."),
        "hs_analytics_first_visit_timestamp": to_iso(starts[0]),
        "hs_analytics_first_timestamp": to_iso(starts[0]),
        "hs_analytics_last_visit_timestamp": to_iso(starts[-1]),
        "hs_analytics_last_timestamp": to_iso(last_view),
        "hs_analytics_first_url": f"https://www.lumen-analytics.example{random.choice(PAGES[:4])}",
        "hs_analytics_last_url": f"https://www.lumen-analytics.example{random.choice(PAGES[:reached])}",
        "hs_latest_source": source,
        "hs_latest_source_timestamp": to_iso(starts[-1]),
    }


def forms(random: Random, interest: float, span: Span, known: Sequence[Form], past: Past) -> dict[str, str]:
    """Form submissions: how many, of how many forms, and the first and latest of them."""
    count = int(random.expovariate(1) * 4 * interest)
    if count == 0:
        return {"num_conversion_events": "0", "num_unique_conversion_events": "0"}
    within_reach = [place for place, (_, weight) in enumerate(FORM_PAGES) if weight <= interest]
    # The further along, the likelier the later forms.
    places = sorted(random.choices(within_reach, [1 + place * interest for place in within_reach], k=count))
    times = span.moments(random, count)
    past.forms = list(zip(places, times, strict=True))
    return {
        "num_conversion_events": str(count),
        "num_unique_conversion_events": str(len(set(places))),
        "first_conversion_event_name": FORM_PAGES[places[0]][0],
        "first_conversion_date": to_iso(times[0]),
        "recent_conversion_event_name": FORM_PAGES[places[-1]][0],
        "recent_conversion_date": to_iso(times[-1]),
        "hs_calculated_form_submissions": ";".join(f"{known[place].id}::{at_ms}" for place, at_ms in past.forms),
    }


def emails(random: Random, interest: float, span: Span, past: Past) -> dict[str, str]:
    """Marketing emails sent, opened and clicked; some bounced, some people have unsubscribed."""
    delivered = int(random.expovariate(1) * 9)
    if delivered == 0:
        return (
            {"hs_email_bounce": "1", "hs_email_hard_bounce_reason_enum": "UNKNOWN_USER"}
            if random.random() < 0.1
            else {}
        )
    sent = span.moments(random, delivered)
    opened = [at_ms for at_ms in sent if random.random() < 0.15 + 0.5 * interest]
    clicked = [at_ms for at_ms in opened if random.random() < 0.1 + 0.4 * interest]
    told = {
        "hs_email_delivered": str(delivered),
        "hs_email_first_send_date": to_iso(sent[0]),
        "hs_email_last_send_date": to_iso(sent[-1]),
        "hs_email_sends_since_last_engagement": str(len([at for at in sent if not opened or at > opened[-1]])),
    }
    reading_ms = random.randint(1, 60) * MINUTE_MS
    past.mails = sent
    past.opened = {at_ms: min(span.end_ms, at_ms + reading_ms) for at_ms in opened}
    past.clicked = {at_ms: past.opened[at_ms] for at_ms in clicked}
    for name, times in (("open", opened), ("click", clicked)):
        if times:
            told[f"hs_email_{name}"] = str(len(times))
            told[f"hs_email_first_{name}_date"] = to_iso(min(span.end_ms, times[0] + reading_ms))
            told[f"hs_email_last_{name}_date"] = to_iso(min(span.end_ms, times[-1] + reading_ms))
    if clicked and random.random() < 0.15:
        told["hs_email_replied"] = "1"
        told["hs_email_first_reply_date"] = told["hs_email_last_reply_date"] = told["hs_email_last_click_date"]
    if random.random() < 0.06:
        told["hs_email_optout"] = "true"
    return told


def conversations(random: Random, interest: float, span: Span, past: Past) -> dict[str, str]:
    """What sales did with the contact: notes, calls, meetings."""
    if random.random() > interest:
        return {}
    contacted = 1 + int(random.expovariate(1) * 3 * interest)
    times = span.moments(random, contacted)
    past.contacted = times
    notes = contacted + random.randint(0, 2)
    told = {
        "num_contacted_notes": str(contacted),
        "num_notes": str(notes),
        "notes_last_contacted": to_iso(times[-1]),
        "notes_last_updated": to_iso(random.randint(times[-1], span.end_ms)),
        "hs_sa_first_engagement_date": to_iso(times[0]),
    }
    if random.random() < interest * 0.6:
        booked = times[-1]
        past.has_booked = True
        told["engagements_last_meeting_booked"] = to_iso(booked)
        told["hs_last_sales_activity_timestamp"] = to_iso(booked)
        told["hs_last_sales_activity_type"] = "MEETING_BOOKED"
        if booked > span.end_ms - 10 * DAY_MS:
            past.meeting_ahead = span.end_ms + random.randint(1, 14) * DAY_MS
            told["notes_next_activity_date"] = to_iso(past.meeting_ahead)
    return told
