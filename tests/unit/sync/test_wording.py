"""Reasons in words."""

from dataclasses import replace

import pytest

from scoring import Line, Score, Surge
from sync.wording import reason_for, reasons_text
from tests.builders import LEAD, MQL, NOW, SQL, SUBSCRIBER, a_policy, a_score, a_standing, days_before
from workflows import Answer, Policy, Setter, Standing, decide

PERSON = {"set_by": Setter.PERSON, "set_at": days_before(10)}


@pytest.mark.parametrize(
    ("score", "standing", "reason"),
    [
        (a_score(70), a_standing(LEAD), "70 points reach the entry line of 65"),
        (a_score(20), a_standing(SQL), "20 points are below the exit line of 60"),
        (a_score(1), a_standing(None), "1 point reaches the entry line of 1"),
        (a_score(70), a_standing(SQL), "70 points keep it where it is"),
        (a_score(0), a_standing(None), "0 points are too few for a stage"),
        (a_score(26, fit=26), a_standing(None), "26 points would make it a lead, but none of them is engagement"),
        (a_score(80, fit=-1), a_standing(LEAD), "80 points would reach further, but the fit is negative"),
        (
            a_score(80, level="tofu"),
            a_standing(LEAD),
            "80 points would reach further, but there is no engagement, "
            "or neither enough fit nor a signal of middle-funnel level",
        ),
        (
            a_score(80, intent_days_ago=61),
            a_standing(MQL),
            "80 points would reach further, but there is no recent sign of intent",
        ),
        (a_score(70), a_standing(LEAD, held=True), "held: somebody ticked the hold box"),
        (a_score(70), a_standing(LEAD, **PERSON), "held: a person set this stage; kept until 2026-07-05"),
        (
            a_score(9),
            a_standing(SQL, set_by=Setter.PERSON, set_at=days_before(99)),
            "held: a person set this stage; points never lower it",
        ),
        (a_score(9), a_standing(LEAD, answer=Answer.TRUE_SQL), "sales say true SQL"),
        (
            a_score(9),
            a_standing(SQL, answer=Answer.TRUE_SQL),
            "held: sales say true SQL; the answer has no date on record",
        ),
        (
            a_score(9),
            a_standing(SQL, answer=Answer.TRUE_SQL, answered_at=days_before(10)),
            "held: sales say true SQL; kept until 2026-07-05",
        ),
        (a_score(80), a_standing(SQL, answer=Answer.NOT_READY), "sales say not ready; 30 points are taken"),
        (a_score(80), a_standing(SQL, answer=Answer.UNQUALIFIED), "sales say unqualified"),
        (a_score(80), a_standing(SUBSCRIBER, competitor=True), "held: is a competitor's or a vendor's"),
        (a_score(80), a_standing("customer"), "left alone: is a customer"),
        (a_score(80), a_standing("opportunity"), "left alone: is an opportunity"),
        (a_score(80), a_standing("evangelist"), "left alone: is an evangelist"),
        (a_score(80), a_standing("other"), "left alone: is in a stage that scoreline does not manage"),
        (a_score(80), a_standing(LEAD, opted_out=True), "left alone: opted out of email"),
        (a_score(80), a_standing(LEAD, employee=True), "left alone: is an employee"),
        (a_score(80), a_standing(LEAD, partner=True), "left alone: is a partner"),
    ],
)
def test_every_decision_is_worded(score: Score, standing: Standing, reason: str) -> None:
    assert reason_for(decide(score, standing, a_policy(), at=NOW)) == reason


def test_a_move_by_surge_says_so() -> None:
    score = replace(a_score(40), surge=Surge(points=40, quiet_points=0, holds=True))
    decision = decide(score, a_standing(LEAD), a_policy(surge_skips_mql=True), at=NOW)
    assert reason_for(decision) == "40 points reach the entry line of 35, and the lead surges"


@pytest.mark.parametrize("policy", [a_policy(moves="none"), a_policy(moves="up")])
def test_a_move_that_the_rulebook_does_not_allow_says_where_it_would_go(policy: Policy) -> None:
    decision = decide(a_score(20), a_standing(SQL), policy, at=NOW)
    assert reason_for(decision) == f"would go to lead, but the rulebook says moves: {policy.moves}"


def a_breakdown(*points: tuple[str, int]) -> Score:
    lines = [Line(key=key, label=f"Rule {key}", group="forms", part="engagement", points=p) for key, p in points]
    total = sum(p for _, p in points)
    return Score(total=total, fit=0, engagement=total, grade="", lines=lines)


def test_the_reasons_are_those_that_count_most_either_way() -> None:
    score = a_breakdown(("a", 5), ("b", -25), ("c", 70), ("d", 1))
    assert reasons_text(score, 3) == "+70 Rule c\n-25 Rule b\n+5 Rule a"


def test_rules_that_gave_nothing_are_no_reasons() -> None:
    assert reasons_text(a_breakdown(("a", 5), ("b", 0)), 5) == "+5 Rule a"
    assert reasons_text(a_breakdown(("a", 0)), 5) == ""


@pytest.mark.parametrize("limit", ["cap:forms", "floor:email"])
def test_limits_are_no_reasons(limit: str) -> None:
    assert reasons_text(a_breakdown(("a", 5), (limit, -3)), 5) == "+5 Rule a"


def test_reasons_of_equal_weight_keep_the_order_of_the_rulebook() -> None:
    assert reasons_text(a_breakdown(("z", 5), ("a", 5), ("m", -5)), 5) == "+5 Rule z\n+5 Rule a\n-5 Rule m"
