"""From records to decisions and changes: contacts scored and decided, history asked for only where it matters.

The journal has a word on it too: what another program keeps putting back, and what HubSpot has refused, is not tried
again.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar

from config import Rulebook
from scoring import Score, score_contact
from sync.planning import change_for, contestable
from sync.ports import ContactReader, Journal, Memory
from sync.records import STAGE, Change, ContactRecord, History, JournalEntry, Mode, StageNote, State
from sync.rivals import LOOKED_THROUGH, is_the_same, is_unexplained, reversed_twice, was_moved_by_programs, without
from sync.wording import refused_before
from workflows import Decision, Move, Setter, Standing, decide, with_answer_history, with_stage_history

T = TypeVar("T", "ContactRecord", "Scored")
R = TypeVar("R")

_TRIED_WHATEVER: tuple[Mode, ...] = ("contacts", "list", "settle")
"""Selections by which a person asks for what HubSpot has refused, or what another program keeps putting back. Settling
never leaves a contact without a stage."""

TRIED_AGAIN_AFTER = timedelta(days=6)
"""How long after the last try a full pass makes another: a rule of HubSpot's may be lifted, another program quiet now.

A little less than the week between two full passes, so that every one of the schedule does, whatever time each takes.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """One contact: as read, as decided, and what that makes us write."""

    record: ContactRecord
    decision: Decision
    change: Change | None
    contested: frozenset[str] = frozenset()
    """Properties, the stage among them, that are left out of the change: another program keeps putting them back."""
    refused: str = ""
    """Why there is no change: HubSpot has refused this very one before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A contact that could not be scored or decided."""

    contact_id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """A contact and its score, which does not depend on where the contact stands."""

    record: ContactRecord
    score: Score


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """What contacts came to before HubSpot was asked for any history."""

    records: Sequence[ContactRecord] = ()
    evaluations: Sequence[Evaluation] = ()
    failures: Sequence[Failure] = ()
    asking: Sequence[Scored] = ()
    """Those that cannot be decided before their histories are there."""


class Evaluator:
    """Decides contacts at one moment, which is the run's; `at` is aware, in the portal's time zone.

    `selection`: how the contacts were chosen. What a person asked for by name is tried again whatever the journal says.
    """

    def __init__(
        self,
        *,
        reader: ContactReader,
        memory: Memory,
        journal: Journal,
        rulebook: Rulebook,
        at: datetime,
        selection: Mode,
    ) -> None:
        self._reader = reader
        self._memory = memory
        self._journal = journal
        self._rulebook = rulebook
        self._at = at
        self._selection = selection
        self._ours = contestable(rulebook)

    def evaluate(
        self, records: Sequence[ContactRecord], *, before_writing: bool = False
    ) -> tuple[list[Evaluation], list[Failure]]:
        """Every record decided or failed, in no order: one bad contact never stops the others.

        Left out are contacts that were deleted since they were read. `before_writing`: nobody is moved by what is
        remembered of who set their stage; HubSpot is asked.
        """
        begun = self.begin(records, before_writing=before_writing)
        evaluations, failures = self.end(begun.asking)
        return self.concluded([*begun.evaluations, *evaluations]), [*begun.failures, *failures]

    def begin(self, records: Sequence[ContactRecord], *, before_writing: bool = False) -> Begun:
        """As `evaluate`, but for those whose histories must be asked for: `end` takes them, of whatever pages. What
        becomes of either, `concluded` takes: the fewer times, the fewer questions to the database."""
        failures: list[Failure] = []
        scored = list(self._each(records, self._scored, failures))
        decided = list(self._each(scored, self._decide, failures))
        by_id = {each.record.id: each for each in scored}
        doubtful = [e for e in decided if e.decision.needs_history]
        decided = [e for e in decided if not e.decision.needs_history]
        asking: list[Scored] = []
        if doubtful:
            moving = {e.record.id for e in doubtful if isinstance(e.decision.outcome, Move)}
            asked = [by_id[e.record.id] for e in doubtful]
            known, asking = self._remembered(asked, doubted=moving if before_writing else ())
            decided += self._each(known, self._decide, failures)
        return Begun(records=records, evaluations=decided, failures=failures, asking=asking)

    def end(self, asking: Sequence[Scored]) -> tuple[list[Evaluation], list[Failure]]:
        """Those decided by their histories, which HubSpot is asked for."""
        failures: list[Failure] = []
        known = self._asked(asking) if asking else ()
        return list(self._each(known, self._decide, failures)), failures

    def as_we_left_them(self, records: Sequence[ContactRecord]) -> list[ContactRecord]:
        """The records in the stage that we gave them, where they were read as they were before: reads may lag."""
        notes = self._memory.stage_notes([record.id for record in records])
        return [_not_before_our_move(record, notes.get(record.id)) for record in records]

    def _each(self, items: Iterable[T], judge: Callable[[T], R], failures: list[Failure]) -> Iterator[R]:
        for item in items:
            try:
                yield judge(item)
            except Exception as error:  # noqa: BLE001 - promise 6: whatever one contact holds, the others go on
                record = item if isinstance(item, ContactRecord) else item.record
                reason = f"could not be scored ({type(error).__name__}); it was left as it is"
                failures.append(Failure(contact_id=record.id, reason=reason))

    def _scored(self, record: ContactRecord) -> Scored:
        return Scored(record=record, score=score_contact(record.contact, self._rulebook.rubric, self._at))

    def _decide(self, scored: Scored) -> Evaluation:
        record = scored.record
        decision = decide(scored.score, record.standing, self._rulebook.policy, at=self._at)
        change = None if decision.needs_history else change_for(record, decision, self._rulebook)
        return Evaluation(record=record, decision=decision, change=change)

    def _remembered(self, scored: Sequence[Scored], *, doubted: Collection[str]) -> tuple[list[Scored], list[Scored]]:
        """Those of whom we remember who set their stage, with that, and those of whom HubSpot has to be asked.

        A memory may be wrong: somebody set the stage again in the same minute, or emptied one that we never saw. So
        `doubted` contacts are among the latter.
        """
        notes = self._memory.stage_notes([each.record.id for each in scored])
        known, asking = [], []
        for each in scored:
            note = notes.get(each.record.id)
            record = _not_before_our_move(each.record, note)
            standing = record.standing
            if note and record.id not in doubted and standing.answer is None and _still_holds(note, standing):
                standing = replace(standing, set_by=note.set_by, set_at=note.set_at)
                known.append(Scored(record=replace(record, standing=standing), score=each.score))
            else:
                asking.append(Scored(record=record, score=each.score))
        return known, asking

    def _asked(self, scored: Sequence[Scored]) -> list[Scored]:
        """Those with who set their stage, of those still there."""
        histories = self._reader.histories([each.record.id for each in scored])
        known, fresh = [], []
        for each in scored:
            record, history = each.record, histories.get(each.record.id)
            if history is None:
                continue
            standing = _as_shown_last(record.standing, history)
            standing = with_stage_history(standing, history.stage, self._rulebook.policy)
            standing = with_answer_history(standing, history.answer)
            known.append(Scored(record=replace(record, standing=standing), score=each.score))
            if standing.set_by and not standing.cleared_by_us:
                fresh.append(_note(record.id, standing))
        self._memory.note_stages(fresh)
        return known

    def concluded(self, decided: Sequence[Evaluation]) -> list[Evaluation]:
        """The same, less what the journal tells to leave alone."""
        self._note_the_never_staged(decided)
        return self._with_the_journals_word(decided)

    def _with_the_journals_word(self, decided: Sequence[Evaluation]) -> list[Evaluation]:
        """The same, without what the journal tells to leave alone. A stage that we cleared is set whatever it tells."""
        changing = {e.record.id: e for e in decided if e.change and not e.record.standing.cleared_by_us}
        past = dict(self._journal.latest(list(changing), 1)) if changing else {}
        if self._selection not in _TRIED_WHATEVER:
            self._leave_to_rivals(changing, past)
            for contact_id, (newest, *_) in past.items():
                if not self._is_tried_again(newest):
                    changing[contact_id] = _unless_refused(changing[contact_id], newest)
        return [changing.get(e.record.id, e) for e in decided]

    def _leave_to_rivals(self, changing: dict[str, Evaluation], past: Mapping[str, Sequence[JournalEntry]]) -> None:
        """Take out of these changes what another program has put back twice in a row."""
        names = self._ours | {STAGE}
        doubted = [i for i, entries in past.items() if is_unexplained(_change(changing[i]), entries[0], names)]
        past = self._journal.latest(doubted, LOOKED_THROUGH) if doubted else {}
        found = {
            i: frozenset(
                name
                for name in reversed_twice(_change(changing[i]), entries, names)
                if not self._is_tried_again(_newest_of(name, entries))
            )
            for i, entries in past.items()
        }
        moved = [i for i, contested in found.items() if STAGE in contested]
        histories = self._reader.histories(moved) if moved else {}
        for contact_id, contested in found.items():
            evaluation = changing[contact_id]
            history = histories.get(contact_id, History())
            if STAGE in contested and was_moved_by_programs(history.stage, past[contact_id]):
                record = evaluation.record
                contested_one = replace(record, standing=replace(record.standing, contested=True))
                evaluation = self._decide(self._scored(contested_one))
            else:
                contested -= {STAGE}
            if contested:
                change = evaluation.change and without(evaluation.change, contested)
                changing[contact_id] = replace(evaluation, change=change, contested=contested)

    def _is_tried_again(self, last: JournalEntry) -> bool:
        """Whether this pass makes another try of what this change last tried."""
        return self._selection == "full" and last.at is not None and self._at - last.at >= TRIED_AGAIN_AFTER

    def _note_the_never_staged(self, decided: Sequence[Evaluation]) -> None:
        """A contact that never had a stage and gets none now: its empty stage needs no asking once it is scored."""
        self._memory.note_stages(
            StageNote(contact_id=e.record.id, stage=None, since=None, set_by=Setter.OTHER, set_at=None)
            for e in decided
            if e.change is not None
            and not e.change.moves
            and not e.record.standing.history_known
            and e.record.standing.stage is None
        )


def _change(evaluation: Evaluation) -> Change:
    assert evaluation.change is not None, "only changes are looked up in the journal"
    return evaluation.change


def _newest_of(name: str, past: Sequence[JournalEntry]) -> JournalEntry:
    """The newest of these changes that wrote a property, or the stage."""
    return next(e for e in past if name in e.change.after or (name == STAGE and e.change.moves))


def _unless_refused(evaluation: Evaluation, newest: JournalEntry) -> Evaluation:
    """The same, without a change that HubSpot has refused when it was last tried."""
    change = evaluation.change
    if change is None or newest.state is not State.REFUSED or not is_the_same(change, newest.change):
        return evaluation
    why = refused_before(evaluation.record.id, newest.run_id, newest.detail)
    return replace(evaluation, change=None, refused=why)


def _as_shown_last(standing: Standing, history: History) -> Standing:
    """The standing with the stage that the history shows, which was asked for after the record: somebody may have acted
    in between. A history that has never heard of the record's stage is a copy that is behind, and not believed."""
    entries = history.stage
    is_behind = standing.stage is not None and all(entry.value != standing.stage for entry in entries)
    if not entries or is_behind or history.stage_now == standing.stage:
        return standing
    return replace(standing, stage=history.stage_now, stage_since=entries[0].at)


def _note(contact_id: str, standing: Standing) -> StageNote:
    return StageNote(
        contact_id=contact_id,
        stage=standing.stage,
        since=standing.stage_since,
        set_by=standing.set_by or Setter.OTHER,
        set_at=standing.set_at,
    )


def _not_before_our_move(record: ContactRecord, note: StageNote | None) -> ContactRecord:
    if note is None or note.since is None or record.modified_at is None or record.modified_at >= note.since:
        return record
    return replace(record, standing=replace(record.standing, stage=note.stage, stage_since=note.since))


_SAME_MOMENT = timedelta(minutes=1)
"""Our own set is noted with the moment of HubSpot's answer, which differs a little from the stage's own date."""


def _still_holds(note: StageNote, standing: Standing) -> bool:
    """A note is of use while the contact has not entered a stage since; without that date only for no stage."""
    if note.stage != standing.stage:
        return False
    if note.since is None or standing.stage_since is None:
        return note.stage is None and note.since == standing.stage_since
    return abs(note.since - standing.stage_since) <= _SAME_MOMENT
