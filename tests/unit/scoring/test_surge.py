"""A lead that was quiet for a month, and bursts into activity with intent."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config import load_rulebook
from scoring import (
    Contact,
    CountRange,
    CountRule,
    Engagement,
    EngagementRule,
    Given,
    Group,
    HalfLife,
    Is,
    RecencyBand,
    RecencyRule,
    Rubric,
    Score,
    Surge,
    SurgeRule,
    Value,
    score_contact,
)
from tests.builders import the_packaged_rulebook
from tests.unit.scoring.builders import NOW, a_fact_rule, a_form, a_lead, a_rubric, an_act
from tests.unit.scoring.test_totals import leads

CHAT = EngagementRule(key="K04", label="Chat", group="done", kind="chat", points=25, repeats="once", intent=True)
CLICKS = EngagementRule(key="E03", label="Clicks", group="done", kind="email_click", points=5)
SURGES = replace(a_rubric(CHAT, CLICKS), surge=SurgeRule())


def surge_of(*done: Engagement, rubric: Rubric = SURGES, facts: Mapping[str, Value] | None = None) -> Surge | None:
    return score_contact(a_lead(*done, facts=facts), rubric, NOW).surge


def surges(*done: Engagement, rubric: Rubric = SURGES) -> bool:
    return score_contact(a_lead(*done), rubric, NOW).surges


def clicks(count: int, *, age: int) -> list[Engagement]:
    return [an_act("email_click", age=age) for _ in range(count)]


def test_a_quiet_lead_with_a_burst_of_intent_surges() -> None:
    assert surge_of(an_act("chat")) == Surge(points=25, quiet_points=0, holds=True)


@pytest.mark.parametrize(("age", "holds"), [(0, True), (7, True), (8, False)])
def test_the_burst_is_of_the_last_seven_days(age: int, holds: bool) -> None:
    assert surges(an_act("chat", age=age)) is holds


def test_twenty_four_points_are_no_burst() -> None:
    rubric = replace(a_rubric(replace(CHAT, points=24), CLICKS), surge=SurgeRule())
    assert surge_of(an_act("chat"), rubric=rubric) == Surge(points=24, quiet_points=0, holds=False)


def test_a_burst_without_intent_is_none() -> None:
    assert surge_of(*clicks(9, age=0)) is None


def test_intent_of_the_month_before_is_no_intent_of_the_burst() -> None:
    rubric = replace(SURGES, surge=SurgeRule(quiet_points=99))
    assert not surges(an_act("chat", age=8), *clicks(9, age=0), rubric=rubric)


@pytest.mark.parametrize(("count", "holds"), [(2, True), (3, False)])
@pytest.mark.parametrize("age", [8, 37])
def test_the_month_before_may_have_earned_ten_points(count: int, age: int, holds: bool) -> None:
    assert surge_of(an_act("chat"), *clicks(count, age=age)) == Surge(points=25, quiet_points=5 * count, holds=holds)


def test_what_was_done_before_that_month_is_forgotten() -> None:
    assert surge_of(an_act("chat"), *clicks(9, age=38)) == Surge(points=25, quiet_points=0, holds=True)


def test_a_month_counts_what_it_was_worth_when_it_was_over() -> None:
    rubric = replace(a_rubric(replace(CHAT, decay=HalfLife(days=8)), CLICKS), surge=SurgeRule())
    assert surge_of(an_act("chat", age=0), an_act("chat", age=8), rubric=rubric) == Surge(
        points=25, quiet_points=25, holds=False
    )


def test_a_lifetime_count_is_no_burst_and_its_newest_act_is_one_act() -> None:
    rubric = replace(SURGES, surge=SurgeRule(points=26))
    assert surge_of(an_act("chat"), an_act("email_click", count=40), rubric=rubric) == Surge(
        points=30, quiet_points=0, holds=True
    )


def test_a_count_of_nothing_is_no_act() -> None:
    assert surge_of(an_act("chat", count=0)) is None


def test_what_has_no_date_or_lies_ahead_is_of_no_day() -> None:
    assert surge_of(an_act("chat", age=None)) is None
    assert surge_of(an_act("chat", age=-2)) is None


def test_who_a_lead_is_makes_no_burst() -> None:
    rubric = replace(
        a_rubric(replace(CHAT, points=5), a_fact_rule("phone", (Given(), 30), group="done")), surge=SurgeRule()
    )
    assert surge_of(an_act("chat"), rubric=rubric, facts={"phone": "1"}) == Surge(points=5, quiet_points=0, holds=False)


def test_that_the_last_touch_is_new_makes_no_burst() -> None:
    touch = RecencyRule(key="E05", label="T", group="done", kinds=("chat",), bands=(RecencyBand(points=30),))
    rubric = replace(a_rubric(replace(CHAT, points=5), touch), surge=SurgeRule())
    assert surge_of(an_act("chat"), rubric=rubric) == Surge(points=5, quiet_points=0, holds=False)


def test_visits_are_counted_like_other_acts() -> None:
    visits = CountRule(key="W", label="W", group="done", kind="visit", ranges=(CountRange(low=2, points=20),))
    rubric = replace(a_rubric(replace(CHAT, points=5), visits), surge=SurgeRule())
    visited = [an_act("visit", age=age) for age in (1, 2)]
    assert surge_of(an_act("chat"), *visited, rubric=rubric) == Surge(points=25, quiet_points=0, holds=True)


def test_caps_of_groups_hold_within_a_burst() -> None:
    rubric = a_rubric(CHAT, CLICKS, group=Group(label="Done", part="engagement", points_max=24))
    assert surge_of(an_act("chat"), rubric=replace(rubric, surge=SurgeRule())) == Surge(
        points=24, quiet_points=0, holds=False
    )


def test_limits_of_the_total_mean_nothing_to_a_burst() -> None:
    capped = replace(SURGES, total=Group(label="Total", part="adjustment", points_max=3))
    assert surges(an_act("chat"), rubric=capped)


def test_groups_that_are_silenced_make_no_burst() -> None:
    bounce = a_fact_rule("bounced", (Is(expected=True), -50), group="adjustments", silences="done")
    rubric = replace(a_rubric(CHAT, bounce), surge=SurgeRule())
    assert surge_of(an_act("chat"), rubric=rubric, facts={"bounced": True}) is None
    assert surge_of(an_act("chat"), rubric=rubric) is not None


@pytest.mark.parametrize("part", ["fit", "adjustment", "apart"])
def test_only_engagement_makes_a_burst(part: str) -> None:
    group = Group(label="Done", part=part)  # type: ignore[arg-type]
    assert surge_of(an_act("chat"), rubric=replace(a_rubric(CHAT, group=group), surge=SurgeRule())) is None


def test_a_rubric_that_asks_for_no_surge_has_none() -> None:
    assert surge_of(an_act("chat"), rubric=replace(SURGES, surge=None)) is None


def test_a_surge_ends_with_time_and_so_fades() -> None:
    score = score_contact(a_lead(an_act("chat")), SURGES, NOW)
    assert score.fades
    assert not score_contact(a_lead(an_act("chat")), SURGES, NOW + timedelta(days=8)).fades


def test_a_surge_may_begin_with_time_alone() -> None:
    lead = a_lead(an_act("chat"), *clicks(3, age=37))
    today, tomorrow = (score_contact(lead, SURGES, NOW + timedelta(days=days)) for days in (0, 1))
    assert (today.surges, today.fades, tomorrow.surges) == (False, True, True)


def test_a_price_sheet_after_a_silent_month_is_a_surge_in_the_default_rulebook() -> None:
    rubric = replace(the_packaged_rulebook().rubric, surge=SurgeRule())
    assert score_contact(a_lead(a_form("Price sheet", age=1)), rubric, NOW).surges
    assert not score_contact(a_lead(a_form("Price sheet", age=1), a_form("Webinar", age=20)), rubric, NOW).surges


# --- what must hold for every lead ---

RUBRICS = st.sampled_from([replace(load_rulebook(name).rubric, surge=SurgeRule()) for name in ("default", "classic")])


@given(leads(), RUBRICS, st.integers(1, 60))
def test_a_surge_neither_begins_nor_ends_where_nothing_fades(lead: Contact, rubric: Rubric, days: int) -> None:
    score = score_contact(lead, rubric, NOW)
    if not score.fades:
        assert score_contact(lead, rubric, NOW + timedelta(days=days)).surges == score.surges


@given(leads(), RUBRICS)
def test_to_ask_for_a_surge_changes_no_points(lead: Contact, rubric: Rubric) -> None:
    def points(score: Score) -> list[int]:
        return [line.points for line in score.lines]

    asked, not_asked = (score_contact(lead, each, NOW) for each in (rubric, replace(rubric, surge=None)))
    assert (asked.total, points(asked)) == (not_asked.total, points(not_asked))


@given(leads(), RUBRICS, st.randoms())
def test_the_order_of_acts_does_not_matter_to_a_surge(lead: Contact, rubric: Rubric, random: Random) -> None:
    shuffled = list(lead.engagements)
    random.shuffle(shuffled)
    again = replace(lead, engagements=shuffled)
    assert score_contact(again, rubric, NOW).surge == score_contact(lead, rubric, NOW).surge
