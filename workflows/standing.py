"""Where a lead is now, since when, and who put it there."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum

from workflows.policy import Policy
from workflows.stages import is_managed


class Setter(Enum):
    """Who wrote a value."""

    PERSON = "person"
    DEAL = "deal"
    INTEGRATION = "integration"
    """This worker, or another program that writes through the portal's interface."""
    OTHER = "other"
    """Forms, imports, workflows, calculations."""


PEOPLE = (Setter.PERSON, Setter.DEAL)
"""Whose stage is left alone for a while: a deal counts as a person."""


class Answer(Enum):
    """What sales say of a lead."""

    TRUE_SQL = "true_sql"
    NOT_READY = "mql_not_ready"
    UNQUALIFIED = "unqualified"


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryEntry:
    """One value that a field once had; None for empty."""

    value: str | None
    at: datetime
    by: Setter


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One lead as the rules about stages see it."""

    stage: str | None = None
    """The stage it is in, None for none. When `cleared_by_us`, the stage it was in before our clear."""
    cleared_by_us: bool = False
    """An earlier move was cut off between clear and set: the portal shows no stage, and one must be set in any case."""
    stage_since: datetime | None = None
    """When it entered this stage, as the portal tells it."""
    had_stage: bool = False
    """It has no stage now, and the portal shows that it once had one."""
    set_by: Setter | None = None
    """Who set (or cleared) the stage; None: not asked yet."""
    set_at: datetime | None = None
    person_at: datetime | None = None
    """When a person or a deal last set or cleared the stage, though it may have been moved since."""

    answer: Answer | None = None
    answered_at: datetime | None = None
    """When sales gave the answer; None: not asked yet, or not on record."""
    points_taken: int | None = None
    """Points that earlier Not ready answers took; None: never answered."""

    contested: bool = False
    """Another program keeps putting back the stages that we set."""
    held: bool = False
    """Somebody asked to leave this lead's stage alone."""
    opted_out: bool = False
    employee: bool = False
    partner: bool = False
    competitor: bool = False
    was_scored: bool = False
    """Our properties hold something: a score, or the reason why it went."""

    @property
    def history_known(self) -> bool:
        """Whether it was asked who set the stage, and when the answer was given."""
        return self.set_by is not None


def with_stage_history(standing: Standing, entries: Sequence[HistoryEntry], policy: Policy) -> Standing:
    """The standing with what the stage's history tells; `entries` are newest first and may be empty.

    An empty stage whose newest entry is a program's clear of a managed stage is the trace of a move that was
    cut off: the stage before it is the one the lead still stands in. A clear of any other stage is not ours.
    """
    entries = _without_returns(entries)
    if not entries:
        return replace(standing, set_by=Setter.OTHER, set_at=standing.stage_since)
    newest = entries[0]
    standing = replace(standing, person_at=next((entry.at for entry in entries if entry.by in PEOPLE), None))
    if standing.stage is None and newest.value is None and newest.by is Setter.INTEGRATION:
        before = next((entry for entry in entries[1:] if entry.value is not None), newest)
        if before.value is not None and is_managed(before.value, policy):
            return replace(standing, stage=before.value, cleared_by_us=True, set_by=before.by, set_at=before.at)
    return replace(standing, set_by=newest.by, set_at=newest.at)


def _without_returns(entries: Sequence[HistoryEntry]) -> Sequence[HistoryEntry]:
    """The history without clears that a program took back at once: such a stage is still whose it was before."""
    kept = list(entries)
    while len(kept) > 2 and kept[0].value is not None and _took_back(kept[0], kept[1], kept[2]):
        del kept[:2]
    return kept


def _took_back(again: HistoryEntry, clear: HistoryEntry, before: HistoryEntry) -> bool:
    programs = again.by is Setter.INTEGRATION and clear.by is Setter.INTEGRATION
    return programs and clear.value is None and again.value == before.value


def with_answer_history(standing: Standing, entries: Sequence[HistoryEntry]) -> Standing:
    """The standing with the moment the present answer was given; `entries` are newest first."""
    if standing.answer is None:
        return standing
    newest = next((entry for entry in entries if entry.value == standing.answer.value), None)
    return replace(standing, answered_at=newest.at if newest else None)
