"""What happened, event by event: millions of events in little room, each listing in order of time.

An event is a row of numbers; what many events share, such as a page or a campaign, is kept once.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, Protocol, Self, TypeVar

from sandbox.errors import Json


class Packed(NamedTuple):
    """An event as it is kept. `who` is what it is found by beside its kind: a contact's id, or an address."""

    at_ms: int
    kind: str
    who: int | str
    detail: tuple[Any, ...] = ()
    since_ms: int = 0


class Event(Protocol):
    """Something that happened; its id is unique among events of its sort, and may be empty: then it is given one."""

    @property
    def id(self) -> str: ...

    def packed(self) -> Packed: ...

    @classmethod
    def unpacked(cls, event_id: str, packed: Packed) -> Self: ...

    @staticmethod
    def shared(kind: str, detail: tuple[Any, ...]) -> Json:
        """What HubSpot tells of every event of that kind and detail."""

    @staticmethod
    def tell(shared: Json, event_id: str, at_ms: int, who: int | str, since_ms: int) -> Json:
        """All that it tells of one of them; `shared` stays as it is."""


Each = TypeVar("Each", bound=Event)
Shared = TypeVar("Shared")


class _Once(Generic[Shared]):
    """Values that many rows share, each kept once under a number."""

    def __init__(self) -> None:
        self.values: list[Shared] = []
        self._numbers: dict[Shared, int] = {}

    def number(self, value: Shared) -> int:
        number = self._numbers.setdefault(value, len(self.values))
        if number == len(self.values):
            self.values.append(value)
        return number

    def known(self, value: Shared) -> int | None:
        return self._numbers.get(value)

    def replace(self, number: int, value: Shared) -> None:
        """Keep another value in that place: nobody finds it under the old one any more."""
        self._numbers.pop(self.values[number], None)
        self.values[number] = value


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A part of a listing as HubSpot tells it, and whether there is more of it."""

    told: Sequence[Json]
    has_more: bool


class Log(Generic[Each]):
    """All events of one sort. They may come in any order; listings are in order of time."""

    def __init__(self, sort: type[Each], *, prefix: str) -> None:
        self._sort = sort
        self._prefix = prefix
        self._named: dict[int, str] = {}
        self._shared: dict[tuple[int, int], Json] = {}
        self._kinds: _Once[str] = _Once()
        self._whos: _Once[int | str] = _Once()
        self._details: _Once[tuple[Any, ...]] = _Once()
        self._at_ms, self._since_ms = array("q"), array("q")
        self._kind, self._who, self._detail = array("H"), array("I"), array("I")
        # Rows in order of time: all, by kind, by who. Made when they are first asked for.
        self._gone = 0
        self._all: _Order | None = None
        self._by_kind: dict[int, _Order] | None = None
        self._by_who: dict[int, _Order] | None = None

    def __len__(self) -> int:
        return len(self._at_ms) - self._gone

    def __iter__(self) -> Iterator[Each]:
        """Every event, in order of time."""
        return map(self._event, self._everything().rows())

    def append(self, event: Each) -> None:
        packed, row = event.packed(), len(self._at_ms)
        self.put(packed)
        if event.id:
            self._named[row] = event.id

    def put(self, packed: Packed) -> None:
        """Append an event that has no id of its own."""
        row, kind = len(self._at_ms), self._kinds.number(packed.kind)
        who = self._whos.number(packed.who)
        self._at_ms.append(packed.at_ms)
        self._since_ms.append(packed.since_ms)
        self._kind.append(kind)
        self._who.append(who)
        self._detail.append(self._details.number(packed.detail))
        if self._all is not None:
            self._all.add(row)
        if self._by_kind is not None:
            self._by_kind.setdefault(kind, _Order(self._at_ms)).add(row)
        if self._by_who is not None:
            self._by_who.setdefault(who, _Order(self._at_ms)).add(row)

    def extend(self, events: Iterable[Each]) -> None:
        for event in events:
            self.append(event)

    def __iadd__(self, events: Iterable[Each]) -> Self:
        self.extend(events)
        return self

    def kinds(self) -> set[str]:
        """The kinds of which there are events."""
        return {self._kinds.values[kind] for kind, order in self._kinds_in_order().items() if order}

    def of(self, who: int | str) -> list[Each]:
        """Every event of somebody, in order of time."""
        order, _ = self._listing("", who, None)
        return [self._event(row) for row in order.rows()]

    def page(
        self,
        *,
        kind: str = "",
        who: int | str | None = None,
        from_ms: int | None = None,
        to_ms: int | None = None,
        newest_first: bool = True,
        start: int,
        limit: int,
        test: Callable[[Each], bool] | None = None,
    ) -> Page:
        """Up to `limit` events from place `start` of a listing on: of a kind, of somebody, from one moment to another.

        Both moments are included. `test` is what else an event must be like; it costs a look at each.
        """
        order, tests = self._listing(kind, who, test)
        low = order.place(from_ms) if from_ms is not None else 0
        high = order.place(to_ms, behind=True) if to_ms is not None else len(order)
        if tests:
            found = [row for row in order.rows(low, high) if all(holds(self._event(row)) for holds in tests)]
            if newest_first:
                found.reverse()
            return Page(told=self._told(found[start : start + limit]), has_more=start + limit < len(found))
        if newest_first:
            rows = [*order.rows(max(low, high - start - limit), max(low, high - start))][::-1]
        else:
            rows = [*order.rows(low + start, min(high, low + start + limit))]
        return Page(told=self._told(rows), has_more=low + start + limit < high)

    def forget(self, whos: Collection[int | str]) -> None:
        """Drop every event of these, and that they were ever there."""
        for who in whos:
            number = self._whos.known(who)
            if number is None:
                continue
            order = self._whos_in_order().pop(number, None)
            for row in order.rows() if order else ():
                self._everything().discard(row)
                self._kinds_in_order()[self._kind[row]].discard(row)
                self._named.pop(row, None)
                self._detail[row] = self._details.number(())
                self._gone += 1
            self._whos.replace(number, "")

    def _listing(
        self, kind: str, who: int | str | None, test: Callable[[Each], bool] | None
    ) -> "tuple[_Order, list[Callable[[Each], bool]]]":
        """The shortest order of rows that holds what is asked for, and what is still to be looked at."""
        tests = [test] if test else []
        if who is not None:
            if kind:
                tests.append(lambda event: event.packed().kind == kind)
            number = self._whos.known(who)
            order = None if number is None else self._whos_in_order().get(number)
        elif kind:
            number = self._kinds.known(kind)
            order = None if number is None else self._kinds_in_order().get(number)
        else:
            order = self._everything()
        return order or _Order(self._at_ms), tests

    def _event(self, row: int) -> Each:
        return self._sort.unpacked(self._id(row), self._packed(row))

    def _told(self, rows: Iterable[int]) -> list[Json]:
        # A page has up to a thousand events: what is looked up for each of them is looked up from here.
        tell, named, prefix, shared = self._sort.tell, self._named, self._prefix, self._shared
        kinds, details, whos, who = self._kind, self._detail, self._whos.values, self._who
        at_ms, since_ms = self._at_ms, self._since_ms
        return [
            tell(
                shared.get((kinds[row], details[row])) or self._to_share(kinds[row], details[row]),
                named.get(row) or f"{prefix}-{row + 1}",
                at_ms[row],
                whos[who[row]],
                since_ms[row],
            )
            for row in rows
        ]

    def _to_share(self, kind: int, detail: int) -> Json:
        told = self._sort.shared(self._kinds.values[kind], self._details.values[detail])
        self._shared[kind, detail] = told
        return told

    def _packed(self, row: int) -> Packed:
        kind, who = self._kinds.values[self._kind[row]], self._whos.values[self._who[row]]
        return Packed(self._at_ms[row], kind, who, self._details.values[self._detail[row]], self._since_ms[row])

    def _id(self, row: int) -> str:
        return self._named.get(row) or f"{self._prefix}-{row + 1}"

    def _everything(self) -> "_Order":
        if self._all is None:
            self._all = _Order(self._at_ms, range(len(self._at_ms)))
        return self._all

    def _kinds_in_order(self) -> "dict[int, _Order]":
        if self._by_kind is None:
            self._by_kind = self._split(self._kind)
        return self._by_kind

    def _whos_in_order(self) -> "dict[int, _Order]":
        if self._by_who is None:
            self._by_who = self._split(self._who)
        return self._by_who

    def _split(self, column: "array[int]") -> "dict[int, _Order]":
        orders: dict[int, _Order] = {}
        for row, number in enumerate(column):
            order = orders.get(number)
            if order is None:
                order = orders[number] = _Order(self._at_ms)
            order.add(row)
        return orders


class _Order:
    """Rows in order of time, of one moment in the order in which they came."""

    __slots__ = ("_at_ms", "_in_order", "_rows")

    def __init__(self, at_ms: "array[int]", rows: Iterable[int] = ()) -> None:
        self._at_ms = at_ms
        self._rows = array("I", rows)
        self._in_order = not self._rows

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, row: int) -> None:
        """Put in a row that is newer than all others, whenever it happened."""
        if self._in_order and self._rows and self._at_ms[self._rows[-1]] > self._at_ms[row]:
            self._in_order = False
        self._rows.append(row)

    def discard(self, row: int) -> None:
        """Take a row out that is there."""
        place = self.place(self._at_ms[row])
        while self._rows[place] != row:
            place += 1
        del self._rows[place]

    def place(self, at_ms: int, *, behind: bool = False) -> int:
        """How many rows are before that moment; with `behind` also those of the moment itself."""
        rows = self._ordered()
        return (bisect_right if behind else bisect_left)(rows, at_ms, key=self._at_ms.__getitem__)

    def rows(self, start: int = 0, stop: int | None = None) -> Sequence[int]:
        return self._ordered()[start:stop]

    def _ordered(self) -> "array[int]":
        if not self._in_order:
            # Sorting keeps the order of what is equal, which is that of arrival.
            self._rows = array("I", sorted(sorted(self._rows), key=self._at_ms.__getitem__))
            self._in_order = True
        return self._rows
