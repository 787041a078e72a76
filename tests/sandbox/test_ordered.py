"""Numbers kept in order, whatever comes and goes."""

from collections.abc import Iterable

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


def longest(numbers: Ordered) -> int:
    blocks: Iterable[list[int]] = numbers.blocks
    return max(map(len, blocks))
