"""A score and its breakdown: lines of whole points that add up to the total exactly."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from scoring.contact import Contact
from scoring.history import History, Moment
from scoring.lines import Breakdown, Line, breakdown, limits_of, sum_of
from scoring.rubric import Of, Rubric
from scoring.surge import Surge, surge_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Further:
    """What a contact has of a further score: whole points, at least 0."""

    points: int
    of: Of
    fades: bool = False
    """True when time alone may change it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """Whole points: the total, its two parts, and the lines that add up to the total exactly."""

    total: int
    fit: int
    engagement: int
    grade: str
    lines: Sequence[Line]
    fades: bool = False
    """True when time alone will change this score, or begin or end a surge."""
    apart: Sequence[Line] = ()
    """The lines of groups that are in no total."""
    further: Mapping[str, Further] = field(default_factory=dict)
    """Further scores, by key."""
    surge: Surge | None = None
    """What an act of intent in the last days is part of; None where there is none, or the rubric asks for no surge."""

    @property
    def surges(self) -> bool:
        """Whether the lead was quiet, and now bursts into activity with intent."""
        return self.surge is not None and self.surge.holds

    def plus(self, line: Line) -> "Score":
        """This score with one adjustment more; both parts and the grade stay."""
        return replace(self, total=self.total + line.points, lines=(*self.lines, line))


def score_contact(contact: Contact, rubric: Rubric, at: datetime) -> Score:
    """Score one lead at a moment. Ages are whole days in the moment's time zone.

    An engagement dated more than a day ahead of the moment counts as unknown. Raises nothing, whatever the
    contact holds, as long as its times are aware.
    """
    history = History(contact, rubric, Moment(at))
    found = breakdown(contact, rubric, history)
    lines = [line for line in found.lines if line.part != "apart"]
    if rubric.total is not None:
        lines.extend(limits_of("total", rubric.total, sum_of(lines)))
    parts = {"fit": 0, "engagement": 0, "adjustment": 0}
    for line in lines:
        parts[line.part] += line.points
    fit, engagement = parts["fit"], parts["engagement"]
    surge = surge_of(contact, rubric, history)
    counted = rubric.once("counted", lambda: {key for key, group in rubric.groups.items() if group.part != "apart"})
    return Score(
        total=sum(parts.values()),
        fit=fit,
        engagement=engagement,
        grade=rubric.grading.grade(fit, engagement),
        lines=tuple(lines),
        # A burst without intent never becomes a surge by growing older; one with intent may, or may be over.
        fades=not found.fading.isdisjoint(counted) or surge is not None,
        apart=tuple(line for line in found.lines if line.part == "apart"),
        further=_further(rubric, found),
        surge=surge,
    )


def _further(rubric: Rubric, found: Breakdown) -> Mapping[str, Further]:
    return {
        key: Further(
            points=max(0, sum_of(line for line in found.lines if line.group in score.groups)),
            of=score.of,
            fades=not found.fading.isdisjoint(score.groups),
        )
        for key, score in rubric.scores.items()
    }
