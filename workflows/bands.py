"""Which stage the points lead to: entry and exit lines, and the gates before them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from scoring import Line, Score
from workflows.policy import Band, Policy

Gate = Literal["fit", "signals", "intent", "engagement"]
"""Gate 1: fit is not negative. Gate 2: engaged, and a fit or a signal that matters. Gate 3: fresh intent.
Before Lead: one point at least is engagement."""


@dataclass(frozen=True, slots=True)
class Entered:
    """The total reached the entry line of this stage, and its gates hold."""

    stage: str
    total: int
    line: int
    by_surge: bool = False
    """The line is MQL's, and the stage SQL: the lead surges."""


@dataclass(frozen=True, slots=True)
class Left:
    """The total fell below the exit line, so the lead goes down to this stage."""

    stage: str
    total: int
    line: int


@dataclass(frozen=True, slots=True)
class Placed:
    """The lead is in the stage that its points lead to; `gate` is what kept it from the next one, if one did."""

    stage: str | None
    total: int
    gate: Gate | None = None


def place(score: Score, stage: str | None, policy: Policy, *, at: datetime) -> Entered | Left | Placed:
    """Where the points lead a lead that is in `stage` now.

    Up, a band is entered at its entry line when its gates hold; who fails a gate gets the highest band
    whose gates hold. Down, a band is left only below its exit line, and gates do not matter.
    """
    managed = policy.managed
    rank = -1 if stage is None else managed.index(stage)
    closed: Gate | None = None
    for band in (policy.sql, policy.mql):
        above = managed.index(band.stage) > rank
        if not above or score.total < band.enter:
            continue
        gate = first_closed_gate(band, score, policy, at=at)
        if gate is None:
            return Entered(band.stage, score.total, band.enter)
        closed = gate
    if rank < managed.index(policy.lead) and score.total >= policy.lead_enter:
        if score.engagement >= 1:
            return Entered(policy.lead, score.total, policy.lead_enter)
        closed = "engagement"
    return _fallen(score, stage, policy) or Placed(stage, score.total, closed)


def first_closed_gate(band: Band, score: Score, policy: Policy, *, at: datetime) -> Gate | None:
    """The first gate before this band that does not hold; gates add up, SQL needs all three."""
    gates = policy.gates
    if gates.fit_min is not None and score.fit < gates.fit_min:
        return "fit"
    if gates.fit_or_mofu is not None:
        done = [line for line in _earned(score.lines) if line.group not in gates.origin_groups]
        strong = any(line.level in ("mofu", "bofu") for line in done)
        if not done or not (score.fit >= gates.fit_or_mofu or strong):
            return "signals"
    if band is policy.sql and gates.intent_days is not None:
        ages = [_age_days(line.at, at) for line in score.lines if line.intent and line.at]
        if not any(age <= gates.intent_days for age in ages):
            return "intent"
    return None


def _earned(lines: Iterable[Line]) -> Iterable[Line]:
    return (line for line in lines if line.part == "engagement" and line.points > 0 and not line.is_limit)


def _age_days(then: datetime, at: datetime) -> int:
    """Whole days of the portal's time zone, in which `at` is given."""
    return (at.date() - then.astimezone(at.tzinfo).date()).days


def _fallen(score: Score, stage: str | None, policy: Policy) -> Left | None:
    """Nobody falls below Lead on points alone."""
    if stage == policy.sql.stage and score.total < policy.sql.exit:
        to = policy.mql.stage if score.total >= policy.mql.exit else policy.lead
        return Left(to, score.total, policy.sql.exit)
    if stage == policy.mql.stage and score.total < policy.mql.exit:
        return Left(policy.lead, score.total, policy.mql.exit)
    return None
