"""A plan becomes written: batch by batch, decided afresh where people write too, journal first and HubSpot second."""

from collections.abc import Callable, Sequence

from sync.budget import WriteBudget
from sync.evaluation import Evaluator
from sync.moving import Mover
from sync.outcomes import GONE, Applied, Left
from sync.ports import ContactReader, Journal
from sync.records import JournalEntry, State

_NOTHING_LEFT = "nothing is left to write: HubSpot holds it already, or the contact changed since it was read"


class Applier:
    """Writes the changes of one run. `applied` tells what became of them so far, also when writing failed."""

    def __init__(
        self,
        *,
        reader: ContactReader,
        journal: Journal,
        evaluator: Evaluator,
        mover: Mover,
        stop: Callable[[], bool],
        progress: Callable[[int], None],
    ) -> None:
        self._reader = reader
        self._journal = journal
        self._evaluator = evaluator
        self._mover = mover
        self._outcomes = mover.outcomes
        self._stop = stop
        self._progress = progress

    @property
    def applied(self) -> Applied:
        return self._outcomes.applied

    def apply(self, run_id: int, *, budget: WriteBudget, as_shown: bool = False) -> None:
        """Write a run's planned changes, stage moves first. RetryableError when the day's budget is used up.

        `as_shown`: write only what is still exactly as planned, and name what is not; otherwise a contact that
        changed since it was read is decided afresh. So is one that our own clear has left without a stage.
        """
        for quiet in (False, True):
            for batch in self._journal.entries(run_id, states=[State.PLANNED], quiet=quiet):
                if self._stop():
                    self.applied.stopped = True
                    return
                affordable = batch[: budget.left(self.applied)]
                self._write(affordable, looks_again=not quiet or as_shown, as_shown=as_shown)
                self._progress(len(affordable))
                if len(affordable) < len(batch):
                    untouched = sum(len(rest) for rest in self._journal.entries(run_id, states=[State.PLANNED]))
                    raise budget.used_up(f"{untouched:,} changes of plan {run_id} were left untouched")

    def fill(self, entries: Sequence[JournalEntry]) -> None:
        """Give contacts that an interrupted run left without a stage the one decided."""
        self._outcomes.begin(entries, State.WRITING)
        self._mover.fill(entries)
        self._outcomes.batch_ends(of=len(entries))

    def _write(self, batch: Sequence[JournalEntry], *, looks_again: bool, as_shown: bool) -> None:
        """One batch; `looks_again`: it holds what people write too, so it is decided afresh before each sending."""

        def once(entries: Sequence[JournalEntry], looks: int) -> list[Left]:
            if not looks_again:
                return self._mover.write(entries, read_at=None)
            if looks:
                self._outcomes.begin(entries, State.PLANNED)
            read_at = self._mover.steady()
            return self._mover.write(self._decided_afresh(entries, as_shown=as_shown), read_at=read_at)

        try:
            self._outcomes.leave_open(self._mover.until_written(batch, once))
        except LookupError:
            # Who stood still for too long finds its plan closed, or forgotten, by the run that took the portal over.
            self._mover.must_hold_the_portal()
            raise
        self._outcomes.batch_ends(of=len(batch))

    def _decided_afresh(self, batch: Sequence[JournalEntry], *, as_shown: bool) -> list[JournalEntry]:
        records = self._reader.read([entry.change.contact_id for entry in batch])
        evaluations, failures = self._evaluator.evaluate(records, before_writing=True)
        fresh = {e.record.id: e.change for e in evaluations}
        blank = {e.record.id for e in evaluations if e.record.standing.cleared_by_us}
        failed = {failure.contact_id: failure.reason for failure in failures}
        wanted = []
        for entry in batch:
            contact_id, change = entry.change.contact_id, fresh.get(entry.change.contact_id)
            if contact_id in failed:
                self._outcomes.fail(entry, failed[contact_id])
            elif contact_id not in fresh:
                self._outcomes.drop(entry, GONE)
            elif change is None:
                self._outcomes.drop(entry, _NOTHING_LEFT)
            elif change == entry.change:
                wanted.append(entry)
            elif as_shown and contact_id not in blank:
                self._outcomes.drop(entry, f"it changed since the plan was made; now {change.reason}")
            else:
                wanted.append(self._journal.replace(entry, change))
        return wanted
