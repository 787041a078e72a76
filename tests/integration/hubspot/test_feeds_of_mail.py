"""What marketing mails met, and what there is to see that a machine did it."""

from datetime import timedelta
from random import Random

import pytest

from sandbox import Fault, Portal, mailing
from sandbox.activity import MailEvent, Reader
from sandbox.times import to_ms
from sync.hubspot import Connection, HubSpotPortal, feeds_of
from sync.ports import RetryableError, TokenRefused
from sync.traces import MAILS, who_has
from tests.builders import the_packaged_rulebook
from tests.integration.hubspot.conftest import NOW
from tests.integration.hubspot.feeding import the_feed, told, traces

PERSON = Reader(user_agent="Mozilla/5.0 (X11; Linux x86_64) Firefox/143.0", browser="Firefox")
GMAIL = Reader(user_agent="Mozilla/5.0 (via ggpht.com GoogleImageProxy)", browser="Firefox")
FILTERED = Reader(user_agent="Mozilla/5.0 (X11; Linux x86_64) Firefox/143.0", browser="Firefox", filtered=True)
EVENTS = "email/public/v1/events"


def met(portal: Portal, type: str, *, days_ago: float = 0, recipient: str = "jane@example.com", **more: object) -> None:
    at_ms = to_ms(NOW - timedelta(days=days_ago))
    event = MailEvent(type=type, recipient=recipient, at_ms=at_ms, **{"campaign_id": 1_001} | more)  # type: ignore[arg-type]
    portal.activity.mail_events.append(event)


def test_every_act_that_rules_read_is_told_under_the_address_with_the_mail_it_was_of(
    portal: Portal, connection: Connection
) -> None:
    for type in ("SENT", "DELIVERED", "OPEN", "CLICK", "BOUNCE", "STATUSCHANGE"):
        met(portal, type, read_with=PERSON, url="https://example.com/pricing" if type == "CLICK" else "")
    feed = the_feed(connection, *(("mail", act) for act in ("delivered", "open", "click", "bounce", "unsubscribed")))
    found = told(feed)
    assert {each.trace.act for each in found} == {"delivered", "open", "click", "bounce", "unsubscribed"}
    assert {each.trace.who for each in found} == {who_has("jane@example.com", str(portal.portal_id))}
    assert {(each.trace.ref, each.trace.name, each.address) for each in found} == {
        ("1001", "Newsletter 1: Forecasting made easy", "jane@example.com")
    }
    assert {each.trace.at for each in found} == {NOW}


def test_only_what_rules_read_is_asked_for_and_the_delivery_that_a_click_is_judged_by(
    portal: Portal, connection: Connection
) -> None:
    for type in ("DELIVERED", "OPEN", "CLICK", "BOUNCE"):
        met(portal, type)
    feed = the_feed(connection, ("mail", "click"))
    assert feed.acts == {"click", "delivered"}
    portal.requests.clear()
    assert {trace.act for trace in traces(feed)} == {"click", "delivered"}
    assert len(portal.requests.matching(path=EVENTS)) == feed.requests_at_rest == 2


def test_a_first_pass_pages_through_everything_and_a_later_one_from_its_cursor_on(
    portal: Portal, connection: Connection
) -> None:
    for number in range(2_500):
        met(portal, "BOUNCE", days_ago=number / 100, recipient=f"lead{number}@example.com")
    feed = the_feed(connection, ("mail", "bounce"))
    portal.requests.clear()
    assert len(traces(feed)) == 2_500
    assert len(portal.requests.matching(path=EVENTS)) == 3
    portal.requests.clear()
    assert len(traces(feed, NOW - timedelta(days=1))) == 101
    assert len(portal.requests.matching(path=EVENTS)) == 1


def test_opens_through_a_privacy_proxy_and_what_hubspot_filters_are_a_machines(
    portal: Portal, connection: Connection
) -> None:
    for number, reader in enumerate((PERSON, GMAIL, FILTERED)):
        met(portal, "OPEN", read_with=reader, days_ago=3 - number)
    met(portal, "CLICK", read_with=FILTERED)
    opens = traces(the_feed(connection, ("mail", "open"), ("mail", "click")))
    assert [trace.by_machine for trace in opens] == ["", "privacy proxy", "privacy proxy", "mail scanner"]


def test_a_link_is_kept_as_a_hash_that_tells_only_whether_two_are_the_same(
    portal: Portal, connection: Connection
) -> None:
    for number, url in enumerate(("https://a.example/?u=jane", "https://a.example/?u=jane", "https://a.example/other")):
        met(portal, "CLICK", url=url, days_ago=3 - number)
    links = [trace.link for trace in traces(the_feed(connection, ("mail", "click")))]
    assert links[0] == links[1] != links[2]
    assert not [link for link in links if "jane" in link]


def test_who_leaves_one_list_has_unsubscribed_and_who_joins_one_has_not(portal: Portal, connection: Connection) -> None:
    met(portal, "STATUSCHANGE", left=(mailing.SUBSCRIPTION_ID,), recipient="left@example.com")
    met(portal, "STATUSCHANGE", told=(("subscriptions", ()), ("portalSubscriptionStatus", "SUBSCRIBED")))
    assert [each.address for each in told(the_feed(connection, ("mail", "unsubscribed")))] == ["left@example.com"]


def test_a_mail_is_asked_for_its_name_once_and_may_have_none(portal: Portal, connection: Connection) -> None:
    for days in range(5):
        met(portal, "OPEN", days_ago=days, campaign_id=1_002)
        met(portal, "OPEN", days_ago=days + 0.5, campaign_id=7)
    feed = the_feed(connection, ("mail", "open"))
    portal.requests.clear()
    assert {trace.name for trace in traces(feed)} == {"Newsletter 2: Three customers, three ways", ""}
    assert len(portal.requests.matching(path="campaigns")) == 2


def test_a_mail_whose_name_was_told_before_is_not_asked_for_it(portal: Portal, connection: Connection) -> None:
    for campaign in (1_001, 1_002):
        met(portal, "OPEN", campaign_id=campaign, recipient=f"{campaign}@example.com")
    reading = ("mail", "open")
    first = [each.trace for page in the_feed(connection, reading).read(None) for each in page]
    told = {trace.key: trace.name for trace in first if trace.feed == MAILS}
    assert told == {"1001": "Newsletter 1: Forecasting made easy", "1002": "Newsletter 2: Three customers, three ways"}
    portal.requests.clear()
    again = traces(the_feed(connection, reading, mail_names={"1001": "As it was called then"}))
    assert [trace.name for trace in again] == ["As it was called then", told["1002"]]
    assert len(portal.requests.matching(path="campaigns")) == 1


@pytest.mark.parametrize(("act", "quiet"), [("open", {"delivered"}), ("delivered", set())])
def test_deliveries_are_quiet_where_no_rule_gives_points_for_them(
    connection: Connection, act: str, quiet: set[str]
) -> None:
    assert the_feed(connection, ("mail", act)).quiet == quiet


def test_in_the_packaged_rulebook_deliveries_are_quiet(connection: Connection) -> None:
    facts = HubSpotPortal(connection, the_packaged_rulebook()).facts()
    assert {feed.name: feed.quiet for feed in feeds_of(connection, the_packaged_rulebook(), facts)} == {
        "mail": {"delivered"}
    } | dict.fromkeys(("submissions", "events", "meetings", "emails", "messages"), frozenset())


def test_names_that_cannot_be_had_cost_no_act(portal: Portal, connection: Connection) -> None:
    for campaign in (1_001, 1_002, 1_003):
        met(portal, "BOUNCE", campaign_id=campaign)
    feed = the_feed(connection, ("mail", "bounce"))
    portal.faults.add(Fault(path="campaigns", status=403, body={"category": "MISSING_SCOPES"}, times=None))
    portal.requests.clear()
    assert [trace.name for trace in traces(feed)] == ["", "", ""]
    assert len(portal.requests.matching(path="campaigns")) == 1


def test_names_that_are_not_told_now_cost_no_act_and_are_told_to_the_next_reading(
    portal: Portal, connection: Connection
) -> None:
    for campaign in (1_001, 1_002):
        met(portal, "BOUNCE", campaign_id=campaign, recipient=f"{campaign}@example.com")
        met(portal, "OPEN", campaign_id=campaign, recipient=f"{campaign}@example.com", read_with=PERSON)
    feed = the_feed(connection, ("mail", "bounce"), ("mail", "open"))
    portal.faults.add(Fault(path="campaigns", status=503, times=None))
    pages = feed.read(None)
    assert [len(next(pages)) for _ in ("bounce", "open", "delivered")] == [2, 2, 0]
    with pytest.raises(RetryableError):
        next(pages)
    portal.faults.clear()
    assert {trace.name for trace in traces(feed)} == {
        "Newsletter 1: Forecasting made easy",
        "Newsletter 2: Three customers, three ways",
    }


def test_what_the_portal_lives_through_is_told(portal: Portal, connection: Connection) -> None:
    jane = portal.add_contact(email="jane@example.com")
    mailing.mail_scanned(portal, Random(1), jane)
    acts = [trace.act for trace in traces(the_feed(connection, ("mail", "open"), ("mail", "click")))]
    assert (acts.count("delivered"), acts.count("open"), acts.count("click")) == (1, 1, len(mailing.LINKS))


def test_without_the_scope_the_feed_is_refused(portal: Portal, connection: Connection) -> None:
    portal.scopes.discard("content")
    with pytest.raises(TokenRefused, match="content"):
        traces(the_feed(connection, ("mail", "open")))


def test_an_answer_without_events_is_no_answer(portal: Portal, connection: Connection) -> None:
    portal.faults.add(Fault(path=EVENTS, status=200, body={"events": ["?"], "hasMore": False}, times=None))
    with pytest.raises(RetryableError):
        traces(the_feed(connection, ("mail", "open")))


def test_events_without_an_address_or_a_date_are_left_out_and_counted(portal: Portal, connection: Connection) -> None:
    rows = [{"id": "1", "created": 1}, {"id": "2", "recipient": "jane@example.com", "created": "soon"}]
    portal.faults.add(Fault(path=EVENTS, status=200, body={"events": rows, "hasMore": False}))
    feed = the_feed(connection, ("mail", "bounce"))
    assert traces(feed) == []
    assert feed.left_out == {"mail events without an address or a date": 2}
