"""Meetings, calls, mails, messages and deals, with the contacts that they have to do with."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from sandbox import Fault, Portal
from sandbox.records import ANALYTICS
from sync.hubspot import Connection
from sync.ports import RetryableError, TokenRefused
from tests.integration.hubspot.conftest import NOW
from tests.integration.hubspot.feeding import the_feed, traces

BOOKED = ("meetings", "booked")
STARTS = NOW + timedelta(days=2)


def test_a_meeting_is_told_of_each_of_its_contacts(portal: Portal, connection: Connection) -> None:
    jane, joe = portal.add_contact(), portal.add_contact()
    meeting = portal.add_meeting([jane, joe], starts=STARTS, title="Consultation")
    found = traces(the_feed(connection, BOOKED))
    assert {(trace.who, trace.key) for trace in found} == {(jane, f"{meeting}:{jane}"), (joe, f"{meeting}:{joe}")}
    (trace, _) = found
    assert (trace.act, trace.name, trace.ref, trace.at) == ("booked", "Consultation", meeting, NOW)
    assert trace.until == STARTS + timedelta(minutes=30)


@pytest.mark.parametrize(
    ("outcome", "act"),
    [
        ("SCHEDULED", "booked"),
        ("RESCHEDULED", "booked"),
        ("COMPLETED", "held"),
        ("CANCELED", "cancelled"),
        ("NO_SHOW", "missed"),
    ],
)
def test_an_outcome_takes_the_place_of_what_was_booked(
    portal: Portal, connection: Connection, outcome: str, act: str
) -> None:
    jane = portal.add_contact()
    meeting = portal.add_meeting([jane], starts=NOW - timedelta(hours=2))
    feed = the_feed(connection, BOOKED)
    (before,) = traces(feed)
    portal.end_meeting(meeting, outcome)
    (after,) = traces(feed, NOW - timedelta(minutes=5))
    assert (before.act, after.act) == ("booked", act)
    assert before.key == after.key


def test_a_meeting_that_was_held_is_told_at_its_end_and_a_cancelled_one_not_after_its_time(
    portal: Portal, connection: Connection
) -> None:
    jane = portal.add_contact()
    for outcome in ("COMPLETED", "CANCELED"):
        portal.add_meeting([jane], starts=NOW - timedelta(days=3), outcome=outcome)
    portal.add_meeting([jane], starts=STARTS, outcome="CANCELED", title="ahead")
    found = traces(the_feed(connection, BOOKED))
    over = NOW - timedelta(days=3) + timedelta(minutes=30)
    assert [(trace.act, trace.at) for trace in found] == [("held", over), ("cancelled", over), ("cancelled", NOW)]


def test_a_first_pass_pages_with_the_contacts_beside_the_records(portal: Portal, connection: Connection) -> None:
    contacts = [portal.add_contact() for _ in range(10)]
    for number in range(250):
        portal.add_meeting([contacts[number % 10]], starts=STARTS)
    feed = the_feed(connection, BOOKED)
    portal.requests.clear()
    assert len(traces(feed)) == 250
    assert portal.requests.totals["total"] == 3


def test_a_later_pass_finds_what_changed_and_asks_for_the_contacts_of_a_thousand_at_once(
    portal: Portal, connection: Connection
) -> None:
    contacts = [portal.add_contact() for _ in range(10)]
    long_ago = NOW - timedelta(days=9)
    portal.engage("calls", contacts, {"hs_timestamp": long_ago}, at=long_ago)
    for number in range(1_100):
        portal.engage("calls", [contacts[number % 10]], {"hs_timestamp": NOW})
    feed = the_feed(connection, ("calls", "logged"))
    portal.requests.clear()
    assert len(traces(feed, NOW - timedelta(days=1))) == 1_100
    assert len(portal.requests.matching("POST", "calls/search")) == 6
    assert len(portal.requests.matching("POST", "associations/calls/contacts/batch/read")) == 2


def test_a_pass_at_rest_costs_one_request(portal: Portal, connection: Connection) -> None:
    portal.add_meeting([portal.add_contact(lastmodifieddate=NOW)], starts=STARTS)
    feed = the_feed(connection, BOOKED)
    portal.requests.clear()
    assert traces(feed, NOW + timedelta(days=1)) == []
    assert portal.requests.totals["total"] == feed.requests_at_rest == 1


@pytest.mark.parametrize("status_207", [True, False])
def test_a_record_that_belongs_to_nobody_is_no_error(portal: Portal, connection: Connection, status_207: bool) -> None:
    portal.switches.unassociated_answer_207 = status_207
    jane = portal.add_contact()
    portal.add_meeting([], starts=STARTS)
    portal.add_meeting([jane], starts=STARTS)
    feed = the_feed(connection, BOOKED)
    assert [trace.who for trace in traces(feed)] == [jane]
    assert [trace.who for trace in traces(feed, NOW - timedelta(days=1))] == [jane]


def test_records_that_an_answer_passes_over_are_asked_for_again_and_then_the_feed_fails(
    portal: Portal, connection: Connection
) -> None:
    portal.add_meeting([portal.add_contact()], starts=STARTS)
    feed = the_feed(connection, BOOKED)
    nothing = Fault(path="associations", status=200, body={"results": []})
    portal.faults.add(nothing)
    assert len(traces(feed, NOW - timedelta(days=1))) == 1
    portal.faults.add(Fault(path="associations", status=200, body={"results": []}, times=None))
    with pytest.raises(RetryableError):
        traces(feed, NOW - timedelta(days=1))


def test_contacts_that_do_not_fit_beside_a_record_are_asked_for(portal: Portal, connection: Connection) -> None:
    jane = portal.add_contact()
    meeting = portal.add_meeting([jane], starts=STARTS)
    row = {
        "id": meeting,
        "properties": {"hs_createdate": NOW.isoformat()},
        "associations": {"contacts": {"results": [{"id": "5"}], "paging": {"next": {"after": "6"}}}},
    }
    portal.faults.add(Fault(path="objects/meetings", status=200, body={"results": [row]}))
    assert [trace.who for trace in traces(the_feed(connection, BOOKED))] == [jane]


def test_where_a_listing_shows_nobodys_contacts_they_are_asked_for(portal: Portal, connection: Connection) -> None:
    jane = portal.add_contact()
    meetings = [portal.add_meeting([jane], starts=STARTS), portal.add_meeting([], starts=STARTS)]
    rows = [{"id": each, "properties": {"hs_createdate": NOW.isoformat()}} for each in meetings]
    portal.faults.add(Fault(path="objects/meetings", status=200, body={"results": rows}))
    assert [trace.who for trace in traces(the_feed(connection, BOOKED))] == [jane]
    assert len(portal.requests.matching("POST", "associations/meetings/contacts/batch/read")) == 1


def test_one_error_may_speak_of_many_records_that_belong_to_nobody(portal: Portal, connection: Connection) -> None:
    for _ in range(3):
        portal.add_meeting([], starts=STARTS)
    error = {"category": "OBJECT_NOT_FOUND", "context": {"ids": ["1", "2", "3"]}}
    body = {"results": [], "numErrors": 1, "errors": [error]}
    portal.faults.add(Fault(path="associations", status=207, body=body, times=None))
    assert traces(the_feed(connection, BOOKED), NOW - timedelta(days=1)) == []


def test_ties_of_one_record_may_fill_more_than_a_page(portal: Portal, connection: Connection) -> None:
    jane = portal.add_contact()
    meeting = portal.add_meeting([jane], starts=STARTS)
    first = {"from": {"id": meeting}, "to": [{"toObjectId": 5}], "paging": {"next": {"after": "6"}}}
    portal.faults.add(Fault(path="associations", status=200, body={"results": [first]}))
    feed = the_feed(connection, BOOKED)
    assert {trace.who for trace in traces(feed, NOW - timedelta(days=1))} == {"5", jane}


@pytest.mark.parametrize(
    ("feed", "kind", "values", "act"),
    [
        ("calls", "calls", {"hs_timestamp": NOW, "hs_call_title": "Call with Jane"}, ("logged", "")),
        ("emails", "emails", {"hs_timestamp": NOW, "hs_email_direction": "INCOMING_EMAIL"}, ("received", "")),
        ("emails", "emails", {"hs_timestamp": NOW, "hs_email_direction": "EMAIL"}, ("sent", "")),
        (
            "messages",
            "communications",
            {"hs_timestamp": NOW, "hs_communication_channel_type": "WHATS_APP"},
            ("logged", "WHATS_APP"),
        ),
        ("deals", "deals", {"dealname": "Big", "dealstage": "contractsent"}, ("open", "Big")),
        ("deals", "deals", {"dealname": "Big", "dealstage": "closedwon", "closedate": NOW}, ("won", "Big")),
        ("deals", "deals", {"dealname": "Big", "dealstage": "closedlost", "closedate": NOW}, ("lost", "Big")),
    ],
)
def test_each_kind_of_record_tells_its_acts(
    portal: Portal, connection: Connection, feed: str, kind: str, values: Mapping[str, Any], act: tuple[str, str]
) -> None:
    jane = portal.add_contact()
    portal.engage(kind, [jane], values)
    for since in (None, NOW - timedelta(days=1)):
        (trace,) = traces(the_feed(connection, (feed, act[0])), since)
        assert (trace.who, (trace.act, trace.name), trace.at) == (jane, act, NOW)


@pytest.mark.parametrize(
    "values",
    [
        {"hs_email_direction": "FORWARDED_EMAIL"},
        {"hs_email_direction": "EMAIL", "hs_email_status": "BOUNCED"},
        {"hs_email_direction": "EMAIL", "hs_email_status": "SCHEDULED"},
    ],
)
def test_a_mail_that_was_forwarded_or_never_went_out_is_no_act(
    portal: Portal, connection: Connection, values: Mapping[str, Any]
) -> None:
    portal.engage("emails", [portal.add_contact()], {"hs_timestamp": NOW, **values})
    assert traces(the_feed(connection, ("emails", "sent"), ("emails", "received"))) == []


def test_a_record_without_a_date_is_left_out_and_counted(portal: Portal, connection: Connection) -> None:
    portal.engage("calls", [portal.add_contact()], {})
    feed = the_feed(connection, ("calls", "logged"))
    assert traces(feed) == []
    assert feed.left_out == {"calls without a date": 1}


def test_without_the_scope_deals_are_refused(portal: Portal, connection: Connection) -> None:
    portal.scopes.discard("crm.objects.deals.read")
    with pytest.raises(TokenRefused, match="deals"):
        traces(the_feed(connection, ("deals", "won")))


@pytest.mark.parametrize("as_text", [True, False])
def test_records_whose_ids_grow_by_a_digit_are_each_found_once(
    portal: Portal, connection: Connection, as_text: bool
) -> None:
    portal.switches.ids_sort_as_text = as_text
    jane = portal.add_contact()
    portal.insert(portal.collections["calls"], {}, ANALYTICS, default_time="2026-01-01T00:00:00Z", record_id=99_800)
    for _ in range(500):
        portal.engage("calls", [jane], {"hs_timestamp": NOW})
    feed = the_feed(connection, ("calls", "logged"))
    pages = [each.trace.key for page in feed.read(NOW - timedelta(days=1)) for each in page]
    assert len(pages) == len(set(pages)) == 500
