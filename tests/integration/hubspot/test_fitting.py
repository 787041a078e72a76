"""What doctor says that feeds cost is what they cost."""

from datetime import timedelta

import pytest

from config import Rulebook
from sandbox import Portal
from sandbox.account import Form
from sync.hubspot import Connection, HubSpotPortal, feeds_of
from sync.hubspot.feeds import acts_read
from sync.ports import Feed
from tests.integration.hubspot.conftest import NOW

FEEDS = ("submissions", "mail", "events", "meetings", "emails", "messages")


@pytest.fixture
def feeds(portal: Portal, connection: Connection, rulebook: Rulebook) -> dict[str, Feed]:
    portal.tier = "enterprise"
    for number in range(3):
        portal.forms.append(Form(id=f"form-{number}", name=f"Demo {number}", form_type="hubspot", created_ms=0))
    facts = HubSpotPortal(connection, rulebook).facts()
    return {feed.name: feed for feed in feeds_of(connection, rulebook, facts)}


def test_the_packaged_rulebook_reads_these_feeds_and_no_others(rulebook: Rulebook) -> None:
    assert acts_read(rulebook).keys() == set(FEEDS)


@pytest.mark.parametrize("name", FEEDS)
def test_a_pass_in_which_nothing_is_new_costs_what_is_said(portal: Portal, feeds: dict[str, Feed], name: str) -> None:
    contact = portal.add_contact(email="ann@prospect.example")
    portal.add_meeting([contact], starts=NOW - timedelta(days=3))
    portal.clock.move(timedelta(days=1))
    portal.requests.clear()

    told = [each for page in feeds[name].read(NOW + timedelta(hours=12)) for each in page]

    assert told == []
    assert len(list(portal.requests)) == feeds[name].requests_at_rest
