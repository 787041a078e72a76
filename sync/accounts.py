"""What the contacts of a company come to, written on the company: after a run, of those whose contacts changed."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Literal

import structlog

from sync.ports import Companies, FatalError, LeaseLost, Memory, RetryableError, words_of
from sync.records import Refused, Written

log = structlog.get_logger(__name__)

TOGETHER = 100
"""Companies of one request (HubSpot objects guide)."""


@dataclass(slots=True)
class Accounts:
    """What became of the companies' numbers in a run."""

    changed: int = 0
    failed: list[tuple[str, str]] = field(default_factory=list)
    """Companies that could not be written, and why."""
    problem: str = ""
    """Why the others were not looked at."""

    def as_json(self) -> dict[str, object]:
        return {
            "changed": self.changed,
            "failed": [{"id": company_id, "reason": reason} for company_id, reason in self.failed],
            "problem": self.problem or None,
        }


def rolled_up(points: Sequence[int], of: Literal["top", "sum", "average"]) -> str:
    """A company's number in the form in which it is written; empty where none of its contacts has points."""
    if not points:
        return ""
    match of:
        case "top":
            return str(max(points))
        case "sum":
            return str(sum(points))
        case "average":
            return str((2 * sum(points) + len(points)) // (2 * len(points)))


def write_accounts(
    companies: Companies,
    memory: Memory,
    of: Literal["top", "sum", "average"],
    ids: Iterable[Sequence[str]],
    *,
    most: int | None = None,
    steady: Callable[[], float],
    stop: Callable[[], bool],
) -> Accounts:
    """Have HubSpot hold the numbers of these companies: only what differs is written, of `most` of them at most.

    Whatever goes wrong but for the lease is reported and stops no run: the contacts are written, and the next full pass
    looks at every company again.
    """
    done = Accounts()
    try:
        for page in _in_groups(ids):
            if stop() or done.problem:
                break
            _write(companies, memory, of, page, done, steady(), most)
    except LeaseLost:
        raise
    except (FatalError, RetryableError) as error:
        done.problem = words_of(error)
        log.warning("The companies' numbers could not be written.", action="accounts.failed", problem=done.problem)
    return done


def _write(
    companies: Companies,
    memory: Memory,
    of: Literal["top", "sum", "average"],
    ids: Sequence[str],
    done: Accounts,
    read_at: float,
    most: int | None,
) -> None:
    there = companies.numbers(ids)
    points = memory.points_of_companies(ids)
    wanted: Mapping[str, str] = {each: rolled_up(points.get(each, ()), of) for each in there}
    differing = {each: text for each, text in wanted.items() if text != there[each]}
    if most is not None and len(differing) > (left := max(0, most - done.changed - len(done.failed))):
        done.problem = "what SCORELINE_DAILY_WRITES_MAX allows a day is written"
        differing = dict(islice(differing.items(), left))
    if not differing:
        return
    for each, outcome in companies.write(differing, read_at=read_at).items():
        if isinstance(outcome, Written):
            done.changed += 1
        elif not (isinstance(outcome, Refused) and outcome.gone):
            reason = getattr(outcome, "reason", "HubSpot took too long to answer; the next full pass tries again")
            done.failed.append((each, reason))


def _in_groups(pages: Iterable[Sequence[str]]) -> Iterable[Sequence[str]]:
    """Each id once, in groups that fill a request."""
    distinct = list(dict.fromkeys(chain.from_iterable(pages)))
    return (distinct[start : start + TOGETHER] for start in range(0, len(distinct), TOGETHER))
