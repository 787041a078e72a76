"""Work done by several threads at once."""

import threading
from collections.abc import Iterator

import pytest

from sync.side_by_side import merged, side_by_side

BOTH = pytest.mark.parametrize("threads", [1, 4])


@BOTH
def test_results_come_in_the_order_of_the_items(threads: int) -> None:
    assert list(side_by_side(lambda item: item * 2, range(100), threads=threads)) == [n * 2 for n in range(100)]


@BOTH
def test_no_items_make_no_results(threads: int) -> None:
    assert list(side_by_side(str, [], threads=threads)) == []


def test_as_many_pieces_as_there_are_threads_are_under_way_at_once() -> None:
    meet = threading.Barrier(3, timeout=10)
    assert list(side_by_side(lambda _: meet.wait() >= 0, range(6), threads=3)) == [True] * 6


@BOTH
def test_what_fails_is_raised_in_its_place(threads: int) -> None:
    results = side_by_side(lambda item: 10 // item, [5, 2, 0, 1], threads=threads)
    assert [next(results), next(results)] == [2, 5]
    with pytest.raises(ZeroDivisionError):
        next(results)
    assert list(results) == []


@BOTH
def test_items_that_fail_are_raised_in_their_place(threads: int) -> None:
    def items() -> Iterator[int]:
        yield 1
        raise LookupError("no more")

    results = side_by_side(str, items(), threads=threads)
    assert next(results) == "1"
    with pytest.raises(LookupError, match="no more"):
        next(results)


def test_no_more_items_are_taken_than_there_are_threads_ahead() -> None:
    taken = []

    def items() -> Iterator[int]:
        for number in range(1_000):
            taken.append(number)
            yield number

    results = side_by_side(lambda item: item, items(), threads=4)
    for _ in range(10):
        next(results)
    assert len(taken) <= 14
    results.close()  # type: ignore[attr-defined] # it is a generator
    assert len(taken) <= 15


def test_whoever_takes_no_more_waits_for_what_is_under_way_and_nothing_is_begun_after_that() -> None:
    before = threading.active_count()
    begun, ended = [], []

    def work(item: int) -> int:
        begun.append(item)
        ended.append(item)
        return item

    results = side_by_side(work, iter(range(1_000)), threads=4)
    next(results)
    results.close()  # type: ignore[attr-defined]
    assert sorted(begun) == sorted(ended)
    assert threading.active_count() <= before


def test_out_of_order_whoever_is_slow_holds_up_nobody() -> None:
    all_others = threading.Event()
    done: list[int] = []

    def work(item: int) -> int:
        if item == 0:
            assert all_others.wait(timeout=10)
        return item

    for result in side_by_side(work, range(50), threads=3, in_order=False):
        done.append(result)
        if len(done) == 49:
            all_others.set()
    assert done[-1] == 0
    assert sorted(done) == list(range(50))


def test_out_of_order_what_fails_is_raised_and_nothing_is_begun_after_it() -> None:
    begun = []

    def work(item: int) -> int:
        begun.append(item)
        return 10 // (item - 5)

    with pytest.raises(ZeroDivisionError):
        list(side_by_side(work, range(1_000), threads=3, in_order=False))
    assert len(begun) < 20


@BOTH
def test_all_that_several_sources_yield_comes_each_in_its_order(threads: int) -> None:
    found = list(merged([iter([(n, k) for k in range(50)]) for n in range(7)], threads=threads))
    assert sorted(found) == [(n, k) for n in range(7) for k in range(50)]
    assert all([k for m, k in found if m == n] == list(range(50)) for n in range(7))


@BOTH
def test_sources_without_anything_yield_nothing(threads: int) -> None:
    assert list(merged([], threads=threads)) == []
    assert list(merged([iter(()), iter(()), iter([1])], threads=threads)) == [1]


@BOTH
def test_a_source_that_fails_ends_all(threads: int) -> None:
    def failing() -> Iterator[int]:
        yield 1
        raise ValueError("no further")

    found: list[int] = []
    others = [iter(range(10**9))] if threads > 1 else []
    with pytest.raises(ValueError, match="no further"):
        found.extend(merged([failing(), *others], threads=threads))
    assert 1 in found


def test_nobody_asks_sources_any_further_once_nobody_takes_what_they_yield() -> None:
    asked = []

    def endless(name: str) -> Iterator[str]:
        while True:
            asked.append(name)
            yield name

    results = merged([endless("a"), endless("b"), endless("c")], threads=2)
    assert next(results) in ("a", "b", "c")
    results.close()  # type: ignore[attr-defined] # a generator
    before = len(asked)
    assert before <= 6
    assert len(asked) == before


def test_sources_are_read_at_once() -> None:
    meet = threading.Barrier(3, timeout=10)

    def source() -> Iterator[int]:
        yield meet.wait()

    assert sorted(merged([source(), source(), source()], threads=3)) == [0, 1, 2]
