"""What the journal teaches of a contact: which of our values somebody else keeps reversing. Pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from sync.records import STAGE, Change, JournalEntry, State
from workflows import PEOPLE, HistoryEntry

LOOKED_THROUGH = 20
"""How many of a contact's newest changes are looked through for the last two that wrote a property."""


def is_unexplained(change: Change, newest: JournalEntry, names: Collection[str]) -> bool:
    """Whether HubSpot now holds something else, in one of these properties, than our newest change left there."""
    left = _after(newest.change)
    return any(left.get(name) != now for name, now in _before(change).items() if name in names)


def reversed_twice(change: Change, past: Sequence[JournalEntry], names: Collection[str]) -> frozenset[str]:
    """Those of these properties that this change would write a third time, after two reversals in a row.

    `past` is newest first. A reversal: we wrote a value, HubSpot confirmed it, and at our next look there was another.
    A change whose outcome is not certain proves nothing. One difference may come from a merge, or from a database that
    was restored from an old copy; two in a row do not.
    """
    return frozenset(name for name, now in _before(change).items() if name in names and _twice(name, now, past))


def _twice(name: str, now: str, past: Sequence[JournalEntry]) -> bool:
    writes = _last_two(name, past)
    if len(writes) < 2 or any(entry.state is not State.DONE for entry in writes):
        return False
    newest, earlier = (entry.change for entry in writes)
    return now != _after(newest)[name] and _before(newest)[name] != _after(earlier)[name]


def _last_two(name: str, past: Sequence[JournalEntry]) -> Sequence[JournalEntry]:
    return [entry for entry in past if name in _after(entry.change)][:2]


def was_moved_by_programs(history: Sequence[HistoryEntry], past: Sequence[JournalEntry]) -> bool:
    """Whether neither a person nor a deal had a hand in the stage since the earlier of our last two moves.

    `history` and `past` are newest first. Where the history is too short to tell, somebody may have.
    """
    entries = iter(history)
    for move in _last_two(STAGE, past):
        for entry in entries:
            if entry.by in PEOPLE:
                return False
            if entry.value == move.change.stage_to:
                break
        else:
            return False
    return True


def without(change: Change, names: Collection[str]) -> Change | None:
    """The change without these properties; None when nothing is left of it."""
    after = {name: text for name, text in change.after.items() if name not in names}
    before = {name: text for name, text in change.before.items() if name not in names}
    return replace(change, before=before, after=after) if after or change.moves else None


def is_the_same(change: Change, other: Change) -> bool:
    """Whether two changes would bring a contact from the same to the same."""
    return (_before(change), _after(change)) == (_before(other), _after(other))


def _before(change: Change) -> Mapping[str, str]:
    return {**change.before, STAGE: change.stage_from or ""} if change.moves else change.before


def _after(change: Change) -> Mapping[str, str]:
    return {**change.after, STAGE: change.stage_to or ""} if change.moves else change.after
