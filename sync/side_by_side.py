"""Work done by several threads at once, with results in order and never far ahead of whoever takes them."""

import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")


def side_by_side(work: Callable[[T], R], items: Iterable[T], *, threads: int) -> Iterator[R]:
    """What `work` makes of each item, in the order of the items, by so many threads; by one: in the caller's own.

    No more items are taken than there are threads ahead of the results taken, so nothing piles up where those are
    taken slowly. One item is taken at a time. What fails, `items` or `work`, is raised in its place, after everything
    before it was given; what is under way then, or when no more is taken, comes to its end first.
    """
    return (work(item) for item in items) if threads <= 1 else _Side(work, items, threads).results()


class _Side(Generic[T, R]):
    """The threads of one `side_by_side`, and what they have done so far."""

    def __init__(self, work: Callable[[T], R], items: Iterable[T], threads: int) -> None:
        self._work = work
        self._items = iter(items)
        self._ahead = threads
        self._taking = threading.Lock()
        self._changed = threading.Condition()
        self._taken = self._given = 0
        self._done: dict[int, tuple[R | None, BaseException | None]] = {}
        self._ends_at: int | None = None
        self._threads = [threading.Thread(target=self._run, daemon=True) for _ in range(threads)]

    def results(self) -> Iterator[R]:
        for thread in self._threads:
            thread.start()
        try:
            while (result := self._next()) is not None:
                yield result[0]
        finally:
            self._end(self._given)
            for thread in self._threads:
                thread.join()
            close = getattr(self._items, "close", None)
            if close is not None:
                close()

    def _next(self) -> tuple[R] | None:
        with self._changed:
            self._changed.wait_for(lambda: self._given in self._done or self._given == self._ends_at)
            if self._given not in self._done:
                return None
            result, failure = self._done.pop(self._given)
            self._given += 1
            self._changed.notify_all()
        if failure is not None:
            raise failure
        return (result,)  # type: ignore[return-value] # a result without a failure is what `work` returned

    def _run(self) -> None:
        while (taken := self._take()) is not None:
            number, item = taken
            result: R | None = None
            failure: BaseException | None = None
            try:
                result = self._work(item)
            except BaseException as error:  # noqa: BLE001 - raised again where the result is waited for
                failure = error
            with self._changed:
                self._done[number] = (result, failure)
                self._changed.notify_all()
            if failure is not None:
                self._end(number + 1)

    def _take(self) -> tuple[int, T] | None:
        """The next item and its number; None where there is none to be taken any more."""
        with self._taking:
            with self._changed:
                self._changed.wait_for(
                    lambda: self._ends_at is not None or self._taken - self._given < self._ahead,
                )
                if self._ends_at is not None:
                    return None
            try:
                item = next(self._items)
            except StopIteration:
                self._end(self._taken)
                return None
            except BaseException as error:  # noqa: BLE001 - likewise
                with self._changed:
                    self._done[self._taken] = (None, error)
                self._end(self._taken + 1)
                return None
            self._taken += 1
            return self._taken - 1, item

    def _end(self, at: int) -> None:
        """Nothing is taken any more, and what has a number from this on is not waited for."""
        with self._changed:
            self._ends_at = at if self._ends_at is None else min(at, self._ends_at)
            self._changed.notify_all()
