"""Rules about who a lead is."""

from datetime import date, timedelta

import pytest

from scoring import AllOf, AnyOf, Between, Condition, Contact, Given, Is, Mentions, Phrases, Score, Value
from tests.unit.scoring.builders import NOW, a_fact_rule, a_lead, line_of, scored


def asked(value: Value | None, *cases: tuple[Condition, float]) -> Score:
    facts = {} if value is None else {"thing": value}
    return scored(a_lead(facts=facts), a_fact_rule("thing", *cases))


def test_a_fact_that_is_not_given_is_worth_nothing_and_unknown() -> None:
    line = line_of(asked(None, (Given(), 5)), "R1")
    assert (line.points, line.known) == (0, False)


def test_a_fact_that_no_case_fits_is_worth_nothing_and_known() -> None:
    line = line_of(asked("Farming", (AnyOf(values=frozenset({"software"})), 5)), "R1")
    assert (line.points, line.known) == (0, True)


def test_the_first_case_that_holds_counts_alone() -> None:
    assert asked(60, (Between(low=50, high=1000), 10), (Between(low=10), 5)).total == 10


def test_text_is_compared_in_any_case() -> None:
    assert asked(" SoftWare ", (AnyOf(values=frozenset({"software"})), 5)).total == 5


@pytest.mark.parametrize(("value", "points"), [(49, 0), (50, 10), (1000, 10), (1000.5, 0), (True, 0), ("60", 0)])
def test_a_number_counts_between_both_ends_and_with_them(value: Value, points: int) -> None:
    assert asked(value, (Between(low=50, high=1000), 10)).total == points


def test_an_end_may_be_open() -> None:
    assert asked(10**9, (Between(low=100_000), 5)).total == 5
    assert asked(-3, (Between(high=0), 5)).total == 5


@pytest.mark.parametrize(("value", "points"), [(True, 5), (False, 0), ("true", 0)])
def test_a_yes_or_no_counts_when_it_is_the_one_asked_for(value: Value, points: int) -> None:
    assert asked(value, (Is(expected=True), 5)).total == points


def test_of_several_choices_any_or_all_are_asked_for() -> None:
    chosen: Value = frozenset({"Email", "Ads"})
    assert asked(chosen, (AnyOf(values=frozenset({"ads", "events"})), 5)).total == 5
    assert asked(chosen, (AllOf(values=frozenset({"ads", "events"})), 5)).total == 0
    assert asked(chosen, (AllOf(values=frozenset({"ads", "email"})), 5)).total == 5


def test_a_phrase_is_looked_for_in_text_and_in_choices() -> None:
    boss = Mentions(phrases=Phrases(("director",)))
    assert asked("Sales Director", (boss, 15)).total == 15
    assert asked(frozenset({"director of ads", "other"}), (boss, 15)).total == 15


def test_a_date_counts_by_its_age_in_whole_days() -> None:
    recent, old = (Between(high=30), 5.0), (Between(low=31), -5.0)
    for days, points in ((0, 5), (30, 5), (31, -5)):
        assert asked(NOW.date() - timedelta(days=days), recent, old).total == points


def test_a_date_in_the_future_is_unknown_and_will_come() -> None:
    score = asked(NOW.date() + timedelta(days=2), (Between(high=30), 5))
    assert line_of(score, "R1").known is False
    assert score.fades


def test_a_date_fades_only_while_its_case_can_still_change() -> None:
    def fades(days: int) -> bool:
        return asked(date(2026, 6, 15) - timedelta(days=days), (Between(high=30), 5)).fades

    assert [fades(30), fades(31)] == [True, False]


def test_a_rule_whose_lists_are_all_empty_is_unknown() -> None:
    empty = AnyOf(values=frozenset())
    line = line_of(asked("Germany", (empty, 5), (Given(), -20)), "R1")
    assert (line.points, line.known) == (0, False)


def test_a_rule_with_one_filled_list_is_known() -> None:
    score = asked("Germany", (AnyOf(values=frozenset()), 9), (Mentions(phrases=Phrases(("germany",))), 5))
    assert score.total == 5


def test_a_rule_may_look_at_several_facts_in_turn() -> None:
    contact = Contact(id="1", facts={"seniority": "vp"})
    title = a_fact_rule("job_title", (Given(), 3)).cases
    seniority = a_fact_rule("seniority", (AnyOf(values=frozenset({"vp"})), 15)).cases
    rule = a_fact_rule("job_title")
    both = type(rule)(key="F", label="Role", group="fit", cases=title + seniority)
    assert scored(contact, both).total == 15


def test_a_line_tells_the_fact_behind_it_in_words() -> None:
    assert line_of(asked(1500, (Given(), 1)), "R1").fact == "1,500"
    assert line_of(asked(True, (Given(), 1)), "R1").fact == "yes"
    assert line_of(asked(NOW.date(), (Given(), 1)), "R1").fact == "today"
    assert line_of(asked(frozenset({"b", "a"}), (Given(), 1)), "R1").fact == "a, b"


def test_a_rule_that_silences_a_group_leaves_it_nothing_good_or_bad() -> None:
    bounce = a_fact_rule("bounced", (Given(), -50), key="N", group="adjustments", silences="done")
    opened = a_fact_rule("opened", (Given(), 5), key="E", group="done")
    contact = a_lead(facts={"bounced": "yes", "opened": True})
    score = scored(contact, opened, bounce)
    assert (score.engagement, score.total) == (0, -50)
    assert line_of(score, "E").fact == "does not count: N"
    assert scored(a_lead(facts={"opened": True}), opened, bounce).engagement == 5
