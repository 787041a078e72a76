"""Where many leads belong: `decide` is asked once for each different case. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Generic, TypeVar

import numpy as np

from scoring import FactRule, Level, Line, Rubric, Score, together
from workflows import Decision, Hold, Move, Policy, Setter, Standing, decide

Ints = together.Ints
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cases:
    """All that a decision on some leads may rest on, as columns."""

    total: Ints
    fit: Ints
    engagement: Ints
    acted: together.Bools
    """Whether a rule that does not tell where they came from gave them engagement points."""
    strong: together.Bools
    """Whether one of a level below the top of the funnel did."""
    intent: Ints
    """The age in days of the newest fact that shows intent; NEVER where there is none."""

    @classmethod
    def of(cls, points: together.Points, rubric: Rubric, policy: Policy) -> "Cases":
        """Those of leads with these points."""
        leads = len(points.total)
        acted, strong = np.zeros(leads, dtype=np.bool_), np.zeros(leads, dtype=np.bool_)
        intent = np.full(leads, together.NEVER)
        for rule, earned in zip(rubric.rules, points.rules, strict=True):
            part = rubric.groups[rule.group].part
            if part == "engagement" and rule.group not in policy.gates.origin_groups:
                acted |= earned.points > 0
                if rule.level in ("mofu", "bofu"):
                    strong |= earned.met & (earned.points > 0)
            if rule.intent and part != "apart" and not isinstance(rule, FactRule):
                intent = np.minimum(intent, np.where(earned.met, earned.newest, together.NEVER))
        return cls(
            total=points.total,
            fit=points.fit,
            engagement=points.engagement,
            acted=acted,
            strong=strong,
            intent=intent,
        )

    def score(self, place: int, at: datetime) -> Score:
        """A score of which `decide` says the same as of this lead's own."""
        lines = []
        if self.acted[place]:
            level: Level | None = "bofu" if self.strong[place] else None
            lines.append(Line(key="acts", label="", group="", part="engagement", points=1, level=level))
        if self.intent[place] != together.NEVER:
            then = at - timedelta(days=int(self.intent[place]))
            lines.append(Line(key="intent", label="", group="", part="adjustment", intent=True, at=then))
        fit, engagement = int(self.fit[place]), int(self.engagement[place])
        return Score(total=int(self.total[place]), fit=fit, engagement=engagement, grade="", lines=lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where leads belong, as columns."""

    total: Ints
    """What is written of each."""
    stage: Ints
    """The number of the stage that each is in when all is done."""
    hold: Ints
    """The number of what keeps each where it is, whatever its points say; that of None where nothing does."""

    def put(self, place: int, decided: tuple[int, int, int]) -> None:
        """Put what was decided of one lead in the place of what is there."""
        self.total[place], self.stage[place], self.hold[place] = decided


class Numbered(Generic[T]):
    """A few names, of stages, holds or grades, by number, in the order in which they are met."""

    def __init__(self) -> None:
        self._names: list[T] = []

    def number(self, name: T) -> int:
        """The number that stands for a name."""
        if name not in self._names:
            self._names.append(name)
        return self._names.index(name)

    def name(self, number: int) -> T:
        """The name that a number stands for."""
        return self._names[number]


class Placer:
    """Decides leads by one policy, at one moment; remembers what it decided of which case."""

    def __init__(self, policy: Policy, at: datetime, names: Numbered[str | None]) -> None:
        self._policy = policy
        self._at = at
        self._names = names
        self._lines = (policy.lead_enter, policy.mql.enter, policy.mql.exit, policy.sql.enter, policy.sql.exit)
        self._known: dict[tuple[object, ...], tuple[int, int, int]] = {}

    def place(self, cases: Cases, standings: Sequence[Standing], codes: Ints, stage: Ints) -> Places:
        """Where each lead belongs.

        `codes`: which of the standings is whose. `stage`: the number of the stage that each is in now, whatever its
        standing says.
        """
        gates = self._policy.gates
        by_points = np.array([_is_placed_by_points(each) for each in standings], dtype=np.bool_)[codes]
        alike = (
            codes,
            stage,
            np.where(by_points, between(cases.total, *self._lines), cases.total),
            between(cases.fit, gates.fit_min, gates.fit_or_mofu),
            between(cases.engagement, 1),
            cases.acted.astype(np.int64),
            cases.strong.astype(np.int64),
            between(cases.intent, None if gates.intent_days is None else gates.intent_days + 1, together.NEVER),
        )
        _, firsts, which = np.unique(together.as_one(alike), return_index=True, return_inverse=True)
        decided = np.empty((len(firsts), 3), dtype=np.int64)
        for number, place in enumerate(firsts.tolist()):
            standing = standings[codes[place]]
            case = (standing, *(int(column[place]) for column in alike[1:]))
            if case not in self._known:
                now = replace(standing, stage=self._names.name(stage[place]), set_by=Setter.OTHER)
                total, after, hold = self.one(cases, place, now)
                self._known[case] = total - int(cases.total[place]), after, hold
            decided[number] = self._known[case]
        return Places(total=cases.total + decided[which, 0], stage=decided[which, 1], hold=decided[which, 2])

    def one(self, cases: Cases, place: int, standing: Standing) -> tuple[int, int, int]:
        """Total, stage and hold of one lead, with this standing."""
        decision = decide(cases.score(place, self._at), standing, self._policy, at=self._at)
        total = decision.score.total if decision.score else int(cases.total[place])
        hold = decision.outcome.because.key if isinstance(decision.outcome, Hold) else None
        return total, self._names.number(_stage_after(decision, standing)), self._names.number(hold)


def _stage_after(decision: Decision, standing: Standing) -> str | None:
    return decision.outcome.to if isinstance(decision.outcome, Move) else standing.stage


def _is_placed_by_points(standing: Standing) -> bool:
    """Whether nothing is taken of its total, which then need only be compared with the policy's lines."""
    return standing.answer is None and standing.points_taken is None and not standing.competitor


def between(values: Ints, *lines: int | None) -> Ints:
    """Between which of these lines each value lies: nobody asks more of it."""
    edges = np.array(sorted({line for line in lines if line is not None}), dtype=np.int64)
    return np.searchsorted(edges, values, side="right").astype(np.int64)
