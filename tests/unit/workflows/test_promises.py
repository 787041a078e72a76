"""What holds for every lead, whatever it is and wherever it stands."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from scoring import Score
from tests.builders import LEAD, NOW, PORTAL_ORDER, SUBSCRIBER, a_policy, a_score, a_standing
from workflows import (
    Answer,
    Disqualified,
    Exclusion,
    LeaveAlone,
    Move,
    Policy,
    Setter,
    Standing,
    decide,
    exclusion_for,
)

MOMENTS = st.one_of(st.none(), st.integers(0, 100).map(lambda days: NOW - timedelta(days=days)))
STAGES = st.sampled_from([None, *PORTAL_ORDER, "2497212665"])

SCORES = st.builds(
    a_score,
    st.integers(-150, 250),
    fit=st.integers(-60, 30),
    level=st.sampled_from([None, "tofu", "mofu", "bofu"]),
    intent_days_ago=st.one_of(st.none(), st.integers(0, 90)),
    origin_only=st.booleans(),
)
STANDINGS = st.builds(
    a_standing,
    STAGES,
    set_by=st.sampled_from(Setter),
    set_at=MOMENTS,
    answer=st.one_of(st.none(), st.sampled_from(Answer)),
    answered_at=MOMENTS,
    points_taken=st.one_of(st.none(), st.integers(0, 200)),
    held=st.booleans(),
    opted_out=st.booleans(),
    employee=st.booleans(),
    partner=st.booleans(),
    competitor=st.booleans(),
    was_scored=st.booleans(),
)
POLICIES = st.builds(
    a_policy,
    moves=st.sampled_from(["all", "up", "none"]),
    portal_order=st.permutations(PORTAL_ORDER),
)

THOROUGHLY = settings(max_examples=300, deadline=None)


@THOROUGHLY
@given(SCORES, STANDINGS, POLICIES)
def test_an_excluded_contact_is_never_moved_nor_scored(score: Score, standing: Standing, policy: Policy) -> None:
    decision = decide(score, standing, policy, at=NOW)
    excluded = exclusion_for(standing, policy)
    assert isinstance(decision.outcome, LeaveAlone) == isinstance(excluded, Exclusion)
    assert (decision.score is None) == (excluded is not None)


@THOROUGHLY
@given(SCORES, STANDINGS, POLICIES)
def test_a_move_always_leads_to_another_managed_stage(score: Score, standing: Standing, policy: Policy) -> None:
    outcome = decide(score, standing, policy, at=NOW).outcome
    if isinstance(outcome, Move):
        assert outcome.to in policy.managed
        assert outcome.to != standing.stage


@THOROUGHLY
@given(SCORES, STANDINGS, POLICIES)
def test_nobody_is_moved_below_lead_but_the_disqualified(score: Score, standing: Standing, policy: Policy) -> None:
    outcome = decide(score, standing, policy, at=NOW).outcome
    if isinstance(outcome, Move) and outcome.to == SUBSCRIBER:
        assert isinstance(outcome.because, Disqualified)


@THOROUGHLY
@given(SCORES, STANDINGS, POLICIES)
def test_deciding_again_after_the_change_changes_nothing(score: Score, standing: Standing, policy: Policy) -> None:
    first = decide(score, standing, policy, at=NOW)
    written = replace(standing, points_taken=first.points_taken)
    if isinstance(first.outcome, Move):
        written = replace(written, stage=first.outcome.to, set_by=Setter.INTEGRATION, set_at=NOW)
    if first.clears_answer:
        written = replace(written, answer=None, answered_at=None)
    second = decide(score, written, policy, at=NOW)
    assert not isinstance(second.outcome, Move)
    assert second.score == first.score
    assert second.points_taken == first.points_taken
    assert not second.clears_answer


@THOROUGHLY
@given(SCORES, STANDINGS, POLICIES)
def test_the_lines_add_up_to_the_total_after_every_answer(score: Score, standing: Standing, policy: Policy) -> None:
    decided = decide(score, standing, policy, at=NOW).score
    if decided is not None:
        assert sum(line.points for line in decided.lines) == decided.total
        assert (decided.fit, decided.engagement) == (score.fit, score.engagement)


@THOROUGHLY
@given(SCORES, STANDINGS, POLICIES)
def test_points_once_taken_are_never_given_back(score: Score, standing: Standing, policy: Policy) -> None:
    taken = decide(score, standing, policy, at=NOW).points_taken
    if standing.points_taken is not None:
        assert taken is not None
        assert taken >= standing.points_taken


@THOROUGHLY
@given(SCORES, STANDINGS)
def test_a_lead_is_never_lowered_by_points_where_a_person_put_it(score: Score, standing: Standing) -> None:
    by_hand = replace(standing, set_by=Setter.PERSON, answer=None, competitor=False)
    outcome = decide(score, by_hand, a_policy(), at=NOW).outcome
    if isinstance(outcome, Move) and by_hand.stage is not None:
        managed = a_policy().managed
        assert managed.index(outcome.to) > managed.index(by_hand.stage) >= managed.index(SUBSCRIBER)
        assert outcome.to != LEAD or by_hand.stage == SUBSCRIBER
