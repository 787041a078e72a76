"""One batch of changes into HubSpot: what the reading still allows, every answer checked, every doubt read back.

A stage is changed in two requests. Between them a contact has no stage, so its set follows its clear before anything
else is begun with them: who is blank is so for a moment, and the journal names them.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

from sync.clears import edit_under_our_clear, may_be_behind, shows_since, was_filled, with_our_clear
from sync.outcomes import GONE, Left, Outcomes
from sync.ports import ContactReader, ContactWriter, FatalError, Lease, LeaseLost, RetryableError
from sync.records import STAGE, Change, History, JournalEntry, Outcome, Refused, Stale, State, Unknown, Update, Written
from sync.steps import CLEAR, FILL, RESTORE, SET, Step
from workflows import PEOPLE

TRIES = 3
"""How often a write whose outcome was unknown, and which reading showed not to have happened, is sent again."""

LOOKS_MAX = 6
"""How often a contact is looked at again because its turn to be written came too late: as often as a request is sent
before it counts as failed."""

PAUSE_FIRST_S = 0.5
"""How long HubSpot gets to show what it has confirmed, or may have done, before it is looked at again; each further
pause is twice as long. Whether its reads lag as its search does is not known."""

_LOST = f"HubSpot did not say in {TRIES} tries whether it wrote this; the next run finds out"
_STALE = (
    f"{LOOKS_MAX} times in a row its turn to be written came so late that what was read of it was too old to write by; "
    "the next run tries again"
)
_UNSEEN = "HubSpot does not show yet that it cleared the stage; the next run finds out"
_THEIRS = "somebody else set the stage in the meantime; theirs stands"
_FILLED = "somebody else set the stage between clear and set; theirs stands"

_Times = Mapping[str, datetime | None]
"""When HubSpot says that it took our clear, by contact."""


@dataclass(slots=True)
class _Seen:
    """What one request came to."""

    written: list[JournalEntry] = field(default_factory=list)
    times: dict[str, datetime | None] = field(default_factory=dict)
    kept: list[JournalEntry] = field(default_factory=list)
    """The contact shows a stage that this request did not give it."""
    refused: list[tuple[JournalEntry, Refused]] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)


class Mover:
    """Writes batches of at most 100 changes, each of another contact."""

    def __init__(
        self,
        *,
        reader: ContactReader,
        writer: ContactWriter,
        lease: Lease,
        outcomes: Outcomes,
        steady: Callable[[], float],
        sleep: Callable[[float], None],
        answer_property: str,
        few_clear: AbstractContextManager[object] | None = None,
    ) -> None:
        """`few_clear` is held while contacts are without a stage: shared by those who write at the same time, so that
        they are no more than it lets through."""
        self._reader = reader
        self._writer = writer
        self._lease = lease
        self.outcomes = outcomes
        self.steady = steady
        self._sleep = sleep
        self._answer_property = answer_property
        self._few_clear = few_clear or nullcontext()

    def must_hold_the_portal(self) -> None:
        """LeaseLost where another run has taken it over."""
        self._lease.check()

    def write(self, entries: Sequence[JournalEntry], *, read_at: float | None) -> list[Left]:
        """Write changes that rest on a reading begun at this moment of the steady clock; None: on none in particular.

        Returns those that came too late, or whose request was lost: they must be decided afresh before they are
        tried again. Every contact that was cleared has a stage by then, or is on record.
        """
        clearing = [entry for entry in entries if entry.change.clears_first]
        setting = [entry for entry in entries if not entry.change.clears_first]
        left = self._set(setting, read_at) if setting else []
        return left + (self._clear(clearing, read_at) if clearing else [])

    def fill(self, entries: Sequence[JournalEntry]) -> None:
        """Give contacts that an earlier run left without a stage the one decided, if nobody has acted since."""
        with self._leaving_none_blank(entries, {}):
            self._fill_all(entries, {})

    def until_written(
        self, entries: Sequence[JournalEntry], once: Callable[[Sequence[JournalEntry], int], Sequence[Left]]
    ) -> Sequence[Left]:
        """Look and write, round after round, until nothing is left; return what stays so.

        `once` is given what is left, and how many looks there were before: at most LOOKS_MAX, of which TRIES may lose
        answers. What HubSpot did not show yet it gets a moment to show.
        """
        left: Sequence[Left] = [Left(entry=entry, why="") for entry in entries]
        looks = lost = 0
        while left and looks < LOOKS_MAX and lost < TRIES:
            if any(each.why in (_LOST, _UNSEEN) for each in left):
                self._sleep(PAUSE_FIRST_S * 2 ** (looks - 1))
            left = once([each.entry for each in left], looks)
            looks += 1
            lost += any(each.why == _LOST for each in left)
        return left

    def _set(self, entries: Sequence[JournalEntry], read_at: float | None) -> list[Left]:
        self.outcomes.begin(entries, State.WRITING)
        with self._leaving_none_blank(entries, {}):
            seen = self._send_values(entries, SET, read_at, {})
        if not seen.kept:
            return seen.left
        # HubSpot kept the old stage: by its order that was a step back, so clear first.
        return seen.left + self._clear([_through_a_clear(entry) for entry in seen.kept], read_at)

    def _clear(self, entries: Sequence[JournalEntry], read_at: float | None) -> list[Left]:
        times: dict[str, datetime | None] = {}
        with self._few_clear:
            self.outcomes.begin(entries, State.CLEARING)
            with self._leaving_none_blank(entries, times):
                seen = self._send(entries, CLEAR, read_at)
                times.update(seen.times)
                self.outcomes.confirm(seen.written, State.CLEARED)
                for entry, outcome in seen.refused:
                    self.outcomes.refused(entry, outcome)
                cleared, left = self._cleared_after_all(seen.kept, times)
                self._fill_all([*seen.written, *cleared], times)
        return [*seen.left, *left]

    def _cleared_after_all(
        self, entries: Sequence[JournalEntry], times: _Times
    ) -> tuple[list[JournalEntry], list[Left]]:
        """Those without a stage, and those whose clear did not happen, of contacts that showed a stage after it.

        A workflow may have filled the empty stage at once: that is its word, and is left. Where the answer was lost,
        it may be what our clear has wiped out since: such a contact is looked at until that shows.
        """
        histories = self._reader.histories([e.change.contact_id for e in entries]) if entries else {}
        cleared, left = [], []
        for entry in entries:
            history, cleared_at = histories.get(entry.change.contact_id), times.get(entry.change.contact_id)
            if history is None:
                self.outcomes.drop(entry, GONE)
            elif shows_since(history, cleared_at) and history.stage_now is not None:
                self._leave_to_others(entry, history)
            elif history.stage_now == entry.change.stage_from:
                left.append(Left(entry=entry, why=_LOST))
            elif history.stage_now is None or cleared_at is None:
                cleared.append(entry)
            else:
                self.outcomes.drop(entry, _THEIRS)
        return cleared, left

    def _leave_to_others(self, entry: JournalEntry, history: History) -> None:
        """Somebody gave the contact a stage after our clear. A program that keeps doing so is a rival."""
        by_a_program = history.stage and history.stage[0].by not in PEOPLE
        undone = by_a_program and history.stage_now != entry.change.stage_to
        (self.outcomes.undone if undone else self.outcomes.drop)(entry, _FILLED)

    def _fill_all(self, entries: Sequence[JournalEntry], times: _Times) -> None:
        left = self.until_written(entries, partial(self._fill, times))
        blank = [replace(each, why=f"{each.why}; until then it has no stage") for each in left if each.why != _UNSEEN]
        self.outcomes.leave_open([*blank, *(each for each in left if each.why == _UNSEEN)])

    def _fill(self, times: _Times, entries: Sequence[JournalEntry], looks: int) -> list[Left]:
        ready, unseen, read_at = self._still_blank(entries, times, looks)
        return unseen + (self._send_values(ready, FILL, read_at, times).left if ready else [])

    @contextmanager
    def _leaving_none_blank(self, entries: Sequence[JournalEntry], times: _Times) -> Iterator[None]:
        """Where writing ends here, the contacts that are without a stage by us get the old one back first."""
        try:
            yield
        except LeaseLost:
            raise
        except (FatalError, RetryableError):
            with suppress(FatalError, RetryableError):
                if blank := self._blank(entries):
                    self.outcomes.confirm(blank, State.WRITING)  # some may have been closed meanwhile
                    ready, unseen, _ = self._still_blank(blank, times, looks=0)
                    self._put_back(ready, times, "the new one could not be set", self.outcomes.fail)
                    self.outcomes.leave_open(unseen)
            raise

    def _send_values(self, entries: Sequence[JournalEntry], step: Step, read_at: float | None, times: _Times) -> _Seen:
        """One request with the new values, stage and score together; what it came to is on record."""
        seen = self._send(entries, step, read_at)
        self.outcomes.done(seen.written, seen.times)
        refused = [entry for entry, _ in seen.refused if entry.change.stage_from is not None]
        blank = {entry.number for entry in (refused if step is FILL else self._blank(refused))}
        for entry, outcome in seen.refused:
            if entry.number in blank:  # a refused set must not leave a contact without a stage; nor is "gone" believed
                report = self.outcomes.fail if outcome.gone else self.outcomes.refuse
                self._put_back([entry], times, outcome.reason, report)
            else:
                self.outcomes.refused(entry, outcome)
        return seen

    def _still_blank(
        self, entries: Sequence[JournalEntry], times: _Times, looks: int
    ) -> tuple[list[JournalEntry], list[Left], float]:
        """Those that our clear alone has touched, those that do not show it yet, and the moment this look counts from.

        Each look counts from its beginning. After some that came to nothing it counts from its end: where HubSpot is
        so slow that a look alone takes too long, a contact must not stay blank for ever.
        """
        asked_at = self.steady()
        histories = self._reader.histories([entry.change.contact_id for entry in entries])
        ready: list[JournalEntry] = []
        unseen: list[Left] = []
        for entry in entries:
            told, cleared_at = histories.get(entry.change.contact_id), times.get(entry.change.contact_id)
            if told is None:
                self.outcomes.drop(entry, GONE)
                continue
            history = with_our_clear(told, entry.change, cleared_at)
            if history.stage_now is not None:
                doubtful = looks < TRIES and may_be_behind(history, cleared_at)
                if entry.change.clears_first and (doubtful or not was_filled(history, entry.change, cleared_at)):
                    unseen.append(Left(entry=entry, why=_UNSEEN))  # a copy of HubSpot's that is behind
                else:
                    self._leave_to_others(entry, history)
            elif entry.change.stage_from is not None and history.stage and history.stage[0].by in PEOPLE:
                self.outcomes.drop(entry, "somebody emptied the stage in the meantime; that stands")
            elif edited := edit_under_our_clear(history, entry.change):
                self._give_back(
                    replace(entry, change=replace(entry.change, stage_from=edited)),
                    times,
                    "somebody set the stage in the moment before it was cleared",
                )
            elif self._answered_since(history, entry.change):
                self._give_back(entry, times, "sales answered between clear and set; that is decided afresh")
            else:
                ready.append(entry)
        return ready, unseen, asked_at if looks < TRIES else self.steady()

    def _answered_since(self, history: History, change: Change) -> bool:
        """Whether this change would write over an answer that was given after it was decided."""
        if self._answer_property not in change.after or not history.answer:
            return False
        return (history.answer[0].value or "") != change.before.get(self._answer_property, "")

    def _blank(self, entries: Sequence[JournalEntry]) -> list[JournalEntry]:
        """Those of these contacts that had a stage and have none now, as a move leaves them half-way."""
        moving = [entry for entry in entries if entry.change.moves and entry.change.stage_from is not None]
        present = self._reader.stages([entry.change.contact_id for entry in moving]) if moving else {}
        return [entry for entry in moving if present.get(entry.change.contact_id, "gone") is None]

    def _give_back(self, entry: JournalEntry, times: _Times, why: str) -> None:
        """Somebody acted while we moved the contact: the stage goes back, and nobody has to act."""
        self._restore([entry], times, why, lambda each: self.outcomes.drop(each, f"{why}; its stage is back"))

    def _put_back(
        self,
        entries: Sequence[JournalEntry],
        times: _Times,
        why: str,
        report: Callable[[JournalEntry, str], None],
    ) -> None:
        """The new stage cannot be set: the old one goes back, and the contact is reported."""
        self._restore(entries, times, why, lambda each: report(each, f"{why}; its stage is back as it was"))

    def _restore(
        self, entries: Sequence[JournalEntry], times: _Times, why: str, is_back: Callable[[JournalEntry], None]
    ) -> None:
        def once(asked: Sequence[JournalEntry], looks: int) -> list[Left]:
            read_at = self.steady()
            histories = self._reader.histories([entry.change.contact_id for entry in asked])
            ours = []
            for entry in asked:
                history, cleared_at = histories.get(entry.change.contact_id), times.get(entry.change.contact_id)
                shows_old = history is not None and history.stage_now == entry.change.stage_from
                if history is None:
                    self.outcomes.drop(entry, GONE)
                elif history.stage_now is None or (shows_old and may_be_behind(history, cleared_at)):
                    ours.append(entry)
                elif shows_old and not was_filled(history, entry.change, cleared_at):
                    ours.append(entry)  # shown as it was before our clear, by a copy that is behind
                elif shows_old and looks:
                    is_back(entry)
                else:
                    self._leave_to_others(entry, history)
            seen = self._send(ours, RESTORE, read_at) if ours else _Seen()
            for entry in seen.written:
                is_back(entry)
            for entry, outcome in seen.refused:
                if outcome.gone:  # it was there a moment ago: the next look tells
                    seen.left.append(Left(entry=entry, why=_LOST))
                else:
                    self.outcomes.without_stage(entry, why)
            return seen.left

        for each in self.until_written(entries, once):
            self.outcomes.without_stage(each.entry, why)

    def _send(self, entries: Sequence[JournalEntry], step: Step, read_at: float | None) -> _Seen:
        """One batch to HubSpot, if the portal is still ours, and what it came to: answered, or read back."""
        self._lease.check()
        updates = [Update(contact_id=e.change.contact_id, properties=step.sends(e.change)) for e in entries]
        outcomes = self._writer.write(updates, read_at=read_at)
        outcomes = [_doubted(e.change, outcome) for e, outcome in zip(entries, outcomes, strict=True)]
        unknown = [e for e, outcome in zip(entries, outcomes, strict=True) if isinstance(outcome, Unknown)]
        present = self._present(unknown)
        seen = _Seen()
        for entry, outcome in zip(entries, outcomes, strict=True):
            match outcome:
                case Refused():
                    seen.refused.append((entry, outcome))
                case Stale():
                    seen.left.append(Left(entry=entry, why=_STALE))
                case Written(values=values, at=at):
                    seen.times[entry.change.contact_id] = at
                    self._sort(entry, values, step, seen, is_certain=True)
                case Unknown(at=at):
                    if at is not None:
                        seen.times[entry.change.contact_id] = at
                    self._sort(entry, present.get(entry.change.contact_id), step, seen, is_certain=False)
        return seen

    def _sort(
        self,
        entry: JournalEntry,
        holds: Mapping[str, str] | None,
        step: Step,
        seen: _Seen,
        *,
        is_certain: bool,
    ) -> None:
        """Judge one contact by what it holds now; `is_certain`: by HubSpot's own answer to this request."""
        change = entry.change
        stage = (holds or {}).get(STAGE, "")
        if holds is None:
            self.outcomes.drop(entry, GONE)
        elif not change.moves or stage == step.after(change):
            if is_certain or not _differs(holds, step.sends(change)):
                seen.written.append(entry)
            else:
                seen.left.append(Left(entry=entry, why=_LOST))
        elif is_certain and stage and (step is CLEAR or stage == step.before(change)):
            seen.kept.append(entry)
        elif step is CLEAR and change.contact_id in seen.times:
            seen.written.append(entry)  # HubSpot took our clear, and the look before the set tells what came after it
        elif stage in ("", change.stage_from or ""):
            seen.left.append(Left(entry=entry, why=_LOST))
        elif step is CLEAR and not is_certain:
            seen.kept.append(entry)  # if that was before our clear, it is without a stage now
        else:
            self.outcomes.drop(entry, _THEIRS)

    def _present(self, entries: Sequence[JournalEntry]) -> Mapping[str, Mapping[str, str]]:
        """What HubSpot holds now for everything that these changes write."""
        if not entries:
            return {}
        names = sorted({STAGE, *(name for entry in entries for name in entry.change.after)})
        return self._reader.values([entry.change.contact_id for entry in entries], names)


def _through_a_clear(entry: JournalEntry) -> JournalEntry:
    return replace(entry, change=replace(entry.change, clears_first=True))


def _doubted(change: Change, outcome: Outcome) -> Outcome:
    """A move whose answer does not show the stage is only known by reading."""
    if change.moves and isinstance(outcome, Written) and STAGE not in outcome.values:
        return Unknown(reason="HubSpot's answer does not show the stage", at=outcome.at)
    return outcome


def _differs(holds: Mapping[str, str], sent: Mapping[str, str]) -> bool:
    return any(holds.get(name, "") != text for name, text in sent.items())
