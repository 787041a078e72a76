"""A workflow that allows no lead without a stage, which is the most ordinary one, meets a worker that clears stages."""

import pytest

from sandbox import Fault, Portal
from tests.acceptance.conftest import Scoreline, not_where_histories_are_short, not_where_reads_lag
from tests.acceptance.leads import LEAD, a_contact, a_demo_request, score, stage, stage_writes

pytestmark = pytest.mark.usefixtures("provisioned")

READ_AGAIN = r"contacts/batch/read$"


def a_workflow_fills_empty_stages(portal: Portal, leads: list[str]) -> None:
    """Whenever one of these leads has no stage, it is a lead by the next time anybody looks."""

    def fills() -> None:
        for lead in leads:
            if stage(portal, lead) == "":
                portal.workflow_sets(lead, "lifecyclestage", LEAD)

    portal.faults.add(Fault(path=READ_AGAIN, times=None, act=fills))


@not_where_reads_lag
@not_where_histories_are_short
def test_a_workflow_that_fills_the_stage_we_cleared_is_left_alone_after_two_times(
    portal: Portal, scoreline: Scoreline
) -> None:
    lead = a_demo_request(portal)
    a_workflow_fills_empty_stages(portal, [lead])
    for _ in range(2):
        ended = scoreline("resync", "--full", "--json")
        assert [each["id"] for each in ended.document["contacts_dropped"]] == [lead]
        assert (ended.status, ended.document["contacts_failed"]) == (0, [])
    ended = scoreline("resync", "--full", "--json")
    assert (ended.status, ended.document["contacts_held"]) == (1, {"contested": 1})
    assert [each["id"] for each in ended.document["contacts_contested"]] == [lead]
    assert (stage(portal, lead), stage_writes(portal, lead)) == (LEAD, ["", ""])
    assert score(portal, lead) == 73


@not_where_reads_lag
def test_four_hundred_and_fifty_such_leads_keep_nobody_else_from_a_score(portal: Portal, scoreline: Scoreline) -> None:
    leads = [a_demo_request(portal) for _ in range(450)]
    others = [a_contact(portal) for _ in range(5)]
    a_workflow_fills_empty_stages(portal, leads)
    ended = scoreline("resync", "--full", "--accept-large-plan", "--json")
    assert (ended.status, len(ended.document["contacts_dropped"])) == (0, 450)
    assert [stage(portal, lead) for lead in leads] == [LEAD] * 450
    assert all(score(portal, other) for other in others)
