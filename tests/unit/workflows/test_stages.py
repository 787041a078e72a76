"""The portal's order of stages, which moves the rulebook allows, and when a stage is cleared first."""

from typing import Any

import pytest

from tests.builders import LEAD, MQL, NOW, PORTAL_ORDER, SQL, SUBSCRIBER, a_policy, a_score, a_standing
from workflows import (
    Answer,
    Hold,
    Move,
    MovesOff,
    Policy,
    decide,
    exists,
    is_backward,
    must_clear,
)

POLICY = a_policy()


def test_the_order_comes_from_the_portal() -> None:
    turned = a_policy(portal_order=[SQL, MQL, LEAD, SUBSCRIBER])
    assert is_backward(LEAD, SUBSCRIBER, POLICY)
    assert not is_backward(LEAD, SUBSCRIBER, turned)
    assert is_backward(LEAD, SQL, turned)


def test_before_the_portal_has_been_asked_the_managed_stages_are_in_their_usual_order() -> None:
    assert is_backward(SQL, LEAD, Policy())
    assert exists("anything", Policy())


def test_from_no_stage_nothing_is_backward() -> None:
    assert not is_backward(None, SUBSCRIBER, POLICY)


def test_a_stage_change_on_a_lead_that_has_a_stage_clears_first_also_forward() -> None:
    assert must_clear(LEAD, MQL, POLICY)
    assert must_clear(MQL, LEAD, POLICY)


def test_a_lead_without_a_stage_needs_no_clear() -> None:
    assert not must_clear(None, SQL, POLICY)


def test_a_knob_limits_clearing_to_backward_moves() -> None:
    backward_only = a_policy(clearing="backward")
    assert not must_clear(LEAD, MQL, backward_only)
    assert must_clear(MQL, LEAD, backward_only)


def outcome(moves: str, total: int, stage: str | None, /, **standing: Any) -> object:
    return decide(a_score(total), a_standing(stage, **standing), a_policy(moves=moves), at=NOW).outcome


@pytest.mark.parametrize("stage", [None, SUBSCRIBER, LEAD, MQL])
def test_moves_up_raises(stage: str | None) -> None:
    assert isinstance(outcome("up", 80, stage), Move)


def test_moves_up_lowers_nobody() -> None:
    assert outcome("up", 10, SQL) == Hold(MovesOff("up", LEAD))
    assert outcome("up", 80, SQL, answer=Answer.UNQUALIFIED) == Hold(MovesOff("up", SUBSCRIBER))


@pytest.mark.parametrize("stage", [None, *PORTAL_ORDER[:4]])
@pytest.mark.parametrize("total", [-100, 0, 20, 50, 80])
@pytest.mark.parametrize("answer", [None, *Answer])
def test_moves_none_moves_nobody(stage: str | None, total: int, answer: Answer | None) -> None:
    decision = decide(a_score(total), a_standing(stage, answer=answer), a_policy(moves="none"), at=NOW)
    assert not isinstance(decision.outcome, Move)
    assert decision.score is not None
