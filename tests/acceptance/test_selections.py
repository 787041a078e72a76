"""Which contacts a resync reads: all, some, or what changed."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from sandbox import Portal
from tests.acceptance.conftest import Scoreline
from tests.acceptance.leads import (
    LEAD,
    SQL,
    a_contact,
    a_demo_request,
    a_price_request,
    days_ago,
    held,
    moment,
    score,
    stage,
    writes,
)

pytestmark = pytest.mark.usefixtures("provisioned")


def test_a_contact_is_chosen_by_id_or_by_address_in_any_case(portal: Portal, scoreline: Scoreline) -> None:
    by_id, other = a_demo_request(portal), a_demo_request(portal)
    by_address = a_demo_request(portal, email="ann@prospect.example")
    ended = scoreline("resync", "--contact", by_id, "--contact", "Ann@Prospect.example", "--json")
    assert ended.status == 0
    assert (ended.document["mode"], ended.document["contacts_read"]) == ("contacts", 2)
    assert [stage(portal, lead) for lead in (by_id, by_address, other)] == [SQL, SQL, LEAD]


def test_a_contact_named_twice_is_read_once(portal: Portal, scoreline: Scoreline) -> None:
    lead = a_demo_request(portal)
    assert scoreline("resync", "--contact", lead, "--contact", lead, "--json").document["contacts_read"] == 1


@pytest.mark.parametrize(
    ("who", "named"),
    [
        ("999999999", "999999999"),
        ("nobody@nowhere.example", "the address given as --contact number 2"),
        ("Ann Smith", "the address given as --contact number 2"),
    ],
)
def test_a_contact_that_is_not_there_is_reported_and_the_others_go_on(
    portal: Portal, scoreline: Scoreline, who: str, named: str
) -> None:
    lead = a_demo_request(portal)
    ended = scoreline("resync", "--contact", lead, "--contact", who, "--json")
    assert ended.status == 1
    assert [failed["id"] for failed in ended.document["contacts_failed"]] == [named]
    assert held(portal, lead, "lifecyclestage") == "salesqualifiedlead"
    assert "nobody@" not in ended.out + ended.err


def test_the_id_of_a_merged_contact_finds_the_one_that_is_left(portal: Portal, scoreline: Scoreline) -> None:
    old, other = a_demo_request(portal), a_contact(portal)
    left = portal.merge(old, other)
    assert scoreline("resync", "--contact", old).status == 0
    assert stage(portal, left) == SQL


def test_a_list_chooses_its_members(portal: Portal, scoreline: Scoreline) -> None:
    pilots = [a_demo_request(portal) for _ in range(2)]
    other = a_demo_request(portal)
    pilot = portal.add_list("Pilot", pilots)
    ended = scoreline("resync", "--list", pilot, "--json")
    assert (ended.document["mode"], ended.document["contacts_read"]) == ("list", 2)
    assert [stage(portal, lead) for lead in (*pilots, other)] == [SQL, SQL, LEAD]


@pytest.mark.parametrize(
    "write", [lambda _: "3d", lambda _: "72h", lambda at: at.date().isoformat(), lambda at: at.isoformat()]
)
def test_since_chooses_what_changed_after_a_moment(
    portal: Portal, scoreline: Scoreline, write: Callable[[datetime], str]
) -> None:
    old = a_demo_request(portal, lastmodifieddate=days_ago(30))
    fresh = a_demo_request(portal, lastmodifieddate=days_ago(1))
    ended = scoreline("resync", "--since", write(moment(3)), "--json")
    assert ended.status == 0
    assert (ended.document["mode"], ended.document["contacts_read"]) == ("since", 1)
    assert [stage(portal, lead) for lead in (old, fresh)] == [LEAD, SQL]


def test_without_a_watermark_everything_is_read(portal: Portal, scoreline: Scoreline) -> None:
    a_demo_request(portal, lastmodifieddate=days_ago(300))
    ended = scoreline("resync", "--json")
    assert (ended.document["mode"], ended.document["contacts_read"]) == ("full", 1)


def test_after_a_full_pass_only_what_changed_is_read(portal: Portal, scoreline: Scoreline) -> None:
    quiet = [a_contact(portal) for _ in range(3)]
    scoreline("resync", "--full")
    scoreline("resync")  # sees its own writes once
    busy = quiet[1]
    portal.hubspot_records(busy, recent_conversion_event_name="Demo: Request", recent_conversion_date=days_ago(0))
    portal.hubspot_records(busy, phone="+49 30 1234")  # a conversion alone moves no change date in HubSpot

    ended = scoreline("resync", "--json")

    assert (ended.document["mode"], ended.document["contacts_read"]) == ("incremental", 1)
    assert stage(portal, busy) == SQL


def test_a_contact_that_is_new_is_picked_up(portal: Portal, scoreline: Scoreline) -> None:
    scoreline("resync", "--full")
    new = a_demo_request(portal)
    assert scoreline("resync").status == 0
    assert stage(portal, new) == SQL


def test_the_box_to_score_again_is_seen_and_cleared(portal: Portal, scoreline: Scoreline) -> None:
    lead = a_contact(portal)
    scoreline("resync", "--full")
    portal.person_sets(lead, "lead_scoring_resync", "true")
    portal.hubspot_records(lead, recent_conversion_event_name="Prices: Price sheet", recent_conversion_date=days_ago(0))

    assert scoreline("resync", "--json").document["contacts_changed"] == 1

    assert held(portal, lead, "lead_scoring_resync") == ""
    assert score(portal, lead) == 53
    portal.requests.clear()
    scoreline("resync")
    assert writes(portal) == 0


def test_points_that_passed_away_are_noticed_by_a_full_pass(portal: Portal, scoreline: Scoreline) -> None:
    lead = a_price_request(portal)
    scoreline("resync", "--full")
    at_first = score(portal, lead)
    portal.hubspot_records(lead, recent_conversion_date=days_ago(123))
    scoreline("resync", "--full")
    assert score(portal, lead) < at_first


def test_a_change_that_search_shows_only_later_is_picked_up_later(portal: Portal, scoreline: Scoreline) -> None:
    lead = a_contact(portal)
    scoreline("resync", "--full")
    scoreline("resync")  # sees its own writes once
    # Found by another date than its own it would come with its new values: here nothing else shows it.
    portal.switches.turn(index_lag_s=600, search_shows_new_values=False)
    portal.hubspot_records(lead, recent_conversion_event_name="Demo: Request", recent_conversion_date=days_ago(0))
    portal.person_sets(lead, "phone", "+49 30 1234")
    scoreline("resync")
    assert stage(portal, lead) == LEAD
    portal.clock.move(timedelta(seconds=700))
    scoreline("resync")
    assert stage(portal, lead) == SQL
