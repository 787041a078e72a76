"""The list of all contacts, walked from several places at once, on portals that allow it and on others."""

import random
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
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

Pages = Callable[[str | None], Mapping[str, Any]]


class AList:
    """A portal's list of contacts, by id. `kind`: what it makes of a place that it has not named itself."""

    def __init__(self, ids: Sequence[int], kind: Kind = "any id") -> None:
        self.ids = sorted(ids)
        self.kind = kind
        self.asked: list[str | None] = []
        self.chosen: list[str] = []
        """The places that were asked for and not named before."""
        self.twice = False
        self.is_empty: Callable[[str | None], bool] = lambda _: False
        """Whether nothing is on the page at a place; it leads to what should have been there."""
        self._named: dict[str, int] = {}
        self._lock = threading.Lock()

    def page_at(self, place: str | None) -> Mapping[str, Any]:
        with self._lock:
            self.asked.append(place)
            if self.is_chosen(place):
                self.chosen.append(str(place))
            if self.is_empty(place) and place:
                return {"results": [], "paging": {"next": {"after": place + "+"}}}
            ids = self._after(place.rstrip("+") if place else None)
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

    def is_chosen(self, place: str | None) -> bool:
        return place is not None and place not in self._named and not place.endswith("+")

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


def walked(a_list: AList, threads: int = 4, page_at: Pages | None = None) -> list[int]:
    """The ids in the order in which they came. A walk that does not end is a failure, and so are threads that stay."""
    before = threading.active_count()
    walk: Future[list[int]] = Future()

    def all_pages() -> None:
        try:
            pages = Listing(page_at or a_list.page_at, extent=a_list.extent, threads=threads).pages()
            walk.set_result([int(row["id"]) for page in pages for row in page])
        except Exception as failure:  # noqa: BLE001 - raised again where the walk is waited for
            walk.set_exception(failure)

    thread = threading.Thread(target=all_pages, daemon=True)
    thread.start()
    try:
        return walk.result(timeout=10)
    finally:
        thread.join(timeout=1)
        assert threading.active_count() <= before, "threads wait for ever"


class AtOnce:
    """Asks a list, and counts how many do so at the same time."""

    def __init__(self, page_at: Pages, seconds: float = 0.002) -> None:
        self._page_at = page_at
        self._seconds = seconds
        self._counting = threading.Lock()
        self._now = 0
        self.counts: list[int] = []

    def page_at(self, place: str | None) -> Mapping[str, Any]:
        with self._counting:
            self._now += 1
            self.counts.append(self._now)
        time.sleep(self._seconds)
        with self._counting:
            self._now -= 1
        return self._page_at(place)

    @property
    def mean(self) -> float:
        return sum(self.counts) / len(self.counts)


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lists of hundreds are divided as those of many thousands."""
    monkeypatch.setattr(listing, "PAGE", SIZE)
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
    at_once = AtOnce(a_list.page_at)
    assert len(walked(a_list, page_at=at_once.page_at)) == 2_000
    assert max(at_once.counts) == 4


OLD = [50 * n + 1 for n in range(5_000)]
NEW = [10**11 + 900 * n for n in range(5_000)]


@pytest.mark.parametrize(
    "ids",
    [
        OLD[:200] + NEW,
        OLD[:2_500] + NEW[:2_500],
        OLD[:2_000] + [10**9 + 900 * n for n in range(2_000)] + NEW[:2_000],
        OLD + NEW[:100],
        [*OLD, 10**11],
    ],
    ids=["few old ones", "half and half", "three clusters", "few new ones", "one new one"],
)
def test_nearly_all_are_busy_where_ids_stand_in_clusters(ids: Sequence[int]) -> None:
    a_list = AList(ids)
    at_once = AtOnce(a_list.page_at)
    assert sorted(walked(a_list, 8, at_once.page_at)) == ids
    assert at_once.mean > 3.5
    assert len(a_list.asked) < 1.04 * ceil(len(ids) / SIZE)


class Slow:
    """A list whose answers for places that we choose come when all the rest was asked for."""

    def __init__(self, a_list: AList, failure: Exception | None) -> None:
        self._list = a_list
        self._failure = failure
        self._all_asked = threading.Event()

    def page_at(self, place: str | None) -> Mapping[str, Any]:
        if self._list.is_chosen(place):
            self._all_asked.wait(timeout=5)
            if self._failure:
                raise self._failure
        page = self._list.page_at(place)
        if "paging" not in page:
            self._all_asked.set()
        return page


@pytest.mark.parametrize("failure", [None, FatalError("400"), RetryableError("no answer")])
@pytest.mark.parametrize("threads", [2, 8])
def test_nobody_waits_for_a_place_that_the_walker_before_it_has_gone_past(
    failure: Exception | None, threads: int
) -> None:
    a_list = AList([7 * n + 1 for n in range(1_000)])
    assert walked(a_list, threads, Slow(a_list, failure).page_at) == a_list.ids


def test_empty_pages_mean_nothing() -> None:
    a_list = AList([7 * n + 1 for n in range(2_000)])
    empty = []

    def is_empty(place: str | None) -> bool:
        if place and not place.endswith("+") and int(place) % 3 == 0:
            empty.append(place)
            return True
        return False

    a_list.is_empty = is_empty
    assert sorted(walked(a_list)) == a_list.ids
    assert len(empty) > 50
    assert len(a_list.chosen) > 2
    assert len(a_list.asked) <= 2_000 / SIZE + len(empty) + len(a_list.chosen)


def test_what_followed_the_last_full_page_may_be_deleted_meanwhile() -> None:
    a_list = AList([7 * n + 1 for n in range(2_000)])
    end = str(a_list.ids[-1])

    def page_at(place: str | None) -> Mapping[str, Any]:
        return {"results": []} if place == end else {"paging": {"next": {"after": end}}, **a_list.page_at(place)}

    assert sorted(walked(a_list, page_at=page_at)) == a_list.ids
    assert len(a_list.asked) <= 2_000 / SIZE + len(a_list.chosen)


@pytest.mark.parametrize("failing", [1, 2, 3])
def test_a_place_that_gave_no_answer_says_nothing_about_others(failing: int) -> None:
    a_list = AList([7 * n + 1 for n in range(4_000)])
    at_once = AtOnce(a_list.page_at)
    failed: list[str | None] = []

    def page_at(place: str | None) -> Mapping[str, Any]:
        page = at_once.page_at(place)
        if not failed and a_list.chosen[failing - 1 : failing] == [place]:
            failed.append(place)  # once: a page that is walked through later may lead to this very place
            raise RetryableError("no answer")
        return page

    assert sorted(walked(a_list, 8, page_at)) == a_list.ids
    assert at_once.mean > 3.5


def test_where_no_such_place_ever_answers_few_are_tried() -> None:
    a_list = AList([7 * n + 1 for n in range(2_000)])
    tried = []

    def page_at(place: str | None) -> Mapping[str, Any]:
        if a_list.is_chosen(place):
            tried.append(place)
            raise RetryableError("no answer")
        return a_list.page_at(place)

    assert walked(a_list, page_at=page_at) == a_list.ids
    assert len(tried) == listing.TRIES


class AMoodyList(AList):
    """Answers sooner or later, now and then with an empty page, and at a place that we choose perhaps not at all; while
    it is read contacts go, and come."""

    def __init__(self, ids: Sequence[int], kind: Kind, mood: random.Random) -> None:
        super().__init__(ids, kind)
        self.stay = set(ids)
        self.came: set[int] = set()
        self._mood = mood
        self._fails, self._empties, self._goes, self._comes = (mood.choice([0, 0, 0.05, 0.3]) for _ in range(4))
        self._naps: Sequence[float] = mood.choice([[0], [0, 0.001], [0, 0, 0, 0, 0.02]])
        self.is_empty = lambda place: place is not None and len(place) < 20 and mood.random() < self._empties

    def page_at(self, place: str | None) -> Mapping[str, Any]:
        with self._lock:
            self._change()
            nap, fails = self._mood.choice(self._naps), self._mood.random() < self._fails
            failure = self._mood.choice([FatalError("no"), RetryableError("no")])
        time.sleep(nap)
        if fails and self.is_chosen(place):
            raise failure
        return super().page_at(place)

    def _change(self) -> None:
        if self._mood.random() < self._goes and len(self.ids) > 2:
            first = self._mood.randrange(len(self.ids) - 1)
            gone = self.ids[first : first + self._mood.choice([1, SIZE, 3 * SIZE])]
            self.ids = [each for each in self.ids if each not in gone]
            self.stay -= set(gone)
        if self._mood.random() < self._comes:
            self.came.add(new := max(self.ids, default=0) + self._mood.choice([1, 900]))
            self.ids = [*self.ids, new]


@pytest.mark.parametrize("kind", [each for each in KINDS if each != "offsets"])
@settings(max_examples=25, deadline=None)
@given(
    clusters=st.lists(
        st.tuples(st.integers(1, 10**11), st.integers(1, 300), st.sampled_from([1, 7, 50, 10**6])),
        min_size=1,
        max_size=4,
    ),
    threads=st.integers(2, 8),
    seed=st.integers(0, 2**32),
)
def test_a_walk_ends_and_gives_each_contact_once_whatever_happens_meanwhile(
    kind: Kind, clusters: Sequence[tuple[int, int, int]], threads: int, seed: int
) -> None:
    ids = sorted({first + n * step for first, many, step in clusters for n in range(many)})
    a_list = AMoodyList(ids, kind, random.Random(seed))
    given_ids = walked(a_list, threads)
    assert len(given_ids) == len(set(given_ids))
    assert a_list.stay <= set(given_ids) <= {*ids, *a_list.came}


def test_who_stops_taking_pages_leaves_no_thread_behind() -> None:
    before = threading.active_count()
    a_list = AList([7 * n + 1 for n in range(2_000)])
    pages = Listing(a_list.page_at, extent=a_list.extent, threads=4).pages()
    for _ in range(5):
        next(pages)
    pages.close()  # type: ignore[attr-defined] # it is a generator
    assert threading.active_count() <= before
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
