"""A breakdown: one line of whole points for each rule, and one for each cap or floor that takes effect."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from scoring.contact import Contact, Value
from scoring.history import History
from scoring.outcomes import NOTHING, UNKNOWN, Outcome, outcome_of
from scoring.rubric import FactRule, Group, Level, Part, Rubric, Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One rule's outcome, or the effect of a cap; points are whole."""

    key: str
    """The rule's key, or `cap:…` and `floor:…` with the key of the cap or the group."""
    label: str
    group: str
    part: Part
    points: int = 0
    met: bool = False
    """The fact that the rule asks for is there, whatever it is still worth."""
    known: bool = True
    """False: the facts that the rule needs are not there, so it counts 0 and says so."""
    fact: str = ""
    """The fact behind the points, in words, for `explain`.

    May be personal: never logged, never written to the portal.
    """
    at: datetime | None = None
    """When the newest fact behind the points happened, where known."""
    level: Level | None = None
    """Given where the fact is there, also when it has faded to 0 points."""
    intent: bool = False
    """The fact shows that the lead wants to buy; it is there, though it may have faded to 0 points."""

    @property
    def is_limit(self) -> bool:
        """Whether this is the effect of a cap or a floor, and no fact of its own."""
        return self.key.startswith(("cap:", "floor:"))


@dataclass(frozen=True, slots=True)
class Breakdown:
    """The lines of all groups, their caps included."""

    lines: Sequence[Line]
    fading: frozenset[str]
    """The groups whose points time alone can change."""


def breakdown(contact: Contact, rubric: Rubric, history: History) -> Breakdown:
    """Ask every rule, and hold their points within the limits of their groups."""
    silenced = silenced_groups(contact.facts, rubric, history)
    lines: list[Line] = []
    fading = set(rubric.groups) if history.changes_by_itself else set()
    for rule in rubric.rules:
        if rule.group in silenced:
            outcome = Outcome(fact=f"does not count: {silenced[rule.group]}")
        else:
            outcome = outcome_of(rule, contact.facts, history)
        if outcome.fades:
            fading.add(rule.group)
        if isinstance(rule, FactRule) and rule.silences and outcome.fades:
            fading.add(rule.silences)
        lines.append(_line(rule, outcome, rubric))
    earning = [line for line in lines if line.points]  # few of them do, and limits look at no other
    limits = list(_shared_caps(earning, rubric))
    lines += limits
    lines += _group_limits([*earning, *limits], rubric)
    return Breakdown(lines, frozenset(fading))


def silenced_groups(facts: Mapping[str, Value], rubric: Rubric, history: History) -> Mapping[str, str]:
    """The groups that count nothing, each with the label of the rule that says so."""
    silencing = rubric.once(
        "silencing", lambda: [(r, r.silences) for r in rubric.rules if isinstance(r, FactRule) and r.silences]
    )
    return {group: rule.label for rule, group in silencing if outcome_of(rule, facts, history).met}


def limits_of(key: str, group: Group, points: int) -> Iterator[Line]:
    """What holds these points within the group's limits: a line, or none."""
    if group.points_max is not None and points > group.points_max:
        label = f"{group.label}: at most {group.points_max}"
        yield _limit(f"cap:{key}", label, key, group.part, group.points_max - points)
    if group.points_min is not None and points < group.points_min:
        label = f"{group.label}: at least {group.points_min}"
        yield _limit(f"floor:{key}", label, key, group.part, group.points_min - points)


def sum_of(lines: Iterable[Line]) -> int:
    """The points of these lines."""
    return sum(line.points for line in lines)


def _line(rule: Rule, outcome: Outcome, rubric: Rubric) -> Line:
    """The rule's line. Most say of most leads that there is nothing, or that nothing is known: those are made once."""
    part = rubric.groups[rule.group].part
    if outcome is not NOTHING and outcome is not UNKNOWN:
        return _made(rule, outcome, part)
    return rubric.once(("line", rule.key, outcome.known), lambda: _made(rule, outcome, part))


def _made(rule: Rule, outcome: Outcome, part: Part) -> Line:
    return Line(
        key=rule.key,
        label=f"{rule.label}: {outcome.case}" if outcome.case else rule.label,
        group=rule.group,
        part=part,
        points=_whole(outcome.points) if outcome.points else 0,
        met=outcome.met,
        known=outcome.known,
        fact=outcome.fact,
        at=outcome.at,
        level=rule.level if outcome.met else None,
        intent=rule.intent and outcome.met,
    )


def _whole(points: float) -> int:
    """Rounded to whole points, half away from zero."""
    # A half that floating point missed by a hair is still a half.
    return int(math.copysign(math.floor(round(abs(points), 9) + 0.5), points))


def _shared_caps(lines: Sequence[Line], rubric: Rubric) -> Iterator[Line]:
    for key, cap in rubric.caps.items():
        points = sum_of(line for line in lines if line.key in cap.rules)
        if points > cap.points_max:
            part = rubric.groups[cap.group].part
            yield _limit(f"cap:{key}", cap.label, cap.group, part, cap.points_max - points)


def _group_limits(lines: Sequence[Line], rubric: Rubric) -> Iterator[Line]:
    points = dict.fromkeys(rubric.groups, 0)
    for line in lines:
        points[line.group] += line.points
    for key, group in rubric.groups.items():
        yield from limits_of(key, group, points[key])


def _limit(key: str, label: str, group: str, part: Part, points: int) -> Line:
    return Line(key=key, label=label, group=group, part=part, points=points)
