"""Where points lead a lead, up and down."""

from dataclasses import replace

import pytest

from scoring import Line, Score
from tests.builders import LEAD, MQL, NOW, SQL, SUBSCRIBER, a_policy, a_score, a_standing, days_before
from workflows import Entered, Gate, Gates, Left, Move, Placed, Policy, Stay, decide, place

POLICY = a_policy()


def stage_after(score: Score, stage: str | None, policy: Policy = POLICY) -> str | None:
    outcome = decide(score, a_standing(stage), policy, at=NOW).outcome
    return outcome.to if isinstance(outcome, Move) else stage


@pytest.mark.parametrize("stage", [None, SUBSCRIBER, LEAD])
@pytest.mark.parametrize(("total", "expected"), [(34, LEAD), (35, MQL), (64, MQL), (65, SQL), (200, SQL)])
def test_a_band_is_entered_at_its_entry_line(stage: str | None, total: int, expected: str) -> None:
    assert stage_after(a_score(total), stage) == expected


@pytest.mark.parametrize(("total", "expected"), [(64, SQL), (60, SQL), (59, MQL), (30, MQL), (29, LEAD), (-50, LEAD)])
def test_sql_is_left_only_below_its_exit_line_to_mql_or_to_lead(total: int, expected: str) -> None:
    assert stage_after(a_score(total), SQL) == expected


@pytest.mark.parametrize(("total", "expected"), [(34, MQL), (30, MQL), (29, LEAD), (-50, LEAD)])
def test_mql_is_left_only_below_its_exit_line(total: int, expected: str) -> None:
    assert stage_after(a_score(total), MQL) == expected


@pytest.mark.parametrize("stage", [LEAD, SUBSCRIBER, None])
@pytest.mark.parametrize("total", [0, -30, -200])
def test_nobody_falls_below_lead_on_points_alone(stage: str | None, total: int) -> None:
    assert stage_after(a_score(total), stage) == stage


@pytest.mark.parametrize("stage", [None, SUBSCRIBER])
def test_lead_is_entered_from_one_point_of_engagement(stage: str | None) -> None:
    assert stage_after(a_score(1), stage) == LEAD


@pytest.mark.parametrize("stage", [None, SUBSCRIBER])
def test_fit_alone_makes_nobody_a_lead(stage: str | None) -> None:
    assert stage_after(a_score(30, fit=30), stage) == stage


def test_a_lead_needs_a_total_of_one_besides_its_engagement() -> None:
    assert stage_after(a_score(0, fit=-5), None) is None


def test_a_contact_without_a_stage_and_without_points_is_scored_and_stays_without_a_stage() -> None:
    decision = decide(a_score(0), a_standing(None), POLICY, at=NOW)
    assert decision.outcome == Stay(Placed(None, 0))
    assert decision.score == a_score(0)


def test_gate_1_keeps_a_negative_fit_out_of_mql_and_sql() -> None:
    assert stage_after(a_score(80, fit=-1), None) == LEAD
    assert stage_after(a_score(80, fit=0), None) == SQL


def test_gate_2_wants_a_fit_of_ten_or_a_signal_of_middle_funnel_level() -> None:
    assert stage_after(a_score(40, level="tofu"), LEAD) == LEAD
    assert stage_after(a_score(40, level=None, fit=9), LEAD) == LEAD
    assert stage_after(a_score(40, level=None, fit=10), LEAD) == MQL
    assert stage_after(a_score(40, level="mofu"), LEAD) == MQL


def test_gate_2_wants_an_engagement_fact_and_the_source_of_a_lead_is_none() -> None:
    assert stage_after(a_score(40, fit=30, level=None), LEAD) == MQL
    assert stage_after(a_score(40, fit=30, level=None, origin_only=True), LEAD) == LEAD


@pytest.mark.parametrize(("days_ago", "expected"), [(0, SQL), (60, SQL), (61, MQL), (None, MQL)])
def test_gate_3_wants_a_sign_of_intent_in_the_last_sixty_days(days_ago: float | None, expected: str) -> None:
    assert stage_after(a_score(80, intent_days_ago=days_ago), LEAD) == expected


def test_gates_add_up_so_fresh_intent_does_not_open_sql_to_a_negative_fit_or_a_weak_signal() -> None:
    assert stage_after(a_score(90, fit=-1, intent_days_ago=0), LEAD) == LEAD
    assert stage_after(a_score(90, level="tofu", intent_days_ago=0), LEAD) == LEAD


@pytest.mark.parametrize(
    ("score", "gate"),
    [
        (a_score(80, fit=-1), "fit"),
        (a_score(80, level="tofu"), "signals"),
        (a_score(80, intent_days_ago=None), "intent"),
        (a_score(80, fit=80), "engagement"),
    ],
)
def test_a_lead_kept_out_by_a_gate_is_told_which(score: Score, gate: Gate) -> None:
    stage = {"intent": MQL, "engagement": None}.get(gate, LEAD)
    assert place(score, stage, POLICY, at=NOW) == Placed(stage, 80, gate)


def test_gates_do_not_matter_on_the_way_down() -> None:
    assert stage_after(a_score(60, fit=-10, intent_days_ago=None), SQL) == SQL
    assert stage_after(a_score(59, fit=-10, intent_days_ago=None), SQL) == MQL
    assert stage_after(a_score(30, fit=-10, level="tofu"), MQL) == MQL


@pytest.mark.parametrize(
    ("off", "score"),
    [
        (Gates(fit_min=None), a_score(80, fit=-5)),
        (Gates(fit_or_mofu=None), a_score(80, level="tofu")),
        (Gates(intent_days=None), a_score(80, intent_days_ago=None)),
    ],
)
def test_each_gate_can_be_switched_off(off: Gates, score: Score) -> None:
    assert stage_after(score, LEAD) != SQL
    assert stage_after(score, LEAD, a_policy(gates=off)) == SQL


def test_a_move_names_the_total_and_the_line_it_crossed() -> None:
    assert place(a_score(70), LEAD, POLICY, at=NOW) == Entered(SQL, 70, 65)
    assert place(a_score(20), SQL, POLICY, at=NOW) == Left(LEAD, 20, 60)


def test_a_lead_on_the_edge_does_not_flap() -> None:
    assert stage_after(a_score(65), MQL) == SQL
    assert stage_after(a_score(62), SQL) == SQL
    assert stage_after(a_score(62), MQL) == MQL


def test_age_of_intent_is_counted_in_days_of_the_portal_not_in_hours() -> None:
    assert stage_after(a_score(80, intent_days_ago=60.4), LEAD) == SQL
    assert stage_after(a_score(80, intent_days_ago=60.6), LEAD) == MQL


def test_a_sign_of_intent_that_earns_nothing_any_more_still_opens_gate_3_within_its_sixty_days() -> None:
    earned = a_score(80, intent_days_ago=None)
    pricing = Line(
        key="W04", label="Pricing page", group="web", part="engagement", level="bofu", intent=True, at=days_before(45)
    )
    assert stage_after(earned, LEAD) == MQL
    assert stage_after(earned.plus(pricing), LEAD) == SQL


def test_a_floor_that_lifts_a_negative_group_is_no_engagement() -> None:
    fit = Line(key="F01", label="Industry", group="fit", part="fit", points=40)
    left = Line(key="E07", label="Left a list", group="email", part="engagement", points=-30)
    floor = Line(key="floor:email", label="Email: at least -25", group="email", part="engagement", points=5)
    lifted = replace(a_score(40, fit=40), lines=(fit, left, floor))
    assert stage_after(lifted, LEAD) == LEAD
