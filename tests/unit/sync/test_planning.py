"""Decisions become real differences, counted, and checked for size."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config import Rulebook
from scoring import Further, FurtherScore, Surge
from sync.planning import SafetyLimit, Tally, change_for, contestable, refusal
from sync.records import Change, ContactRecord, Role
from tests.builders import LEAD, MQL, NOW, SQL, SUBSCRIBER, a_contact, a_rulebook, a_score, a_standing
from workflows import Answer, Exclusion, LeaveAlone, Standing, decide

SCORED: dict[Role, str] = {"score": "70", "fit": "0", "engagement": "70", "grade": "D1", "reasons": "+70 Form"}


def a_change(standing: Standing, total: int = 70, ours: dict[Role, str] | None = None, **policy: Any) -> Change | None:
    rulebook = a_rulebook(**policy)
    record = ContactRecord(id="1", contact=a_contact("1"), standing=standing, ours=ours or {})
    return change_for(record, decide(a_score(total), standing, rulebook.policy, at=NOW), rulebook)


def the_change(standing: Standing, total: int = 70, ours: dict[Role, str] | None = None, **policy: Any) -> Change:
    change = a_change(standing, total, ours, **policy)
    assert change is not None
    return change


def test_what_is_already_there_is_no_change() -> None:
    assert a_change(a_standing(SQL), ours=SCORED) is None


def test_only_what_differs_is_written_with_what_it_was() -> None:
    change = the_change(a_standing(SQL), ours=SCORED | {"score": "64", "reasons": "+64 Form"})
    assert change.after == {"lead_score": "70", "lead_score_reasons": "+70 Form"}
    assert change.before == {"lead_score": "64", "lead_score_reasons": "+64 Form"}
    assert not change.moves


def test_zero_is_written_as_zero() -> None:
    assert the_change(a_standing(), total=0).after["lead_score"] == "0"


def test_a_negative_total_is_written_as_it_is() -> None:
    assert the_change(a_standing(SUBSCRIBER, competitor=True), total=70).after["lead_score"] == "-30"


class TestMoves:
    def test_a_move_that_takes_a_stage_away_clears_first(self) -> None:
        change = the_change(a_standing(LEAD), ours=SCORED)
        assert (change.stage_from, change.stage_to, change.clears_first) == (LEAD, SQL, True)

    def test_a_lead_without_a_stage_gets_one_straight_away(self) -> None:
        change = the_change(a_standing(), ours=SCORED)
        assert (change.stage_from, change.stage_to, change.clears_first) == (None, SQL, False)

    def test_a_stage_that_we_cleared_is_set_without_another_clear(self) -> None:
        change = the_change(a_standing(LEAD, cleared_by_us=True), ours=SCORED)
        assert (change.stage_to, change.clears_first) == (SQL, False)

    @pytest.mark.parametrize("why_not", [{"held": True}, {"opted_out": True}, {}])
    def test_a_stage_that_we_cleared_comes_back_where_nothing_moves_the_lead(self, why_not: dict[str, Any]) -> None:
        change = the_change(a_standing(SQL, cleared_by_us=True, **why_not), ours=SCORED)
        assert (change.moves, change.stage_to) == (True, SQL)
        assert change.reason == "puts back the stage that an interrupted move had cleared"


class TestExclusions:
    def test_an_excluded_contact_that_was_never_scored_is_not_touched(self) -> None:
        assert a_change(a_standing("customer"), ours={"feedback": "true_sql", "resync": "true"}) is None

    def test_one_that_was_scored_is_blanked_where_it_holds_something(self) -> None:
        ours: dict[Role, str] = {"score": "70", "grade": "D1", "feedback_points": "20", "feedback": "true_sql"}
        change = the_change(a_standing("customer", was_scored=True, answer=Answer.TRUE_SQL, points_taken=20), ours=ours)
        assert change.after == {"lead_score": "", "lead_grade": "", "lead_scoring_exclusion": "customer"}

    def test_one_that_is_blank_already_is_left_as_it_is(self) -> None:
        assert a_change(a_standing("customer", was_scored=True), ours={"exclusion": "customer"}) is None

    def test_a_reason_that_changed_is_written(self) -> None:
        change = the_change(a_standing(LEAD, opted_out=True, was_scored=True), ours={"exclusion": "customer"})
        assert change.after == {"lead_scoring_exclusion": "opted_out"}

    def test_a_contact_that_is_scored_again_loses_the_reason(self) -> None:
        change = the_change(a_standing(SQL, was_scored=True), ours=SCORED | {"exclusion": "customer"})
        assert change.after == {"lead_scoring_exclusion": ""}


class TestMinDelta:
    def ours(self, score: int) -> dict[Role, str]:
        return SCORED | {"score": str(score)}

    def test_a_total_that_moved_less_than_the_knob_says_is_left(self) -> None:
        assert a_change(a_standing(SQL), total=70, ours=self.ours(68), min_delta=3) is None
        assert a_change(a_standing(SQL), total=70, ours=self.ours(67), min_delta=3) is not None

    def test_a_move_is_always_written_with_its_score(self) -> None:
        change = the_change(a_standing(MQL), total=70, ours=self.ours(69), min_delta=10)
        assert change.after == {"lead_score": "70"}

    def test_points_taken_by_an_answer_are_always_written_with_the_score(self) -> None:
        standing = a_standing(MQL, answer=Answer.NOT_READY)
        change = the_change(standing, total=51, ours=self.ours(51), min_delta=10)
        assert change.after["lead_score"] == "50"
        assert change.after["lead_scoring_feedback_points"] == "1"

    @pytest.mark.parametrize("there", ["", "a lot"])
    def test_a_score_that_is_empty_or_unreadable_is_written(self, there: str) -> None:
        change = the_change(a_standing(SQL), total=70, ours=SCORED | {"score": there}, min_delta=10)
        assert change.after == {"lead_score": "70"}


SURGE = Surge(points=70, quiet_points=0, holds=True)


class TestSurges:
    def change(self, standing: Standing, surge: Surge | None, ours: dict[Role, str], **policy: Any) -> Change | None:
        rulebook = a_rulebook(**policy)
        record = ContactRecord(id="1", contact=a_contact("1"), standing=standing, ours=ours)
        score = replace(a_score(70), surge=surge)
        return change_for(record, decide(score, standing, rulebook.policy, at=NOW), rulebook)

    def test_a_lead_that_surges_is_marked_by_a_quiet_write(self) -> None:
        change = self.change(a_standing(SQL), SURGE, SCORED)
        assert change is not None
        assert (change.before, change.after) == ({"lead_scoring_surge": ""}, {"lead_scoring_surge": "true"})
        assert change.is_quiet

    def test_it_is_marked_once(self) -> None:
        assert self.change(a_standing(SQL), SURGE, SCORED | {"surge": "true"}) is None

    @pytest.mark.parametrize("surge", [None, replace(SURGE, holds=False)])
    def test_the_mark_goes_with_the_surge(self, surge: Surge | None) -> None:
        change = self.change(a_standing(SQL), surge, SCORED | {"surge": "true"})
        assert change is not None
        assert change.after == {"lead_scoring_surge": ""}

    def test_it_is_written_however_little_the_total_moved(self) -> None:
        change = self.change(a_standing(SQL), SURGE, SCORED | {"score": "68"}, min_delta=10)
        assert change is not None
        assert change.after == {"lead_scoring_surge": "true"}

    def test_a_contact_that_is_excluded_loses_it_with_its_scores(self) -> None:
        ours: dict[Role, str] = {"exclusion": "customer", "surge": "true"}
        change = self.change(a_standing("customer", was_scored=True), SURGE, ours)
        assert change is not None
        assert change.after == {"lead_scoring_surge": ""}

    def test_no_reason_in_hubspot_tells_of_it(self) -> None:
        change = self.change(a_standing(SQL), SURGE, {})
        assert change is not None
        assert change.after["lead_score_reasons"] == "+70 Form"


def with_further(rulebook: Rulebook) -> Rulebook:
    """The rulebook with a score of a product for leads, and one of growth for customers."""
    scores = {
        "product": FurtherScore(label="Product", property="product_score", of="leads", groups=("forms",)),
        "growth": FurtherScore(label="Growth", property="growth_score", of="customers", groups=("forms",)),
    }
    return replace(rulebook, rubric=replace(rulebook.rubric, scores=scores))


class TestFurtherScores:
    SCORE = replace(
        a_score(70),
        further={"product": Further(points=9, of="leads"), "growth": Further(points=9, of="customers")},
    )

    def change(
        self, standing: Standing, there: Mapping[str, str], ours: Mapping[Role, str] | None = None, **policy: Any
    ) -> Change | None:
        rulebook = with_further(a_rulebook(**policy))
        record = ContactRecord(id="1", contact=a_contact("1"), standing=standing, ours=ours or {}, further=there)
        return change_for(record, decide(self.SCORE, standing, rulebook.policy, at=NOW), rulebook)

    def test_a_customer_gets_the_score_for_customers_and_nothing_else(self) -> None:
        change = self.change(a_standing("customer"), {})
        assert change is not None
        assert (change.before, change.after) == ({"growth_score": ""}, {"growth_score": "9"})
        assert (change.is_quiet, change.moves) == (True, False)

    def test_what_is_there_is_not_written_again(self) -> None:
        assert self.change(a_standing("customer"), {"growth": "9", "product": ""}) is None
        assert self.change(a_standing(SQL), {"growth": "", "product": "9"}, SCORED) is None

    def test_nothing_is_written_as_zero(self) -> None:
        rulebook = with_further(a_rulebook())
        record = ContactRecord(id="1", contact=a_contact("1"), standing=a_standing("customer"))
        score = replace(a_score(0), further={"growth": Further(points=0, of="customers")})
        change = change_for(record, decide(score, record.standing, rulebook.policy, at=NOW), rulebook)
        assert change is not None
        assert change.after == {"growth_score": "0"}

    def test_a_customer_loses_the_score_that_it_had_as_a_lead(self) -> None:
        ours: dict[Role, str] = {"exclusion": "customer"}
        change = self.change(a_standing("customer", was_scored=True), {"growth": "9", "product": "4"}, ours)
        assert change is not None
        assert (change.before, change.after) == ({"product_score": "4"}, {"product_score": ""})

    def test_a_lead_that_once_was_a_customer_loses_theirs(self) -> None:
        change = self.change(a_standing(SQL), {"growth": "9", "product": "9"}, SCORED)
        assert change is not None
        assert change.after == {"growth_score": ""}

    @pytest.mark.parametrize("who", [{"opted_out": True}, {"employee": True}, {"partner": True}])
    @pytest.mark.parametrize("stage", [LEAD, "customer"])
    def test_who_is_left_alone_for_good_has_none_and_is_not_touched_without(
        self, stage: str, who: dict[str, bool]
    ) -> None:
        assert self.change(a_standing(stage, **who), {}) is None
        change = self.change(a_standing(stage, **who), {"growth": "9"})
        assert change is not None
        assert change.after == {"growth_score": ""}

    def test_they_are_written_together_with_a_move(self) -> None:
        change = self.change(a_standing(LEAD), {}, SCORED)
        assert change is not None
        assert (change.stage_to, change.after) == (SQL, {"product_score": "9"})

    def test_they_are_written_however_little_the_total_moved(self) -> None:
        change = self.change(a_standing(SQL), {"product": "8"}, SCORED | {"score": "68"}, min_delta=10)
        assert change is not None
        assert change.after == {"product_score": "9"}

    @given(
        st.sampled_from([None, LEAD, SQL, "customer", "evangelist", "opportunity", "other"]),
        st.fixed_dictionaries(
            {}, optional=dict.fromkeys(("opted_out", "employee", "partner", "competitor"), st.just(True))
        ),
        st.fixed_dictionaries({}, optional=dict.fromkeys(("product", "growth"), st.sampled_from(["", "9", "x"]))),
    )
    def test_once_written_nothing_is_left_to_write(
        self, stage: str | None, who: dict[str, bool], there: dict[str, str]
    ) -> None:
        standing = a_standing(stage, was_scored=True, **who)
        first = self.change(standing, there)
        names = {"product_score": "product", "growth_score": "growth"}
        held = there | {names[name]: text for name, text in (first.after if first else {}).items() if name in names}
        again = self.change(standing, held)
        assert again is None or not again.after.keys() & names.keys()


def test_nobody_but_us_has_reason_to_write_scores_of_any_kind() -> None:
    assert contestable(with_further(a_rulebook())) == {
        "lead_score",
        "lead_score_fit",
        "lead_score_engagement",
        "lead_grade",
        "lead_score_reasons",
        "lead_scoring_surge",
        "lead_scoring_exclusion",
        "product_score",
        "growth_score",
    }


class TestQuietChanges:
    def test_scores_alone_are_quiet(self) -> None:
        assert the_change(a_standing(SQL)).is_quiet

    def test_a_move_is_not(self) -> None:
        assert not the_change(a_standing(LEAD)).is_quiet

    def test_what_people_write_too_is_not(self) -> None:
        assert not the_change(a_standing(SQL), ours=SCORED | {"resync": "true"}).is_quiet


class TestTally:
    def test_contacts_are_counted_as_scored_or_excluded_by_reason(self) -> None:
        tally, policy = Tally(), a_rulebook().policy
        tally.saw(decide(a_score(70), a_standing(SQL), policy, at=NOW))
        tally.saw(decide(a_score(70), a_standing(SQL, held=True), policy, at=NOW))
        excluded = decide(a_score(70), a_standing("customer"), policy, at=NOW)
        tally.saw(excluded)
        assert excluded.outcome == LeaveAlone(Exclusion.CUSTOMER)
        assert (tally.read, tally.scored, tally.excluded, tally.held) == (
            3,
            2,
            {"customer": 1},
            {"lead_scoring_hold": 1},
        )

    def test_a_stage_that_is_put_back_is_a_change_but_no_move(self) -> None:
        tally = Tally()
        tally.counts(the_change(a_standing(SQL, cleared_by_us=True)))
        assert (tally.changed, tally.moved) == (1, 0)

    def test_moves_are_counted_from_stage_to_stage(self) -> None:
        tally = Tally()
        tally.counts(the_change(a_standing()))
        tally.counts(the_change(a_standing(LEAD)))
        tally.counts(the_change(a_standing(SQL)))
        assert tally.stage_changes == {f"none->{SQL}": 1, f"{LEAD}->{SQL}": 1}
        assert (tally.changed, tally.moved) == (3, 2)


class TestTheSafetyCheck:
    LIMIT = SafetyLimit(share=0.30, floor=50)

    @pytest.mark.parametrize(("moved", "leads"), [(300, 1000), (50, 50), (0, 0)])
    def test_a_plan_within_the_limit_passes(self, moved: int, leads: int) -> None:
        assert refusal(87, moved=moved, leads=leads, limit=self.LIMIT) is None

    def test_a_larger_one_is_refused_with_its_numbers_and_the_way_out(self) -> None:
        reason = refusal(87, moved=412, leads=1000, limit=self.LIMIT)
        assert reason is not None
        assert reason.startswith("Plan 87 moves 412 of 1,000 leads (41.2%); the limit is 30%. Nothing was written.")
        assert '"scoreline plan show 87"' in reason
        assert "--accept-large-plan" in reason

    def test_moves_without_a_known_lead_are_refused_not_divided_by_zero(self) -> None:
        assert refusal(1, moved=51, leads=0, limit=self.LIMIT) is not None


def test_a_change_is_the_same_whenever_it_is_made() -> None:
    once, again = the_change(a_standing(LEAD)), the_change(a_standing(LEAD))
    assert once == again
    assert replace(once, reason="another") != again
