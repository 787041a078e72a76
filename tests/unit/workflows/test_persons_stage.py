"""What a person did by hand is theirs for a while, and never lowered by points."""

from typing import Any

import pytest

from tests.builders import (
    LEAD,
    MQL,
    NOW,
    SQL,
    SUBSCRIBER,
    a_policy,
    a_score,
    a_standing,
    an_entry,
    days_after,
    days_before,
)
from workflows import (
    Answer,
    Decision,
    Entered,
    Hold,
    Left,
    Move,
    PersonsStage,
    Policy,
    Setter,
    Standing,
    Stay,
    decide,
    with_answer_history,
    with_stage_history,
)

POLICY = a_policy()
PEOPLE = [Setter.PERSON, Setter.DEAL]


def decided(total: int, stage: str | None, policy: Policy = POLICY, /, **standing: Any) -> Decision:
    return decide(a_score(total), a_standing(stage, **standing), policy, at=NOW)


@pytest.mark.parametrize("who", PEOPLE)
@pytest.mark.parametrize(("total", "stage"), [(80, LEAD), (10, SQL), (40, None)])
def test_a_stage_that_a_person_or_a_deal_set_is_kept_for_thirty_days(
    who: Setter, total: int, stage: str | None
) -> None:
    decision = decided(total, stage, set_by=who, set_at=days_before(10))
    assert decision.outcome == Hold(PersonsStage(until=days_after(20)))
    assert decision.score == a_score(total)


@pytest.mark.parametrize("who", PEOPLE)
def test_after_thirty_days_points_may_raise_it(who: Setter) -> None:
    assert decided(80, LEAD, set_by=who, set_at=days_before(30)).outcome == Move(SQL, Entered(SQL, 80, 65))


@pytest.mark.parametrize("who", PEOPLE)
def test_points_never_lower_it_however_long_ago_it_was(who: Setter) -> None:
    assert decided(10, SQL, set_by=who, set_at=days_before(3000)).outcome == Hold(PersonsStage(until=None))


@pytest.mark.parametrize("who", [Setter.OTHER, Setter.INTEGRATION])
def test_forms_imports_workflows_and_programs_are_not_persons(who: Setter) -> None:
    assert decided(80, LEAD, set_by=who, set_at=NOW).outcome == Move(SQL, Entered(SQL, 80, 65))
    assert decided(10, SQL, set_by=who, set_at=NOW).outcome == Move(LEAD, Left(LEAD, 10, 60))


def test_the_days_are_the_rulebooks() -> None:
    a_week = a_policy(human_hold_days=7)
    assert isinstance(decided(80, LEAD, a_week, set_by=Setter.PERSON, set_at=days_before(6)).outcome, Hold)
    assert isinstance(decided(80, LEAD, a_week, set_by=Setter.PERSON, set_at=days_before(8)).outcome, Move)


def test_a_persons_stage_where_the_points_would_leave_it_anyway_is_no_hold() -> None:
    assert isinstance(decided(70, SQL, set_by=Setter.PERSON, set_at=days_before(1)).outcome, Stay)


def test_a_held_stage_is_due_again_when_its_days_are_over() -> None:
    assert decided(80, LEAD, set_by=Setter.PERSON, set_at=days_before(10)).changes_with_time
    assert not decided(80, LEAD, held=True).changes_with_time


@pytest.mark.parametrize("answer", [Answer.TRUE_SQL, Answer.NOT_READY])
def test_an_answer_that_has_had_its_effect_does_not_open_a_persons_stage_to_points(answer: Answer) -> None:
    standing = a_standing(
        SQL if answer is Answer.TRUE_SQL else LEAD,
        set_by=Setter.PERSON,
        set_at=days_before(40.5) if answer is Answer.TRUE_SQL else days_before(5),
        answer=answer,
        answered_at=days_before(40) if answer is Answer.TRUE_SQL else days_before(4),
        points_taken=0,
    )
    score = a_score(10) if answer is Answer.TRUE_SQL else a_score(80)
    decision = decide(score, standing, POLICY, at=NOW)
    assert isinstance(decision.outcome, Hold)
    assert isinstance(decision.outcome.because, PersonsStage)


class TestHistory:
    def test_the_newest_entry_says_who_set_the_stage_and_when(self) -> None:
        entries = [an_entry(MQL, by=Setter.PERSON, days_ago=3), an_entry(LEAD, by=Setter.OTHER, days_ago=9)]
        known = with_stage_history(Standing(stage=MQL), entries, POLICY)
        assert (known.set_by, known.set_at) == (Setter.PERSON, days_before(3))

    def test_what_a_person_did_is_known_though_the_lead_was_moved_since(self) -> None:
        entries = [
            an_entry(MQL, by=Setter.INTEGRATION, days_ago=3),
            an_entry(None, by=Setter.INTEGRATION, days_ago=3.01),
            an_entry(LEAD, by=Setter.DEAL, days_ago=40),
            an_entry(SUBSCRIBER, by=Setter.PERSON, days_ago=90),
        ]
        known = with_stage_history(Standing(stage=MQL), entries, POLICY)
        assert (known.set_by, known.person_at) == (Setter.INTEGRATION, days_before(40))

    def test_without_a_history_nobody_is_known_to_have_set_it(self) -> None:
        known = with_stage_history(Standing(stage=MQL, stage_since=days_before(5)), [], POLICY)
        assert (known.set_by, known.set_at) == (Setter.OTHER, days_before(5))

    def test_a_stage_that_a_person_cleared_is_left_without_one_for_thirty_days(self) -> None:
        entries = [an_entry(None, by=Setter.PERSON, days_ago=10), an_entry(SQL, by=Setter.INTEGRATION, days_ago=50)]
        known = with_stage_history(Standing(), entries, POLICY)
        assert known.stage is None
        assert decide(a_score(80), known, POLICY, at=NOW).outcome == Hold(PersonsStage(days_after(20)))

    def test_after_thirty_days_a_cleared_stage_may_be_raised_by_points(self) -> None:
        known = with_stage_history(Standing(), [an_entry(None, by=Setter.PERSON, days_ago=31)], POLICY)
        assert decide(a_score(80), known, POLICY, at=NOW).outcome == Move(SQL, Entered(SQL, 80, 65))

    def test_a_clear_by_a_program_is_the_trace_of_a_move_that_was_cut_off(self) -> None:
        entries = [an_entry(None, by=Setter.INTEGRATION, days_ago=0), an_entry(SQL, by=Setter.PERSON, days_ago=50)]
        known = with_stage_history(Standing(), entries, POLICY)
        assert (known.stage, known.cleared_by_us, known.set_by) == (SQL, True, Setter.PERSON)

    def test_a_stage_beyond_the_managed_ones_that_a_program_cleared_is_no_move_of_ours(self) -> None:
        entries = [an_entry(None, by=Setter.INTEGRATION, days_ago=0), an_entry("customer", by=Setter.DEAL, days_ago=50)]
        known = with_stage_history(Standing(), entries, POLICY)
        assert (known.stage, known.cleared_by_us) == (None, False)

    def test_a_clear_of_a_stage_that_the_portal_has_since_deleted_is_not_taken_back(self) -> None:
        entries = [an_entry(None, by=Setter.INTEGRATION, days_ago=0), an_entry(MQL, by=Setter.OTHER, days_ago=50)]
        known = with_stage_history(Standing(), entries, a_policy(portal_order=[SUBSCRIBER, LEAD, SQL]))
        assert (known.stage, known.cleared_by_us) == (None, False)

    def test_a_stage_that_was_never_there_is_not_taken_back(self) -> None:
        known = with_stage_history(Standing(), [an_entry(None, by=Setter.INTEGRATION, days_ago=0)], POLICY)
        assert (known.stage, known.cleared_by_us, known.set_by) == (None, False, Setter.INTEGRATION)

    def test_a_persons_stage_that_was_cleared_and_put_back_is_still_the_persons(self) -> None:
        entries = [
            an_entry(LEAD, by=Setter.INTEGRATION, days_ago=1),
            an_entry(None, by=Setter.INTEGRATION, days_ago=1.01),
            an_entry(LEAD, by=Setter.PERSON, days_ago=5),
        ]
        known = with_stage_history(Standing(stage=LEAD), entries, POLICY)
        assert (known.set_by, known.set_at) == (Setter.PERSON, days_before(5))

    def test_the_answer_dates_from_when_it_was_last_given(self) -> None:
        entries = [
            an_entry("true_sql", by=Setter.PERSON, days_ago=2),
            an_entry(None, by=Setter.INTEGRATION, days_ago=8),
            an_entry("true_sql", by=Setter.PERSON, days_ago=90),
        ]
        known = with_answer_history(Standing(answer=Answer.TRUE_SQL), entries)
        assert known.answered_at == days_before(2)

    def test_who_gave_no_answer_has_none_to_date(self) -> None:
        standing = Standing()
        assert with_answer_history(standing, [an_entry("true_sql", by=Setter.PERSON, days_ago=2)]) is standing

    def test_an_answer_that_is_not_in_the_history_has_no_date(self) -> None:
        assert with_answer_history(Standing(answer=Answer.TRUE_SQL), []).answered_at is None


class TestAskingForHistory:
    def asks(self, total: int, stage: str | None, /, **standing: Any) -> bool:
        return decide(a_score(total), a_standing(stage, set_by=None, **standing), POLICY, at=NOW).needs_history

    def test_history_is_asked_for_where_the_stage_would_change(self) -> None:
        assert self.asks(80, LEAD)
        assert not self.asks(20, LEAD)

    def test_history_is_asked_for_where_there_is_an_answer(self) -> None:
        assert self.asks(20, LEAD, answer=Answer.TRUE_SQL)

    def test_history_is_asked_for_where_an_empty_stage_may_be_the_trace_of_a_cut_off_move(self) -> None:
        assert self.asks(0, None, was_scored=True)
        assert self.asks(0, None, had_stage=True)
        assert self.asks(0, None, had_stage=True, opted_out=True)
        assert not self.asks(0, None)

    def test_history_is_not_asked_for_of_customers(self) -> None:
        assert not self.asks(80, "customer", was_scored=True)

    def test_history_that_is_known_is_not_asked_for_again(self) -> None:
        assert not decide(a_score(80), a_standing(LEAD), POLICY, at=NOW).needs_history
