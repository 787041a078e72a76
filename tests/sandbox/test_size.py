"""Large portals, at sizes that a test can bear: nothing is missed, nothing costs more because there is more."""

import tracemalloc
from collections.abc import Iterator, Mapping
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import sandbox_listings
from benchmarks.sandbox_serving import measure
from sandbox import Clock, Portal, generate
from sandbox.bodies import Search
from sandbox.search import Found
from sandbox.search import search as find
from tests.sandbox.asking import NOW, days_before, ids_of, refusal

MODIFIED = "lastmodifieddate"
BYTES_MAX = 2_500
"""Of one contact with its share of companies: a million in 4 GiB leaves 4,294, and serving needs some."""


def where(name: str, operator: str, value: Any) -> dict[str, Any]:
    return {"propertyName": name, "operator": operator, "value": str(value)}


def asked(*filters: Mapping[str, Any], by: str = "", decreasing: bool = False, **more: Any) -> dict[str, Any]:
    sorts = [{"propertyName": by, "direction": "DESCENDING" if decreasing else "ASCENDING"}] if by else []
    return {"filterGroups": [{"filters": list(filters)}], "sorts": sorts, "limit": 200, **more}


def search(portal: Portal, body: dict[str, Any]) -> Found:
    return find(portal, portal.contacts, Search.model_validate(body))


def walked(contacts: Any, *, before_each: Any = lambda: None) -> Iterator[str]:
    """The ids that a walk through the list gives, page by page."""
    after = None
    while True:
        page = contacts.basic_api.get_page(limit=10, **({"after": after} if after else {}))
        yield from ids_of(page)
        if page.paging is None:
            return
        after = page.paging.next.after
        before_each()


def test_a_walk_gives_everyone_who_stays_while_others_come_and_go(portal: Portal, contacts: Any) -> None:
    portal.limits.enabled = False
    staying = [portal.add_contact() for _ in range(100)]
    leaving = [portal.add_contact() for _ in range(100)]
    came: list[str] = []

    def come_and_go() -> None:
        came.append(portal.add_contact())
        portal.delete(leaving.pop())
        portal.delete(leaving.pop(0))

    given_ids = list(walked(contacts, before_each=come_and_go))
    assert [each for each in given_ids if each in set(staying)] == staying
    assert set(came) <= set(given_ids)
    assert len(given_ids) == len(set(given_ids))


def test_the_bin_is_listed_by_page_too(portal: Portal, contacts: Any) -> None:
    added = [portal.add_contact() for _ in range(25)]
    for contact in reversed(added):
        portal.delete(contact)
    portal.delete(portal.add_contact(), for_privacy=True)
    first = contacts.basic_api.get_page(limit=20, archived=True)
    second = contacts.basic_api.get_page(limit=20, archived=True, after=first.paging.next.after)
    assert (ids_of(first) + ids_of(second), second.paging) == (added, None)


def test_25_000_changed_in_one_millisecond_are_all_found_by_id(portal: Portal, contacts: Any) -> None:
    portal.limits.enabled = False
    added = [portal.add_contact(createdate=days_before(2)) for _ in range(25_010)]
    stamped = portal.stamp(25_000, days_before(1))
    assert stamped == added[:25_000]
    moment = where(MODIFIED, "EQ", days_before(1).isoformat())
    by_date = asked(moment, by=MODIFIED)
    assert contacts.search_api.do_search({**by_date, "after": "9800"}).total == 25_000
    assert refusal(lambda: contacts.search_api.do_search({**by_date, "after": "10000"}))[0] == 400
    found: list[str] = []
    while page := ids_of(
        contacts.search_api.do_search(asked(moment, where("hs_object_id", "GT", [0, *found][-1]), by="hs_object_id"))
    ):
        found += page
    assert found == stamped


def test_a_million_contacts_would_fit_into_four_gibibytes() -> None:
    tracemalloc.start()
    kept = [generate(50, seed=1, now=NOW, events_per_contact=0)]  # pays for what all portals share
    before = tracemalloc.get_traced_memory()[0]
    kept.append(generate(450, seed=1, now=NOW, events_per_contact=0))
    after = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert (after - before) / len(kept[-1].contacts) < BYTES_MAX


def test_the_benchmarks_run() -> None:
    listings = sandbox_listings.measure(60, events_per_contact=20, seconds=0.1)
    assert listings.listed[0].pages > 0
    measured = measure(250, seconds=0.1, connections=2)
    assert measured.contacts == 250
    assert min(measured.pages_per_s, measured.cpu_ms, measured.search_ms, measured.peak_bytes) > 0


FILTERS = st.one_of(
    st.builds(
        where,
        st.just(MODIFIED),
        st.sampled_from(["EQ", "NEQ", "GT", "GTE", "LT", "LTE"]),
        st.integers(0, 6).map(lambda day: days_before(day).isoformat()),
    ),
    st.builds(
        where,
        st.just("hs_object_id"),
        st.sampled_from(["EQ", "NEQ", "GT", "GTE", "LT", "LTE"]),
        st.integers(745, 800),
    ),
    st.builds(where, st.just("city"), st.sampled_from(["EQ", "NEQ"]), st.sampled_from(["bonn", "oslo"])),
)
STEPS = st.lists(
    st.tuples(st.sampled_from(["add", "edit", "delete", "stamp", "wait"]), st.integers(0, 5)), min_size=5, max_size=30
)


def live_through(portal: Portal, steps: list[tuple[str, int]]) -> None:
    contacts = [portal.add_contact(city="Oslo", createdate=days_before(day)) for day in range(6)]
    for what, number in steps:
        match what:
            case "add":
                contacts.append(portal.add_contact(city="Bonn", createdate=days_before(number)))
            case "edit":
                portal.person_sets(contacts[-1 - number], "city", f"City {number}", at=days_before(number))
            case "delete" if len(contacts) > 6:
                portal.delete(contacts.pop(number))
            case "stamp":
                portal.stamp(number, days_before(1))
            case "wait":
                portal.clock.move(timedelta(seconds=number))
        # Asked in between, the index has its order and must keep it.
        search(portal, asked(by=MODIFIED))


@given(
    STEPS, st.lists(FILTERS, max_size=3), st.sampled_from(["", "hs_object_id", MODIFIED]), st.booleans(), st.booleans()
)
def test_the_short_way_finds_what_looking_at_every_contact_finds(
    steps: list[tuple[str, int]], filters: list[dict[str, Any]], by: str, decreasing: bool, lags: bool
) -> None:
    portal = Portal(clock=Clock.stopped(NOW))
    portal.switches.index_lag_s = 3.0 if lags else 0.0
    live_through(portal, steps)
    body = asked(*filters, by=by, decreasing=decreasing)
    found = search(portal, body)
    # Twice the same group cannot be narrowed, and finds the same.
    looked_at = search(portal, {**body, "filterGroups": body["filterGroups"] * 2})
    assert [each.id for each in found.page] == [each.id for each in looked_at.page]
    assert found.total == looked_at.total == len(found.page)


@given(STEPS)
def test_without_lag_search_knows_what_the_list_knows(steps: list[tuple[str, int]]) -> None:
    portal = Portal(clock=Clock.stopped(NOW))
    live_through(portal, steps)
    listed, _ = portal.contacts.page(after=0, limit=100, archived=False)
    found = search(portal, asked(by=MODIFIED)).page
    assert sorted(each.id for each in found) == [each.id for each in listed] == sorted(portal.contacts.live)
    dates = [each.properties[MODIFIED] for each in found]
    assert dates == sorted(dates)


@pytest.mark.parametrize("limit", [2, 3])
def test_pages_of_a_decreasing_order_follow_each_other(portal: Portal, limit: int) -> None:
    for day in (3, 1, 2, 5, 4):
        portal.add_contact(createdate=days_before(day))
    dates: list[str] = []
    after: int | None = 0
    while after is not None:
        body = asked(by=MODIFIED, decreasing=True, after=str(after)) | {"limit": limit}
        found = search(portal, body)
        dates += [each.properties[MODIFIED] for each in found.page]
        after = found.next_offset
    assert len(dates) == 5
    assert all(later > earlier for later, earlier in pairwise(dates))


def test_a_contact_found_by_its_old_date_may_arrive_with_its_new_one(portal: Portal, contacts: Any) -> None:
    old, between = (portal.add_contact(createdate=days_before(day)) for day in (9, 5))
    portal.switches.index_lag_s = 60
    portal.person_sets(old, "city", "Oslo")
    body = asked(where(MODIFIED, "LTE", days_before(5).isoformat()), by=MODIFIED, properties=[MODIFIED])
    shown = contacts.search_api.do_search(body).results
    assert [(each.id, each.properties[MODIFIED][:10]) for each in shown] == [
        (old, "2026-10-24"),
        (between, "2026-10-28"),
    ]
    portal.switches.search_shows_new_values = True
    shown = contacts.search_api.do_search(body).results
    assert [(each.id, each.properties[MODIFIED][:10]) for each in shown] == [
        (old, "2026-11-02"),
        (between, "2026-10-28"),
    ]


def test_whether_ids_sort_as_numbers_or_as_text_is_a_switch(portal: Portal) -> None:
    added = [int(portal.add_contact()) for _ in range(300)]
    body = asked(by="hs_object_id")
    assert [each.id for each in search(portal, body).page] == added[:200]
    portal.switches.ids_sort_as_text = True
    assert [each.id for each in search(portal, body).page] == sorted(added, key=str)[:200]
    assert search(portal, {**body, "sorts": []}).page[0].id == added[0]
