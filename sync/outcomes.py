"""What became of changes: on record in the journal, and in the report of the run.

What is about to be sent is committed first, or not sent. What was sent is another matter: while contacts have no
stage, a journal that fails must not keep them from getting one. Such a failure is remembered, and raised as soon as
nobody waits for us; the entries stay open, and the next run settles them by reading.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sync.planning import Tally
from sync.ports import Journal, Memory, RetryableError
from sync.records import JournalEntry, Refused, StageNote, State
from workflows import Setter

SILENT_MAX = 3
"""Whole batches in a row of which nothing becomes known, after which a run gives up for now."""

GONE = "the contact is gone: deleted, or merged into another"
_NO_STAGE_LEFT = (
    "is WITHOUT A STAGE: its {stage} was cleared, and HubSpot took neither the new stage nor the old one back "
    "({why}). The next run tries again; to be quick, set the stage by hand"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """A change that is not in HubSpot yet, and may be tried again after another look at the contact."""

    entry: JournalEntry
    why: str


@dataclass(slots=True)
class Applied:
    """What became of a plan."""

    tally: Tally = field(default_factory=Tally)
    dropped: list[tuple[str, str]] = field(default_factory=list)
    """Planned changes that were not written, because the contact had changed: id, and why."""
    left_open: int = 0
    """Changes whose outcome stays unknown: they may have been written."""
    stopped: bool = False
    """A stop was asked for; what was not begun is still planned."""

    def take_in(self, other: "Applied") -> None:
        """Count what became of another part of the same plan."""
        self.tally.changed += other.tally.changed
        self.tally.stage_changes += other.tally.stage_changes
        self.tally.failed += other.tally.failed
        self.dropped += other.dropped
        self.left_open += other.left_open
        self.stopped = self.stopped or other.stopped


class Trouble:
    """What ends a run's writing, shared by all who write at the same time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._silent_batches = 0
        self.failure: RetryableError | None = None
        """Why nothing can be put on record any more."""

    def fails(self, failure: RetryableError) -> None:
        with self._lock:
            self.failure = self.failure or failure

    def batch_ended(self, *, silent: bool) -> int:
        """Count how many batches in a row HubSpot has said nothing of."""
        with self._lock:
            self._silent_batches = self._silent_batches + 1 if silent else 0
            return self._silent_batches


class Outcomes:
    """The outcomes of what one of those writes who write for a run at the same time."""

    def __init__(self, *, journal: Journal, memory: Memory, trouble: Trouble) -> None:
        self.applied = Applied()
        self._journal = journal
        self._memory = memory
        self._trouble = trouble
        self._open_in_batch = 0

    def begin(self, entries: Sequence[JournalEntry], state: State) -> None:
        """Commit what is about to be sent. RetryableError when the journal fails, or has failed: then nothing is."""
        if self._trouble.failure:
            raise self._trouble.failure
        if entries:
            self._journal.mark(entries, state)

    def confirm(self, entries: Sequence[JournalEntry], state: State, detail: str = "") -> None:
        """Put on record what was done."""
        if entries:
            self._remembering(lambda: self._journal.mark(entries, state, detail))

    def done(self, entries: Sequence[JournalEntry], times: Mapping[str, datetime | None]) -> None:
        """HubSpot holds these changes; `times` tells, by contact, when it took them, where it said so."""
        self.confirm(entries, State.DONE)
        for entry in entries:
            self.applied.tally.counts(entry.change)
        notes = [
            StageNote(
                contact_id=e.change.contact_id,
                stage=e.change.stage_to,
                since=times.get(e.change.contact_id),
                set_by=Setter.INTEGRATION,
                set_at=times.get(e.change.contact_id),
            )
            for e in entries
            if e.change.moves and e.change.stage_from != e.change.stage_to
        ]
        self._remembering(lambda: self._memory.note_stages(notes))

    def drop(self, entry: JournalEntry, why: str) -> None:
        """The contact changed: it is left as it is now."""
        self.confirm([entry], State.CANCELLED, why)
        self.applied.dropped.append((entry.change.contact_id, why))

    def undone(self, entry: JournalEntry, why: str) -> None:
        """A program put a stage where our clear had taken one: left as it is, and remembered of that program."""
        self.confirm([entry], State.REVERSED, why)
        self.applied.dropped.append((entry.change.contact_id, why))

    def refuse(self, entry: JournalEntry, reason: str) -> None:
        """HubSpot will not have it, and is not asked again before it changes."""
        self._fail(entry, State.REFUSED, reason)

    def fail(self, entry: JournalEntry, reason: str) -> None:
        """It could not be written this time, which is no word of HubSpot's on it."""
        self._fail(entry, State.CANCELLED, reason)

    def _fail(self, entry: JournalEntry, state: State, reason: str) -> None:
        self.confirm([entry], state, reason)
        self.applied.tally.failed.append((entry.change.contact_id, reason))

    def refused(self, entry: JournalEntry, outcome: Refused) -> None:
        """HubSpot refused it; where the contact is gone, nobody has to act."""
        if outcome.gone:
            self.drop(entry, GONE)
        else:
            self.refuse(entry, outcome.reason)

    def without_stage(self, entry: JournalEntry, why: str) -> None:
        """Still open in the journal, so that every run tries again, and tells, until the contact has a stage."""
        text = _NO_STAGE_LEFT.format(stage=entry.change.stage_from, why=why)
        self.applied.tally.failed.append((entry.change.contact_id, text))

    def leave_open(self, left: Sequence[Left]) -> None:
        """What could not be brought to an end stays open in the journal: the next run settles it by reading."""
        self.applied.tally.failed += [(each.entry.change.contact_id, each.why) for each in left]
        self.applied.left_open += len(left)
        self._open_in_batch += len(left)

    def batch_ends(self, *, of: int) -> None:
        """Nobody waits for us now: raise what went wrong in this batch of so many contacts.

        RetryableError when the journal failed, or when batch after batch stays open: HubSpot takes no writes now.
        """
        if self._trouble.failure:
            raise self._trouble.failure
        silent = self._trouble.batch_ended(silent=self._open_in_batch == of > 0)
        self._open_in_batch = 0
        if silent >= SILENT_MAX:
            raise RetryableError(
                f"HubSpot has not said of {SILENT_MAX} batches in a row whether it wrote them. What it did write "
                "is found out by the next run; the rest of the plan was not sent."
            )

    def _remembering(self, put_on_record: Callable[[], None]) -> None:
        try:
            put_on_record()
        except RetryableError as failure:
            self._trouble.fails(failure)
