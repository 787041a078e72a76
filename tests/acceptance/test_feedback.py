"""Sales' three answers, from the answer to the stage, and back."""

import pytest

from sandbox import Portal
from tests.acceptance.conftest import Scoreline
from tests.acceptance.leads import (
    LEAD,
    MQL,
    SQL,
    a_contact,
    a_demo_request,
    a_subscription,
    days_ago,
    held,
    moment,
    score,
    stage,
    stage_writes,
    writes,
)

pytestmark = pytest.mark.usefixtures("provisioned")

ANSWER, POINTS = "lead_scoring_sales_feedback", "lead_scoring_feedback_points"
SUBSCRIBER = "subscriber"


def nothing_is_left_to_write(portal: Portal, scoreline: Scoreline) -> None:
    """Neither a full pass nor an incremental one sends a write."""
    portal.requests.clear()
    for selection in (["--full"], []):
        assert scoreline("resync", *selection).status == 0
    assert writes(portal) == 0


def test_true_sql_makes_a_lead_an_sql_at_once_and_keeps_it(portal: Portal, scoreline: Scoreline) -> None:
    lead = a_contact(portal)
    scoreline("resync", "--full")
    portal.sales_answers(lead, "true_sql")
    assert scoreline("resync").status == 0
    assert (stage(portal, lead), score(portal, lead)) == (SQL, 3)
    assert held(portal, lead, ANSWER) == "true_sql"
    assert scoreline("resync", "--full", "--json").document["contacts_held"] == {"true_sql": 1}
    nothing_is_left_to_write(portal, scoreline)


@pytest.mark.parametrize(("answered_days_ago", "where"), [(29, SQL), (31, LEAD)])
def test_true_sql_keeps_the_stage_for_thirty_days_and_then_points_decide(
    portal: Portal, scoreline: Scoreline, answered_days_ago: int, where: str
) -> None:
    lead = a_contact(portal, lifecyclestage=SQL)
    portal.sales_answers(lead, "true_sql", at=moment(answered_days_ago))
    scoreline("resync", "--full")
    assert stage(portal, lead) == where
    nothing_is_left_to_write(portal, scoreline)


def test_not_ready_takes_an_sql_to_mql_at_fifty_points_and_keeps_the_answer(
    portal: Portal, scoreline: Scoreline
) -> None:
    lead = a_demo_request(portal)
    scoreline("resync", "--full")
    portal.sales_answers(lead, "not_ready")

    assert scoreline("resync").status == 0

    assert (stage(portal, lead), score(portal, lead)) == (MQL, 50)
    assert (held(portal, lead, POINTS), held(portal, lead, ANSWER)) == ("23", "mql_not_ready")
    assert stage_writes(portal, lead) == ["", SQL, "", MQL]
    nothing_is_left_to_write(portal, scoreline)


def test_a_lead_that_was_not_ready_earns_its_way_back_and_its_answer_is_cleared(
    portal: Portal, scoreline: Scoreline
) -> None:
    lead = a_demo_request(portal)
    scoreline("resync", "--full")
    portal.sales_answers(lead, "not_ready")
    scoreline("resync")
    portal.hubspot_records(lead, engagements_last_meeting_booked=days_ago(0))

    scoreline("resync")

    assert (stage(portal, lead), score(portal, lead)) == (SQL, 75)
    assert (held(portal, lead, POINTS), held(portal, lead, ANSWER)) == ("23", "")
    nothing_is_left_to_write(portal, scoreline)

    portal.sales_answers(lead, "not_ready")  # sales judge again
    scoreline("resync")
    assert (stage(portal, lead), score(portal, lead), held(portal, lead, POINTS)) == (MQL, 50, "48")
    nothing_is_left_to_write(portal, scoreline)


def test_ten_new_points_are_not_enough_for_a_lead_that_was_not_ready(portal: Portal, scoreline: Scoreline) -> None:
    lead = a_demo_request(portal)
    scoreline("resync", "--full")
    portal.sales_answers(lead, "not_ready")
    scoreline("resync")
    portal.hubspot_records(
        lead, hs_analytics_last_url="https://us.example/pricing", hs_analytics_last_timestamp=days_ago(0)
    )
    scoreline("resync")
    assert (stage(portal, lead), score(portal, lead), held(portal, lead, ANSWER)) == (MQL, 60, "mql_not_ready")


def test_not_ready_takes_nothing_from_who_has_less_than_fifty(portal: Portal, scoreline: Scoreline) -> None:
    lead = a_subscription(portal)
    portal.sales_answers(lead, "not_ready")
    scoreline("resync", "--full")
    assert (stage(portal, lead), score(portal, lead), held(portal, lead, POINTS)) == (LEAD, 8, "0")
    nothing_is_left_to_write(portal, scoreline)


def test_unqualified_makes_a_subscriber_with_a_hundred_points_less(portal: Portal, scoreline: Scoreline) -> None:
    lead = a_demo_request(portal)
    scoreline("resync", "--full")
    portal.sales_answers(lead, "unqualified")
    scoreline("resync")
    assert (stage(portal, lead), score(portal, lead)) == (SUBSCRIBER, -27)
    assert (held(portal, lead, POINTS), held(portal, lead, ANSWER)) == ("", "unqualified")
    nothing_is_left_to_write(portal, scoreline)


def test_no_points_bring_an_unqualified_lead_back(portal: Portal, scoreline: Scoreline) -> None:
    lead = a_demo_request(portal)
    portal.sales_answers(lead, "unqualified", at=moment(200))
    scoreline("resync", "--full")
    portal.hubspot_records(lead, engagements_last_meeting_booked=days_ago(0))
    assert scoreline("resync", "--json").document["contacts_held"] == {"unqualified": 1}
    assert stage(portal, lead) == SUBSCRIBER


def test_an_unqualified_lead_whose_answer_is_cleared_comes_back_in_one_move(
    portal: Portal, scoreline: Scoreline
) -> None:
    lead = a_demo_request(portal)
    scoreline("resync", "--full")
    portal.sales_answers(lead, "unqualified")
    scoreline("resync")
    portal.sales_answers(lead, None)
    document = scoreline("resync", "--json").document
    assert document["stage_changes"] == {"subscriber->salesqualifiedlead": 1}
    assert (stage(portal, lead), score(portal, lead)) == (SQL, 73)
    nothing_is_left_to_write(portal, scoreline)


def test_a_stage_that_a_person_sets_after_the_answer_wins_over_it(portal: Portal, scoreline: Scoreline) -> None:
    lead = a_demo_request(portal, lifecyclestage=SQL)
    portal.sales_answers(lead, "not_ready", at=moment(3))
    portal.person_sets(lead, "lifecyclestage", LEAD, at=moment(2))
    document = scoreline("resync", "--full", "--json").document
    assert stage(portal, lead) == LEAD
    assert document["contacts_held"] == {"person_stage": 1}
    nothing_is_left_to_write(portal, scoreline)


def test_an_answer_that_sales_give_after_a_persons_stage_wins_over_it(portal: Portal, scoreline: Scoreline) -> None:
    lead = a_contact(portal)
    portal.person_sets(lead, "lifecyclestage", MQL, at=moment(3))
    portal.sales_answers(lead, "true_sql", at=moment(2))
    scoreline("resync", "--full")
    assert stage(portal, lead) == SQL


def test_a_competitor_is_treated_as_unqualified_while_it_is_one(portal: Portal, scoreline: Scoreline) -> None:
    vendor = portal.add_company(name="Rival", type="VENDOR")
    lead = a_demo_request(portal, associatedcompanyid=vendor)
    scoreline("resync", "--full")
    assert (stage(portal, lead), score(portal, lead)) == (SUBSCRIBER, -27)
    nothing_is_left_to_write(portal, scoreline)


@pytest.mark.parametrize(
    "hubspot",
    [
        {},
        {"backward_stage_writes": True},
        {"clear_empties_entered_date": False},
        {"clear_empties_stage_dates": True, "became_dates_in_ms": False},
        {"update_tells_stage": False},
        {"cleared_is_null": True, "empty_matches_not_equal": True},
        {"calculated_moves_date": True},
    ],
    ids=lambda switched: ", ".join(switched) or "as documented",
)
def test_a_lead_goes_through_all_answers_however_hubspot_behaves(
    portal: Portal, scoreline: Scoreline, hubspot: dict[str, bool]
) -> None:
    portal.switches.turn(**hubspot)
    lead = a_demo_request(portal)
    scoreline("resync", "--full")
    for answer, where, points in (
        ("not_ready", MQL, 50),
        ("unqualified", SUBSCRIBER, -50),
        (None, MQL, 50),
        ("true_sql", SQL, 50),
    ):
        portal.sales_answers(lead, answer)
        assert scoreline("resync").status == 0
        assert (stage(portal, lead), score(portal, lead)) == (where, points)
        nothing_is_left_to_write(portal, scoreline)
    assert stage_writes(portal, lead) == ["", SQL, "", MQL, "", SUBSCRIBER, "", MQL, "", SQL]
