"""The points of many leads at once: those of `score_contact` on every one of them, without a breakdown. Pure.

What a condition, a class, a phrase or a decay means is asked of the plain code, once for each different value. What is
said here again, for columns, is how a rule puts acts together; the plain evaluator is the oracle that must agree.
"""

from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Generic, TypeVar

import numpy as np
import numpy.typing as npt

from scoring.acts import NEVER, NO_TIME, Acts, Aged, Ages, Bools, Floats, Histories, Ints, Name
from scoring.conditions import Condition
from scoring.contact import PRIVACY_PROXY, Ignored, Value
from scoring.history import Moment
from scoring.rubric import CountRule, EngagementRule, FactRule, Group, RecencyRule, Rubric, Rule, SilenceRule

__all__ = ["NEVER", "NO_TIME", "Acts", "Bools", "Column", "Earned", "Ints", "Judge", "Leads", "Points", "as_one"]

T = TypeVar("T")

_UNASKED = -1
_NOTHING = np.zeros(0, dtype=np.int8)


@dataclass(frozen=True, slots=True, kw_only=True)
class Column(Generic[T]):
    """One value of each lead, told by its number among the different ones."""

    codes: Ints
    values: Sequence[T]
    """May grow from one call to the next, where the same list is given again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leads:
    """Some leads, as columns of the same length."""

    count: int
    facts: Mapping[str, Column[Value | None]]
    """By the fact's name; None where it is not given."""
    seen_kinds: Column[frozenset[str]]
    """As `Contact` has them."""
    ignored: Column[Sequence[Ignored]]
    acts: Acts


@dataclass(frozen=True, slots=True)
class Earned:
    """What one rule says of each lead."""

    points: Ints
    """Whole."""
    met: Bools
    newest: Ints
    """The age in days of the newest fact behind the points, NEVER where it has none; meant where the rule is met."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Points:
    """Whole points of each lead, and what earned them."""

    total: Ints
    fit: Ints
    engagement: Ints
    groups: Mapping[str, Ints]
    """Of every group, after its limits; those apart included."""
    rules: Sequence[Earned]
    """In the rubric's order; nothing where the rule's group is silenced."""


class Judge:
    """Scores leads at one moment, and remembers what the plain code said of values: one for many leads and rubrics."""

    def __init__(self, at: datetime) -> None:
        """`at`: the moment, aware, in the zone whose midnights age things."""
        self._moment = Moment(at)
        self._ages = Ages(self._moment)
        self._answers: dict[Hashable, tuple[Sequence[object], npt.NDArray[np.int8]]] = {}

    def points(self, leads: Leads, *rubrics: Rubric) -> list[Points]:
        """What each rubric gives these leads. A rule that several rubrics have is asked once."""
        histories = Histories(leads.acts, leads.count, self._ages)
        asked: list[tuple[Rubric, dict[Rule, Earned]]] = []
        found = []
        for rubric in rubrics:
            alike = next((e for r, e in asked if (r.forms, r.pages) == (rubric.forms, rubric.pages)), {})
            asked.append((rubric, alike))
            found.append(self._points(leads, histories, rubric, alike))
        return found

    def _points(self, leads: Leads, histories: Histories, rubric: Rubric, known: dict[Rule, Earned]) -> Points:
        for rule in rubric.rules:
            if rule not in known:
                known[rule] = self._earned(rule, leads, histories, rubric)
        silenced: dict[str, Bools] = {}
        for rule in rubric.rules:
            if isinstance(rule, FactRule) and rule.silences:
                before = silenced.get(rule.silences)
                silenced[rule.silences] = known[rule].met if before is None else before | known[rule].met
        rules = [_unless(silenced.get(rule.group), known[rule]) for rule in rubric.rules]
        groups = _of_groups(rubric, rules, leads.count)
        parts = {part: np.zeros(leads.count, dtype=np.int64) for part in ("fit", "engagement", "adjustment")}
        for key, group in rubric.groups.items():
            if group.part != "apart":
                parts[group.part] += groups[key]
        if rubric.total is not None:
            parts[rubric.total.part] += _limits(rubric.total, sum(parts.values(), np.zeros(leads.count, np.int64)))
        return Points(
            total=parts["fit"] + parts["engagement"] + parts["adjustment"],
            fit=parts["fit"],
            engagement=parts["engagement"],
            groups=groups,
            rules=rules,
        )

    def _earned(self, rule: Rule, leads: Leads, histories: Histories, rubric: Rubric) -> Earned:
        match rule:
            case FactRule():
                return self._of_fact(rule, leads)
            case EngagementRule():
                return self._of_engagement(rule, histories, rubric)
            case CountRule():
                return _of_count(rule, histories, _known(rule.kind, leads, histories))
            case RecencyRule():
                return _of_recency(rule, histories)
            case SilenceRule():
                return _of_silence(rule, leads, histories)

    def _of_fact(self, rule: FactRule, leads: Leads) -> Earned:
        points, met = np.zeros(leads.count), np.zeros(leads.count, dtype=np.bool_)
        still = np.arange(leads.count)  # who has the points of an earlier case is not asked again
        for case in () if rule.awaits_lists else rule.cases:
            if case.fact in leads.facts:
                holds = self._holds(case.fact, case.condition, leads.facts[case.fact], still)
                points[still[holds]] = case.points
                met[still[holds]] = True
                still = still[~holds]
        return Earned(_whole(points), met, np.full(leads.count, NEVER))

    def _holds(self, fact: str, condition: Condition, column: Column[Value | None], whose: Ints) -> Bools:
        def holds(given: Value | None) -> bool:
            value = self._moment.age_days(given) if isinstance(given, date) else given
            return value is not None and condition.holds(value)

        return self._told((fact, condition), Column(codes=column.codes[whose], values=column.values), holds)

    def _of_engagement(self, rule: EngagementRule, histories: Histories, rubric: Rubric) -> Earned:
        acts = histories.acts(rule.kind)
        if rule.name_class is not None:
            acts = acts.where(self._are_of(rule.name_class, rule.kind, acts, histories.names, rubric))
        if rule.window_days is not None or rule.decay is not None:
            acts = acts.dated
        inside = acts if rule.window_days is None else acts.where(acts.age <= rule.window_days)
        counted = _counted(rule, inside)
        times = counted.count if rule.repeats == "every" else np.ones_like(counted.count)
        worth: Floats = times.astype(np.float64) * rule.points
        if rule.decay is not None:
            worth = worth * self._ages.shares(rule.decay, np.maximum(counted.fading, 0))
        points = histories.sums(counted.lead, worth)
        if rule.points_max is not None:
            points = np.minimum(points, rule.points_max)
        return Earned(_whole(points), histories.some(acts.lead), histories.newest(acts))

    def _are_of(self, name_class: str, kind: str, acts: Aged, names: Sequence[Name], rubric: Rubric) -> Bools:
        """Which acts of a kind, told by their names, are of a class."""
        classes = tuple(rubric.classes(kind).items())

        def is_of(named: Name) -> bool:
            return rubric.class_of(kind, *named) == name_class

        return self._told((kind, name_class, classes), Column(codes=acts.name, values=names), is_of)

    def _told(self, asked: Hashable, column: Column[T], ask: Callable[[T], bool]) -> Bools:
        """The answer for every row; each value that is met is asked once, as long as the same list is given."""
        of, told = self._answers.get(asked, ((), _NOTHING))
        if of is not column.values:
            told = _NOTHING
        if len(told) < len(column.values):
            told = np.concatenate((told, np.full(len(column.values) * 3 // 2 + 1 - len(told), _UNASKED, dtype=np.int8)))
        self._answers[asked] = (column.values, told)
        found = told[column.codes]
        unasked = np.unique(column.codes[found == _UNASKED])
        if len(unasked):
            told[unasked] = [ask(column.values[code]) for code in unasked.tolist()]
            found = told[column.codes]
        return found.astype(np.bool_)


def _counted(rule: EngagementRule, acts: Aged) -> Aged:
    """Of acts that are the same for a rule, the one that has faded least."""
    if rule.repeats == "every" or not len(acts.lead):
        return acts
    same = acts.same if rule.repeats == "distinct" else np.zeros_like(acts.same)
    order = np.argsort(as_one((acts.lead, same, acts.fading)))
    lead, same = acts.lead[order], same[order]
    first = np.ones(len(order), dtype=np.bool_)
    first[1:] = (lead[1:] != lead[:-1]) | (same[1:] != same[:-1])
    return acts.where(order[first].astype(np.int64))


def _of_count(rule: CountRule, histories: Histories, known: Bools) -> Earned:
    acts = histories.acts(rule.kind)
    totals, which = np.unique(histories.sums(acts.lead, acts.count).astype(np.int64), return_inverse=True)
    worth = [next((r.points for r in rule.ranges if r.holds(int(total))), 0.0) for total in totals]
    points = np.where(known, np.array(worth)[which], 0.0)
    newest = histories.newest(acts)
    if rule.window_days is not None:
        points[newest > rule.window_days] = 0.0
    return Earned(_whole(points), points != 0, newest)


def _of_recency(rule: RecencyRule, histories: Histories) -> Earned:
    newest = _newest_of(rule.kinds, histories)
    ages, which = np.unique(newest, return_inverse=True)
    worth = [
        next((b.points for b in rule.bands if b.days_max is None or age <= b.days_max), 0.0) if age != NEVER else 0.0
        for age in ages.tolist()
    ]
    return Earned(_whole(np.array(worth)[which]), newest != NEVER, newest)


def _of_silence(rule: SilenceRule, leads: Leads, histories: Histories) -> Earned:
    sent = histories.acts(rule.sent)
    met = histories.sums(sent.lead, sent.count) >= rule.sent_min
    newest = _newest_of(rule.touches, histories)
    for kind in (rule.sent, *rule.touches):
        met &= _known(kind, leads, histories)
    for kind in rule.touches:  # touched, and nobody can tell when
        met &= ~((newest == NEVER) & histories.some(histories.acts(kind).lead))
    met &= newest > rule.silent_days
    said = rule.not_with_last_band_of
    if said is not None:
        age = _newest_of(said.kinds, histories)
        others = said.bands[:-1]
        oldest = max((band.days_max for band in others if band.days_max is not None), default=-1)
        if all(band.days_max is not None for band in others):
            met &= ~((age != NEVER) & (age > oldest))
    met &= ~_of_values(leads.ignored, lambda acts: any(_hides(each, rule.touches) for each in acts))
    return Earned(_whole(np.where(met, rule.points, 0.0)), met, newest)


def _newest_of(kinds: Collection[str], histories: Histories) -> Ints:
    """The age of each lead's newest dated act of any of these kinds; NEVER where there is none."""
    newest = histories.nobody
    for kind in kinds:
        newest = np.minimum(newest, histories.newest(histories.acts(kind)))
    return newest


def _known(kind: str, leads: Leads, histories: Histories) -> Bools:
    """Of whom somebody can tell whether there was an act of this kind."""
    seen = _of_values(leads.seen_kinds, lambda kinds: kind in kinds)
    seen |= _of_values(leads.ignored, lambda acts: any(act.kind == kind and act.count > 0 for act in acts))
    seen |= histories.told(kind)
    return histories.some(histories.acts(kind).lead) | (seen & ~histories.unreadable(kind))


def _hides(ignored: Ignored, kinds: Collection[str]) -> bool:
    return ignored.kind in kinds and ignored.count > 0 and ignored.why == PRIVACY_PROXY


def _of_values(column: Column[T], ask: Callable[[T], bool]) -> Bools:
    return np.array([ask(value) for value in column.values], dtype=np.bool_)[column.codes]


def _unless(silenced: Bools | None, earned: Earned) -> Earned:
    """The same, less what leads earned whose group counts nothing."""
    if silenced is None:
        return earned
    return Earned(np.where(silenced, 0, earned.points), earned.met & ~silenced, earned.newest)


def _of_groups(rubric: Rubric, rules: Sequence[Earned], leads: int) -> dict[str, Ints]:
    """What each group comes to, within the caps that some of its rules share and its own limits."""
    found = {key: np.zeros(leads, dtype=np.int64) for key in rubric.groups}
    for rule, earned in zip(rubric.rules, rules, strict=True):
        found[rule.group] += earned.points
    for cap in rubric.caps.values():
        shared = np.zeros(leads, dtype=np.int64)
        for rule, earned in zip(rubric.rules, rules, strict=True):
            if rule.key in cap.rules:
                shared += earned.points
        found[cap.group] += np.minimum(0, cap.points_max - shared)
    return {key: found[key] + _limits(group, found[key]) for key, group in rubric.groups.items()}


def _limits(group: Group, points: Ints) -> Ints:
    """What holds these points within the group's limits."""
    held = np.zeros_like(points)
    if group.points_max is not None:
        held += np.minimum(0, group.points_max - points)
    if group.points_min is not None:
        held += np.maximum(0, group.points_min - points)
    return held


def _whole(points: Floats) -> Ints:
    """Rounded as the lines of a breakdown are: half away from zero, also a half that was missed by a hair."""
    whole: Ints = points.astype(np.int64)
    if np.array_equal(whole, points):  # as of most rules: no half is near
        return whole
    rounded: Ints = np.copysign(np.floor(np.round(np.abs(points), 9) + 0.5), points).astype(np.int64)
    return rounded


def as_one(columns: Sequence[Ints]) -> Ints:
    """One number for each row, in the order of the rows, the first column counting most; the same for rows that are."""
    found = np.zeros(len(columns[0]), dtype=np.int64)
    for column in columns:
        low = int(column.min(initial=0))
        found = found * (int(column.max(initial=0)) - low + 1) + (column - low)
    return found
