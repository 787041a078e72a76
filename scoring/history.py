"""What a lead did, as it looks from one moment."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from scoring.contact import Contact, Engagement
from scoring.rubric import Rubric

_SKEW_DAYS = 1
"""Clocks differ: a date this far ahead is today's; further ahead it is a bad value."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A point in time, in the time zone whose midnights age things."""

    at: datetime

    def age_days(self, when: date) -> int | None:
        """Whole days from one local date to the other, at least 0; None: it lies in the future."""
        days = (self.at.date() - self._local_date(when)).days
        return max(days, 0) if days >= -_SKEW_DAYS else None

    def _local_date(self, when: date) -> date:
        return when.astimezone(self.at.tzinfo).date() if isinstance(when, datetime) else when


class Act(NamedTuple):
    """An engagement and its ages; None where it has no date."""

    engagement: Engagement
    age_days: int | None
    """Since it was done."""
    fading_days: int | None
    """Since it began to fade: when it was done, or when what was booked was over; 0 while that lies ahead."""
    name_class: str | None


class History:
    """A lead's engagements by kind, and which kinds are known at all."""

    __slots__ = ("_acts", "_ignored", "_rubric", "_seen", "_unreadable", "moment")

    def __init__(self, contact: Contact, rubric: Rubric, moment: Moment) -> None:
        self.moment = moment
        self._rubric = rubric
        self._acts: dict[str, list[Act]] = {}
        self._ignored = [ignored for ignored in contact.ignored if ignored.count > 0]
        self._seen = {*contact.seen_kinds, *(ignored.kind for ignored in self._ignored)}
        self._unreadable: set[str] = set()
        for engagement in contact.engagements:
            self._take(engagement)

    @property
    def changes_by_itself(self) -> bool:
        """Whether an engagement waits in the future, to count once its day has come."""
        return bool(self._unreadable)

    @property
    def ignores_some(self) -> bool:
        """Whether any acts were machines'."""
        return bool(self._ignored)

    def acts(self, kind: str, name_class: str | None = None) -> Sequence[Act] | None:
        """The acts of a kind, of one class of names if given; None: nobody can tell."""
        if name_class is not None and not self._rubric.classes(kind)[name_class]:
            return None
        found = self._acts.get(kind, ())
        if not found and (kind not in self._seen or kind in self._unreadable):
            return None
        return found if name_class is None else [act for act in found if act.name_class == name_class]

    def ignored(self, kinds: Collection[str]) -> Mapping[str, int]:
        """How many acts of these kinds were machines', by what kind of machine."""
        if not self._ignored:
            return {}
        counts: Counter[str] = Counter()
        for ignored in self._ignored:
            if ignored.kind in kinds:
                counts[ignored.why] += ignored.count
        return counts

    def _take(self, engagement: Engagement) -> None:
        age_days = fading_days = None
        if engagement.at is not None:
            age_days = self.moment.age_days(engagement.at)
            if age_days is None:
                self._unreadable.add(engagement.kind)
                return
            fading_days = age_days
            if engagement.lasts_until is not None and engagement.lasts_until > engagement.at:
                # What was over before it was booked is an earlier one of its kind.
                fading_days = self.moment.age_days(engagement.lasts_until) or 0
        self._seen.add(engagement.kind)
        if engagement.count > 0:
            name_class = self._rubric.class_of(engagement.kind, engagement.name, engagement.ref)
            act = Act(engagement, age_days, fading_days, name_class)
            self._acts.setdefault(engagement.kind, []).append(act)
