"""What the journal teaches of a contact: which of our values somebody else keeps reversing. Pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from sync.records import STAGE, Change, JournalEntry, State
from workflows import PEOPLE, HistoryEntry

LOOKED_THROUGH = 20
"""How many of a contact's newest changes are looked through for the last two that wrote a property."""

_CERTAIN = (State.DONE, State.REVERSED)


def is_unexplained(change: Change, newest: JournalEntry, names: Collection[str]) -> bool:
    """Whether HubSpot now holds something else, in one of these properties, than our newest change left there."""
    left = _left_by(newest)
    return any(left.get(name) != now for name, now in _before(change).items() if name in names)


def reversed_twice(change: Change, past: Sequence[JournalEntry], names: Collection[str]) -> frozenset[str]:
    """Those of these properties that this change would write a third time, after two reversals in a row.

    `past` is newest first. A reversal: we wrote a value, HubSpot confirmed it, and at our next look there was another;
    for a stage also: we cleared it, HubSpot confirmed that, and before our set there was another.
    A change whose outcome is not certain proves nothing. One difference may come from a merge, or from a database that
    was restored from an old copy; two in a row do not.
    """
    return frozenset(name for name, now in _before(change).items() if name in names and _twice(name, now, past))


def _twice(name: str, now: str, past: Sequence[JournalEntry]) -> bool:
    writes = _last_two(name, past)
    if len(writes) < 2 or any(entry.state not in _CERTAIN for entry in writes):
        return False
    newest, earlier = writes
    return now != _left_by(newest)[name] and _before(newest.change)[name] != _left_by(earlier)[name]


def _last_two(name: str, past: Sequence[JournalEntry]) -> Sequence[JournalEntry]:
    return [entry for entry in past if name in _left_by(entry)][:2]


def was_moved_by_programs(history: Sequence[HistoryEntry], past: Sequence[JournalEntry]) -> bool:
    """Whether neither a person nor a deal had a hand in the stage since the earlier of our last two moves.

    `history` and `past` are newest first. Where the history is too short to tell, somebody may have.
    """
    entries = iter(history)
    for move in _last_two(STAGE, past):
        for entry in entries:
            if move.state is State.REVERSED and entry.value is None:
                break  # our clear, whatever HubSpot calls us
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


def _left_by(entry: JournalEntry) -> Mapping[str, str]:
    """What others reversed, where it is not there any more: of a move that ended at our clear, the stage alone."""
    change = entry.change
    return {STAGE: change.stage_to or ""} if entry.state is State.REVERSED else _after(change)


def _after(change: Change) -> Mapping[str, str]:
    return {**change.after, STAGE: change.stage_to or ""} if change.moves else change.after
