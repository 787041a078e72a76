"""A score and its breakdown."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

Part = Literal["fit", "engagement", "adjustment"]
"""Fit is who they are, engagement what they did; an adjustment is in the total only."""

Level = Literal["tofu", "mofu", "bofu"]
"""How far down the funnel a signal lies: top, middle, bottom."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One rule's outcome, or the effect of a cap; points are whole."""

    key: str
    label: str
    group: str
    part: Part
    points: int = 0
    known: bool = True
    """False: the facts that the rule needs are not there, so it counts 0 and says so."""
    fact: str = ""
    """The fact behind the points, in words, for `explain`. May be personal: never logged, never written to the portal."""
    at: datetime | None = None
    """When the newest fact behind the points happened, where known."""
    level: Level | None = None
    intent: bool = False
    """The fact shows that the lead wants to buy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """Whole points: the total, its two parts, and the lines that add up to the total exactly."""

    total: int
    fit: int
    engagement: int
    grade: str
    lines: Sequence[Line]
    fades: bool = False
    """True when time alone will change this score."""

    def plus(self, line: Line) -> "Score":
        """This score with one adjustment more; both parts and the grade stay."""
        return replace(self, total=self.total + line.points, lines=(*self.lines, line))
