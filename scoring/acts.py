"""Acts of many leads at once, as columns, and how old they look from one moment. Pure.

The same as `History`, for thousands of leads in one go. Days, ages and what is left of faded points are asked of the
plain code, once for each day and each age.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property

import numpy as np
import numpy.typing as npt

from scoring.decay import Decay
from scoring.history import Moment

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

Name = tuple[str, str]
"""What classes are told by: the name of what an act was done to, and the portal's own id of it."""

NO_TIME = np.iinfo(np.int64).min
"""Stands in a column of seconds where there is no moment."""
UNDATED = -1
"""Stands in a column of ages where there is none."""
NEVER = np.iinfo(np.int64).max
"""An age that nothing has: of leads without any dated act."""

_DAY_S = 86_400
_FIRST_DAY = date(1970, 1, 1).toordinal()
_FUTURE = -2


@dataclass(frozen=True, slots=True, kw_only=True)
class Acts:
    """What leads did, one row for each engagement, in the order of the leads."""

    lead: Ints
    """Which lead, by its place among them; never descending."""
    kind: Ints
    """Which of `kinds`."""
    kinds: Sequence[str]
    at: Ints
    """When, in whole seconds since 1970 in UTC; NO_TIME: the source does not say."""
    until: Ints
    """When what was booked takes place, likewise."""
    count: Ints
    name: Ints
    """Which of `names`."""
    names: Sequence[Name]
    """Of whatever kinds. May grow from one call to the next, where the same list is given again."""
    same: Ints
    """Acts of one lead and kind that have the same number here are of the same form, page or the like."""


@dataclass(frozen=True, slots=True)
class Aged:
    """Acts that count, and their ages in whole days; UNDATED where they have none."""

    lead: Ints
    age: Ints
    fading: Ints
    count: Ints
    name: Ints
    same: Ints

    def where(self, which: Bools | Ints) -> "Aged":
        """Those of them for which it is true, or those at these places."""
        return Aged(*(getattr(self, each)[which] for each in self.__slots__))

    def between(self, first: int, end: int) -> "Aged":
        """Those from one place on, and before another."""
        return Aged(*(getattr(self, each)[first:end] for each in self.__slots__))

    @property
    def dated(self) -> "Aged":
        dated = self.age >= 0
        return self if dated.all() else self.where(dated)


class Ages:
    """Days and ages as one moment sees them."""

    def __init__(self, moment: Moment) -> None:
        self._moment = moment
        self._shares: dict[Decay, Floats] = {}
        self._first_day = _FIRST_DAY
        self._by_day = np.empty(0, dtype=np.int64)
        self._span = (0, 0)
        self._changes = np.empty(0, dtype=np.int64)
        self._offsets = np.zeros(1, dtype=np.int64)

    def ages(self, at: Ints) -> Ints:
        """The age of each moment in whole days; negative where it lies in the future."""
        if not len(at):
            return at
        days = self._local_days(at)
        low, high = int(days.min()), int(days.max())
        if low < self._first_day or high >= self._first_day + len(self._by_day):
            low, high = min(low, self._first_day), max(high, self._first_day + len(self._by_day) - 1)
            found = [self._moment.age_days(date.fromordinal(day)) for day in range(low, high + 1)]
            self._by_day = np.array([_FUTURE if age is None else age for age in found], dtype=np.int64)
            self._first_day = low
        return self._by_day[days - self._first_day]

    def shares(self, decay: Decay, ages: Ints) -> Floats:
        """What is left at each age."""
        oldest = int(ages.max(initial=0))
        known = self._shares.get(decay)
        if known is None or len(known) <= oldest:
            known = self._shares[decay] = np.array([decay.share(age) for age in range(oldest + 366)])
        return known[ages]

    def _local_days(self, at: Ints) -> Ints:
        """The date of each moment in the moment's zone, as its ordinal."""
        low, high = int(at.min()), int(at.max())
        if low < self._span[0] or high >= self._span[1]:
            self._span = (min(low, self._span[0] or low), max(high + 1, self._span[1]))
            self._learn_offsets()
        offsets = self._offsets[np.searchsorted(self._changes, at, side="right")]
        days: Ints = (at + offsets) // _DAY_S + _FIRST_DAY
        return days

    def _learn_offsets(self) -> None:
        """When the zone's distance from UTC changed within the span; it does so at most once a day."""
        changes: list[int] = []
        offsets = [self._offset(self._span[0])]
        for start in range(self._span[0], self._span[1], _DAY_S):
            end = min(start + _DAY_S, self._span[1])
            if self._offset(end) != offsets[-1]:
                low, high = start, end
                while high - low > 1:
                    middle = (low + high) // 2
                    low, high = (middle, high) if self._offset(middle) == offsets[-1] else (low, middle)
                changes.append(high)
                offsets.append(self._offset(end))
        self._changes = np.array(changes, dtype=np.int64)
        self._offsets = np.array(offsets, dtype=np.int64)

    def _offset(self, second: int) -> int:
        at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=second)
        return int((at.astimezone(self._moment.at.tzinfo).utcoffset() or timedelta()).total_seconds())


class Histories:
    """What some leads did, by kind, as it looks from one moment."""

    def __init__(self, acts: Acts, leads: int, ages: Ages) -> None:
        self._acts = acts
        self._leads = leads
        self.ages = ages
        self._of_kind: dict[str, Aged] = {}

    @property
    def names(self) -> Sequence[Name]:
        return self._acts.names

    @property
    def nobody(self) -> Ints:
        """Ages of leads without acts."""
        return np.full(self._leads, NEVER, dtype=np.int64)

    def acts(self, kind: str) -> Aged:
        """The acts of a kind that count."""
        if kind not in self._of_kind:
            of_kind = self._all(kind)
            counts = (of_kind.age != _FUTURE) & (of_kind.count > 0)
            self._of_kind[kind] = of_kind if counts.all() else of_kind.where(counts)
        return self._of_kind[kind]

    def told(self, kind: str) -> Bools:
        """Of whom an act of this kind is told, though perhaps none that counts."""
        of_kind = self._all(kind)
        return self.some(of_kind.lead[of_kind.age != _FUTURE])

    def unreadable(self, kind: str) -> Bools:
        """Of whom an act of this kind lies in the future."""
        of_kind = self._all(kind)
        return self.some(of_kind.lead[of_kind.age == _FUTURE])

    def some(self, leads: Ints) -> Bools:
        """Who is among these."""
        found = np.zeros(self._leads, dtype=np.bool_)
        found[leads] = True
        return found

    def least(self, leads: Ints, values: Ints) -> Ints:
        """The least value of each lead; NEVER where it has none. `leads` never descend."""
        found = self.nobody
        if len(leads):
            starts = np.flatnonzero(np.diff(leads, prepend=-1))
            found[leads[starts]] = np.minimum.reduceat(values, starts)
        return found

    def sums(self, leads: Ints, values: npt.NDArray[np.float64] | Ints) -> Floats:
        """What each lead's values come to, added in their order."""
        return np.bincount(leads, weights=values, minlength=self._leads).astype(np.float64)

    def newest(self, acts: Aged) -> Ints:
        """The age of each lead's newest act that has one; NEVER where none has."""
        dated = acts.dated
        return self.least(dated.lead, dated.age)

    def _all(self, kind: str) -> Aged:
        """All acts of a kind, with those in the future."""
        if kind not in self._acts.kinds:
            return self._aged.between(0, 0)
        place = self._acts.kinds.index(kind)
        return self._aged.between(self._starts[place], self._starts[place + 1])

    @cached_property
    def _order(self) -> Ints:
        """The places of the acts by kind, and then as they are."""
        return np.argsort(self._acts.kind.astype(np.uint16), kind="stable")

    @cached_property
    def _starts(self) -> Sequence[int]:
        """Where in that order the acts of each kind begin; those of the last end where one more would."""
        counts = np.bincount(self._acts.kind, minlength=len(self._acts.kinds))
        return [0, *np.cumsum(counts).tolist()]

    @cached_property
    def _aged(self) -> Aged:
        acts, order = self._acts, self._order
        at, until = acts.at[order], acts.until[order]
        age = self._where_given(at, self.ages.ages)
        fading = np.where(age == _FUTURE, 0, age)
        # What was over before it was booked is an earlier one of its kind. Few are booked at all.
        later = np.flatnonzero((until > at) & (at != NO_TIME))
        fading[later] = np.maximum(self.ages.ages(until[later]), 0)
        return Aged(acts.lead[order], age, fading, acts.count[order], acts.name[order], acts.same[order])

    @staticmethod
    def _where_given(at: Ints, ages: Callable[[Ints], Ints]) -> Ints:
        given = at != NO_TIME
        if given.all():
            return ages(at)
        found = np.full(len(at), UNDATED, dtype=np.int64)
        found[given] = ages(at[given])
        return found
