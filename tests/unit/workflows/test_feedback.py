"""What sales' three answers change."""

from typing import Any

import pytest

from tests.builders import LEAD, MQL, NOW, SQL, SUBSCRIBER, a_policy, a_score, a_standing, days_after, days_before
from workflows import (
    Answer,
    Decision,
    Disqualified,
    Entered,
    Feedback,
    Hold,
    HoldAsked,
    Left,
    Move,
    MovesOff,
    PersonsStage,
    Policy,
    SaysNotReady,
    SaysTrueSql,
    Setter,
    Stay,
    TrueSqlKept,
    decide,
)

POLICY = a_policy()


def decided(total: int, stage: str | None = None, policy: Policy = POLICY, /, **standing: Any) -> Decision:
    return decide(a_score(total), a_standing(stage, **standing), policy, at=NOW)


def true_sql(days_ago: float) -> dict[str, Any]:
    return {"answer": Answer.TRUE_SQL, "answered_at": days_before(days_ago)}


def not_ready(days_ago: float = 1) -> dict[str, Any]:
    return {"answer": Answer.NOT_READY, "answered_at": days_before(days_ago)}


def unqualified(days_ago: float = 1) -> dict[str, Any]:
    return {"answer": Answer.UNQUALIFIED, "answered_at": days_before(days_ago)}


class TestTrueSql:
    @pytest.mark.parametrize("stage", [None, SUBSCRIBER, LEAD, MQL])
    def test_true_sql_goes_to_sql_at_once_whatever_the_points(self, stage: str | None) -> None:
        assert decided(0, stage, **true_sql(1)).outcome == Move(SQL, SaysTrueSql())

    def test_true_sql_gives_no_points(self) -> None:
        assert decided(20, LEAD, **true_sql(1)).score == a_score(20)

    def test_true_sql_is_kept_for_thirty_days_from_the_answer(self) -> None:
        assert decided(0, SQL, **true_sql(29.9)).outcome == Hold(TrueSqlKept(days_after(0.1)))
        assert decided(0, SQL, **true_sql(30)).outcome == Move(LEAD, Left(LEAD, 0, 60))

    def test_after_thirty_days_the_bands_decide_also_upward(self) -> None:
        assert decided(40, LEAD, **true_sql(31)).outcome == Move(MQL, Entered(MQL, 40, 35))

    def test_true_sql_without_a_date_on_record_is_kept(self) -> None:
        assert decided(0, SQL, answer=Answer.TRUE_SQL).outcome == Hold(TrueSqlKept(None))

    def test_a_kept_true_sql_is_due_again_when_time_has_passed(self) -> None:
        assert decided(0, SQL, **true_sql(3)).changes_with_time


class TestNotReady:
    def test_a_higher_score_lands_at_fifty_and_falls_to_mql(self) -> None:
        decision = decided(80, SQL, **not_ready())
        assert decision.outcome == Move(MQL, SaysNotReady(30))
        assert decision.score is not None
        assert (decision.score.total, decision.points_taken) == (50, 30)

    def test_a_lower_score_stays_and_zero_says_that_nothing_was_taken(self) -> None:
        decision = decided(45, SQL, **not_ready())
        assert decision.outcome == Move(MQL, SaysNotReady(0))
        assert (decision.score, decision.points_taken) == (a_score(45), 0)

    def test_below_the_exit_line_of_mql_the_bands_decide(self) -> None:
        assert decided(29, SQL, **not_ready()).outcome == Move(LEAD, SaysNotReady(0))

    def test_an_answer_with_empty_points_is_a_new_one_and_caps_at_mql(self) -> None:
        decision = decided(90, LEAD, **not_ready())
        assert decision.outcome == Move(MQL, Entered(MQL, 50, 35))
        assert decision.points_taken == 40

    def test_an_answer_whose_points_are_zero_has_been_counted(self) -> None:
        decision = decided(90, LEAD, points_taken=0, **not_ready())
        assert isinstance(decision.outcome, Move)
        assert (decision.outcome.to, decision.points_taken) == (SQL, 0)

    def test_an_answer_on_a_lead_that_is_sql_is_a_new_one_and_adds_to_what_was_taken(self) -> None:
        decision = decided(110, SQL, points_taken=30, **not_ready())
        assert decision.outcome == Move(MQL, SaysNotReady(60))
        assert decision.score is not None
        assert (decision.score.total, decision.points_taken) == (50, 60)

    def test_fifteen_new_points_bring_it_back_to_sql(self) -> None:
        assert isinstance(decided(80 + 14, MQL, points_taken=30, **not_ready()).outcome, Stay)
        assert decided(80 + 15, MQL, points_taken=30, **not_ready()).outcome == Move(SQL, Entered(SQL, 65, 65))

    def test_back_at_sql_the_answer_is_cleared_and_the_points_stay_taken(self) -> None:
        decision = decided(95, MQL, points_taken=30, **not_ready())
        assert (decision.clears_answer, decision.points_taken) == (True, 30)

    def test_short_of_sql_the_answer_stays(self) -> None:
        assert not decided(80, MQL, points_taken=30, **not_ready()).clears_answer
        assert not decided(80, LEAD, points_taken=30, **not_ready()).clears_answer

    def test_no_other_answer_is_cleared_at_sql(self) -> None:
        assert not decided(80, MQL, **true_sql(40)).clears_answer

    @pytest.mark.parametrize(("total", "left"), [(100, 30), (71, 1), (50, 1), (1, 1), (0, 0), (-20, -20)])
    def test_the_deduction_alone_never_takes_a_total_below_one(self, total: int, left: int) -> None:
        score = decided(total, LEAD, points_taken=70).score
        assert score is not None
        assert score.total == left

    def test_what_was_taken_is_a_line_of_the_breakdown_so_that_it_adds_up(self) -> None:
        score = decided(80, SQL, **not_ready()).score
        assert score is not None
        assert sum(line.points for line in score.lines) == score.total
        assert score.fit + score.engagement == 80

    @pytest.mark.parametrize("stage", [LEAD, SQL])
    def test_wherever_the_rulebook_lets_it_land_it_is_at_most_mql(self, stage: str) -> None:
        decision = decided(80, stage, a_policy(feedback=Feedback(not_ready_lands_at=90)), **not_ready())
        assert isinstance(decision.outcome, Move)
        assert (decision.outcome.to, decision.points_taken) == (MQL, 16)

    def test_where_the_rulebook_lowers_nobody_the_answer_waits_and_takes_nothing_yet(self) -> None:
        decision = decided(80, SQL, a_policy(moves="up"), **not_ready())
        assert decision.outcome == Hold(MovesOff("up", MQL))
        assert (decision.score, decision.points_taken) == (a_score(80), None)


class TestUnqualified:
    @pytest.mark.parametrize("stage", [None, LEAD, MQL, SQL])
    def test_unqualified_takes_a_hundred_and_goes_to_subscriber(self, stage: str | None) -> None:
        decision = decided(80, stage, **unqualified())
        assert decision.outcome == Move(SUBSCRIBER, Disqualified("unqualified"))
        assert decision.score is not None
        assert decision.score.total == -20

    def test_unqualified_holds_for_as_long_as_the_answer_stands(self) -> None:
        assert decided(500, SUBSCRIBER, **unqualified(400)).outcome == Hold(Disqualified("unqualified"))

    @pytest.mark.parametrize("taken", [None, 0, 30])
    def test_the_hundred_are_never_among_the_points_taken(self, taken: int | None) -> None:
        assert decided(80, SQL, points_taken=taken, **unqualified()).points_taken == taken

    def test_when_a_person_clears_the_answer_the_hundred_come_back_and_one_move_leads_where_it_belongs(self) -> None:
        decision = decided(80, SUBSCRIBER)
        assert decision.outcome == Move(SQL, Entered(SQL, 80, 65))
        assert decision.score == a_score(80)

    def test_unqualified_comes_before_the_hold_box(self) -> None:
        assert decided(80, SQL, held=True, **unqualified()).outcome == Move(SUBSCRIBER, Disqualified("unqualified"))

    def test_unqualified_holds_also_where_a_person_set_the_stage_later(self) -> None:
        decision = decided(80, SQL, set_by=Setter.PERSON, set_at=days_before(0.5), **unqualified(1))
        assert decision.outcome == Move(SUBSCRIBER, Disqualified("unqualified"))

    def test_a_competitor_is_treated_the_same_while_it_is_one(self) -> None:
        decision = decided(80, MQL, competitor=True, held=True, set_by=Setter.PERSON, set_at=NOW)
        assert decision.outcome == Move(SUBSCRIBER, Disqualified("competitor"))
        assert decision.score is not None
        assert decision.score.total == -20
        assert decided(80, SUBSCRIBER).outcome == Move(SQL, Entered(SQL, 80, 65))

    def test_an_unqualified_competitor_loses_a_hundred_once(self) -> None:
        score = decided(80, SQL, competitor=True, **unqualified()).score
        assert score is not None
        assert score.total == -20


class TestTheHoldBox:
    @pytest.mark.parametrize("answer", [{}, true_sql(1), not_ready()])
    def test_the_hold_box_comes_before_answers_and_points_and_the_lead_is_scored(self, answer: dict[str, Any]) -> None:
        decision = decided(80, LEAD, held=True, **answer)
        assert decision.outcome == Hold(HoldAsked())
        assert (decision.score, decision.points_taken) == (a_score(80), None)


class TestTheNewerActWins:
    @pytest.mark.parametrize("who", [Setter.PERSON, Setter.DEAL])
    @pytest.mark.parametrize("answer", [true_sql(5), not_ready(5)])
    def test_a_stage_that_a_person_set_after_the_answer_stands(self, who: Setter, answer: dict[str, Any]) -> None:
        decision = decided(80, LEAD, set_by=who, set_at=days_before(4), **answer)
        assert decision.outcome == Hold(PersonsStage(days_after(26)))
        assert decision.points_taken is None

    def test_an_answer_given_after_a_person_set_the_stage_is_obeyed(self) -> None:
        by_hand = {"set_by": Setter.PERSON, "set_at": days_before(5)}
        assert decided(0, LEAD, **by_hand, **true_sql(4)).outcome == Move(SQL, SaysTrueSql())
        assert decided(80, SQL, **by_hand, **not_ready(4)).outcome == Move(MQL, SaysNotReady(30))

    @pytest.mark.parametrize("who", [Setter.INTEGRATION, Setter.OTHER])
    def test_a_stage_that_a_program_set_after_the_answer_does_not_stand(self, who: Setter) -> None:
        decision = decided(80, SQL, set_by=who, set_at=days_before(1), **not_ready(5))
        assert decision.outcome == Move(MQL, SaysNotReady(30))

    def test_a_person_who_puts_the_lead_back_at_sql_gets_a_cleared_answer_so_that_it_can_be_given_again(self) -> None:
        decision = decided(80, SQL, set_by=Setter.PERSON, set_at=days_before(1), points_taken=10, **not_ready(5))
        assert isinstance(decision.outcome, Stay)
        assert (decision.clears_answer, decision.points_taken) == (True, 10)

    @pytest.mark.parametrize("answer", [true_sql(10), not_ready(10)])
    def test_an_answer_that_lost_against_a_persons_stage_does_not_come_back_when_points_move_the_lead(
        self, answer: dict[str, Any]
    ) -> None:
        decision = decided(60, MQL, a_policy(human_hold_days=7), person_at=days_before(8), set_at=NOW, **answer)
        assert isinstance(decision.outcome, Stay)
        assert (decision.score, decision.points_taken) == (a_score(60), None)

    def test_an_answer_given_in_the_moment_of_the_stage_is_not_older(self) -> None:
        decision = decided(0, LEAD, set_by=Setter.PERSON, set_at=days_before(1), **true_sql(1))
        assert decision.outcome == Move(SQL, SaysTrueSql())

    def test_an_answer_without_a_date_on_record_is_older_than_a_persons_stage(self) -> None:
        decision = decided(80, LEAD, set_by=Setter.PERSON, set_at=days_before(9), answer=Answer.TRUE_SQL)
        assert decision.outcome == Hold(PersonsStage(days_after(21)))
