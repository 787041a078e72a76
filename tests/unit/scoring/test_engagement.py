"""Rules about what a lead did."""

from dataclasses import replace
from datetime import timedelta

import pytest

from scoring import (
    CountRange,
    CountRule,
    Engagement,
    EngagementRule,
    HalfLife,
    Linear,
    RecencyBand,
    RecencyRule,
    SilenceRule,
    score_contact,
)
from tests.unit.scoring.builders import (
    NOW,
    a_form,
    a_form_rule,
    a_lead,
    a_page,
    a_rubric,
    an_act,
    days_ago,
    line_of,
    scored,
)

OPENS = EngagementRule(key="E02", label="Opens", group="done", kind="email_open", points=1, points_max=5)
CHAT = EngagementRule(
    key="K04",
    label="Chat",
    group="done",
    kind="chat",
    points=15,
    repeats="once",
    decay=HalfLife(days=30),
    level="bofu",
    intent=True,
)
VISITS = CountRule(
    key="W",
    label="Visits",
    group="done",
    kind="visit",
    ranges=(CountRange(low=2, high=5, points=3), CountRange(low=6, points=6)),
    window_days=30,
)
TOUCHES = RecencyRule(
    key="E05",
    label="Last touch",
    group="done",
    kinds=("email_open", "email_click"),
    bands=(
        RecencyBand(days_max=7, points=5),
        RecencyBand(days_max=30, points=3),
        RecencyBand(days_max=90, points=0),
        RecencyBand(days_max=180, points=-5),
        RecencyBand(points=-10),
    ),
)
SILENCE = SilenceRule(
    key="E06",
    label="Silence",
    group="done",
    points=-10,
    sent="email_delivered",
    sent_min=5,
    touches=("email_open", "email_click"),
    silent_days=90,
    not_with_last_band_of=TOUCHES,
)
FORMS = {"demo": ["demo"], "webinar": ["webinar"], "empty": []}


def test_a_kind_that_nobody_can_see_is_unknown() -> None:
    line = line_of(scored(a_lead(seen=()), CHAT), "K04")
    assert (line.points, line.known, line.intent, line.level) == (0, False, False, None)


def test_a_kind_that_is_seen_and_did_not_happen_is_known_and_nothing() -> None:
    line = line_of(scored(a_lead(seen=["chat"]), CHAT), "K04")
    assert (line.points, line.known) == (0, True)


def test_an_engagement_that_is_there_is_known_whatever_is_said_to_be_seen() -> None:
    line = line_of(scored(a_lead(an_act("chat"), seen=()), CHAT), "K04")
    assert (line.points, line.known, line.intent, line.level) == (15, True, True, "bofu")


def test_a_count_of_nothing_is_known_and_nothing() -> None:
    line = line_of(scored(a_lead(an_act("email_open", count=0), seen=()), OPENS), "E02")
    assert (line.points, line.known) == (0, True)


def test_each_act_earns_its_points_up_to_the_cap_of_the_rule() -> None:
    assert scored(a_lead(an_act("email_open", count=2), an_act("email_open")), OPENS).total == 3
    assert scored(a_lead(an_act("email_open", count=40)), OPENS).total == 5


def test_points_fade_with_age_and_round_half_away_from_zero() -> None:
    assert scored(a_lead(an_act("chat", age=30)), CHAT).total == 8
    assert scored(a_lead(an_act("chat", age=30)), replace(CHAT, points=-15)).total == -8


@pytest.mark.parametrize(("age", "points"), [(147, 1), (148, 0)])
def test_a_score_stops_fading_when_the_last_half_point_is_gone(age: int, points: int) -> None:
    score = scored(a_lead(an_act("chat", age=age)), CHAT)
    assert (score.total, score.fades) == (points, points > 0)


def test_a_half_that_floating_point_misses_by_a_hair_is_still_a_half() -> None:
    trial = replace(CHAT, points=25, decay=Linear(percent=25, per_days=30))
    assert scored(a_lead(an_act("chat", age=108)), trial).total == 3


def test_once_means_the_newest() -> None:
    lead = a_lead(an_act("chat", age=60), an_act("chat", age=30, count=9))
    assert scored(lead, CHAT).total == 8


def test_a_form_counts_once_however_often_it_is_sent() -> None:
    rubric = a_rubric(a_form_rule("G05", "demo", 70), forms=FORMS)
    lead = a_lead(a_form("Demo", age=9), a_form("Demo", age=3), a_form("Demo", age=30))
    score = score_contact(lead, rubric, NOW)
    assert score.total == 70
    assert line_of(score, "G05").at == days_ago(3)


def test_a_form_that_is_sent_again_has_its_date_refreshed() -> None:
    rule = replace(a_form_rule("G03", "webinar", 20), decay=HalfLife(days=90))
    again = a_lead(a_form("Webinar", age=180), a_form("Webinar", age=0))
    assert score_contact(again, a_rubric(rule, forms=FORMS), NOW).total == 20


def test_different_forms_of_one_class_count_each() -> None:
    rubric = a_rubric(a_form_rule("G03", "webinar", 20), forms=FORMS)
    assert score_contact(a_lead(a_form("Webinar A"), a_form("Webinar B")), rubric, NOW).total == 40


def test_a_form_has_the_first_class_that_matches_and_no_other() -> None:
    rubric = a_rubric(a_form_rule("D", "demo", 70), a_form_rule("W", "webinar", 20), forms=FORMS)
    score = score_contact(a_lead(a_form("Webinar page: Demo form")), rubric, NOW)
    assert (line_of(score, "D").points, line_of(score, "W").points) == (70, 0)


def test_a_form_of_no_class_earns_nothing() -> None:
    rubric = a_rubric(a_form_rule("D", "demo", 70), forms=FORMS)
    assert score_contact(a_lead(a_form("Careers")), rubric, NOW).total == 0


def test_a_class_without_phrases_makes_its_rule_unknown() -> None:
    rubric = a_rubric(a_form_rule("X", "empty", 70), forms=FORMS)
    assert line_of(score_contact(a_lead(a_form("Demo")), rubric, NOW), "X").known is False


def test_a_page_is_known_by_its_path_alone() -> None:
    rule = EngagementRule(
        key="W04", label="Pricing", group="done", kind="page", name_class="pricing", points=10, window_days=30
    )
    rubric = a_rubric(rule, pages={"pricing": ["pricing*"]})
    assert score_contact(a_lead(a_page("https://a.example/pricing")), rubric, NOW).total == 10
    assert score_contact(a_lead(a_page("https://pricing.example/?to=pricing")), rubric, NOW).total == 0


@pytest.mark.parametrize(("age", "points"), [(30, 10), (31, 0)])
def test_a_window_shuts_after_its_last_day(age: int, points: int) -> None:
    rule = replace(CHAT, decay=None, window_days=30, points=10)
    score = scored(a_lead(an_act("chat", age=age)), rule)
    assert score.total == points
    assert score.fades == (points > 0)


def test_an_act_whose_window_has_shut_is_still_an_act_of_intent() -> None:
    line = line_of(scored(a_lead(an_act("chat", age=50)), replace(CHAT, window_days=30)), "K04")
    assert (line.points, line.intent, line.at) == (0, True, days_ago(50))


def test_an_act_without_a_date_is_unknown_where_age_matters() -> None:
    assert line_of(scored(a_lead(an_act("chat", age=None)), CHAT), "K04").known is False
    assert line_of(scored(a_lead(an_act("email_open", age=None, count=3)), OPENS), "E02").points == 3


def test_a_day_of_skew_counts_as_today_and_more_is_unknown() -> None:
    assert scored(a_lead(an_act("chat", age=-1)), CHAT).total == 15
    ahead = scored(a_lead(an_act("chat", age=-2)), CHAT)
    assert line_of(ahead, "K04").known is False
    assert ahead.fades


def test_ages_are_whole_days_of_the_moments_time_zone() -> None:
    rule = replace(CHAT, decay=None, window_days=0)
    midnight = NOW.replace(hour=0, minute=0)
    late = Engagement(kind="chat", at=midnight - timedelta(minutes=1))
    assert scored(a_lead(late), rule, at=midnight - timedelta(seconds=1)).total == 15
    assert scored(a_lead(late), rule, at=midnight).total == 0


def test_what_is_booked_does_not_fade_until_it_was_held() -> None:
    rule = replace(CHAT, key="K01", kind="meeting_booked", points=25, decay=Linear(percent=25, per_days=30))

    def booked(until: int | None) -> int:
        held = None if until is None else days_ago(until)
        act = Engagement(kind="meeting_booked", at=days_ago(60), lasts_until=held)
        return scored(a_lead(act), rule).total

    assert booked(-10) == 25
    assert booked(30) == 19
    assert booked(None) == 13
    assert booked(90) == 13  # an earlier appointment, not this one


@pytest.mark.parametrize(("visits", "points"), [(1, 0), (2, 3), (5, 3), (6, 6), (400, 6)])
def test_ranges_of_a_count_exclude_each_other(visits: int, points: int) -> None:
    assert scored(a_lead(an_act("visit", count=visits)), VISITS).total == points


def test_counts_of_one_kind_add_up() -> None:
    assert scored(a_lead(an_act("visit", count=4), an_act("visit", count=3)), VISITS).total == 6


@pytest.mark.parametrize(("age", "points"), [(30, 6), (31, 0)])
def test_a_count_earns_points_while_its_last_act_is_recent(age: int, points: int) -> None:
    score = scored(a_lead(an_act("visit", count=9, age=age)), VISITS)
    assert (score.total, score.fades) == (points, points > 0)


def test_a_count_without_a_date_is_unknown_where_it_would_earn_points() -> None:
    assert line_of(scored(a_lead(an_act("visit", count=9, age=None)), VISITS), "W").known is False
    assert line_of(scored(a_lead(an_act("visit", count=1, age=None)), VISITS), "W").known is True


@pytest.mark.parametrize(
    ("age", "points"), [(0, 5), (7, 5), (8, 3), (30, 3), (31, 0), (90, 0), (91, -5), (180, -5), (181, -10)]
)
def test_the_newest_touch_decides_the_band(age: int, points: int) -> None:
    lead = a_lead(an_act("email_open", age=age), an_act("email_click", age=200))
    score = scored(lead, TOUCHES)
    assert (score.total, score.fades) == (points, age <= 180)


def test_who_was_never_touched_is_in_no_band() -> None:
    line = line_of(scored(a_lead(), TOUCHES), "E05")
    assert (line.points, line.known) == (0, True)
    assert line_of(scored(a_lead(seen=()), TOUCHES), "E05").known is False


@pytest.mark.parametrize(("delivered", "points"), [(4, 0), (5, -10)])
def test_silence_counts_from_the_fifth_mail(delivered: int, points: int) -> None:
    assert scored(a_lead(an_act("email_delivered", count=delivered)), SILENCE).total == points


@pytest.mark.parametrize(("age", "points"), [(90, 0), (91, -10), (180, -10), (181, 0)])
def test_silence_begins_after_its_days_and_never_stacks_with_the_last_band(age: int, points: int) -> None:
    lead = a_lead(an_act("email_delivered", count=9), an_act("email_open", age=age))
    assert line_of(scored(lead, TOUCHES, SILENCE), "E06").points == points


def test_who_opens_now_will_be_silent_in_time() -> None:
    lead = a_lead(an_act("email_delivered", count=9), an_act("email_open", age=10))
    assert scored(lead, SILENCE).fades


def test_silence_is_unknown_where_a_kind_of_touch_cannot_be_seen() -> None:
    lead = a_lead(an_act("email_delivered", count=9), seen=["email_open"])
    assert line_of(scored(lead, SILENCE), "E06").known is False
