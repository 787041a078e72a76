"""A planned change becomes a written one: journal first, HubSpot second, its answer checked, the outcome on record.

A stage is changed in two requests. Between them a contact has no stage, so the next batch is not begun before
this one has its stages: never more than one batch of contacts is blank, and the journal names them.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

from sync.evaluation import Evaluator
from sync.planning import Tally, edit_under_our_clear
from sync.ports import ContactReader, ContactWriter, FatalError, Journal, Lease, Memory, RetryableError
from sync.records import (
    STAGE,
    Change,
    JournalEntry,
    Outcome,
    Refused,
    StageNote,
    State,
    Unknown,
    Update,
    Written,
)
from workflows import PEOPLE, Setter

TRIES = 3
"""How often a write whose outcome was unknown, and which reading showed not to have happened, is sent again."""

SILENT_MAX = 3
"""Whole batches in a row of which nothing becomes known, after which a run gives up for now."""

_GONE = "the contact is gone: deleted, or merged into another"
_NOTHING_LEFT = "nothing is left to write: HubSpot holds it already, or the contact changed since it was read"
_NO_STAGE_LEFT = (
    "is WITHOUT A STAGE: its {stage} was cleared, and HubSpot took neither the new stage nor the old one back "
    "({why}). The next run tries again; to be quick, set the stage by hand"
)


@dataclass(slots=True)
class Applied:
    """What became of a plan."""

    tally: Tally = field(default_factory=Tally)
    dropped: list[tuple[str, str]] = field(default_factory=list)
    """Planned changes that were not written, because the contact had changed: id, and why."""
    stopped: bool = False
    """A stop was asked for; what was not begun is still planned."""


class Applier:
    """Writes the changes of one run."""

    def __init__(
        self,
        *,
        reader: ContactReader,
        writer: ContactWriter,
        journal: Journal,
        memory: Memory,
        lease: Lease,
        evaluator: Evaluator,
        stop: Callable[[], bool],
        progress: Callable[[int], None],
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._journal = journal
        self._memory = memory
        self._lease = lease
        self._evaluator = evaluator
        self._stop = stop
        self._progress = progress
        self._silent_batches = 0

    def apply(self, run_id: int, *, as_shown: bool = False) -> Applied:
        """Write a run's planned changes, stage moves first.

        `as_shown`: write only what is still exactly as planned, and name what is not; otherwise a contact that
        changed since it was read is decided afresh.
        """
        applied = Applied()
        for quiet in (False, True):
            for batch in self._journal.entries(run_id, states=[State.PLANNED], quiet=quiet):
                if self._stop():
                    applied.stopped = True
                    return applied
                if not quiet or as_shown:
                    self._careful(batch, applied, as_shown=as_shown)
                else:
                    self._set(batch, applied)
                self._progress(len(batch))
        return applied

    def write_stages(self, entries: Sequence[JournalEntry], applied: Applied) -> None:
        """Write changes that were decided a moment ago: clear what must be cleared, then set."""
        clearing = [entry for entry in entries if entry.change.clears_first]
        ready = [entry for entry in entries if not entry.change.clears_first]
        if clearing:
            cleared = self._clear(clearing, applied)
            ready = [*self._still_cleared(cleared, applied), *self._still_unmoved(ready, applied)]
        if ready:
            self._set(ready, applied)

    def _careful(self, batch: Sequence[JournalEntry], applied: Applied, *, as_shown: bool) -> None:
        """Look again before writing what people write too."""
        self.write_stages(self._decided_afresh(batch, applied, as_shown=as_shown), applied)

    def _decided_afresh(self, batch: Sequence[JournalEntry], applied: Applied, *, as_shown: bool) -> list[JournalEntry]:
        records = self._reader.read([entry.change.contact_id for entry in batch])
        evaluations, failures = self._evaluator.evaluate(records)
        fresh = {e.record.id: e.change for e in evaluations}
        failed = {failure.contact_id: failure.reason for failure in failures}
        wanted = []
        for entry in batch:
            contact_id, change = entry.change.contact_id, fresh.get(entry.change.contact_id)
            if contact_id in failed:
                self._fail(entry, applied, State.CANCELLED, failed[contact_id])
            elif contact_id not in fresh:
                self._drop(entry, applied, _GONE)
            elif change is None:
                self._drop(entry, applied, _NOTHING_LEFT)
            elif change == entry.change:
                wanted.append(entry)
            elif as_shown:
                self._drop(entry, applied, f"it changed since the plan was made; now {change.reason}")
            else:
                wanted.append(self._journal.replace(entry, change))
        return wanted

    def _clear(self, entries: Sequence[JournalEntry], applied: Applied) -> list[JournalEntry]:
        """Send the clears, and return the entries whose stage is confirmed empty."""
        self._close(entries, State.CLEARING, "")
        asked, cleared = list(entries), []
        for _ in range(TRIES):
            outcomes = self._send(asked, _clearing)
            present = self._stages_where_unknown(asked, outcomes)
            again = []
            for entry, outcome in zip(asked, outcomes, strict=True):
                stage = present.get(entry.change.contact_id)
                if isinstance(outcome, Refused):
                    self._refused(entry, applied, outcome)
                elif entry.change.contact_id not in present:
                    self._drop(entry, applied, _GONE)
                elif stage is None:
                    cleared.append(entry)
                elif stage == entry.change.stage_from:
                    again.append(entry)
                else:
                    self._drop(entry, applied, "somebody else set the stage in the meantime")
            asked = again
            if not asked:
                break
        self._close(cleared, State.CLEARED, "")
        self._leave_open(asked, applied, of=len(entries))
        return cleared

    def _still_cleared(self, entries: Sequence[JournalEntry], applied: Applied) -> list[JournalEntry]:
        """Of the contacts just cleared, those that our clear alone has touched since we looked."""
        histories = self._reader.histories([entry.change.contact_id for entry in entries]) if entries else {}
        kept = []
        for entry in entries:
            history = histories.get(entry.change.contact_id)
            if history is None:
                self._drop(entry, applied, _GONE)
            elif history.stage_now is not None:
                self._drop(entry, applied, "somebody else set the stage between clear and set; theirs stands")
            elif history.stage and history.stage[0].by in PEOPLE:
                self._drop(entry, applied, "somebody emptied the stage in the meantime; that stands")
            elif edited := edit_under_our_clear(history, entry.change):
                self._give_back(replace(entry, change=replace(entry.change, stage_from=edited)), applied)
            else:
                kept.append(entry)
        return kept

    def _still_unmoved(self, entries: Sequence[JournalEntry], applied: Applied) -> list[JournalEntry]:
        """Of the contacts that waited while others were cleared, those that nobody else has moved."""
        present = self._reader.stages([entry.change.contact_id for entry in entries]) if entries else {}
        kept = []
        for entry in entries:
            change = entry.change
            if change.contact_id not in present:
                self._drop(entry, applied, _GONE)
            elif change.moves and present[change.contact_id] not in (None, change.stage_from):
                self._drop(entry, applied, "somebody else set the stage in the meantime; theirs stands")
            else:
                kept.append(entry)
        return kept

    def _set(self, entries: Sequence[JournalEntry], applied: Applied) -> None:
        """Send the new values, stage and score in one request, and put every outcome on record."""
        self._close([entry for entry in entries if not entry.change.clears_first], State.WRITING, "")
        asked = list(entries)
        try:
            for _ in range(TRIES):
                asked = self._set_once(asked, applied)
                if not asked:
                    break
        except FatalError:
            with suppress(FatalError, RetryableError):
                self._put_back(self._blank(asked), applied, "the new one could not be set", as_state=State.CANCELLED)
            raise
        self._leave_open(asked, applied, of=len(entries))

    def _set_once(self, entries: Sequence[JournalEntry], applied: Applied) -> list[JournalEntry]:
        """One request, its outcomes settled; returns what reading showed not to have been written."""
        outcomes = self._send(entries, _full_update)
        outcomes = [_doubted(e.change, o) for e, o in zip(entries, outcomes, strict=True)]
        unknown = [e for e, o in zip(entries, outcomes, strict=True) if isinstance(o, Unknown)]
        present = self._present(unknown)
        again: list[JournalEntry] = []
        done: list[JournalEntry] = []
        backward: list[JournalEntry] = []
        refused: list[tuple[JournalEntry, Refused]] = []
        for entry, outcome in zip(entries, outcomes, strict=True):
            change = entry.change
            match outcome:
                case Refused():
                    refused.append((entry, outcome))
                    continue
                case Written(values=values):
                    holds: Mapping[str, str] | None = values
                case Unknown():
                    holds = present.get(change.contact_id)
            stage = (holds or {}).get(STAGE, "")
            if holds is None:
                self._drop(entry, applied, _GONE)
            elif change.moves and stage != (change.stage_to or ""):
                unmoved = stage == change.stage_from and not change.clears_first
                if stage == "" or (unmoved and isinstance(outcome, Unknown)):
                    again.append(entry)
                elif unmoved:
                    backward.append(entry)
                else:
                    self._drop(entry, applied, "somebody else set the stage in the meantime; theirs stands")
            elif isinstance(outcome, Unknown) and _differs(holds, change):
                again.append(entry)
            else:
                done.append(entry)
        self._finish(done, outcomes, entries, applied)
        self._refuse_sets(refused, applied)
        if backward:
            self._clear_after_all(backward, applied)
        return again

    def _clear_after_all(self, entries: Sequence[JournalEntry], applied: Applied) -> None:
        """HubSpot answered yes and kept the old stage: by its order that was a step back, so clear first."""
        self.write_stages([replace(e, change=replace(e.change, clears_first=True)) for e in entries], applied)

    def _finish(
        self,
        done: Sequence[JournalEntry],
        outcomes: Sequence[Outcome],
        entries: Sequence[JournalEntry],
        applied: Applied,
    ) -> None:
        self._close(done, State.DONE, "")
        times = {e.change.contact_id: o.at for e, o in zip(entries, outcomes, strict=True) if isinstance(o, Written)}
        for entry in done:
            applied.tally.counts(entry.change)
        self._memory.note_stages(
            StageNote(
                contact_id=e.change.contact_id,
                stage=e.change.stage_to,
                since=times.get(e.change.contact_id),
                set_by=Setter.INTEGRATION,
                set_at=times.get(e.change.contact_id),
            )
            for e in done
            if e.change.moves and e.change.stage_from != e.change.stage_to
        )

    def _refuse_sets(self, refused: Sequence[tuple[JournalEntry, Refused]], applied: Applied) -> None:
        """A refused set must not leave a contact blank: the old stage goes back."""
        blank = {entry.number for entry in self._blank([entry for entry, _ in refused])}
        for entry, outcome in refused:
            if entry.number in blank:
                self._put_back([entry], applied, outcome.reason)
            else:
                self._refused(entry, applied, outcome)

    def _blank(self, entries: Sequence[JournalEntry]) -> list[JournalEntry]:
        """Those of these contacts that had a stage and have none now, as a move leaves them half-way."""
        moving = [entry for entry in entries if entry.change.moves and entry.change.stage_from is not None]
        present = self._reader.stages([entry.change.contact_id for entry in moving]) if moving else {}
        return [entry for entry in moving if present.get(entry.change.contact_id, "gone") is None]

    def _give_back(self, entry: JournalEntry, applied: Applied) -> None:
        """Somebody set the stage in the moment before our clear: theirs goes back, and nobody has to act."""
        (outcome,) = self._send([entry], _restoring)
        if isinstance(outcome, Written):
            self._drop(entry, applied, "somebody set the stage in the moment before it was cleared; theirs is back")
        else:
            self._put_back([entry], applied, "somebody set the stage in the moment before it was cleared")

    def _put_back(
        self, entries: Sequence[JournalEntry], applied: Applied, why: str, *, as_state: State = State.REFUSED
    ) -> None:
        if not entries:
            return
        outcomes = self._send(entries, _restoring)
        for entry, outcome in zip(entries, outcomes, strict=True):
            if isinstance(outcome, Written):
                self._fail(entry, applied, as_state, f"{why}; its stage is back as it was")
            elif isinstance(outcome, Refused) and outcome.gone:
                self._drop(entry, applied, _GONE)
            else:  # still open in the journal: the next run tries again
                text = _NO_STAGE_LEFT.format(stage=entry.change.stage_from, why=why)
                applied.tally.failed.append((entry.change.contact_id, text))

    def _send(
        self, entries: Sequence[JournalEntry], properties: Callable[[Change], Mapping[str, str]]
    ) -> Sequence[Outcome]:
        """One batch to HubSpot, if the portal is still ours."""
        self._lease.check()
        return self._writer.write(
            [Update(contact_id=e.change.contact_id, properties=properties(e.change)) for e in entries]
        )

    def _stages_where_unknown(
        self, entries: Sequence[JournalEntry], outcomes: Sequence[Outcome]
    ) -> dict[str, str | None]:
        """The stage of each contact after a clear: what the answer says, or what reading says where it does not."""
        stages: dict[str, str | None] = {}
        silent = []
        for entry, outcome in zip(entries, outcomes, strict=True):
            if isinstance(outcome, Written) and STAGE in outcome.values:
                stages[entry.change.contact_id] = outcome.values[STAGE] or None
            elif not isinstance(outcome, Refused):
                silent.append(entry.change.contact_id)
        return stages | (dict(self._reader.stages(silent)) if silent else {})

    def _present(self, entries: Sequence[JournalEntry]) -> Mapping[str, Mapping[str, str]]:
        """What HubSpot holds now for everything that these changes write."""
        if not entries:
            return {}
        names = sorted({STAGE, *(name for entry in entries for name in entry.change.after)})
        return self._reader.values([entry.change.contact_id for entry in entries], names)

    def _close(self, entries: Sequence[JournalEntry], state: State, detail: str) -> None:
        if entries:
            self._journal.mark(entries, state, detail)

    def _drop(self, entry: JournalEntry, applied: Applied, why: str) -> None:
        self._close([entry], State.CANCELLED, why)
        applied.dropped.append((entry.change.contact_id, why))

    def _leave_open(self, entries: Sequence[JournalEntry], applied: Applied, *, of: int) -> None:
        """What stays unknown stays open in the journal: the next run settles it by reading.

        RetryableError when whole batches do so one after another: HubSpot takes no writes now.
        """
        reason = f"HubSpot did not say in {TRIES} tries whether it wrote this; the next run finds out"
        applied.tally.failed += [(entry.change.contact_id, reason) for entry in entries]
        self._silent_batches = self._silent_batches + 1 if entries and len(entries) == of else 0
        if self._silent_batches == SILENT_MAX:
            raise RetryableError(
                f"HubSpot has not said of {SILENT_MAX} batches in a row whether it wrote them. What it did write "
                "is found out by the next run; the rest of the plan was not sent."
            )

    def _refused(self, entry: JournalEntry, applied: Applied, outcome: Refused) -> None:
        if outcome.gone:
            self._drop(entry, applied, _GONE)
        else:
            self._fail(entry, applied, State.REFUSED, outcome.reason)

    def _fail(self, entry: JournalEntry, applied: Applied, state: State, reason: str) -> None:
        """REFUSED is HubSpot's word on this very change, and keeps it from being sent again."""
        self._close([entry], state, reason)
        applied.tally.failed.append((entry.change.contact_id, reason))


def _clearing(_: Change) -> Mapping[str, str]:
    return {STAGE: ""}


def _restoring(change: Change) -> Mapping[str, str]:
    return {STAGE: change.stage_from or ""}


def _full_update(change: Change) -> Mapping[str, str]:
    if change.stage_to is None:
        return change.after
    return {**change.after, STAGE: change.stage_to}


def _doubted(change: Change, outcome: Outcome) -> Outcome:
    """A move whose answer does not show the stage is only known by reading."""
    silent = change.moves and isinstance(outcome, Written) and STAGE not in outcome.values
    return Unknown(reason="HubSpot's answer does not show the stage") if silent else outcome


def _differs(holds: Mapping[str, str], change: Change) -> bool:
    return any(holds.get(name, "") != text for name, text in change.after.items())
