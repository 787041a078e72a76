"""From records to decisions and changes: contacts scored and decided, history asked for only where it matters."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from config import Rulebook
from scoring import score_contact
from sync.planning import change_for
from sync.ports import ContactReader, Memory
from sync.records import Change, ContactRecord, History, StageNote
from workflows import Decision, Setter, Standing, decide, with_answer_history, with_stage_history


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """One contact: as read, as decided, and what that makes us write."""

    record: ContactRecord
    decision: Decision
    change: Change | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A contact that could not be scored or decided."""

    contact_id: str
    reason: str


class Evaluator:
    """Decides contacts at one moment, which is the run's; `at` is aware, in the portal's time zone."""

    def __init__(self, *, reader: ContactReader, memory: Memory, rulebook: Rulebook, at: datetime) -> None:
        self._reader = reader
        self._memory = memory
        self._rulebook = rulebook
        self._at = at

    def evaluate(self, records: Sequence[ContactRecord]) -> tuple[list[Evaluation], list[Failure]]:
        """Every record, in order, decided or failed: one bad contact never stops the others."""
        failures: list[Failure] = []
        decided = self._each(records, self._decide, failures)
        asking = [e.record for e in decided if e.decision.needs_history]
        if asking:
            known = self._with_history(asking)
            again = {e.record.id: e for e in self._each(known, self._decide, failures)}
            failed = {failure.contact_id for failure in failures}
            decided = [again.get(e.record.id, e) for e in decided if e.record.id not in failed]
        self._note_the_never_staged(decided)
        return decided, failures

    def _each(
        self,
        records: Sequence[ContactRecord],
        judge: Callable[[ContactRecord], Evaluation],
        failures: list[Failure],
    ) -> list[Evaluation]:
        done = []
        for record in records:
            try:
                done.append(judge(record))
            except Exception as error:  # noqa: BLE001 - promise 6: whatever one contact holds, the others go on
                reason = f"could not be scored ({type(error).__name__}); it was left as it is"
                failures.append(Failure(contact_id=record.id, reason=reason))
        return done

    def _decide(self, record: ContactRecord) -> Evaluation:
        policy = self._rulebook.policy
        score = score_contact(record.contact, self._rulebook.rubric, self._at)
        decision = decide(score, record.standing, policy, at=self._at)
        change = None if decision.needs_history else change_for(record, decision, self._rulebook)
        return Evaluation(record=record, decision=decision, change=change)

    def _with_history(self, records: Sequence[ContactRecord]) -> list[ContactRecord]:
        """The records with who set their stage, from what we remember or else from HubSpot."""
        notes = self._memory.stage_notes([r.id for r in records])
        known = {
            r.id: replace(r.standing, set_by=note.set_by, set_at=note.set_at)
            for r in records
            if (note := notes.get(r.id)) and r.standing.answer is None and _still_holds(note, r.standing)
        }
        asked = [r for r in records if r.id not in known]
        histories = self._reader.histories([r.id for r in asked]) if asked else {}
        fresh = []
        for record in asked:
            history = histories.get(record.id, History())
            standing = with_stage_history(record.standing, history.stage, self._rulebook.policy)
            standing = with_answer_history(standing, history.answer)
            known[record.id] = standing
            if standing.set_by and not standing.cleared_by_us:
                fresh.append(_note(record.id, standing))
        self._memory.note_stages(fresh)
        return [replace(record, standing=known[record.id]) for record in records]

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


def _note(contact_id: str, standing: Standing) -> StageNote:
    return StageNote(
        contact_id=contact_id,
        stage=standing.stage,
        since=standing.stage_since,
        set_by=standing.set_by or Setter.OTHER,
        set_at=standing.set_at,
    )


_SAME_MOMENT = timedelta(minutes=1)
"""Our own set is noted with the moment of HubSpot's answer, which differs a little from the stage's own date."""


def _still_holds(note: StageNote, standing: Standing) -> bool:
    """A note is of use while the contact has not entered a stage since; without that date only for no stage."""
    if note.stage != standing.stage:
        return False
    if note.since is None or standing.stage_since is None:
        return note.stage is None and note.since == standing.stage_since
    return abs(note.since - standing.stage_since) <= _SAME_MOMENT
