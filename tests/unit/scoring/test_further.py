"""Scores beside the lead score: of some groups, some of which are in no total."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config import load_rulebook
from scoring import (
    Cap,
    Contact,
    Further,
    FurtherScore,
    Given,
    Group,
    HalfLife,
    Of,
    Part,
    Rubric,
    Score,
    score_contact,
)
from tests.unit.scoring.builders import NOW, a_fact_rule, a_form, a_form_rule, a_lead, a_rubric
from tests.unit.scoring.test_totals import leads

SEATS = a_fact_rule("seats", (Given(), 40), key="S1", group="growth")
LATE = a_fact_rule("late", (Given(), -60), key="S2", group="growth")


def a_further(*groups: str, of: Of = "customers") -> FurtherScore:
    return FurtherScore(label="Growth", property="growth_score", of=of, groups=groups)


def with_growth(rubric: Rubric, *, of: Of = "customers", points_max: int | None = None) -> Rubric:
    """The rubric with a group that is in no total, and a score of it and of the group `fit`."""
    growth = Group(label="Growth", part="apart", points_max=points_max)
    return replace(
        rubric, groups={**rubric.groups, "growth": growth}, scores={"growth": a_further("growth", "fit", of=of)}
    )


def scored(facts: Mapping[str, int], *, points_max: int | None = None) -> Score:
    rubric = with_growth(a_rubric(a_fact_rule("phone", (Given(), 2)), SEATS, LATE), points_max=points_max)
    return score_contact(a_lead(facts=facts), rubric, NOW)


def test_a_group_that_stands_apart_is_in_no_total_and_no_part() -> None:
    score = scored({"phone": 1, "seats": 1})
    assert (score.total, score.fit, score.engagement) == (2, 2, 0)
    assert [line.key for line in score.lines] == ["R1"]
    assert [(line.key, line.points) for line in score.apart] == [("S1", 40), ("S2", 0)]


def test_a_further_score_is_what_its_groups_come_to() -> None:
    assert scored({"phone": 1, "seats": 1}).further == {"growth": Further(points=42, of="customers")}


def test_a_further_score_is_never_below_nothing() -> None:
    assert scored({"phone": 1, "late": 1}).further["growth"].points == 0


def test_groups_count_after_their_caps() -> None:
    score = scored({"phone": 1, "seats": 1}, points_max=10)
    assert score.further["growth"].points == 12
    assert [line.key for line in score.apart] == ["S1", "S2", "cap:growth"]


def test_caps_that_rules_share_count_too() -> None:
    both = Cap(label="Both", group="done", rules=frozenset({"A", "B"}), points_max=12)
    rules = [a_form_rule(key, name, 10) for key, name in (("A", "a"), ("B", "b"))]
    rubric = a_rubric(*rules, caps={"both": both}, forms={"a": ["a"], "b": ["b"]})
    rubric = replace(rubric, scores={"product": a_further("done", of="leads")})
    score = score_contact(a_lead(a_form("a"), a_form("b")), rubric, NOW)
    assert score.further == {"product": Further(points=12, of="leads")}


def test_a_rubric_without_further_scores_gives_none() -> None:
    score = score_contact(a_lead(), a_rubric(), NOW)
    assert (score.further, score.apart) == ({}, ())


@pytest.mark.parametrize(("groups", "fades"), [(["done"], True), (["fit"], False), (["fit", "done"], True)])
def test_a_further_score_fades_where_one_of_its_groups_does(groups: list[str], fades: bool) -> None:
    fading = replace(a_form_rule("A", "a", 10), decay=HalfLife(days=30))
    rubric = replace(a_rubric(fading, forms={"a": ["a"]}), scores={"product": a_further(*groups)})
    assert score_contact(a_lead(a_form("a")), rubric, NOW).further["product"].fades is fades


@pytest.mark.parametrize(("part", "fades"), [("apart", False), ("engagement", True)])
def test_what_stands_apart_makes_no_lead_score_fade(part: Part, fades: bool) -> None:
    fading = replace(a_form_rule("A", "a", 10), decay=HalfLife(days=30))
    rubric = a_rubric(fading, forms={"a": ["a"]}, group=Group(label="Done", part=part))
    assert score_contact(a_lead(a_form("a")), rubric, NOW).fades is fades


def test_what_silences_a_group_makes_it_fade_when_it_will_come() -> None:
    coming = a_fact_rule("when", (Given(), 5), key="X", silences="done")
    rubric = replace(a_rubric(coming), scores={"product": a_further("done")})
    score = score_contact(a_lead(facts={"when": NOW + timedelta(days=9)}), rubric, NOW)
    assert score.further["product"].fades


def test_a_date_that_lies_ahead_makes_every_score_fade() -> None:
    rubric = replace(a_rubric(), scores={"product": a_further("fit")})
    assert score_contact(a_lead(a_form("a", age=-9)), rubric, NOW).further["product"].fades


# --- what must hold for every lead ---

DEFAULT = load_rulebook().rubric
PRODUCTS = replace(
    DEFAULT,
    scores={
        "apart": a_further("web", "forms", of="leads"),
        "mail": a_further("email", "adjustments", of="everybody"),
        "all": a_further(*DEFAULT.groups),
    },
)


@given(leads())
def test_further_scores_change_nothing_else(lead: Contact) -> None:
    score = score_contact(lead, PRODUCTS, NOW)
    assert replace(score, further={}) == score_contact(lead, DEFAULT, NOW)
    assert all(further.points >= 0 for further in score.further.values())
    assert score.further["all"].points == max(0, score.total)


@given(leads(), st.sampled_from(sorted(DEFAULT.groups)))
def test_lines_add_up_to_the_total_whatever_stands_apart(lead: Contact, apart: str) -> None:
    groups = {**DEFAULT.groups, apart: replace(DEFAULT.groups[apart], part="apart")}
    score, whole = (score_contact(lead, replace(DEFAULT, groups=each), NOW) for each in (groups, DEFAULT.groups))
    assert sum(line.points for line in score.lines) == score.total
    assert score.total + sum(line.points for line in score.apart) == whole.total


@given(leads(), st.integers(1, 400))
def test_a_further_score_that_does_not_fade_stays_as_it_is(lead: Contact, days: int) -> None:
    now, later = (score_contact(lead, PRODUCTS, NOW + timedelta(days=passed)) for passed in (0, days))
    for key, further in now.further.items():
        assert further.fades or later.further[key].points == further.points
