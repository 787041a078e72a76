"""What past runs left that still stands: contacts without a stage, failed ones, contested ones."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from sync.ports import Journal, Memory
from sync.records import Holder, RunRecord, State
from sync.wording import contacts_in_words

_NAMED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A contact, and what the newest run that named it says of it."""

    contact_id: str
    run_id: int
    reason: str


def state_of(run: RunRecord, holder: Holder | None) -> str:
    """A run's state in words: one that is on record as running, and cannot be, was cut off.

    To write needs the lease, so only who has held it since the run began can be at work. A plan needs no lease.
    """
    cannot_be = run.mode != "plan" and (holder is None or run.started_at < holder.since)
    return "cut off" if run.state == "running" and cannot_be else run.state


def without_a_stage(journal: Journal) -> list[str]:
    """The ids of contacts whose stage a run has cleared, or was about to, with no set on record yet."""
    cleared = (State.CLEARING, State.CLEARED)
    return list(dict.fromkeys(e.change.contact_id for e in journal.open_entries() if e.state in cleared))


def unsettled(journal: Journal, memory: Memory, what: Literal["failed", "contested"]) -> list[Named]:
    """Contacts that the last full pass or a later run named, and that no run has read since without naming them."""
    runs = _since_the_last_full_pass(journal)
    named = {each.contact_id: each for run in reversed(runs) for each in _named_by(run, what)}
    ended = {run.id for run in runs if run.summary}
    seen = memory.seen(list(named))
    return [
        each
        for contact_id, each in named.items()
        if contact_id in seen and not (seen[contact_id].run_id > each.run_id and seen[contact_id].run_id in ended)
    ]


def _since_the_last_full_pass(journal: Journal) -> Sequence[RunRecord]:
    """That pass, which read every contact, and all runs after it; newest first."""
    full, newest = journal.last_finished("full"), next(iter(journal.runs(1)), None)
    if newest is None:
        return []
    first = full.id if full else 1
    return [run for run in journal.runs(newest.id - first + 1) if run.id >= first]


def _named_by(run: RunRecord, what: str) -> Iterator[Named]:
    kept = run.summary.get(f"contacts_{what}")
    if run.mode == "plan" or not isinstance(kept, list):
        return
    for each in kept:
        yield Named(contact_id=each["id"], run_id=run.id, reason=each["reason"])


def few(ids: Sequence[str]) -> str:
    """How many contacts, and which, or a few of them."""
    return f"{contacts_in_words(len(ids))} ({', '.join(ids[:_NAMED])}{', …' if len(ids) > _NAMED else ''})"
