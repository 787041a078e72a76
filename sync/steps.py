"""The requests that a change may take."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sync.records import STAGE, Change


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A request that a change may take: what it sends, and the stage of the contact before and after it."""

    sends: Callable[[Change], Mapping[str, str]]
    before: Callable[[Change], str]
    after: Callable[[Change], str]


def _old(change: Change) -> str:
    return change.stage_from or ""


def _new(change: Change) -> str:
    return change.stage_to or ""


def _none(_: Change) -> str:
    return ""


def _all_values(change: Change) -> Mapping[str, str]:
    return change.after if change.stage_to is None else {**change.after, STAGE: change.stage_to}


CLEAR = Step(sends=lambda _: {STAGE: ""}, before=_old, after=_none)
SET = Step(sends=_all_values, before=_old, after=_new)
FILL = Step(sends=_all_values, before=_none, after=_new)
RESTORE = Step(sends=lambda change: {STAGE: _old(change)}, before=_none, after=_old)
