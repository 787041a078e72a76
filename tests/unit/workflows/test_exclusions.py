"""Who is left alone, and for which reason first."""

import pytest

from tests.builders import LEAD, MQL, NOW, PORTAL_ORDER, SQL, SUBSCRIBER, a_policy, a_score, a_standing
from workflows import Answer, Exclusion, LeaveAlone, decide, domain_of, exclusion_for, shared_domains

POLICY = a_policy()


@pytest.mark.parametrize("stage", [None, SUBSCRIBER, LEAD, MQL, SQL])
def test_a_lead_in_a_managed_stage_is_ours(stage: str | None) -> None:
    assert exclusion_for(a_standing(stage), POLICY) is None


@pytest.mark.parametrize(
    ("stage", "reason"),
    [
        ("customer", Exclusion.CUSTOMER),
        ("opportunity", Exclusion.OPPORTUNITY),
        ("evangelist", Exclusion.EVANGELIST),
        ("other", Exclusion.OTHER_STAGE),
        ("2497212665", Exclusion.OTHER_STAGE),
    ],
)
def test_a_stage_beyond_the_managed_ones_is_left_alone(stage: str | None, reason: Exclusion) -> None:
    assert exclusion_for(a_standing(stage), POLICY) is reason


def test_the_reasons_go_in_order_stage_then_opt_out_then_employee_then_partner() -> None:
    reasons = {"opted_out": True, "employee": True, "partner": True}
    assert exclusion_for(a_standing("customer", **reasons), POLICY) is Exclusion.CUSTOMER
    assert exclusion_for(a_standing(LEAD, **reasons), POLICY) is Exclusion.OPTED_OUT
    assert exclusion_for(a_standing(LEAD, employee=True, partner=True), POLICY) is Exclusion.EMPLOYEE
    assert exclusion_for(a_standing(LEAD, partner=True), POLICY) is Exclusion.PARTNER


def test_a_stage_that_no_longer_exists_is_unmanaged() -> None:
    without_mql = a_policy(portal_order=[stage for stage in PORTAL_ORDER if stage != MQL])
    assert exclusion_for(a_standing(MQL), without_mql) is Exclusion.OTHER_STAGE


def test_exclusion_comes_before_disqualification_the_hold_box_and_every_answer() -> None:
    everything = a_standing("customer", competitor=True, held=True, answer=Answer.UNQUALIFIED)
    decision = decide(a_score(80), everything, POLICY, at=NOW)
    assert decision.outcome == LeaveAlone(Exclusion.CUSTOMER)
    assert decision.score is None


def test_an_exclusion_keeps_the_points_that_answers_took() -> None:
    decision = decide(a_score(80), a_standing(LEAD, opted_out=True, points_taken=31), POLICY, at=NOW)
    assert decision.points_taken == 31


def test_a_domain_is_ours_when_two_owners_share_it_and_it_is_no_free_mail() -> None:
    emails = ["ann@acme.com", "Bob@ACME.com", "cat@solo.org", "dan@gmail.com", "eve@gmail.com", "ann@acme.com"]
    assert shared_domains(emails, {"gmail.com"}) == {"acme.com"}


def test_one_owner_listed_twice_does_not_make_a_domain_ours() -> None:
    assert shared_domains(["ann@acme.com", "ANN@acme.com"], frozenset()) == frozenset()


@pytest.mark.parametrize(
    ("email", "domain"), [("a@B.com", "b.com"), ('"a@b"@c.com', "c.com"), ("nobody", ""), ("", ""), ("a@", "")]
)
def test_a_domain_is_what_follows_the_last_at_sign(email: str, domain: str) -> None:
    assert domain_of(email) == domain
