"""What an interrupted run left open: settled by reading HubSpot back, never by resending blind."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sync.applying import Applied, Applier
from sync.evaluation import Evaluator
from sync.ports import ContactReader, Journal
from sync.records import Change, ContactRecord, History, JournalEntry, State
from workflows import Setter, with_answer_history, with_stage_history


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOver:
    """What earlier runs owe to this one."""

    contact_ids: Sequence[str]
    """Contacts whose planned changes were never begun, or whose outcome is not on record: read them again."""
    everything: bool
    """A full pass was cut off: read every contact."""


def settle(
    *,
    journal: Journal,
    reader: ContactReader,
    evaluator: Evaluator,
    applier: Applier,
    rulebook_version: str,
    at: datetime,
) -> tuple[LeftOver, Applied]:
    """Give every contact that a cut-off run left without a stage its stage, and say what else is owed.

    Must run with the lease in hand: only then is a run on record as running one that was cut off.
    A lead is decided afresh from the stage it had; where that no longer moves it, the old stage goes back.
    """
    interrupted = [run for run in journal.interrupted() if run.mode != "plan"]
    open_entries = journal.open_entries()
    applied = Applied()
    ids: list[str] = []
    for run in interrupted:
        for batch in journal.entries(run.id, states=[State.PLANNED]):
            ids += [entry.change.contact_id for entry in batch]
            journal.mark(batch, State.CANCELLED, "its run was cut off before its turn; read again by the next")
        journal.finish_run(run.id, "closed", summary=run.summary, at=at, error=run.error or "cut off before its end")
    if open_entries:
        run_id = journal.start_run("settle", rulebook_version=rulebook_version, at=at)
        for start in range(0, len(open_entries), 100):
            batch = open_entries[start : start + 100]
            ids += [entry.change.contact_id for entry in batch]
            _settle_batch(batch, run_id, applied, journal, reader, evaluator, applier)
        summary = {"settled": len(open_entries), "contacts_failed": applied.tally.failed}
        journal.finish_run(run_id, "finished", summary=summary, at=at)
    everything = any(run.mode == "full" for run in interrupted)
    return LeftOver(contact_ids=list(dict.fromkeys(ids)), everything=everything), applied


def _settle_batch(
    batch: Sequence[JournalEntry],
    run_id: int,
    applied: Applied,
    journal: Journal,
    reader: ContactReader,
    evaluator: Evaluator,
    applier: Applier,
) -> None:
    """Contacts in the middle of a move are finished now; the others are read again by the run that follows."""
    moving = {e.change.contact_id: e.change for e in batch if e.change.moves}
    records = [r for r in reader.read(list(moving)) if r.standing.stage is None] if moving else []
    histories = reader.histories([r.id for r in records]) if records else {}
    standing = [_with_history(r, histories.get(r.id, History()), moving[r.id]) for r in records]
    evaluations, _ = evaluator.evaluate(standing)
    changes = [e.change for e in evaluations if e.change is not None and e.change.moves]
    if changes:
        journal.plan(run_id, changes)
        for planned in journal.entries(run_id, states=[State.PLANNED]):
            applier.write_stages(planned, applied)
    journal.mark(batch, State.SETTLED, f"settled by run {run_id}")


def _with_history(record: ContactRecord, history: History, change: Change) -> ContactRecord:
    """The record as its history tells it; where HubSpot kept none, our journal knows which stage we cleared."""
    if history.stage:
        standing = with_stage_history(record.standing, history.stage)
    else:
        cleared = change.stage_from is not None
        standing = replace(record.standing, stage=change.stage_from, cleared_by_us=cleared, set_by=Setter.INTEGRATION)
    return replace(record, standing=with_answer_history(standing, history.answer))
