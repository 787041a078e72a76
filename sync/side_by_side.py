"""Work done by several threads at once, never far ahead of whoever takes the results."""

import queue
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")


def side_by_side(work: Callable[[T], R], items: Iterable[T], *, threads: int, in_order: bool = True) -> Iterator[R]:
    """What `work` makes of each item, by so many threads; by one: in the caller's own.

    Results come in the order of the items, or as they are ready. At most as many items are taken as there are threads
    before a result of them is, so nothing piles up where those are taken slowly. One item is taken at a time. What
    fails, `items` or `work`, is raised in its place, and no further item is asked for after that; what was asked for
    then, or when nobody takes any more results, comes to its end first.
    """
    if threads <= 1:
        return (work(item) for item in items)
    return _Side(work, items, threads, in_order).results()


def merged(sources: Sequence[Iterator[T]], *, threads: int) -> Iterator[T]:
    """What all these yield, as it comes, by so many threads; by one: in the caller's own, one source after another.

    Each source is asked by one thread at a time, and no source is far ahead of the others. Failures as `side_by_side`.
    """
    if threads <= 1 or len(sources) <= 1:
        for source in sources:
            yield from source
        return
    idle: queue.SimpleQueue[Iterator[T] | None] = queue.SimpleQueue()
    for source in sources:
        idle.put(source)

    def turns() -> Iterator[Iterator[T]]:
        left = len(sources)
        while left:
            source = idle.get()
            if source is None:
                left -= 1
            else:
                yield source

    def step(source: Iterator[T]) -> tuple[T, ...]:
        again: Iterator[T] | None = None
        try:
            for found in source:
                again = source
                return (found,)
            return ()
        finally:  # one that has come to its end, or failed, has no further turn
            idle.put(again)

    for found in side_by_side(step, turns(), threads=min(threads, len(sources)), in_order=False):
        yield from found


class _Side(Generic[T, R]):
    """The threads of one `side_by_side`, and what they have done so far."""

    def __init__(self, work: Callable[[T], R], items: Iterable[T], threads: int, in_order: bool) -> None:
        self._work = work
        self._items = iter(items)
        self._ahead = threads
        self._in_order = in_order
        self._taking = threading.Lock()
        self._changed = threading.Condition()
        self._taken = self._given = 0
        self._done: dict[int, tuple[R | None, BaseException | None]] = {}
        self._stopped = False
        self._threads = [threading.Thread(target=self._run, daemon=True) for _ in range(threads)]

    def results(self) -> Iterator[R]:
        for thread in self._threads:
            thread.start()
        try:
            while (done := self._next()) is not None:
                result, failure = done
                if failure is not None:
                    raise failure
                yield result  # type: ignore[misc] # without a failure it is what `work` returned
        finally:
            self._stop()
            for thread in self._threads:
                thread.join()
            close = getattr(self._items, "close", None)
            if close is not None:
                close()

    def _next(self) -> tuple[R | None, BaseException | None] | None:
        with self._changed:
            self._changed.wait_for(lambda: self._ready() is not None or (self._stopped and self._given == self._taken))
            number = self._ready()
            if number is None:
                return None
            self._given += 1
            self._changed.notify_all()
            return self._done.pop(number)

    def _ready(self) -> int | None:
        """The number of the result that is next, if it is there."""
        if self._in_order:
            return self._given if self._given in self._done else None
        return next(iter(self._done), None)

    def _run(self) -> None:
        while (taken := self._take()) is not None:
            number, item = taken
            result: R | None = None
            failure: BaseException | None = None
            try:
                result = self._work(item)
            except BaseException as error:  # noqa: BLE001 - raised again where the result is waited for
                failure = error
            self._has_done(number, result, failure)

    def _take(self) -> tuple[int, T] | None:
        """The next item and its number; None where there is none to be taken any more."""
        with self._taking:
            with self._changed:
                self._changed.wait_for(lambda: self._stopped or self._taken - self._given < self._ahead)
                if self._stopped:
                    return None
            try:
                item = next(self._items)
            except StopIteration:
                self._stop()
                return None
            except BaseException as error:  # noqa: BLE001 - likewise
                self._taken += 1
                self._has_done(self._taken - 1, None, error)
                return None
            self._taken += 1
            return self._taken - 1, item

    def _has_done(self, number: int, result: R | None, failure: BaseException | None) -> None:
        with self._changed:
            self._done[number] = (result, failure)
            self._stopped = self._stopped or failure is not None
            self._changed.notify_all()

    def _stop(self) -> None:
        """Nothing is taken any more."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
