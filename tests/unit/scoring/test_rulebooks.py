"""The packaged rulebooks: the cases by which their numbers were checked, and each number that a guide or we set."""

from collections.abc import Mapping, Sequence
from functools import cache

import pytest

from config import Rulebook, load_rulebook
from scoring import Contact, Engagement, Line, Score, Value, score_contact
from tests.unit.scoring.builders import NOW, a_form, a_lead, a_page, an_act, line_of

PERFECT: Mapping[str, Value] = {
    "employees": 200,
    "revenue": 5_000_000,
    "job_title": "Head of Sales",
    "email_domain": "a.example",
    "phone": "+49 1",
}
GOOD: Mapping[str, Value] = {"employees": 200, "job_title": "CEO", "email_domain": "a.example"}
MIDDLING: Mapping[str, Value] = {"employees": 200, "job_title": "Marketing manager"}
STUDENT: Mapping[str, Value] = {"job_title": "Student", "email_domain": "gmail.com"}

NEWSLETTER = a_form("Blog: Newsletter")
CHECKLISTS = [a_form(f"Checklist {number}") for number in (1, 2, 3)]
OPENS_2, OPENS_40 = an_act("email_open", count=2), an_act("email_open", count=40)
CLICK_1, CLICKS_40 = an_act("email_click"), an_act("email_click", count=40)
VISITS_3, VISITS_6 = an_act("visit", count=3), an_act("visit", count=6)
PAGES_5 = an_act("page_view", count=5)
WEBINAR, WHITE_PAPER = a_form("Webinar: Registration"), a_form("White paper")
PRICING_PAGE = a_page("https://www.a.example/pricing")
TRIAL, APPOINTMENT = a_form("Start your trial"), an_act("meeting_booked")


@cache
def rulebook(name: str = "default") -> Rulebook:
    return load_rulebook(name)


def scored(lead: Contact, name: str = "default") -> Score:
    return score_contact(lead, rulebook(name).rubric, NOW)


def points(key: str, *done: Engagement, name: str = "default", **facts: Value) -> int:
    return line_of(scored(a_lead(*done, facts=facts), name), key).points


@pytest.mark.parametrize(
    ("case", "facts", "done", "fit", "activity"),
    [
        ("perfect profile, never engaged", PERFECT, [], 30, 0),
        (
            "perfect profile, list, 2 opens, 1 click, 3 visits",
            PERFECT,
            [NEWSLETTER, OPENS_2, CLICK_1, VISITS_3],
            30,
            20,
        ),
        ("unknown profile, demo request", {}, [a_form("Demo")], 0, 70),
        ("unknown profile, one BOFU form", {}, [a_form("Price sheet")], 0, 50),
        ("BOFU form, 6 visits, pricing page", {}, [a_form("Price sheet"), VISITS_6, PRICING_PAGE], 0, 66),
        (
            "three checklists, heavy opener, no profile",
            {},
            [*CHECKLISTS, OPENS_40, NEWSLETTER, VISITS_6, PAGES_5],
            0,
            38,
        ),
        (
            "student, three checklists, webinar, clicks",
            STUDENT,
            [*CHECKLISTS, WEBINAR, CLICKS_40, NEWSLETTER, VISITS_6],
            -25,
            66,
        ),
        (
            "good profile, webinar, white paper, pricing",
            GOOD,
            [WEBINAR, WHITE_PAPER, PRICING_PAGE, VISITS_3, an_act("page_view", count=10), an_act("email_open")],
            28,
            53,
        ),
        ("trial and appointment, middling profile", MIDDLING, [TRIAL, APPOINTMENT, VISITS_6, PAGES_5], 18, 58),
        ("mail scanner, 40 opens and 40 clicks", {}, [OPENS_40, CLICKS_40], 0, 25),
    ],
)
def test_the_numbers_add_up_as_they_were_checked(
    case: str, facts: Mapping[str, Value], done: Sequence[Engagement], fit: int, activity: int
) -> None:
    score = scored(a_lead(*done, facts=facts))
    assert (score.fit, score.engagement, score.total) == (fit, activity, fit + activity), case


def test_a_competitor_who_asks_for_a_demo_ends_at_minus_thirty() -> None:
    taken = rulebook().policy.feedback.disqualified_points
    line = Line(key="N02", label="Competitor", group="adjustments", part="adjustment", points=taken)
    score = scored(a_lead(a_form("Demo"))).plus(line)
    assert (score.fit, score.engagement, score.total) == (0, 70, -30)


@pytest.mark.parametrize(
    ("form", "key"),
    [
        ("Request a demo: Demo request", "G05"),
        ("Contact sales: Lead add form", "G05"),
        ("Pricing page: Talk to sales", "G05"),
        ("Contact us", "G05"),
        ("Start your free trial", "K03"),
        ("Pricing page: Price sheet", "G04"),
        ("ROI calculator", "G04"),
        ("Webinars: Webinar registration", "G03"),
        ("Case studies pack", "G03"),
        ("Technical guide to scoring", "G03"),
        ("Course page: Landing page form", "G02"),
        ("Whitepaper: Whitepaper download", "G02"),
        ("Buyer's guide", "G01"),
        ("Cheat-sheet download", "G01"),
        ("Footer: Newsletter signup", "E01"),
    ],
)
def test_a_form_has_the_class_that_its_name_says(form: str, key: str) -> None:
    lines = scored(a_lead(a_form(form))).lines
    assert [line.key for line in lines if line.points] == [key]


def test_the_android_app_is_no_return_on_investment() -> None:
    assert scored(a_lead(a_form("Android app: Careers"))).total == 0


@pytest.mark.parametrize(
    ("title", "role_points"),
    [
        ("Student", -20),
        ("Marketing intern", -20),
        ("Job seeker", -20),
        ("Director, International Sales", 15),
        ("Co-Founder & CEO", 15),
        ("VP Marketing", 15),
        ("Businessman", 15),
        ("Assistant to the CEO", 3),
        ("Marketing Manager", 8),
        ("Data analyst", 3),
        ("Unemployed", 0),
        ("Housewife", 0),
    ],
)
def test_a_job_title_says_the_role(title: str, role_points: int) -> None:
    score = scored(a_lead(facts={"job_title": title}))
    line = next(line for line in score.lines if line.key == "F04")
    assert (line.points, line.known) == (role_points, True)


def test_seniority_says_the_role_where_the_title_does_not() -> None:
    assert points("F04", job_title="Growth", seniority="vp") == 15
    assert points("F04", seniority="manager") == 8
    assert points("F04", seniority="entry") == 3
    assert points("F04", job_title="Student", seniority="owner") == -20


@pytest.mark.parametrize(
    ("employees", "expected"),
    [(9, -10), (10, 5), (49, 5), (50, 10), (1_000, 10), (1_001, 5), (5_000, 5), (5_001, -10)],
)
def test_employees_count_by_how_near_they_are_to_the_target(employees: int, expected: int) -> None:
    assert points("F02", employees=employees) == expected


def test_the_other_facts_of_fit_are_worth_what_they_should_be() -> None:
    assert [points("F03", revenue=amount) for amount in (99_999, 100_000)] == [-10, 5]
    assert [points("F06", email_domain=domain) for domain in ("gmail.com", "a.example")] == [-5, 3]
    assert points("F07", phone="+49 1") == 2


@pytest.mark.parametrize(
    ("key", "act", "default", "classic"),
    [
        ("W03", an_act("page_view", count=9), 2, 2),
        ("W03", an_act("page_view", count=10), 4, 4),
        ("W05", a_page("/contact-us"), 10, 10),
        ("W06", a_page("/industries/health"), 5, 5),
        ("W07", an_act("button_click"), 5, 5),
        ("W08", an_act("social", count=9), 6, 18),
        ("E02", an_act("email_open"), 1, 5),
        ("E02", an_act("email_open", count=9), 5, 45),
        ("E03", an_act("email_click"), 5, 10),
        ("E03", an_act("email_click", count=9), 15, 90),
        ("E04", an_act("email_reply", count=3), 15, 15),
        ("K01", an_act("meeting_booked"), 25, 25),
        ("K02", an_act("meeting_cancelled"), -5, -5),
        ("K04", an_act("chat"), 15, 15),
        ("K05", an_act("consultation_booked"), 25, 25),
    ],
)
def test_each_act_is_worth_what_its_rulebook_says(key: str, act: Engagement, default: int, classic: int) -> None:
    assert (points(key, act), points(key, act, name="classic")) == (default, classic)


@pytest.mark.parametrize(
    ("form", "key", "by_age"),
    [
        ("Checklist", "G01", {0: 5, 90: 3, 180: 1}),
        ("White paper", "G02", {0: 10, 90: 5}),
        ("Webinar", "G03", {0: 20, 90: 10}),
        ("Price sheet", "G04", {0: 50, 120: 25}),
        ("Demo", "G05", {0: 70, 90: 70, 120: 53, 210: 0}),
        ("Trial", "K03", {0: 25, 30: 19, 120: 0}),
    ],
)
def test_forms_fade_as_the_rulebook_says(form: str, key: str, by_age: Mapping[int, int]) -> None:
    assert {age: points(key, a_form(form, age=age)) for age in by_age} == by_age


def test_white_papers_and_webinars_share_a_cap_in_the_default_only() -> None:
    done = [a_form("Webinar A"), a_form("Webinar B"), WHITE_PAPER]
    assert scored(a_lead(*done)).total == 40
    assert scored(a_lead(*done), "classic").total == 50


def test_who_left_a_list_loses_twenty_five_once() -> None:
    assert [points("E07", lists_left=left) for left in (0, 1, 3)] == [0, -25, -25]


def test_after_a_hard_bounce_mail_counts_nothing() -> None:
    score = scored(a_lead(OPENS_40, VISITS_6, facts={"hard_bounce": "UNKNOWN_USER"}))
    assert (score.engagement, score.total) == (6, -44)


def test_direct_traffic_is_worth_a_few_points_and_no_engagement_of_forms_or_web() -> None:
    score = scored(a_lead(facts={"source": "DIRECT_TRAFFIC"}))
    assert [(line.key, line.group, line.points) for line in score.lines if line.points] == [("R03", "source", 5)]


UNFED = {"F01", "F05", "G06", "K02", "K05", "R01", "R02", "W07", "W08"}


def test_what_only_the_owner_can_know_ships_unknown() -> None:
    knowing = {"industry": "Software", "country": "Germany", "source": "OFFLINE", "source_detail": "g2.com"}
    score = scored(a_lead(facts=knowing))
    assert {line.key for line in score.lines if not line.known} >= UNFED


INTENT = {"G04", "G05", "W04", "W05", "K01", "K03", "K04", "K05", "E04"}
LEVELS = {
    "tofu": {"G01"},
    "mofu": {"G02", "G03", "G06", "W06"},
    "bofu": {"G04", "G05", "W04", "W05", "W07", "K01", "K03", "K04", "K05", "E04"},
}


@pytest.mark.parametrize("name", ["default", "classic"])
def test_rules_of_intent_and_their_levels_are_marked(name: str) -> None:
    rules = rulebook(name).rubric.rules
    assert {rule.key for rule in rules if rule.intent} == INTENT
    assert {level: {rule.key for rule in rules if rule.level == level} for level in LEVELS} == LEVELS


def test_the_bands_are_those_of_the_guides_and_only_the_default_has_a_buffer() -> None:
    lines = {name: rulebook(name).policy for name in ("default", "classic")}
    assert {name: (p.mql.enter, p.mql.exit, p.sql.enter, p.sql.exit) for name, p in lines.items()} == {
        "default": (35, 30, 65, 60),
        "classic": (35, 35, 65, 65),
    }


def test_a_profile_alone_makes_no_mql_in_either_rulebook() -> None:
    for name in ("default", "classic"):
        assert scored(a_lead(facts=PERFECT), name).total < rulebook(name).policy.mql.enter
