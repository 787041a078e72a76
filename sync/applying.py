"""A plan becomes written: batch by batch, decided afresh where people write too, journal first and HubSpot second.

Several batches are under way at once, but of those that clear stages only a few: no more contacts than these hold are
without a stage by us at any moment.
"""

import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from sync.budget import WriteBudget
from sync.evaluation import Evaluator
from sync.moving import Mover
from sync.outcomes import GONE, Applied, Left, Outcomes
from sync.ports import ContactReader, Journal
from sync.records import JournalEntry, State
from sync.side_by_side import side_by_side

CLEARS_AT_ONCE = 3
"""Batches that may be on their way through a clear. Each takes five requests one after another; three such ways side by
side are as fast as the portal's limit lets everything else be written (docs/decisions/0017-side-by-side.md)."""

_NOTHING_LEFT = "nothing is left to write: HubSpot holds it already, or the contact changed since it was read"


@dataclass(frozen=True, slots=True)
class _Batch:
    """Changes of one kind, at most 100."""

    entries: Sequence[JournalEntry]
    clears: bool
    looks_again: bool
    """It holds what people write too, so it is decided afresh before each sending."""


class Applier:
    """Writes the changes of one run. `applied` tells what became of them so far, also when writing failed.

    `movers`: one for each batch that may be under way at the same time.
    """

    def __init__(
        self,
        *,
        reader: ContactReader,
        journal: Journal,
        evaluator: Evaluator,
        movers: Sequence[Mover],
        stop: Callable[[], bool],
        progress: Callable[[int], None],
    ) -> None:
        self._reader = reader
        self._journal = journal
        self._evaluator = evaluator
        self._movers = movers
        self._stop = stop
        self._progress = progress
        self._stopped = False
        self._clearing = threading.Semaphore(CLEARS_AT_ONCE)
        self._of_another_kind: set[int] = set()
        """The numbers of changes that are of another kind than when they were given to somebody, who writes them."""

    @property
    def applied(self) -> Applied:
        all_ = Applied(stopped=self._stopped)
        for mover in self._movers:
            all_.take_in(mover.outcomes.applied)
        return all_

    def apply(self, run_id: int, *, budget: WriteBudget, as_shown: bool = False) -> None:
        """Write a run's planned changes, stage moves first. RetryableError when the day's budget is used up.

        `as_shown`: write only what is still exactly as planned, and name what is not; otherwise a contact that
        changed since it was read is decided afresh. So is one that our own clear has left without a stage.
        """
        # What is left of a budget is only known when what was begun has come to its end.
        threads = 1 if budget.is_limited else len(self._movers)
        idle: queue.SimpleQueue[Mover] = queue.SimpleQueue()
        for mover in self._movers:
            idle.put(mover)

        def write(batch: _Batch) -> int:
            mover = idle.get()
            try:
                self._write(mover, batch, as_shown=as_shown)
            finally:
                if batch.clears and threads > 1:
                    self._clearing.release()
                idle.put(mover)
            return len(batch.entries)

        batches = self._batches(run_id, budget, as_shown=as_shown, at_once=threads)
        for written in side_by_side(write, batches, threads=threads, in_order=False):
            self._progress(written)

    def _batches(self, run_id: int, budget: WriteBudget, *, as_shown: bool, at_once: int) -> Iterator[_Batch]:
        def planned(*, quiet: bool, clears: bool) -> Iterator[_Batch]:
            for page in self._journal.entries(run_id, states=[State.PLANNED], quiet=quiet, clears=clears):
                if entries := [entry for entry in page if entry.number not in self._of_another_kind]:
                    yield _Batch(entries, clears, looks_again=not quiet or as_shown)

        clearing, moving = planned(quiet=False, clears=True), planned(quiet=False, clears=False)
        quiet = planned(quiet=True, clears=False)
        # One after another, who need not be cleared does not wait for those who must.
        in_turn = chain(moving, clearing, quiet)
        for batch in in_turn if at_once == 1 else self._few_clears_at_a_time(clearing, chain(moving, quiet)):
            if self._stop():
                self._stopped = True
                return
            # Without a limit others are writing now, and what they count is not to be read.
            affordable = batch.entries[: budget.left(self.applied) if budget.is_limited else None]
            if affordable:
                yield _Batch(affordable, batch.clears, batch.looks_again)
            if len(affordable) < len(batch.entries):
                untouched = sum(len(rest) for rest in self._journal.entries(run_id, states=[State.PLANNED]))
                raise budget.used_up(f"{untouched:,} changes of plan {run_id} were left untouched")

    def _few_clears_at_a_time(self, clearing: Iterator[_Batch], others: Iterator[_Batch]) -> Iterator[_Batch]:
        """All of them; one that clears as soon as few enough do: each holds `_clearing` until it is done."""
        held: _Batch | None = next(clearing, None)
        while held is not None:
            if self._clearing.acquire(blocking=False):
                yield held
                held = next(clearing, None)
            elif (other := next(others, None)) is not None:
                yield other
            else:
                self._clearing.acquire()
                self._clearing.release()
        yield from others

    def fill(self, entries: Sequence[JournalEntry]) -> None:
        """Give contacts that an interrupted run left without a stage the one decided."""
        mover = self._movers[0]
        mover.outcomes.begin(entries, State.WRITING)
        mover.fill(entries)
        mover.outcomes.batch_ends(of=len(entries))

    def _write(self, mover: Mover, batch: _Batch, *, as_shown: bool) -> None:
        outcomes = mover.outcomes

        def once(entries: Sequence[JournalEntry], looks: int) -> list[Left]:
            if not batch.looks_again:
                return mover.write(entries, read_at=None)
            if looks:
                outcomes.begin(entries, State.PLANNED)
            read_at = mover.steady()
            return mover.write(self._decided_afresh(entries, outcomes, as_shown=as_shown), read_at=read_at)

        try:
            outcomes.leave_open(mover.until_written(batch.entries, once))
        except LookupError:
            # Who stood still for too long finds its plan closed, or forgotten, by the run that took the portal over.
            mover.must_hold_the_portal()
            raise
        outcomes.batch_ends(of=len(batch.entries))

    def _decided_afresh(
        self, batch: Sequence[JournalEntry], outcomes: Outcomes, *, as_shown: bool
    ) -> list[JournalEntry]:
        records = self._reader.read([entry.change.contact_id for entry in batch])
        evaluations, failures = self._evaluator.evaluate(records, before_writing=True)
        fresh = {e.record.id: e.change for e in evaluations}
        blank = {e.record.id for e in evaluations if e.record.standing.cleared_by_us}
        failed = {failure.contact_id: failure.reason for failure in failures}
        wanted = []
        for entry in batch:
            contact_id, change = entry.change.contact_id, fresh.get(entry.change.contact_id)
            if contact_id in failed:
                outcomes.fail(entry, failed[contact_id])
            elif contact_id not in fresh:
                outcomes.drop(entry, GONE)
            elif change is None:
                outcomes.drop(entry, _NOTHING_LEFT)
            elif change == entry.change:
                wanted.append(entry)
            elif as_shown and contact_id not in blank:
                outcomes.drop(entry, f"it changed since the plan was made; now {change.reason}")
            else:
                if (change.clears_first, change.is_quiet) != (entry.change.clears_first, entry.change.is_quiet):
                    self._of_another_kind.add(entry.number)  # before the journal shows it to those who look for such
                wanted.append(self._journal.replace(entry, change))
        return wanted
