"""What search finds, page by page over HTTP, while contacts change, merge and go."""

from datetime import timedelta

import pytest

from sandbox import Fault, Portal, SandboxServer
from sync.clock import Clock
from sync.hubspot import Connection, HubSpotReader, connect
from tests.fakes.hourglass import Hourglass
from tests.integration.hubspot.conftest import NOW

SEARCH = "contacts/search"


class Patient(Clock):
    """The worker's own limits take no real time; those of the portal are off."""

    def __init__(self) -> None:
        hourglass = Hourglass()
        self.steady, self.sleep = hourglass.clock, hourglass.sleep  # type: ignore[method-assign] # its two hands


@pytest.fixture
def connection(portal: Portal, server: SandboxServer) -> Connection:
    portal.limits.enabled = False
    return connect(token="pat-sandbox", base_url=server.url, attempts=3, clock=Patient())


def found(reader: HubSpotReader, *, hours_ago: float = 1) -> list[str]:
    """The ids of all contacts that changed in the last hours, as they are given."""
    pages = reader.changed_since(NOW - timedelta(hours=hours_ago))
    return [each.id for page in pages for each in page]


@pytest.mark.parametrize(("many", "as_text"), [(10_400, False), (2_500, True)])
def test_however_many_contacts_bear_one_millisecond_they_are_found_once_each(
    portal: Portal, reader: HubSpotReader, many: int, as_text: bool
) -> None:
    portal.switches.ids_sort_as_text = as_text
    for number in range(many + 100):
        portal.add_contact(lastmodifieddate=NOW - timedelta(days=2 + number % 7))
    stamped = portal.stamp(many, NOW)
    portal.requests.clear()

    ids = found(reader)

    assert sorted(ids) == sorted(stamped)  # a search alone would end at 10,000
    # Ids in the order of text are asked for length by length.
    assert len(portal.requests.matching(path=SEARCH)) <= many / 200 + 40


def test_contacts_that_change_while_they_are_paged_cost_no_other_one(portal: Portal, reader: HubSpotReader) -> None:
    minutes = [NOW - timedelta(minutes=50, seconds=-number) for number in range(1_000)]
    contacts = [portal.add_contact(lastmodifieddate=at) for at in minutes]
    moved = iter(range(0, 1_000, 7))

    def some_change() -> None:
        for number, _ in zip(moved, range(20), strict=False):
            portal.person_sets(contacts[number], "jobtitle", "CFO")

    portal.faults.add(Fault(path=SEARCH, act=some_change, times=None))
    ids = found(reader)
    assert (len(ids), set(ids)) == (1_000, set(contacts))


def test_contacts_that_are_merged_or_deleted_while_they_are_paged_cost_no_other_one(
    portal: Portal, reader: HubSpotReader
) -> None:
    contacts = [portal.add_contact(lastmodifieddate=NOW - timedelta(minutes=50, seconds=-n)) for n in range(600)]
    gone = contacts[:30] + contacts[300:330]

    def some_go() -> None:
        for contact in gone:
            portal.delete(contact)

    portal.faults.add(Fault(path=SEARCH, act=some_go, skip=1))
    assert set(contacts) - set(gone) <= set(found(reader))
