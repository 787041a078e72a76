"""Another program that writes what scoreline writes, and a contact that HubSpot will not take, over HTTP."""

import re

import pytest

from sandbox import Fault, Portal
from tests.acceptance.conftest import Scoreline, not_where_histories_are_short
from tests.acceptance.leads import LEAD, SQL, a_contact, a_demo_request, days_ago, held, score, stage, writes

pytestmark = pytest.mark.usefixtures("provisioned")

STAGE = "lifecyclestage"
REFUSES = Fault(path="batch/update", status=400, body={"category": "VALIDATION_ERROR"}, times=None)


def puts_the_stage_back(portal: Portal, lead: str) -> None:
    portal.integration_sets(lead, STAGE, "")
    portal.integration_sets(lead, STAGE, LEAD)


def test_a_program_that_keeps_writing_a_score_is_named_and_left_alone(portal: Portal, scoreline: Scoreline) -> None:
    lead = a_demo_request(portal)
    assert scoreline("resync", "--full").status == 0
    portal.integration_sets(lead, "lead_score", 5)
    assert scoreline("resync").status == 0
    assert score(portal, lead) == 73
    portal.integration_sets(lead, "lead_score", 5)
    portal.requests.clear()

    ended = scoreline("resync", "--json")

    assert ended.status == 1
    (contested,) = ended.document["contacts_contested"]
    assert contested["id"] == lead
    assert "lead_score;" in contested["reason"]
    assert writes(portal) == 0
    assert "CONTESTED" in scoreline("resync", "--full").out
    assert scoreline("plan", "--full").status == 1
    assert "Contested: another program has twice put back lead_score" in scoreline("explain", lead).out
    assert scoreline("explain", lead, "--json").document["contested"] == ["lead_score"]
    told = scoreline("status").out
    assert f"1 contact ({lead}) contested: another program" in told
    assert f'"scoreline resync --contact {lead}" writes it once more' in told

    assert scoreline("resync", "--contact", lead).status == 0
    assert score(portal, lead) == 73
    assert scoreline("resync", "--full").status == 0


@not_where_histories_are_short
def test_a_program_that_keeps_moving_a_lead_is_named_and_the_score_goes_on(
    portal: Portal, scoreline: Scoreline
) -> None:
    lead = a_demo_request(portal)
    scoreline("resync", "--full")
    for _ in range(2):
        puts_the_stage_back(portal, lead)
        ended = scoreline("resync", "--json")
    assert (ended.status, ended.document["contacts_held"]) == (1, {"contested": 1})
    assert stage(portal, lead) == LEAD
    assert "another program has twice put the stage back" in scoreline("explain", lead).out

    portal.hubspot_records(lead, recent_conversion_event_name="Prices: Price sheet", recent_conversion_date=days_ago(0))
    scoreline("resync", "--full")
    assert (score(portal, lead), stage(portal, lead)) == (53, LEAD)


@not_where_histories_are_short
def test_after_the_database_was_lost_a_rival_is_recognised_anew(portal: Portal, scoreline: Scoreline) -> None:
    lead = a_demo_request(portal)
    for database in ("one", "two"):
        address = f"sqlite:///{database}.db"
        for status in (0, 0, 1):
            assert scoreline("resync", "--full", DATABASE_URL=address).status == status
            puts_the_stage_back(portal, lead)
        assert stage(portal, lead) == LEAD


def test_a_refused_contact_is_not_sent_again_until_it_changes_or_somebody_asks(
    portal: Portal, scoreline: Scoreline
) -> None:
    offender, other = a_demo_request(portal), a_demo_request(portal)
    portal.faults.add(REFUSES)
    first = scoreline("resync", "--contact", offender, "--json")
    portal.faults.clear()

    ended = scoreline("resync", "--full", "--json")

    assert (ended.status, stage(portal, other), stage(portal, offender)) == (1, SQL, LEAD)
    (failed,) = ended.document["contacts_failed"]
    assert failed["id"] == offender
    assert f"in run {first.document['run_id']}" in failed["reason"]
    assert "Not sent again: refused by HubSpot" in scoreline("explain", offender).out
    assert scoreline("resync", "--contact", offender).status == 0
    assert stage(portal, offender) == SQL
    assert scoreline("resync", "--full").status == 0


def test_a_second_resync_after_a_refusal_sends_no_write(portal: Portal, scoreline: Scoreline) -> None:
    lead = a_contact(portal)
    portal.faults.add(REFUSES)
    assert scoreline("resync", "--full").status == 1
    portal.requests.clear()
    assert scoreline("resync", "--full").status == 1
    assert writes(portal) == 0
    portal.faults.clear()
    portal.hubspot_records(lead, recent_conversion_event_name="Demo: Request", recent_conversion_date=days_ago(0))
    assert scoreline("resync", "--full").status == 0
    assert held(portal, lead, "lead_score") == "73"


def test_status_names_who_is_contested_or_refused_until_a_later_run_settles_it(
    portal: Portal, scoreline: Scoreline
) -> None:
    rivals, offender = a_demo_request(portal), a_demo_request(portal)
    portal.faults.add(REFUSES)
    assert scoreline("resync", "--contact", offender).status == 1
    portal.faults.clear()
    assert scoreline("resync", "--full").status == 1
    for _ in range(2):
        portal.integration_sets(rivals, "lead_score", 5)
        scoreline("resync")
    a_demo_request(portal)
    assert scoreline("resync", "--json").document["contacts_contested"] == []  # reads nobody who did not change

    status = scoreline("status", "--json").document
    assert {what: [each["id"] for each in status[what]] for what in ("contested", "failed")} == {
        "contested": [rivals],
        "failed": [offender],
    }
    assert re.search(r" 1 +1 +-$", scoreline("runs").out, re.MULTILINE), "failed and contested are counted apart"

    portal.integration_sets(rivals, "lead_score", 73)  # the other program gives in
    scoreline("resync")
    assert scoreline("resync", "--contact", offender).status == 0
    status = scoreline("status", "--json").document
    assert (status["contested"], status["failed"]) == ([], [])
