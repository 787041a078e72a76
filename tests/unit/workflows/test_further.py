"""Who has which further score."""

from dataclasses import replace

import pytest

from scoring import Further, Score
from tests.builders import LEAD, NOW, a_policy, a_score, a_standing
from workflows import Answer, Decision, Standing, decide

PRODUCT = Further(points=3, of="leads")
GROWTH = Further(points=5, of="customers")
REACH = Further(points=7, of="everybody")
NONE = {"product": None, "growth": None, "reach": None}


def decided(standing: Standing, *, score: Score | None = None) -> Decision:
    further = {"product": PRODUCT, "growth": GROWTH, "reach": REACH}
    return decide(score or replace(a_score(50), further=further), standing, a_policy(), at=NOW)


@pytest.mark.parametrize("stage", [None, "subscriber", LEAD, "salesqualifiedlead"])
def test_a_lead_has_the_scores_for_leads(stage: str | None) -> None:
    assert decided(a_standing(stage)).further == {"product": PRODUCT, "growth": None, "reach": REACH}


@pytest.mark.parametrize("stage", ["customer", "evangelist"])
def test_a_customer_has_the_scores_for_customers_and_no_other_of_ours(stage: str) -> None:
    decision = decided(a_standing(stage))
    assert decision.further == {"product": None, "growth": GROWTH, "reach": REACH}
    assert decision.score is None


@pytest.mark.parametrize("stage", ["opportunity", "other", "a_stage_of_our_own"])
def test_who_is_neither_has_only_the_scores_for_everybody(stage: str) -> None:
    assert decided(a_standing(stage)).further == {"product": None, "growth": None, "reach": REACH}


@pytest.mark.parametrize("stage", [LEAD, "customer", "opportunity"])
@pytest.mark.parametrize("standing", [{"opted_out": True}, {"employee": True}, {"partner": True}])
def test_who_opted_out_works_here_or_is_a_partner_has_none(stage: str, standing: dict[str, bool]) -> None:
    assert decided(a_standing(stage, **standing)).further == NONE


@pytest.mark.parametrize("standing", [{"held": True}, {"competitor": True}, {"answer": Answer.UNQUALIFIED}])
def test_a_lead_whose_stage_is_held_is_a_lead(standing: dict[str, bool | Answer]) -> None:
    assert decided(a_standing(LEAD, **standing)).further["product"] == PRODUCT


def test_they_are_decided_also_where_history_is_asked_for() -> None:
    decision = decided(Standing(stage=LEAD))
    assert decision.needs_history
    assert decision.further["product"] == PRODUCT


@pytest.mark.parametrize(("stage", "changes"), [("customer", True), (LEAD, False), ("opportunity", False)])
def test_a_contact_whose_own_further_score_fades_changes_with_time(stage: str, changes: bool) -> None:
    score = replace(a_score(0), further={"growth": replace(GROWTH, fades=True)})
    assert decided(a_standing(stage), score=score).changes_with_time is changes
