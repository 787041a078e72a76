"""How many contacts and companies may still be written today, where whoever runs this has set a limit."""

from collections.abc import Callable
from datetime import date, datetime

from sync.outcomes import Applied
from sync.ports import Journal, RetryableError


class WriteBudget:
    """Counts from the journal, so that it holds for all runs of a day together, whatever becomes of them.

    The day is that of the portal's time zone. Counted are contacts that were written, and those of which it is not
    known; and companies, once the run has come to its end. Giving a contact back the stage that a run left it without
    is never held up by it.
    """

    def __init__(self, most: int | None, *, journal: Journal, now: Callable[[], datetime]) -> None:
        """`most`: contacts and companies a day; None: no limit."""
        self._most = most
        self._journal = journal
        self._now = now
        self._day: date | None = None
        self._before = 0

    @property
    def is_limited(self) -> bool:
        return self._most is not None

    def left(self, applied: Applied) -> int | None:
        """How many contacts, or companies, may still be written today by the run that did this; None: any number."""
        if self._most is None:
            return None
        by_this_run = applied.tally.changed + applied.left_open
        midnight = self._now().replace(hour=0, minute=0, second=0, microsecond=0)
        if self._day != midnight.date():  # asked once a day: the journal is large, and nobody else writes meanwhile
            self._day = midnight.date()
            self._before = self._journal.written_since(midnight) - by_this_run + _companies(self._journal, midnight)
        return max(0, self._most - self._before - by_this_run)

    def used_up(self, untouched: str) -> RetryableError:
        return RetryableError(
            f"The {self._most:,} contacts and companies that SCORELINE_DAILY_WRITES_MAX allows a day are written. "
            f"{untouched}: the count starts afresh at midnight in the portal's time zone; the next run then goes on. "
            "To write more today, raise SCORELINE_DAILY_WRITES_MAX, or take it away."
        )


def _companies(journal: Journal, since: datetime) -> int:
    """How many companies' numbers runs have written that ended since a moment."""
    most = 100
    while len(runs := journal.runs(most)) == most and runs[-1].started_at >= since:
        most *= 10
    ended = [run.summary.get("accounts") for run in runs if run.finished_at and run.finished_at >= since]
    return sum(int(each["changed"]) for each in ended if isinstance(each, dict))


def todays_budget(most: int | None, *, journal: Journal, now: Callable[[], datetime]) -> WriteBudget:
    """The budget of a run that begins. RetryableError when nothing is left of it: reading would be in vain."""
    budget = WriteBudget(most, journal=journal, now=now)
    if budget.left(Applied()) == 0:
        raise budget.used_up("Nothing was read, and nothing more is written today")
    return budget
