"""Where a search need look: filters by date of change and by id lead straight to what they find."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from sandbox.bodies import Filter
from sandbox.collection import Collection
from sandbox.ids import read_whole
from sandbox.index import ID_MAX, Index, date_key, id_of
from sandbox.ordered import Ordered
from sandbox.times import read_ms

ID = "hs_object_id"


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A stretch of all ids, or of all dates of change, beyond which nothing matches."""

    keys: Ordered
    start: int
    stop: int
    are_dates: bool
    by_id: bool
    """Whether the records lie in the order of their ids."""
    is_exact: bool
    """Whether all of them match."""

    @property
    def count(self) -> int:
        return max(0, self.stop - self.start)

    def part(self, start: int, stop: int, *, decreasing: bool = False) -> Iterator[int]:
        """The ids from one place on this way to another, counted from its end if `decreasing`."""
        start, stop = min(start, self.count), min(stop, self.count)
        if decreasing:
            return reversed(list(self.part(self.count - stop, self.count - start)))
        keys = self.keys.part(self.start + start, self.start + stop)
        return map(id_of, keys) if self.are_dates else keys


@dataclass(frozen=True, slots=True)
class _Span:
    """Whole numbers from `low` to `high`, both included; None: no end."""

    low: int | None = None
    high: int | None = None

    def within(self, low: int | None, high: int | None) -> "_Span":
        lows = [each for each in (self.low, low) if each is not None]
        highs = [each for each in (self.high, high) if each is not None]
        return _Span(max(lows, default=None), min(highs, default=None))


_ANY = _Span()


def shortest_way(collection: Collection, filters: Sequence[Filter], *, by_date: bool) -> Way:
    """The shortest way to what all these filters find; in the order of dates, if that is asked for and possible."""
    dates = ids = _ANY
    others = 0
    for given in filters:
        name = given.property_name
        if name == collection.kind.modified and (narrower := _narrowed(dates, given, read_ms)):
            dates = narrower
        elif name == ID and (narrower := _narrowed(ids, given, read_whole)):
            ids = narrower
        else:
            others += 1
    if dates != _ANY or (by_date and not collection.index.has_undated):
        return _by_date(collection.index, dates, ids, only=not others)
    keys = collection.index.ids()
    start, stop = _places(keys, ids.low, ids.high)
    return Way(keys=keys, start=start, stop=stop, are_dates=False, by_id=True, is_exact=not others)


def _by_date(index: Index, dates: _Span, ids: _Span, *, only: bool) -> Way:
    low = None if dates.low is None else date_key(dates.low, 0)
    high = None if dates.high is None else date_key(dates.high, ID_MAX)
    start, stop = _places(index.by_date(), low, high)
    if ids == _ANY:
        # Within one moment, and only there, records lie in the order of their ids.
        one_moment = dates.low is not None and dates.low == dates.high
        return Way(keys=index.by_date(), start=start, stop=stop, are_dates=True, by_id=one_moment, is_exact=only)
    keys = index.changed_between(start, max(start, stop))
    start, stop = _places(keys, ids.low, ids.high)
    return Way(keys=keys, start=start, stop=stop, are_dates=False, by_id=True, is_exact=only)


def _places(keys: Ordered, low: int | None, high: int | None) -> tuple[int, int]:
    start = 0 if low is None else keys.below(low)
    return start, len(keys) if high is None else keys.below(high + 1)


def _narrowed(span: _Span, given: Filter, read: Callable[[str], int | None]) -> _Span | None:
    """The span within what the filter leaves; None for a filter that leaves no span."""
    value = None if given.value is None else read(given.value)
    if value is None:
        return None
    match given.operator:
        case "EQ":
            return span.within(value, value)
        case "GT":
            return span.within(value + 1, None)
        case "GTE":
            return span.within(value, None)
        case "LT":
            return span.within(None, value - 1)
        case "LTE":
            return span.within(None, value)
        case "BETWEEN":
            high = None if given.high_value is None else read(given.high_value)
            return None if high is None else span.within(value, high)
    return None
