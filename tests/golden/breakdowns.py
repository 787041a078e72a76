"""A score as text: what earned points, what was there and earned none, what is unknown."""

from collections.abc import Iterable
from pathlib import Path

from config import load_rulebook
from scoring import Line, Score, score_contact
from tests.golden.leads import LEADS
from tests.unit.scoring.builders import NOW

FOLDER = Path(__file__).parent


def file_of(lead: str) -> Path:
    return FOLDER / f"{lead}.txt"


def breakdown(lead: str) -> str:
    """The lead in the default rulebook line by line, and its sums in the classic one."""
    default, classic = (score_contact(LEADS[lead], load_rulebook(name).rubric, NOW) for name in ("default", "classic"))
    earned = [line for line in default.lines if line.points]
    idle = [line for line in default.lines if not line.points and line.fact]
    unknown = [line.key for line in default.lines if not line.known]
    return "\n".join(
        [
            lead.replace("_", " ").capitalize(),
            "",
            *(_row(line) for line in earned),
            f"{default.total:+5d}  {_sums(default)}, {'changes' if default.fades else 'does not change'} with time",
            "",
            *_section("There, and worth nothing now:", (_row(line) for line in idle)),
            f"Unknown: {', '.join(unknown)}",
            f"In the classic rulebook: {classic.total:+d}, {_sums(classic)}",
            "",
        ]
    )


def _sums(score: Score) -> str:
    return f"fit {score.fit:+d}, engagement {score.engagement:+d}, grade {score.grade}"


def _row(line: Line) -> str:
    marks = " ".join(mark for mark in (line.level, "intent" if line.intent else None) if mark)
    fact = f" ({line.fact})" if line.fact else ""
    return f"{line.points:+5d}  {line.key:<11} {line.label}{fact}{f' [{marks}]' if marks else ''}"


def _section(title: str, rows: Iterable[str]) -> list[str]:
    listed = list(rows)
    return [title, *listed, ""] if listed else []
