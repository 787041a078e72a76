"""What interrupted runs left open: settled by reading HubSpot back, never by resending blind."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sync.applying import Applier
from sync.clears import edit_under_our_clear, with_our_clear
from sync.evaluation import Evaluator
from sync.outcomes import Applied
from sync.ports import ContactReader, Journal
from sync.records import Change, ContactRecord, History, JournalEntry, Mode, RunRecord, State
from sync.wording import PUTS_BACK
from workflows import PEOPLE, Policy, is_managed, with_answer_history, with_stage_history


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOver:
    """What earlier runs owe to this one. It stays on record as owed until `close`, so a second crash loses nothing."""

    runs: Sequence[RunRecord] = ()
    """Runs that were cut off."""
    entries: Sequence[JournalEntry] = ()
    """Changes whose outcome is not on record."""
    contact_ids: Sequence[str] = ()
    """Contacts to read again: their planned changes were never begun, or it is not known what became of them."""

    @property
    def everything(self) -> bool:
        """Every contact must be read: a pass was cut off whose contacts nothing else names."""
        return any(_is_owed_whole(run) for run in self.runs)

    @property
    def fading(self) -> bool:
        """The contacts whose score fades must be read: a decay pass was cut off."""
        return any(run.mode == "decay" for run in self.runs)

    def moves_accepted(self, rulebook_version: str) -> int:
        """How many moves of a plan that was cut off a person has let through, with this rulebook."""
        accepted = (run.summary.get("moves_accepted") for run in self.runs if run.rulebook_version == rulebook_version)
        return max((moves for moves in accepted if isinstance(moves, int)), default=0)


_OWED_WHOLE: tuple[Mode, ...] = ("full", "list", "since", "contacts")
"""Modes whose contacts only a full pass is sure to read."""
_MAKES_DECAY_GOOD: tuple[Mode, ...] = ("full", "decay", "incremental")

_PLANNED_WITHIN = timedelta(days=1)
"""A plan holds no lease, so one on record as running may be under way; after so long it was killed."""


def _asked(run: RunRecord) -> list[str]:
    """The contacts that a run was asked for by name, as far as it came to put them on record."""
    asked = run.summary.get("contacts_asked")
    return [each["id"] for each in asked] if isinstance(asked, list) else []


def _is_owed_whole(run: RunRecord) -> bool:
    return run.mode in _OWED_WHOLE and not (run.mode == "contacts" and "contacts_asked" in run.summary)


def left_over(journal: Journal, *, at: datetime) -> LeftOver:
    """What is owed; changes nothing.

    Must be asked with the lease in hand: only then is a run on record as running one that was cut off.
    """
    runs = [run for run in journal.interrupted() if run.mode != "plan" or _was_killed(run, at)]
    entries = journal.open_entries()
    ids = [entry.change.contact_id for entry in entries]
    for run in runs:
        ids += _asked(run)
        if run.mode not in ("full", "plan"):  # the one's are all read again anyway, the other's are nobody's duty
            ids += [e.change.contact_id for batch in journal.entries(run.id, states=[State.PLANNED]) for e in batch]
    return LeftOver(runs=runs, entries=entries, contact_ids=list(dict.fromkeys(ids)))


def _was_killed(plan: RunRecord, at: datetime) -> bool:
    return plan.state == "running" and at - plan.started_at > _PLANNED_WITHIN


def settle(
    owed: LeftOver,
    *,
    journal: Journal,
    reader: ContactReader,
    evaluator: Evaluator,
    applier: Applier,
    policy: Policy,
    rulebook_version: str,
    at: datetime,
) -> Applied:
    """Give every contact that a cut-off move left without a stage its stage. Needs the lease.

    A lead is decided afresh from the stage it had; where that no longer moves it, the old stage goes back.
    """
    moving = {entry.change.contact_id: entry.change for entry in owed.entries if entry.change.moves}
    changes = []
    for start in range(0, len(moving), 100):
        ids = list(moving)[start : start + 100]
        changes += _stages_owed({i: moving[i] for i in ids}, reader, evaluator, policy)
    return fill(changes, journal=journal, applier=applier, rulebook_version=rulebook_version, at=at)


def fill(
    changes: Sequence[Change], *, journal: Journal, applier: Applier, rulebook_version: str, at: datetime
) -> Applied:
    """Give contacts that our clear left without a stage the one that each change names, as a run of its own."""
    if not changes:
        return applier.applied
    run_id = journal.start_run("settle", rulebook_version=rulebook_version, at=at)
    journal.plan(run_id, changes)
    for planned in journal.entries(run_id, states=[State.PLANNED]):
        applier.fill(planned)
    failed = [{"id": contact_id, "reason": reason} for contact_id, reason in applier.applied.tally.failed]
    summary = {"settled": len(changes), "contacts_failed": failed}
    journal.finish_run(run_id, "finished", summary=summary, at=at)
    return applier.applied


def close(owed: LeftOver, *, journal: Journal, run_id: int, mode: Mode, at: datetime) -> None:
    """Put on record that this run has done what was owed, as far as a pass of its mode can."""
    journal.mark(owed.entries, State.SETTLED, f"settled by run {run_id}")
    for run in owed.runs:
        if _is_owed_whole(run) and mode != "full":
            continue
        if run.mode == "decay" and mode not in _MAKES_DECAY_GOOD:
            continue
        for batch in journal.entries(run.id, states=[State.PLANNED]):
            journal.mark(batch, State.CANCELLED, f"its run was cut off before its turn; read again by run {run_id}")
        summary = run.summary
        if run.state == "running" and run.mode != "plan":  # killed: nobody was told what it had written
            written = sum(len(batch) for batch in journal.entries(run.id, states=[State.DONE]))
            summary = {**summary, "contacts_changed": written}
        journal.finish_run(run.id, "closed", summary=summary, at=at, error=run.error or "cut off before its end")


def _stages_owed(
    moving: Mapping[str, Change], reader: ContactReader, evaluator: Evaluator, policy: Policy
) -> list[Change]:
    """The changes that give these contacts a stage, where a move left them without one."""
    records = [r for r in evaluator.as_we_left_them(reader.read(list(moving))) if r.standing.stage is None]
    if not records:
        return []
    histories = reader.histories([r.id for r in records])
    asked = [
        (record, with_our_clear(histories[record.id], moving[record.id]), moving[record.id])
        for record in records
        if record.id in histories  # who is not was deleted since
        and record.id in moving  # who is not was merged with one of these, and is read by the pass itself
    ]
    edited = [put_back(r, stage) for r, history, change in asked if (stage := edit_under_our_clear(history, change))]
    known = [_with_history(*each, policy) for each in asked if not edit_under_our_clear(*each[1:])]
    evaluations, failures = evaluator.evaluate(known)
    failed = {failure.contact_id for failure in failures}
    decided = [e.change for e in evaluations if e.change is not None and e.change.moves]
    return [
        *decided,
        *edited,
        *(put_back(r, r.standing.stage) for r in known if r.id in failed and r.standing.cleared_by_us),
    ]


def _with_history(record: ContactRecord, history: History, change: Change, policy: Policy) -> ContactRecord:
    """The record as its history tells it; where that does not name our clear, our journal does.

    An empty stage that a person emptied after our clear is theirs. Any other is the one we cleared, or were about to:
    who emptied it in the moment before us cannot be told from us, and a lead without a stage would be worse.
    """
    standing = with_stage_history(record.standing, history.stage, policy)
    theirs = history.stage and history.stage[0].by in PEOPLE
    had = change.stage_from if is_managed(change.stage_from, policy) else None
    if not standing.cleared_by_us and not theirs and had is not None:
        standing = replace(standing, stage=had, cleared_by_us=True)
    return replace(record, standing=with_answer_history(standing, history.answer))


def put_back(record: ContactRecord, stage: str | None) -> Change:
    """The stage it had, for a contact that may not be moved now, or that somebody moved under our clear."""
    return Change(
        contact_id=record.id, before={}, after={}, moves=True, stage_from=stage, stage_to=stage, reason=PUTS_BACK
    )
