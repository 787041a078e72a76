"""Pages of one size made of pages of another."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")


def regrouped(pages: Iterable[Sequence[T]], size: int) -> Iterator[Sequence[T]]:
    """The same things in groups of `size`, the last one smaller: full requests, whatever the pages held."""
    waiting: list[T] = []
    for page in pages:
        waiting += page
        while len(waiting) >= size:
            yield waiting[:size]
            waiting = waiting[size:]
    if waiting:
        yield waiting
