"""A lead that surges: marked, and where the rulebook says so, past MQL."""

from dataclasses import replace
from typing import Any

import pytest

from scoring import Score, Surge
from tests.builders import LEAD, MQL, NOW, SQL, a_policy, a_score, a_standing, days_before
from workflows import Answer, Decision, Entered, Left, Move, Placed, Setter, Standing, Stay, decide

SKIPS = a_policy(surge_skips_mql=True)


def surging(total: int, *, holds: bool = True, **rest: Any) -> Score:
    return replace(a_score(total, **rest), surge=Surge(points=total, quiet_points=0, holds=holds))


def decided(score: Score, standing: Standing, *, skips: bool = True) -> Decision:
    return decide(score, standing, SKIPS if skips else a_policy(), at=NOW)


def test_a_lead_that_surges_is_marked_and_by_default_moved_like_any_other() -> None:
    decision = decided(surging(50), a_standing(LEAD), skips=False)
    assert decision.surges
    assert decision.outcome == Move(MQL, Entered(MQL, 50, 35))


def test_where_the_rulebook_says_so_a_surge_skips_mql() -> None:
    assert decided(surging(35), a_standing(LEAD)).outcome == Move(SQL, Entered(SQL, 35, 35, by_surge=True))
    assert decided(surging(50), a_standing(MQL)).outcome == Move(SQL, Entered(SQL, 50, 35, by_surge=True))


def test_at_sqls_own_line_a_lead_needs_no_surge() -> None:
    decision = decided(surging(65), a_standing(LEAD))
    assert decision.outcome == Move(SQL, Entered(SQL, 65, 65))


def test_below_mqls_line_a_surge_skips_nothing() -> None:
    assert decided(surging(34), a_standing(LEAD)).outcome == Stay(Placed(LEAD, 34))


def test_what_came_near_a_surge_skips_nothing() -> None:
    decision = decided(surging(50, holds=False), a_standing(LEAD))
    assert (decision.surges, decision.outcome) == (False, Move(MQL, Entered(MQL, 50, 35)))


@pytest.mark.parametrize(
    ("score", "outcome"),
    [
        (surging(50, intent_days_ago=61), Move(MQL, Entered(MQL, 50, 35))),
        (surging(50, fit=-1), Stay(Placed(LEAD, 50, "fit"))),
    ],
    ids=["no intent", "no fit"],
)
def test_sqls_gates_hold_for_a_surge_too(score: Score, outcome: Move | Stay) -> None:
    assert decided(score, a_standing(LEAD)).outcome == outcome


def test_a_surge_keeps_a_lead_in_sql_down_to_mqls_exit_line() -> None:
    assert decided(surging(30), a_standing(SQL)).outcome == Stay(Placed(SQL, 30))
    assert decided(surging(29), a_standing(SQL)).outcome == Move(LEAD, Left(LEAD, 29, 30))


def test_after_the_surge_points_alone_count_again() -> None:
    assert decided(a_score(50), a_standing(SQL)).outcome == Move(MQL, Left(MQL, 50, 60))


def test_what_a_surge_decides_it_decides_again_once_the_lead_is_there() -> None:
    for total in range(30, 70):
        first = decided(surging(total), a_standing(LEAD)).outcome
        there = first.to if isinstance(first, Move) else LEAD
        assert isinstance(decided(surging(total), a_standing(there)).outcome, Stay), total


@pytest.mark.parametrize("taken", [0, 20])
def test_whom_sales_once_sent_back_no_surge_carries_past_mql(taken: int) -> None:
    standing = a_standing(LEAD, points_taken=taken)
    decision = decided(surging(50 + taken), standing)
    assert decision.outcome == Move(MQL, Entered(MQL, 50, 35))
    assert decision.surges


def test_an_answer_of_not_ready_takes_a_surging_lead_to_mql_and_leaves_it_there() -> None:
    answered = a_standing(SQL, answer=Answer.NOT_READY, answered_at=days_before(0))
    decision = decided(surging(50), answered)
    assert isinstance(decision.outcome, Move)
    assert (decision.outcome.to, decision.points_taken) == (MQL, 0)
    after = replace(answered, stage=MQL, points_taken=decision.points_taken)
    assert decided(surging(50), after).outcome == Stay(Placed(MQL, 50))


def test_a_persons_stage_is_left_alone_in_a_surge() -> None:
    by_hand = a_standing(LEAD, set_by=Setter.PERSON, set_at=days_before(10))
    decision = decided(surging(50), by_hand)
    assert not isinstance(decision.outcome, Move)
    assert decision.surges


@pytest.mark.parametrize(
    "standing",
    [
        a_standing("customer"),
        a_standing(LEAD, opted_out=True),
        a_standing(LEAD, competitor=True),
        a_standing(LEAD, answer=Answer.UNQUALIFIED),
    ],
    ids=["customer", "opted out", "competitor", "unqualified"],
)
def test_whom_nobody_is_to_sell_to_does_not_surge(standing: Standing) -> None:
    assert not decided(surging(50), standing).surges
    assert not decide(surging(50), standing, a_policy(moves="none"), at=NOW).surges


def test_a_lead_that_is_held_may_surge() -> None:
    assert decided(surging(50), a_standing(LEAD, held=True)).surges
