"""Stages that people and deals set, the box that holds a stage, and rulebooks that move less."""

from pathlib import Path

import pytest

from sandbox import Portal
from sandbox.records import a_person
from tests.acceptance.conftest import Scoreline
from tests.acceptance.leads import (
    LEAD,
    MQL,
    SQL,
    a_contact,
    a_demo_request,
    a_price_request,
    a_rulebook,
    held,
    moment,
    score,
    stage,
    stage_writes,
)

pytestmark = pytest.mark.usefixtures("provisioned")


@pytest.mark.parametrize(("set_days_ago", "where"), [(29, LEAD), (31, SQL)])
def test_points_raise_a_stage_that_a_person_set_only_after_thirty_days(
    portal: Portal, scoreline: Scoreline, set_days_ago: int, where: str
) -> None:
    lead = a_demo_request(portal, lifecyclestage=MQL)
    portal.person_sets(lead, "lifecyclestage", LEAD, at=moment(set_days_ago))
    scoreline("resync", "--full")
    assert (stage(portal, lead), score(portal, lead)) == (where, 73)


def test_points_never_lower_a_stage_that_a_person_set(portal: Portal, scoreline: Scoreline) -> None:
    lead = a_contact(portal)
    portal.person_sets(lead, "lifecyclestage", SQL, at=moment(400))
    document = scoreline("resync", "--full", "--json").document
    assert stage(portal, lead) == SQL
    assert document["contacts_held"] == {"person_stage": 1}


def test_points_lower_a_stage_that_an_import_set(portal: Portal, scoreline: Scoreline) -> None:
    lead = a_contact(portal, lifecyclestage=SQL)
    scoreline("resync", "--full")
    assert stage(portal, lead) == LEAD


def test_a_stage_that_a_deal_set_is_held_as_a_persons(portal: Portal, scoreline: Scoreline) -> None:
    lead = a_contact(portal)
    portal.deal_sync_sets(lead, SQL, at=moment(5))
    scoreline("resync", "--full")
    assert stage(portal, lead) == SQL


def test_a_stage_that_a_workflow_set_is_not_a_persons(portal: Portal, scoreline: Scoreline) -> None:
    lead = a_contact(portal)
    portal.workflow_sets(lead, "lifecyclestage", SQL, at=moment(5))
    scoreline("resync", "--full")
    assert stage(portal, lead) == LEAD


def test_a_stage_that_a_person_cleared_stays_empty_for_thirty_days(portal: Portal, scoreline: Scoreline) -> None:
    lead = a_demo_request(portal)
    portal.person_sets(lead, "lifecyclestage", "", at=moment(5))
    scoreline("resync", "--full")
    assert (stage(portal, lead), stage_writes(portal, lead)) == ("", [])


def test_a_stage_given_by_hand_when_the_contact_was_made_is_a_persons(portal: Portal, scoreline: Scoreline) -> None:
    lead = a_demo_request(portal, source=a_person(61_001), createdate=moment(4).strftime("%Y-%m-%dT%H:%M:%S.000Z"))
    scoreline("resync", "--full")
    assert stage(portal, lead) == LEAD


def test_the_hold_box_keeps_the_stage_but_not_the_score(portal: Portal, scoreline: Scoreline) -> None:
    lead = a_demo_request(portal)
    portal.person_sets(lead, "lead_scoring_hold", "true")
    document = scoreline("resync", "--full", "--json").document
    assert (stage(portal, lead), score(portal, lead)) == (LEAD, 73)
    assert document["contacts_held"] == {"lead_scoring_hold": 1}
    assert held(portal, lead, "lead_scoring_hold") == "true"

    portal.person_sets(lead, "lead_scoring_hold", "")
    scoreline("resync")
    assert stage(portal, lead) == SQL


def test_moves_none_scores_and_moves_nobody(portal: Portal, scoreline: Scoreline, tmp_path: Path) -> None:
    rulebook = a_rulebook(tmp_path / "careful.yaml", "policy: {moves: none}")
    up, down = a_demo_request(portal), a_contact(portal, lifecyclestage=SQL)
    document = scoreline("resync", "--full", "--json", SCORELINE_RULEBOOK=rulebook).document
    assert (stage(portal, up), score(portal, up)) == (LEAD, 73)
    assert (stage(portal, down), score(portal, down)) == (SQL, 3)
    assert (document["stage_changes"], document["contacts_held"]) == ({}, {"moves": 2})
    again = scoreline("resync", "--full", "--json", SCORELINE_RULEBOOK=rulebook).document
    assert again["requests"]["write"] == 0


def test_moves_up_only_raises(portal: Portal, scoreline: Scoreline, tmp_path: Path) -> None:
    rulebook = a_rulebook(tmp_path / "upward.yaml", "policy: {moves: up}")
    up, down = a_demo_request(portal), a_contact(portal, lifecyclestage=SQL)
    document = scoreline("resync", "--full", "--json", SCORELINE_RULEBOOK=rulebook).document
    assert (stage(portal, up), stage(portal, down)) == (SQL, SQL)
    assert document["contacts_held"] == {"moves": 1}
    again = scoreline("resync", "--full", "--json", SCORELINE_RULEBOOK=rulebook).document
    assert again["requests"]["write"] == 0


def test_clearing_only_backward_moves_needs_no_clear_forward(
    portal: Portal, scoreline: Scoreline, tmp_path: Path
) -> None:
    rulebook = a_rulebook(tmp_path / "forward.yaml", "policy: {clearing: backward}")
    up, down = a_demo_request(portal), a_contact(portal, lifecyclestage=SQL)
    scoreline("resync", "--full", SCORELINE_RULEBOOK=rulebook)
    assert stage_writes(portal, up) == [SQL]
    assert stage_writes(portal, down) == ["", LEAD]


def test_another_rulebook_decides_otherwise(portal: Portal, scoreline: Scoreline, tmp_path: Path) -> None:
    lead = a_price_request(portal)
    rulebook = a_rulebook(tmp_path / "eager.yaml", "rules: {G04: {points: 90}}")
    document = scoreline("resync", "--full", "--json", SCORELINE_RULEBOOK=rulebook).document
    assert stage(portal, lead) == SQL
    assert document["rulebook_version"].startswith("eager-")
