"""What a contact's history tells of our clear: that it was done, and what others did around it. Pure."""

from dataclasses import replace
from datetime import datetime, timedelta

from sync.records import Change, History
from workflows import PEOPLE, Setter

_SAME_MOMENT = timedelta(seconds=2)
"""By how much the moment of HubSpot's answer to a write may differ from the one that its history tells of it. How much
it does is not on record; a person needs longer than this to see a cleared stage and to act on it."""


_UNSEEN_MAX = timedelta(minutes=1)
"""For how long another stage may have stood that our clear wiped out unseen: a look is seconds old when we clear."""


def with_our_clear(history: History, change: Change, cleared_at: datetime | None = None) -> History:
    """The history with our clear told as a program's, whatever HubSpot calls us.

    `cleared_at`: the moment HubSpot told with its answer to the clear. Ours is the empty entry next to it. Without it,
    as after a crash, ours is the first one after the stage that we cleared; a person who emptied the stage just before
    we could is then taken for us, and the contact gets a stage: better than one that we left without.
    """
    place = _place(history, change, cleared_at)
    if place is None:
        return history
    entries = list(history.stage)
    entries[place] = replace(entries[place], by=Setter.INTEGRATION)
    return replace(history, stage=entries)


def was_filled(history: History, change: Change, cleared_at: datetime | None) -> bool:
    """Whether somebody gave the contact a stage after our clear.

    Where the history holds nothing since the clear, it comes from a copy of HubSpot's that is behind; so it does where
    the moment of the clear is not known, and the stage that we cleared is the newest entry.
    """
    if history.stage_now is None:
        return False
    if _place(history, change, cleared_at):
        return True
    return cleared_at is not None and any(entry.value and entry.at > cleared_at for entry in history.stage)


def shows_since(history: History, at: datetime | None) -> bool:
    """Whether the stage changed at this moment or later."""
    return at is not None and any(entry.at >= at - _SAME_MOMENT for entry in history.stage)


def may_be_behind(history: History, cleared_at: datetime | None) -> bool:
    """Whether the history tells nothing from the moment of our clear on: then it may be a copy of before that.

    What others did in the last moment before our clear looks, in such a copy, as if they had done it just after.
    """
    return cleared_at is not None and all(entry.at < cleared_at for entry in history.stage)


def edit_under_our_clear(history: History, change: Change) -> str | None:
    """The stage that somebody gave a contact in the moment before we cleared it, and that our clear wiped out.

    HubSpot has no conditional write: only its history, as `with_our_clear` tells it, shows such an edit. None where
    there was none.
    """
    empty = history.stage_now is None and change.stage_from is not None
    if not empty or not history.stage or history.stage[0].by in PEOPLE:
        return None
    before = next((entry for entry in history.stage if entry.value is not None), None)
    if before is None or before.value == change.stage_from or history.stage[0].at - before.at > _UNSEEN_MAX:
        return None
    return before.value


def _place(history: History, change: Change, cleared_at: datetime | None) -> int | None:
    """Which of the entries, newest first, is our clear; None where none is."""
    if change.stage_from is None:
        return None
    empty = [place for place, entry in enumerate(history.stage) if entry.value is None]
    if cleared_at is not None:
        near = [place for place in empty if history.stage[place].at >= cleared_at - _SAME_MOMENT]
        return min(near, key=lambda place: abs(history.stage[place].at - cleared_at), default=None)
    values = [entry.value for entry in history.stage]
    if change.stage_from in values:
        since = values.index(change.stage_from)
        first = max((place for place in empty if place < since), default=None)
        return first if first is not None and _may_be_ours(history, first, change) else None
    # A short history has lost it. What a person emptied of another stage since is theirs.
    oldest = max(empty, default=None)
    theirs = oldest is not None and oldest + 1 < len(values) and history.stage[oldest].by in PEOPLE
    return None if theirs else oldest


def _may_be_ours(history: History, place: int, change: Change) -> bool:
    """Whether what this entry emptied is the stage that we cleared, or one that had stood for a moment only."""
    emptied, before = history.stage[place], history.stage[place + 1]
    return before.value == change.stage_from or emptied.at - before.at <= _UNSEEN_MAX
