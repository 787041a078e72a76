"""The main job: leads scored, stages moved, and nothing touched that is not ours."""

import pytest

from sandbox import Portal
from tests.acceptance.conftest import Scoreline
from tests.acceptance.leads import (
    LEAD,
    MQL,
    SCORE_ON_A_DEMO_REQUEST,
    SQL,
    a_contact,
    a_demo_request,
    a_price_request,
    a_subscription,
    held,
    score,
    stage,
    stage_writes,
)

pytestmark = pytest.mark.usefixtures("provisioned")

SUMMARY = {
    "run_id",
    "mode",
    "portal_id",
    "rulebook_version",
    "contacts_read",
    "contacts_scored",
    "contacts_excluded",
    "contacts_held",
    "contacts_changed",
    "stage_changes",
    "contacts_failed",
    "requests",
    "duration_s",
    "plan_refused",
}
REQUESTS = {"read", "write", "total", "retried", "rate_limited"}


def test_a_lead_who_asks_for_a_demo_becomes_an_sql_with_its_score_and_reasons(
    portal: Portal, scoreline: Scoreline
) -> None:
    lead = a_demo_request(portal)

    ended = scoreline("resync", "--full", "--json")

    assert ended.status == 0
    assert stage(portal, lead) == SQL
    assert score(portal, lead) == SCORE_ON_A_DEMO_REQUEST
    assert held(portal, lead, "lead_score_fit") == "3"
    assert held(portal, lead, "lead_score_engagement") == "70"
    assert held(portal, lead, "lead_grade") == "D4"
    assert "+70" in held(portal, lead, "lead_score_reasons")
    assert ended.document["stage_changes"] == {"lead->salesqualifiedlead": 1}


def test_each_lead_goes_where_its_points_belong_from_any_managed_stage(portal: Portal, scoreline: Scoreline) -> None:
    for came_from in ("", "subscriber", LEAD, MQL, SQL):
        belongs = {
            a_demo_request(portal, lifecyclestage=came_from): SQL,
            a_price_request(portal, lifecyclestage=came_from): MQL,
            a_subscription(portal, lifecyclestage=came_from): LEAD,
        }
        assert scoreline("resync", "--full").status == 0
        assert {lead: stage(portal, lead) for lead in belongs} == belongs


def test_a_contact_without_a_stage_and_without_points_is_scored_zero_and_keeps_no_stage(
    portal: Portal, scoreline: Scoreline
) -> None:
    quiet = portal.add_contact(firstname="Quiet", lifecyclestage="")
    scoreline("resync", "--full")
    assert (held(portal, quiet, "lead_score"), stage(portal, quiet)) == ("0", "")


@pytest.mark.parametrize("command", ["plan", "resync"])
def test_the_document_has_every_key_that_is_promised(portal: Portal, scoreline: Scoreline, command: str) -> None:
    a_demo_request(portal)
    document = scoreline(command, "--full", "--json").document
    assert document.keys() >= SUMMARY
    assert document["requests"].keys() >= REQUESTS
    assert document["requests"]["total"] == document["requests"]["read"] + document["requests"]["write"]
    assert (document["contacts_read"], document["contacts_scored"], document["contacts_changed"]) == (1, 1, 1)
    assert document["portal_id"] == str(portal.portal_id)
    assert document["plan_refused"] is None


def test_the_requests_reported_are_those_that_the_portal_saw(portal: Portal, scoreline: Scoreline) -> None:
    a_demo_request(portal)
    portal.requests.clear()
    reported = scoreline("resync", "--full", "--json").document["requests"]
    seen = portal.requests.totals
    assert (reported["read"], reported["write"], reported["total"]) == (seen["read"], seen["write"], seen["total"])


def test_a_second_resync_sends_no_write_request_at_all(portal: Portal, scoreline: Scoreline) -> None:
    for _ in range(3):
        a_demo_request(portal)
    a_contact(portal, lifecyclestage="")
    scoreline("resync", "--full")

    for selection in (["--full"], []):
        ended = scoreline("resync", *selection, "--json")
        assert ended.status == 0
        assert ended.document["requests"]["write"] == 0
        assert ended.document["contacts_changed"] == 0


def test_a_lead_without_a_stage_needs_no_clear(portal: Portal, scoreline: Scoreline) -> None:
    lead = a_demo_request(portal, lifecyclestage="")
    scoreline("resync", "--full")
    assert stage_writes(portal, lead) == [SQL]


def test_the_limit_of_a_plan_refuses_it_whole_and_accepting_it_writes_it(
    portal: Portal, scoreline: Scoreline, monkeypatch: pytest.MonkeyPatch
) -> None:
    leads = [a_demo_request(portal) for _ in range(4)]
    monkeypatch.setenv("SCORELINE_MOVE_FLOOR", "3")
    portal.requests.clear()

    refused = scoreline("resync", "--full", "--json")

    assert refused.status == 1
    assert "moves 4 of 4 leads (100.0%); the limit is 30%" in refused.document["plan_refused"]
    assert "--accept-large-plan" in refused.document["plan_refused"]
    assert refused.document["contacts_changed"] == 0
    assert portal.requests.writes() == []

    assert scoreline("plan", "--full").status == 0  # a plan is only shown: no limit makes it fail
    assert scoreline("resync", "--full", "--accept-large-plan").status == 0
    assert {stage(portal, lead) for lead in leads} == {SQL}
