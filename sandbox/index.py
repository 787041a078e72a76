"""What search knows of the records: possibly what they were some time ago, in order of their last change."""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping

from sandbox.ordered import Ordered
from sandbox.records import Record
from sandbox.times import read_ms

_ID_BITS = 40
ID_MAX = (1 << _ID_BITS) - 1


def date_key(at_ms: int, record_id: int) -> int:
    """One number for a record and the millisecond of its change, so that records sort by date, then by id."""
    return (at_ms << _ID_BITS) + record_id


def id_of(key: int) -> int:
    """The id in a `date_key`."""
    return key & ID_MAX


class Index:
    """The records of one kind as search shows them: behind by what has not been indexed yet.

    It must hear of every change before it happens, and of every new record; it looks at the values when it is asked.
    """

    def __init__(self, live: Mapping[int, Record], ids: Ordered, modified: str) -> None:
        self._live = live
        self._ids = ids
        self._modified = modified
        # Until somebody searches, no portal pays for the order by date.
        self._dates: Ordered | None = None
        self._undated: set[int] = set()
        self._unplaced: set[int] = set()
        self._late: dict[int, deque[Record | None]] = {}
        self._changes: deque[tuple[float, int]] = deque()
        self._between: tuple[tuple[int, int], Ordered] | None = None

    def changing(self, record: Record, *, late_from_s: float | None = None, new: bool = False) -> None:
        """The record is about to change or to go, or is `new`.

        With `late_from_s` search notices only when its lag has passed since that second of the portal's clock.
        """
        if late_from_s is not None:
            self._changes.append((late_from_s, record.id))
            self._late.setdefault(record.id, deque()).append(None if new else record.as_it_is())
        elif record.id not in self._late:
            self._take_out(record.id, None if new else record)

    def catch_up(self, now_s: float, *, lag_s: float) -> None:
        """Index what is older than the lag at this second of the portal's clock; to be called before anything is asked.

        The lag in force counts, also for what changed under another one.
        """
        while self._changes and self._changes[0][0] + lag_s <= now_s:
            _, record_id = self._changes.popleft()
            waiting = self._late[record_id]
            shown = waiting.popleft()
            if not waiting:
                del self._late[record_id]
            self._take_out(record_id, shown)
        for record_id in self._unplaced:
            self._put_in(record_id)
        self._unplaced.clear()

    @property
    def has_undated(self) -> bool:
        """Whether some record has no readable date of change."""
        self.by_date()
        return bool(self._undated)

    def by_date(self) -> Ordered:
        """The `date_key` of every record that has a date."""
        if self._dates is None:
            self._dates = Ordered(key for record_id in self.ids() if (key := self._key(record_id)) is not None)
        return self._dates

    def ids(self) -> Ordered:
        """The id of every record that search knows."""
        if not self._late:
            return self._ids
        late = {record_id: waiting[0] is not None for record_id, waiting in self._late.items()}
        return Ordered([*(each for each in self._ids if each not in late), *(each for each in late if late[each])])

    def changed_between(self, start: int, stop: int) -> Ordered:
        """The ids of the records from one place of those by date up to, without, another. Remembered until one of all
        changes: whoever pages through them by id asks again and again."""
        if self._between is None or self._between[0] != (start, stop):
            self._between = (start, stop), Ordered(map(id_of, self.by_date().part(start, stop)))
        return self._between[1]

    def shown(self, record_ids: Iterable[int]) -> Iterator[Record]:
        """These records as search shows them, without those that it does not know."""
        for record_id in record_ids:
            if (record := self.record(record_id)) is not None:
                yield record

    def record(self, record_id: int) -> Record | None:
        """A record as search shows it, None where it does not know it (yet, or any more)."""
        if record_id in self._late:
            return self._late[record_id][0]
        return self._live.get(record_id)

    def _take_out(self, record_id: int, shown: Record | None) -> None:
        if self._dates is None or record_id in self._unplaced:
            return
        self._between = None
        self._unplaced.add(record_id)
        self._undated.discard(record_id)
        at_ms = None if shown is None else read_ms(shown.properties.get(self._modified, ""))
        if at_ms is not None:
            self._dates.discard(date_key(at_ms, record_id))

    def _put_in(self, record_id: int) -> None:
        key = self._key(record_id)
        if key is not None and self._dates is not None:
            self._between = None
            self._dates.add(key)

    def _key(self, record_id: int) -> int | None:
        record = self.record(record_id)
        if record is None:
            return None
        at_ms = read_ms(record.properties.get(self._modified, ""))
        if at_ms is None:
            self._undated.add(record_id)
            return None
        return date_key(at_ms, record_id)
