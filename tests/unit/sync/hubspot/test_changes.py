"""Every change found once, whatever HubSpot's search does to pages, dates and ids."""

import operator
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.hubspot.changes import changed_since
from sync.hubspot.connection import Connection
from sync.hubspot.errors import Answer
from sync.ports import RetryableError

START = datetime(2026, 11, 1, tzinfo=UTC)
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
_OPERATORS = {"GTE": operator.ge, "GT": operator.gt, "LT": operator.lt, "EQ": operator.eq}


class FakeSearch:
    """HubSpot's contact search with its filters, one sort rule, offsets, and the reach of 10,000."""

    def __init__(self, changes: Mapping[int, datetime], *, ids_sort_as: Callable[[int], Any] = int) -> None:
        self.changes = {contact_id: _ms(at) for contact_id, at in changes.items()}
        self.requests = 0
        self.between: Callable[[int], None] = lambda _request: None
        self.shown: dict[int, int] = {}
        """Dates as results show them, where those are newer than the ones that were searched."""
        self.empty_pages = 0
        self.api = SimpleNamespace(contacts_search=SimpleNamespace(do_search=None))
        self._ids_sort_as = ids_sort_as

    def read(self, _call: object, body: dict[str, Any], *, search: bool) -> Answer:
        assert search
        self.requests += 1
        self.between(self.requests)
        offset, limit = int(body.get("after", 0)), body["limit"]
        assert offset + limit <= 10_000
        assert all(int(f["value"]) > 0 or f["propertyName"] == "hs_object_id" for f in _filters(body))
        found = list(self.changes)
        for asked in _filters(body):
            values = None if asked["propertyName"] == "hs_object_id" else self.changes
            holds, bound = _OPERATORS[asked["operator"]], int(asked["value"])
            found = [i for i in found if holds(values[i] if values else i, bound)]
        by_id = body["sorts"][0]["propertyName"] == "hs_object_id"
        found.sort(key=self._ids_sort_as if by_id else lambda i: (self.changes[i], i))
        if self.empty_pages:
            self.empty_pages -= 1
            return _page([], len(found), after=offset + 1)
        rows = [self._row(i) for i in found[offset : offset + limit]]
        return _page(rows, len(found), after=offset + limit if offset + limit < len(found) else None)

    def _row(self, contact_id: int) -> dict[str, Any]:
        at = self.shown.get(contact_id, self.changes[contact_id])
        return {"id": str(contact_id), "properties": {"lastmodifieddate": str(at)}}


def _filters(body: Mapping[str, Any]) -> list[Mapping[str, str]]:
    (group,) = body["filterGroups"]
    return list(group["filters"])


def _page(rows: list[dict[str, Any]], total: int, *, after: int | None) -> Answer:
    paging = {} if after is None else {"paging": {"next": {"after": str(after)}}}
    return Answer(status=200, headers={}, document={"total": total, "results": rows} | paging)


def _ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)


def one_by_one(count: int) -> dict[int, datetime]:
    return {100 + n: START + timedelta(seconds=n) for n in range(count)}


def found_by(search: FakeSearch, since: datetime = LONG_AGO) -> list[int]:
    return [int(found.id) for page in changed_since(cast(Connection, search), since) for found in page]


def test_each_change_is_found_once() -> None:
    search = FakeSearch(one_by_one(1_000))
    assert found_by(search) == list(search.changes)
    assert search.requests <= 1_000 / 200 + 1


def test_only_what_changed_since_is_found() -> None:
    search = FakeSearch(one_by_one(1_000))
    assert found_by(search, START + timedelta(seconds=990)) == list(search.changes)[990:]


def test_no_changes_are_found_in_one_request() -> None:
    search = FakeSearch({})
    assert found_by(search) == []
    assert search.requests == 1


def test_more_than_ten_thousand_changes_are_all_found() -> None:
    search = FakeSearch(one_by_one(12_000))
    assert found_by(search) == list(search.changes)
    assert search.requests <= 12_000 / 200 + 5


@pytest.mark.parametrize("ids_sort_as", [int, str])
def test_twenty_five_thousand_changes_in_one_millisecond_are_each_found_once(ids_sort_as: Callable[[int], Any]) -> None:
    stamped = dict.fromkeys(range(51, 25_051), START)
    others = {n: START + timedelta(seconds=n) for n in range(1, 51)}
    search = FakeSearch(stamped | others, ids_sort_as=ids_sort_as)
    found = found_by(search)
    assert sorted(found) == sorted(search.changes)
    assert search.requests <= 25_050 / 200 + 25


def test_ids_that_sort_as_text_are_not_lost_where_pages_look_sorted() -> None:
    ids = [10**n for n in range(6)] * 1 + [int(f"1{'0' * 5}{n:03}") for n in range(194)] + list(range(2, 10))
    search = FakeSearch(dict.fromkeys(ids, START), ids_sort_as=str)
    assert sorted(found_by(search)) == sorted(set(ids))


def test_empty_and_short_pages_do_not_end_the_search() -> None:
    search = FakeSearch(one_by_one(500))
    search.empty_pages = 2
    assert set(found_by(search)) >= set(list(search.changes)[2:])


def test_a_contact_that_changes_during_the_search_costs_no_other_one() -> None:
    search = FakeSearch(one_by_one(2_000))

    def change_one(request: int) -> None:
        search.changes[100 + request * 3] = _ms(START + timedelta(days=1, seconds=request))

    search.between = change_one
    found = found_by(search)
    assert sorted(found) == sorted(search.changes)


def test_contacts_that_show_later_dates_than_they_were_found_by_do_not_leap_over_others() -> None:
    search = FakeSearch(one_by_one(1_000))
    search.shown = dict.fromkeys(range(290, 310), _ms(START + timedelta(days=3)))
    assert sorted(found_by(search)) == sorted(search.changes)


@given(
    seconds=st.lists(st.integers(0, 400), min_size=1, max_size=60),
    edits=st.dictionaries(st.integers(0, 20), st.tuples(st.integers(0, 60), st.integers(1, 60)), max_size=12),
    lag=st.integers(0, 8),
)
@settings(max_examples=150, deadline=None)
def test_whatever_is_edited_in_bulk_while_it_is_paged_is_found_with_all_others(
    seconds: list[int], edits: dict[int, tuple[int, int]], lag: int
) -> None:
    """Neighbours by date are edited together, before the walk and during it; the index shows it some pages later."""
    many = 1_200
    search = FakeSearch({1_000 + n: START + timedelta(seconds=seconds[n % len(seconds)]) for n in range(many)})
    by_date = sorted(search.changes, key=lambda i: (search.changes[i], i))
    to_index: list[tuple[int, int]] = []

    def some_edits(request: int) -> None:
        for at in [0, request] if request == 1 else [request]:
            first, count = edits.get(at, (0, 0))
            for contact_id in by_date[first * 20 : (first + count) * 20]:
                search.shown[contact_id] = _ms(START + timedelta(days=1, seconds=at))
                to_index.append((request + lag, contact_id))
        for due, contact_id in to_index:
            if due <= request:
                search.changes[contact_id] = search.shown[contact_id]

    search.between = some_edits
    assert sorted(found_by(search, START)) == sorted(search.changes)
    assert search.requests <= many / 200 + 1


def test_a_search_of_empty_pages_that_lead_to_themselves_ends_with_an_error() -> None:
    class Circling(FakeSearch):
        def read(self, _call: object, body: dict[str, Any], *, search: bool) -> Answer:
            return _page([], 1, after=200)

    with pytest.raises(RetryableError, match="never to its end"):
        found_by(Circling({}))


def test_a_search_that_leads_nowhere_ends_with_an_error() -> None:
    class Repeating(FakeSearch):
        def read(self, _call: object, body: dict[str, Any], *, search: bool) -> Answer:
            return _page([self._row(100)], 500, after=200)

    with pytest.raises(RetryableError, match="no order that can be followed"):
        found_by(Repeating(one_by_one(1)))
