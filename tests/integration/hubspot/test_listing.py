"""The list of all contacts, walked from several places at once, on portals that allow it and on others."""

import threading
import time
from collections.abc import Mapping, Sequence
from math import ceil
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.hubspot import listing
from sync.hubspot.listing import Listing
from sync.ports import FatalError, RetryableError

Kind = Literal["any id", "any id, itself as well", "known ids", "refuses", "offsets", "from the start", "leaves out"]
KINDS: Sequence[Kind] = (
    "any id",
    "any id, itself as well",
    "known ids",
    "refuses",
    "offsets",
    "from the start",
    "leaves out",
)
SIZE = 10
"""Contacts on a page of these lists."""


class AList:
    """A portal's list of contacts, by id. `kind`: what it makes of a place that it has not named itself."""

    def __init__(self, ids: Sequence[int], kind: Kind = "any id") -> None:
        self.ids = sorted(ids)
        self.kind = kind
        self.asked: list[str | None] = []
        self.twice = False
        self._named: dict[str, int] = {}
        self._lock = threading.Lock()

    def page_at(self, place: str | None) -> Mapping[str, Any]:
        with self._lock:
            self.asked.append(place)
            ids = self._after(place)
            rows = [{"id": str(each)} for each in ids[:SIZE]]
            if self.twice:
                rows += rows[-2:]
            if len(ids) <= SIZE:
                return {"results": rows}
            named = str(ids[SIZE] if self.kind == "any id, itself as well" else ids[SIZE - 1])
            if self.kind == "offsets":
                named = str(self.ids.index(ids[SIZE]))
            self._named[named] = ids[SIZE]
            return {"results": rows, "paging": {"next": {"after": named}}}

    def _after(self, place: str | None) -> Sequence[int]:
        if place is None:
            return self.ids
        if place in self._named:
            return [each for each in self.ids if each >= self._named[place]]
        match self.kind:
            case "any id":
                return [each for each in self.ids if each > int(place)]
            case "any id, itself as well":
                return [each for each in self.ids if each >= int(place)]
            case "known ids" | "refuses":
                if self.kind == "known ids" and int(place) in self.ids:
                    return [each for each in self.ids if each > int(place)]
                raise FatalError("400")
            case "offsets":
                return self.ids[int(place) :]
            case "from the start":
                return self.ids
            case "leaves out":
                return [each for each in self.ids if each > int(place)][3:]

    def extent(self) -> tuple[int, int]:
        return len(self.ids), self.ids[-1]


def walked(a_list: AList, threads: int = 4) -> list[int]:
    """The ids in the order in which they came."""
    pages = Listing(a_list.page_at, extent=a_list.extent, threads=threads).pages()
    return [int(row["id"]) for page in pages for row in page]


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lists of hundreds are divided as those of many thousands."""
    monkeypatch.setattr(listing, "BEGINS_AFTER", 2)
    monkeypatch.setattr(listing, "STRETCH_MIN", 20)
    monkeypatch.setattr(listing, "STRETCHES_PER", 50)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("threads", [1, 4])
def test_every_contact_comes_once_whatever_a_portal_makes_of_a_place_that_we_choose(kind: Kind, threads: int) -> None:
    ids = [5 * n + 7 for n in range(1_000)]
    assert sorted(walked(AList(ids, kind), threads)) == ids


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=40, deadline=None)
@given(ids=st.sets(st.integers(1, 10**11), min_size=1, max_size=400), dense=st.integers(0, 600))
def test_every_contact_comes_once_however_ids_lie(kind: Kind, ids: set[int], dense: int) -> None:
    everybody = ids | {4_000 + n for n in range(dense)}
    assert sorted(walked(AList(sorted(everybody), kind))) == sorted(everybody)


def test_a_list_that_is_walked_by_one_comes_by_id() -> None:
    ids = [3 * n + 1 for n in range(300)]
    a_list = AList(ids)
    assert walked(a_list, threads=1) == ids
    assert len(a_list.asked) == 30


def test_to_divide_the_list_costs_half_a_page_for_each_stretch() -> None:
    a_list = AList([7 * n + 1 for n in range(2_000)])
    walked(a_list)
    stretches = 2_000 // listing.STRETCHES_PER
    assert ceil(2_000 / SIZE) < len(a_list.asked) <= ceil(2_000 / SIZE) + stretches


@pytest.mark.parametrize("kind", ["refuses", "from the start", "offsets"])
def test_a_portal_that_allows_no_such_place_is_asked_for_one_only_once(kind: Kind) -> None:
    a_list = AList([7 * n + 1 for n in range(2_000)], kind)
    walked(a_list)
    assert len(a_list.asked) == 2_000 / SIZE + 1


def test_several_are_under_way_at_once() -> None:
    a_list = AList([7 * n + 1 for n in range(2_000)])
    under_way, most = 0, 0
    counting = threading.Lock()

    def page_at(place: str | None) -> Mapping[str, Any]:
        nonlocal under_way, most
        with counting:
            under_way += 1
            most = max(most, under_way)
        time.sleep(0.002)
        with counting:
            under_way -= 1
        return a_list.page_at(place)

    pages = Listing(page_at, extent=a_list.extent, threads=4).pages()
    assert sum(len(page) for page in pages) == 2_000
    assert most == 4


def test_who_stops_taking_pages_leaves_no_thread_behind() -> None:
    before = threading.active_count()
    a_list = AList([7 * n + 1 for n in range(2_000)])
    pages = Listing(a_list.page_at, extent=a_list.extent, threads=4).pages()
    for _ in range(5):
        next(pages)
    pages.close()  # type: ignore[attr-defined] # it is a generator
    assert threading.active_count() == before
    assert len(a_list.asked) < 100


def test_what_fails_in_any_stretch_is_raised() -> None:
    a_list = AList([7 * n + 1 for n in range(2_000)])
    ask = a_list.page_at

    def page_at(place: str | None) -> Mapping[str, Any]:
        if len(a_list.asked) > 60:
            raise RetryableError("no answer")
        return ask(place)

    with pytest.raises(RetryableError, match="no answer"):
        list(Listing(page_at, extent=a_list.extent, threads=4).pages())


def test_contacts_that_a_page_shows_twice_come_once() -> None:
    a_list = AList([7 * n + 1 for n in range(1_000)])
    a_list.twice = True
    assert sorted(walked(a_list)) == a_list.ids


def test_paging_that_goes_round_in_circles_is_an_error() -> None:
    a_list = AList([7 * n + 1 for n in range(1_000)])
    with pytest.raises(RetryableError, match="round in circles"):
        list(
            Listing(
                lambda place: a_list.page_at(None if place == "344" else place), extent=lambda: None, threads=4
            ).pages()
        )
