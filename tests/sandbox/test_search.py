"""Searching contacts: filters, order, paging and its limits, and an index that is late."""

from datetime import timedelta
from typing import Any

import pytest

from sandbox import Portal
from tests.sandbox.asking import days_before, ids_of, refusal

ADDITIONAL = "hs_additional_emails"


def where(name: str, operator: str, value: Any = None, **more: Any) -> dict[str, Any]:
    given = {"propertyName": name, "operator": operator, **more}
    return given if value is None else {**given, "value": value}


def search(contacts: Any, *filters: dict[str, Any], **more: Any) -> Any:
    return contacts.search_api.do_search({"filterGroups": [{"filters": list(filters)}] if filters else [], **more})


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (where("hs_analytics_num_visits", "EQ", "5"), [5]),
        (where("hs_analytics_num_visits", "NEQ", "5"), [1, 10, 20]),
        (where("hs_analytics_num_visits", "GT", "9"), [10, 20]),
        (where("hs_analytics_num_visits", "GTE", "10"), [10, 20]),
        (where("hs_analytics_num_visits", "LT", "5"), [1]),
        (where("hs_analytics_num_visits", "LTE", "5"), [1, 5]),
        (where("hs_analytics_num_visits", "BETWEEN", "5", highValue="10"), [5, 10]),
        (where("hs_analytics_num_visits", "IN", values=["1", "20"]), [1, 20]),
        (where("hs_analytics_num_visits", "NOT_IN", values=["1", "20"]), [5, 10]),
        (where("hs_analytics_num_visits", "HAS_PROPERTY"), [1, 5, 10, 20]),
        (where("hs_analytics_num_visits", "NOT_HAS_PROPERTY"), [None]),
        (where("city", "EQ", "BONN"), [1]),
        (where("city", "IN", values=["bonn"]), [1]),
        (where("city", "IN", values=["Bonn"]), []),
        (where("city", "CONTAINS_TOKEN", "bo*"), [1]),
        (where("lifecyclestage", "EQ", "LEAD"), []),
        (where("lifecyclestage", "EQ", "lead"), [5]),
    ],
)
def test_each_operator_finds_what_it_says(
    portal: Portal, contacts: Any, given: dict[str, Any], expected: list[int | None]
) -> None:
    visits = {
        portal.add_contact(city="Bonn", hs_analytics_num_visits=1): 1,
        portal.add_contact(lifecyclestage="lead", hs_analytics_num_visits=5): 5,
        portal.add_contact(hs_analytics_num_visits=10): 10,
        portal.add_contact(hs_analytics_num_visits=20): 20,
        portal.add_contact(): None,
    }
    assert [visits[each] for each in ids_of(search(contacts, given))] == expected


def test_groups_are_alternatives_and_filters_in_one_all_hold(portal: Portal, contacts: Any) -> None:
    bonn = portal.add_contact(city="Bonn", phone="1")
    oslo = portal.add_contact(city="Oslo")
    portal.add_contact(city="Bonn")
    groups = [
        {"filters": [where("city", "EQ", "bonn"), where("phone", "HAS_PROPERTY")]},
        {"filters": [where("city", "EQ", "oslo")]},
    ]
    assert ids_of(contacts.search_api.do_search({"filterGroups": groups})) == [bonn, oslo]


@pytest.mark.parametrize("value", ["1793179800000", "2026-10-28T09:30:00.000Z"])
def test_times_are_compared_to_the_millisecond(portal: Portal, contacts: Any, value: str) -> None:
    portal.add_contact(createdate=days_before(5) - timedelta(milliseconds=1))
    inside = portal.add_contact(createdate=days_before(5))
    assert ids_of(search(contacts, where("createdate", "GTE", value))) == [inside]


def test_the_other_objects_modification_date_finds_no_contact(portal: Portal, contacts: Any) -> None:
    portal.add_contact()
    assert search(contacts, where("hs_lastmodifieddate", "GT", "1000")).total == 0
    assert search(contacts, where("lastmodifieddate", "GT", "1000")).total == 1


def test_results_are_sorted_as_asked_else_oldest_first(portal: Portal, contacts: Any) -> None:
    added = [portal.add_contact(hs_analytics_num_visits=visits) for visits in (10, 9, 100)]
    assert ids_of(search(contacts)) == added
    falling = [{"propertyName": "hs_analytics_num_visits", "direction": "DESCENDING"}]
    assert ids_of(search(contacts, sorts=falling)) == [added[2], added[0], added[1]]
    assert ids_of(search(contacts, sorts=["hs_analytics_num_visits"])) == [added[1], added[0], added[2]]


def test_pages_follow_by_offset_and_total_counts_all(portal: Portal, contacts: Any) -> None:
    added = [portal.add_contact() for _ in range(250)]
    first = search(contacts, limit=200)
    assert (first.total, first.paging.next.after) == (250, "200")
    second = search(contacts, limit=200, after="200")
    assert second.paging is None
    assert ids_of(first) + ids_of(second) == added


@pytest.mark.parametrize(
    "asked",
    [
        {"limit": 201},
        {"limit": 100, "after": "9901"},
        {"after": "x"},
        {"properties": ["p" * 3_000]},
        {"filterGroups": [{"filters": [where("city", "EQ", "a")]}] * 6},
        {"filterGroups": [{"filters": [where("city", "EQ", "a")] * 7}]},
        {"filterGroups": [{"filters": [where("city", "EQ", "a")] * 5}] * 4},
        {"filterGroups": [{"filters": [where("no_such_property", "EQ", "a")]}]},
        {"filterGroups": [{"filters": [where("city", "LIKE", "a")]}]},
        {"filterGroups": [{"filters": [where("city", "HAS_PROPERTY", "a")]}]},
        {"filterGroups": [{"filters": [where("city", "NOT_HAS_PROPERTY", "")]}]},
        {"filterGroups": [{"filters": [where("createdate", "GT", "yesterday")]}]},
        {"sorts": ["no_such_property"]},
    ],
    ids=lambda asked: str(asked)[:40],
)
def test_a_search_beyond_the_limits_is_refused(contacts: Any, asked: dict[str, Any]) -> None:
    status, body = refusal(lambda: contacts.search_api.do_search(asked))
    assert (status, body["category"]) == (400, "VALIDATION_ERROR")


def test_a_date_filter_at_the_epoch_itself_is_a_server_error(contacts: Any) -> None:
    assert refusal(lambda: search(contacts, where("createdate", "GTE", "0")))[0] == 500
    assert search(contacts, where("createdate", "GTE", "1000")).total == 0


def test_the_last_reachable_page_ends_at_ten_thousand(contacts: Any) -> None:
    assert search(contacts, limit=200, after="9800").total == 0


def test_whether_not_equal_finds_empty_ones_is_a_switch(portal: Portal, contacts: Any) -> None:
    empty = portal.add_contact()
    assert ids_of(search(contacts, where("city", "NEQ", "bonn"))) == []
    portal.switches.empty_matches_not_equal = True
    assert ids_of(search(contacts, where("city", "NEQ", "bonn"))) == [empty]


def test_the_index_lags_behind_writes(portal: Portal, contacts: Any) -> None:
    contact = portal.add_contact(city="Bonn")
    gone = portal.add_contact(city="Bonn")
    portal.switches.index_lag_s = 3_600
    portal.person_sets(contact, "city", "Oslo")
    portal.delete(gone)
    portal.add_contact(city="Bonn")
    assert ids_of(search(contacts, where("city", "EQ", "bonn"))) == [contact, gone]
    portal.clock.move(timedelta(hours=2))
    assert ids_of(search(contacts, where("city", "EQ", "oslo"))) == [contact]
    assert search(contacts, where("city", "EQ", "bonn")).total == 1


@pytest.mark.parametrize("new_id", [True, False])
@pytest.mark.parametrize("sorts", [[], ["lastmodifieddate"]])
def test_the_index_lags_behind_merges(portal: Portal, contacts: Any, new_id: bool, sorts: list[str]) -> None:
    portal.switches.merge_gives_new_id = new_id
    kept, other = portal.add_contact(city="Bonn"), portal.add_contact(city="Oslo", phone="1")
    assert ids_of(search(contacts, sorts=sorts)) == [kept, other]
    portal.switches.index_lag_s = 60
    survivor = portal.merge(kept, other)
    portal.clock.move(timedelta(seconds=30))
    assert ids_of(search(contacts, sorts=sorts)) == [kept, other]
    assert search(contacts, where("phone", "EQ", "1")).results[0].properties["hs_object_id"] == other
    portal.clock.move(timedelta(seconds=31))
    assert ids_of(search(contacts, where("phone", "EQ", "1"), sorts=sorts)) == [survivor]
    assert ids_of(search(contacts, sorts=sorts)) == [survivor]


def test_a_lag_that_is_turned_down_holds_at_once_also_for_what_changed_before(portal: Portal, contacts: Any) -> None:
    contact = portal.add_contact(city="Bonn")
    portal.switches.index_lag_s = 3_600
    portal.person_sets(contact, "city", "Oslo")
    portal.clock.move(timedelta(seconds=30))
    portal.switches.index_lag_s = 60
    portal.person_sets(contact, "city", "Rome")
    assert search(contacts, where("city", "EQ", "bonn")).total == 1
    portal.clock.move(timedelta(seconds=31))
    assert search(contacts, where("city", "EQ", "oslo")).total == 1
    portal.switches.index_lag_s = 0
    assert search(contacts, where("city", "EQ", "rome")).total == 1


def test_a_search_finds_nothing_archived_and_tells_no_history(portal: Portal, contacts: Any) -> None:
    there, gone = portal.add_contact(city="Bonn"), portal.add_contact(city="Bonn")
    portal.delete(gone)
    answer = search(contacts, where("city", "EQ", "bonn"), propertiesWithHistory=["city"], archived=True)
    assert ids_of(answer) == [there]
    assert answer.results[0].properties_with_history is None


def test_reads_by_id_do_not_lag(portal: Portal, contacts: Any) -> None:
    contact = portal.add_contact(city="Bonn")
    portal.switches.index_lag_s = 3_600
    portal.person_sets(contact, "city", "Oslo")
    assert contacts.basic_api.get_by_id(contact, properties=["city"]).properties["city"] == "Oslo"


def test_of_several_choices_each_one_is_found_and_not_the_text_that_joins_them(portal: Portal, contacts: Any) -> None:
    jane = portal.add_contact(hs_additional_emails="j@old.example;jane@old.example")
    for given in (where(ADDITIONAL, "EQ", "jane@old.example"), where(ADDITIONAL, "IN", values=["jane@old.example"])):
        assert ids_of(search(contacts, given)) == [jane]
    assert ids_of(search(contacts, where(ADDITIONAL, "EQ", "j@old.example;jane@old.example"))) == []


@pytest.mark.parametrize("sort", ["hs_object_id", "lastmodifieddate"])
def test_who_pages_by_id_through_what_changed_sees_also_what_changes_meanwhile(
    portal: Portal, contacts: Any, sort: str
) -> None:
    before, first, second, third = (portal.add_contact(email=f"lead{n}@example.com") for n in range(4))
    portal.clock.move(timedelta(minutes=1))
    since = int(portal.clock.now().timestamp() * 1_000)
    for each in (third, first):
        portal.clock.move(timedelta(seconds=1))
        portal.person_sets(each, "city", "Bonn")

    def found(above: str) -> tuple[int, list[str]]:
        filters = (where("lastmodifieddate", "GTE", str(since)), where("hs_object_id", "GT", above))
        page = search(contacts, *filters, sorts=[{"propertyName": sort, "direction": "ASCENDING"}])
        return page.total, ids_of(page)

    assert found(before) == (2, [first, third] if sort == "hs_object_id" else [third, first])
    assert found(first) == (1, [third])
    portal.clock.move(timedelta(seconds=1))
    portal.person_sets(second, "city", "Bonn")
    assert found(first) == (2, [second, third] if sort == "hs_object_id" else [third, second])
    portal.delete(third)
    assert found(first) == (1, [second])
