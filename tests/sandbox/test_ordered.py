"""Numbers kept in order, whatever comes and goes."""

from collections import Counter
from collections.abc import Iterable
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox import ordered
from sandbox.ordered import Ordered

NUMBERS = st.integers(-50, 50)


@given(st.sets(NUMBERS), st.lists(st.tuples(st.booleans(), NUMBERS)))
def test_they_are_those_of_a_sorted_list(first: set[int], steps: list[tuple[bool, int]]) -> None:
    kept, numbers = set(first), Ordered(first)
    for adds, number in steps:
        if adds and number not in kept:
            numbers.add(number)
            kept.add(number)
        elif not adds:
            numbers.discard(number)
            kept.discard(number)
        assert (list(numbers), len(numbers)) == (sorted(kept), len(kept))
    for number in range(-51, 52):
        assert numbers.below(number) == sum(each < number for each in kept)


def test_blocks_are_cut_before_they_grow_long() -> None:
    numbers = Ordered()
    for number in (*range(0, 20_000, 2), *range(1, 20_000, 2)):
        numbers.add(number)
    assert longest(numbers) <= 2 * ordered.BLOCK
    assert list(numbers.part(9_990, 10_010)) == list(range(9_990, 10_010))
    assert list(numbers.part(19_999, 30_000)) == [19_999]


def test_any_of_them_is_as_likely_as_any_other() -> None:
    random, numbers = Random(1), Ordered(range(1_100))  # a long block and a short one
    drawn = Counter(numbers.any(random) // 100 for _ in range(11_000))
    assert len(drawn) == 11
    assert all(800 < times < 1_200 for times in drawn.values())


def test_of_no_numbers_there_is_not_any() -> None:
    with pytest.raises(IndexError):
        Ordered().any(Random(1))


def longest(numbers: Ordered) -> int:
    blocks: Iterable[list[int]] = numbers.blocks
    return max(map(len, blocks))
