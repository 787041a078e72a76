"""Who sent which form, from the portal's own lists."""

from datetime import timedelta

import pytest

from sandbox import Fault, Portal
from sandbox.account import Form
from sandbox.activity import Submission
from sandbox.times import to_ms
from sync.hubspot import Connection
from sync.ports import FatalError, RetryableError, TokenRefused
from sync.traces import who_has
from tests.integration.hubspot.conftest import NOW
from tests.integration.hubspot.feeding import the_feed, told, traces

SENT = ("submissions", "sent")
TOLD = "hs_calculated_form_submissions"
"""Where contacts tell what they sent themselves."""


def add_form(portal: Portal, name: str, *, type: str = "hubspot") -> str:
    form = Form(id=f"guid-{len(portal.forms)}", name=name, created_ms=to_ms(NOW), form_type=type)
    portal.forms.append(form)
    return form.id


def send(portal: Portal, form: str, email: str = "jane@example.com", *, days_ago: float = 0) -> None:
    at_ms = to_ms(NOW - timedelta(days=days_ago))
    values = {"email": email} if email else {"name": "Jane"}
    portal.activity.submissions.append(Submission(form_id=form, at_ms=at_ms, values=values))


def test_every_submission_of_every_form_is_told_with_the_address_that_was_typed(
    portal: Portal, connection: Connection
) -> None:
    demo, guide = add_form(portal, "Demo"), add_form(portal, "Guide")
    for number in range(120):
        send(portal, demo, f"lead{number}@example.com", days_ago=number)
    send(portal, guide, " Jane@Example.com ", days_ago=0.5)
    feed = the_feed(connection, SENT, without=TOLD)
    portal.requests.clear()

    found = told(feed)

    assert len(found) == 121
    jane = next(each for each in found if each.address == "jane@example.com")
    assert jane.trace.who == who_has("jane@example.com", str(portal.portal_id))
    assert (jane.trace.name, jane.trace.ref, jane.trace.act) == ("Guide", guide, "sent")
    assert jane.trace.at == NOW - timedelta(days=0.5)
    assert portal.requests.totals["total"] == 3 + 1
    assert {trace.name for trace in traces(feed)} == {"Demo", "Guide"}


def test_what_was_sent_before_the_cursor_is_not_told_and_its_pages_are_not_asked_for(
    portal: Portal, connection: Connection
) -> None:
    form = add_form(portal, "Demo")
    for number in range(200):
        send(portal, form, f"lead{number}@example.com", days_ago=number)
    feed = the_feed(connection, SENT, without=TOLD)
    portal.requests.clear()
    found = traces(feed, NOW - timedelta(days=3))
    assert [trace.at for trace in found] == [NOW - timedelta(days=days) for days in (3, 2, 1, 0)]
    assert portal.requests.totals["total"] == feed.requests_at_rest == 1


def test_where_contacts_tell_what_they_sent_a_first_pass_asks_whether_they_do_and_later_ones_for_what_is_new(
    portal: Portal, connection: Connection
) -> None:
    form = add_form(portal, "Demo")
    send(portal, form, days_ago=3)
    portal.hubspot_records(portal.add_contact(), hs_calculated_form_submissions=f"{form}::1")
    feed = the_feed(connection, SENT)
    portal.requests.clear()
    assert traces(feed) == []
    assert portal.requests.totals["total"] == 1
    assert len(traces(feed, NOW - timedelta(days=4))) == 1


def test_where_contacts_could_tell_and_none_does_a_first_pass_reads_what_was_sent_from_the_beginning(
    portal: Portal, connection: Connection
) -> None:
    form = add_form(portal, "Demo")
    portal.add_contact()
    send(portal, form, days_ago=300)
    assert [trace.ref for trace in traces(the_feed(connection, SENT))] == [form]
    portal.faults.add(Fault(path="contacts/search", status=400))
    assert [trace.ref for trace in traces(the_feed(connection, SENT))] == [form]


def test_two_people_may_send_one_form_in_the_same_millisecond(portal: Portal, connection: Connection) -> None:
    form = add_form(portal, "Demo")
    send(portal, form, "jane@example.com")
    send(portal, form, "joe@example.com")
    assert len(traces(the_feed(connection, SENT), NOW - timedelta(days=1))) == 2


def test_what_nobody_typed_an_address_into_is_left_out_and_counted(portal: Portal, connection: Connection) -> None:
    form = add_form(portal, "Demo")
    send(portal, form, "")
    send(portal, form, "none of your business")
    send(portal, form, "jane@example.com")
    feed = the_feed(connection, SENT)
    assert len(traces(feed, NOW - timedelta(days=1))) == 1
    assert feed.left_out == {"submissions without an address": 2}


def test_blog_comments_are_not_asked_for(portal: Portal, connection: Connection) -> None:
    add_form(portal, "Comments", type="blog_comment")
    send(portal, add_form(portal, "Demo"))
    feed = the_feed(connection, SENT)
    portal.requests.clear()
    assert len(traces(feed, NOW - timedelta(days=1))) == 1
    assert feed.left_out == {}
    assert portal.requests.totals["total"] == 1


def test_a_form_that_was_deleted_since_it_was_listed_costs_the_others_nothing(
    portal: Portal, connection: Connection
) -> None:
    deleted, kept = add_form(portal, "Old"), add_form(portal, "Demo")
    send(portal, kept)
    feed = the_feed(connection, SENT)
    portal.forms[:] = [form for form in portal.forms if form.id != deleted]
    assert [trace.name for trace in traces(feed, NOW - timedelta(days=1))] == ["Demo"]
    assert feed.left_out == {"forms without a list of submissions": 1}


def test_forms_that_are_all_refused_are_a_feed_that_failed(portal: Portal, connection: Connection) -> None:
    send(portal, add_form(portal, "Demo"))
    feed = the_feed(connection, SENT)
    portal.faults.add(Fault(path="submissions", status=400, body={"category": "VALIDATION_ERROR"}, times=None))
    with pytest.raises(FatalError):
        traces(feed, NOW - timedelta(days=1))


def test_a_token_that_may_not_read_forms_is_refused_when_the_feed_is_read_and_not_before(
    portal: Portal, connection: Connection
) -> None:
    portal.scopes.discard("forms")
    feed = the_feed(connection, SENT)
    with pytest.raises(TokenRefused, match="forms"):
        traces(feed)


def test_a_source_that_fails_midway_fails_as_a_whole(portal: Portal, connection: Connection) -> None:
    for name in ("Demo", "Guide"):
        send(portal, add_form(portal, name))
    feed = the_feed(connection, SENT)
    portal.faults.add(Fault(path="submissions", status=503, skip=1, times=None))
    with pytest.raises(RetryableError):
        traces(feed, NOW - timedelta(days=1))
