"""A dozen leads such as every portal has."""

from scoring import Contact, Engagement
from tests.unit.scoring.builders import a_form, a_lead, a_page, an_act, days_ago

MAIL_READER = [
    an_act("email_delivered", count=9, age=4),
    an_act("email_open", count=6, age=5),
    an_act("email_click", count=2, age=12),
]

LEADS: dict[str, Contact] = {
    "nobody_knows_anything": a_lead(seen=()),
    "perfect_profile_never_engaged": a_lead(
        facts={
            "employees": 320,
            "revenue": 12_000_000,
            "job_title": "VP Marketing",
            "email_domain": "a.example",
            "phone": "+49 30 000",
        }
    ),
    "demo_request_of_a_stranger": a_lead(a_form("Request a demo: Demo request")),
    "demo_request_four_months_later": a_lead(a_form("Request a demo: Demo request", age=120), *MAIL_READER),
    "price_sheet_and_pricing_page": a_lead(
        a_form("Pricing page: Price sheet", age=3),
        a_page("https://www.a.example/pricing?plan=pro", age=3),
        an_act("visit", count=7, age=1),
        an_act("page_view", count=22, age=1),
        facts={"job_title": "Sales Manager", "employees": 60, "email_domain": "b.example"},
    ),
    "student_who_downloads_everything": a_lead(
        a_form("Marketing checklist", age=2),
        a_form("Scoring worksheet", age=20),
        a_form("Lead template", age=100),
        a_form("Webinars: Webinar registration", age=8),
        *MAIL_READER,
        facts={"job_title": "Student", "email_domain": "gmail.com"},
    ),
    "trial_and_appointment_ahead": a_lead(
        a_form("Start your free trial", age=30),
        Engagement(kind="meeting_booked", at=days_ago(6), lasts_until=days_ago(-5)),
        facts={"job_title": "Marketing manager", "employees": 200},
    ),
    "appointment_held_a_month_ago": a_lead(
        Engagement(kind="meeting_booked", at=days_ago(40), lasts_until=days_ago(30))
    ),
    "mail_scanner": a_lead(an_act("email_open", count=40), an_act("email_click", count=40)),
    "reader_who_went_silent": a_lead(
        an_act("email_delivered", count=30, age=2),
        an_act("email_open", count=12, age=150),
        an_act("visit", count=11, age=150),
        facts={"email_domain": "c.example", "lists_left": 1},
    ),
    "hard_bounce": a_lead(
        *MAIL_READER,
        an_act("visit", count=3, age=9),
        facts={"hard_bounce": "UNKNOWN_USER", "email_domain": "d.example", "source": "DIRECT_TRAFFIC"},
    ),
    "tiny_company_with_a_free_mailbox": a_lead(
        an_act("visit", count=2, age=29),
        facts={"employees": 3, "revenue": 40_000, "email_domain": "gmail.com", "phone": "000"},
    ),
    "dates_from_the_future": a_lead(a_form("Webinar", age=-400), an_act("visit", count=9, age=-3)),
}
