"""Scores beside the one that moves leads: per product for leads, and of what customers do."""

from functools import partial
from pathlib import Path

import pytest

from sandbox import Portal
from tests.acceptance.conftest import Scoreline
from tests.acceptance.leads import OURS, SQL, a_demo_request, a_rulebook, everything, held, score, stage, writes

FURTHER = """
groups:
  interest: {label: Interest in payroll, part: apart, points_max: 50}
rules:
  P01: {label: Asked about payroll, group: interest, form: hand_raise, repeats: once, points: 12}
scores:
  payroll: {label: Interest in payroll, property: lead_score_payroll, of: leads, groups: [interest]}
  expansion: {label: Expansion, property: expansion_score, of: customers, groups: [forms]}
"""


@pytest.fixture
def scoring(scoreline: Scoreline, tmp_path: Path) -> Scoreline:
    """scoreline with that rulebook."""
    return partial(scoreline, SCORELINE_RULEBOOK=a_rulebook(tmp_path / "further.yaml", FURTHER))


def test_leads_and_customers_have_their_own_scores_and_none_that_is_not_theirs(
    portal: Portal, scoring: Scoreline
) -> None:
    assert scoring("provision").status == 0
    lead, customer = a_demo_request(portal), a_demo_request(portal, lifecyclestage="customer")
    opted_out = a_demo_request(portal, lifecyclestage="customer", hs_email_optout="true")

    assert scoring("resync", "--full").status == 0

    assert (stage(portal, lead), score(portal, lead), held(portal, lead, "lead_score_payroll")) == (SQL, 73, "12")
    assert held(portal, lead, "expansion_score") == ""
    assert (stage(portal, customer), held(portal, customer, "expansion_score")) == ("customer", "70")
    assert not any(held(portal, customer, name) for name in (*OURS, "lead_score_payroll"))
    assert not any(held(portal, opted_out, name) for name in ("lead_score_payroll", "expansion_score"))
    at_rest = everything(portal)
    portal.requests.clear()
    assert scoring("resync", "--full").status == 0
    assert (writes(portal), everything(portal)) == (0, at_rest)


def test_explain_shows_what_counts_in_further_scores_alone(portal: Portal, scoring: Scoreline) -> None:
    lead, customer = a_demo_request(portal), a_demo_request(portal, lifecyclestage="customer")
    told = scoring("explain", lead)
    assert "Further score payroll: 12" in told.out
    assert "Counted in further scores alone:" in told.out
    assert "P01" in told.out.split("Counted in further scores alone:")[1]
    assert "P01" not in [line["key"] for line in scoring("explain", lead, "--json").document["lines"]]
    assert "none of them is written, but for its further scores." in scoring("explain", customer).out
