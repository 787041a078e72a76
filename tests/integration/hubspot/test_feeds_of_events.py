"""Page views and other events, where the account has them."""

from datetime import timedelta

import pytest

from sandbox import Fault, Portal
from sandbox.activity import Occurrence
from sandbox.times import to_ms
from sync.hubspot import Connection
from sync.ports import FatalError, TokenRefused
from tests.integration.hubspot.conftest import NOW
from tests.integration.hubspot.feeding import the_feed, traces

SEEN = ("events", "e_visited_page")


@pytest.fixture
def portal(portal: Portal) -> Portal:
    portal.tier = "enterprise"
    return portal


def see(portal: Portal, contact: str, url: str = "https://a.example/pricing", *, days_ago: float = 0) -> None:
    portal.activity.saw(int(contact), url, at_ms=to_ms(NOW - timedelta(days=days_ago)))


def test_pages_that_contacts_saw_are_told_without_what_their_addresses_ask(
    portal: Portal, connection: Connection
) -> None:
    jane = portal.add_contact()
    see(portal, jane, "https://a.example/pricing?email=jane@example.com#top", days_ago=1)
    (trace,) = traces(the_feed(connection, SEEN))
    assert (trace.who, trace.act, trace.name) == (jane, "e_visited_page", "https://a.example/pricing")
    assert trace.at == NOW - timedelta(days=1)


def test_events_of_all_contacts_come_in_pages_of_a_hundred_and_only_the_types_that_rules_read(
    portal: Portal, connection: Connection
) -> None:
    contacts = [portal.add_contact() for _ in range(5)]
    for number in range(250):
        see(portal, contacts[number % 5], days_ago=number / 10)
    clicked = Occurrence(contact_id=int(contacts[0]), type="pe1_clicked", at_ms=to_ms(NOW))
    portal.activity.occurrences.append(clicked)
    feed = the_feed(connection, SEEN)
    portal.requests.clear()
    found = traces(feed)
    assert len(found) == 250
    assert {trace.act for trace in found} == {"e_visited_page"}
    assert portal.requests.totals["total"] == 1 + 3


def test_a_later_pass_tells_what_was_done_at_its_cursor_and_after(portal: Portal, connection: Connection) -> None:
    jane = portal.add_contact()
    for days in range(10):
        see(portal, jane, days_ago=days)
    feed = the_feed(connection, SEEN)
    portal.requests.clear()
    assert [trace.at for trace in traces(feed, NOW - timedelta(days=2))] == [
        NOW - timedelta(days=days) for days in (2, 1, 0)
    ]
    assert portal.requests.totals["total"] == feed.requests_at_rest == 2


def test_a_type_that_the_portal_does_not_know_is_said_and_stops_no_other(
    portal: Portal, connection: Connection
) -> None:
    see(portal, portal.add_contact())
    feed = the_feed(connection, SEEN, ("events", "pe1_never_made"))
    assert len(traces(feed)) == 1
    assert feed.left_out == {"type pe1_never_made, which the portal does not know": 1}


def test_where_the_names_of_types_are_not_to_be_had_the_types_are_asked_for_all_the_same(
    portal: Portal, connection: Connection
) -> None:
    see(portal, portal.add_contact())
    portal.faults.add(Fault(path="/events/v3/events/event-types", status=404, times=None))
    assert len(traces(the_feed(connection, SEEN))) == 1


@pytest.mark.parametrize("tier", ["free", "starter", "professional"])
def test_below_enterprise_the_feed_is_refused_in_words_that_say_why(
    portal: Portal, connection: Connection, tier: str
) -> None:
    portal.tier = tier  # type: ignore[assignment]
    with pytest.raises(TokenRefused, match="Enterprise"):
        traces(the_feed(connection, SEEN))


def test_an_account_that_lists_events_of_one_contact_at_a_time_has_no_such_feed(
    portal: Portal, connection: Connection
) -> None:
    portal.switches.events_need_object = True
    see(portal, portal.add_contact())
    with pytest.raises(FatalError, match="one contact at a time"):
        traces(the_feed(connection, SEEN))
