"""Ways to break the worker, each of which the simulation must notice: otherwise it would prove nothing.

A mutant replaces one piece of the worker while its block lasts.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from typing import Any
from unittest.mock import patch

from sync import moving
from sync import run as run_module
from sync.hubspot.writing import HubSpotWriter
from sync.outcomes import Applied
from sync.records import STAGE, JournalEntry, Outcome, State, Unknown, Update, Written
from sync.steps import CLEAR, FILL
from sync.store.journal import SqlJournal
from sync.store.lease import SqlLease

Mutant = Callable[[], AbstractContextManager[object]]


def set_without_clear() -> AbstractContextManager[object]:
    """Whatever the move, the present stage is not cleared first."""
    return patch("sync.planning.must_clear", lambda *_: False)


def clear_not_confirmed() -> AbstractContextManager[object]:
    """Whatever came of the clear, the new stage is set."""

    def clear(self: Any, entries: Sequence[JournalEntry], read_at: float | None) -> list[Any]:
        self.outcomes.begin(entries, State.CLEARING)
        self._send(entries, CLEAR, read_at)
        self._send_values(entries, FILL, None, {})
        return []

    return patch.object(moving.Mover, "_clear", clear)


def edit_overwritten() -> AbstractContextManager[object]:
    """Nobody looks whether somebody acted between clear and set."""
    return patch.object(
        moving.Mover, "_still_blank", lambda self, entries, *_, **__: (list(entries), [], self.steady())
    )


def not_looked_at_again() -> AbstractContextManager[object]:
    """What was decided at the beginning of a run is written at its end, whatever people did meanwhile."""

    return patch("sync.applying.Applier._decided_afresh", lambda _self, batch, _outcomes, **_: list(batch))


def stale_reading_believed() -> AbstractContextManager[object]:
    """However long ago a contact was looked at, it is written by that look."""
    return patch.object(HubSpotWriter, "_must_be_fresh", lambda *_: None)


@contextmanager
def resent_blind() -> Iterator[None]:
    """What may have been written or not is sent again, unread."""
    write = HubSpotWriter.write

    def again(self: Any, updates: Sequence[Update], **how: Any) -> Sequence[Outcome]:
        outcomes = write(self, updates, **how)
        return write(self, updates, **how) if any(isinstance(each, Unknown) for each in outcomes) else outcomes

    with patch.object(HubSpotWriter, "write", again):
        yield


@contextmanager
def unknown_believed() -> Iterator[None]:
    """What may have been written or not counts as written."""
    write = HubSpotWriter.write

    def believing(self: Any, updates: Sequence[Update], **how: Any) -> Sequence[Outcome]:
        outcomes = write(self, updates, **how)
        return [
            Written(values=dict(update.properties)) if isinstance(outcome, Unknown) else outcome
            for update, outcome in zip(updates, outcomes, strict=True)
        ]

    with patch.object(HubSpotWriter, "write", believing):
        yield


@contextmanager
def intent_after_sending() -> Iterator[None]:
    """What is about to be sent is not on record until it has been sent."""
    mark = SqlJournal.mark

    def late(self: Any, entries: Sequence[JournalEntry], state: State, detail: str = "") -> None:
        if state not in (State.CLEARING, State.WRITING):
            mark(self, entries, state, detail)

    with patch.object(SqlJournal, "mark", late):
        yield


def not_settled() -> AbstractContextManager[object]:
    """What a killed run left half-way is taken for done."""
    return patch.object(run_module, "_settle", lambda *_, **__: Applied())


def settled_by_a_look() -> AbstractContextManager[object]:
    """What a killed run left half-way is looked at, and nothing is sent."""
    return patch("sync.settling.fill", lambda *_, applier, **__: applier.applied)


@contextmanager
def watermark_ahead() -> Iterator[None]:
    """The watermark moves past what was seen."""
    move = run_module._move_watermark

    def too_far(world: Any, mode: Any, read_up_to: Any) -> None:
        move(world, mode, read_up_to)
        if mode in ("incremental", "full"):
            world.memory.set_watermark(world.memory.watermark() + timedelta(hours=3))

    with patch.object(run_module, "_move_watermark", too_far):
        yield


def lease_not_checked() -> AbstractContextManager[object]:
    """Who once held the portal writes, whoever holds it now."""
    return patch.object(SqlLease, "check", lambda _: None)


def refused_set_not_put_back() -> AbstractContextManager[object]:
    """A contact whose new stage is refused stays without one."""
    return patch.object(
        moving.Mover, "_put_back", lambda _, entries, __, why, report: [report(each, why) for each in entries]
    )


@contextmanager
def matched_by_position() -> Iterator[None]:
    """The first result is taken for the first update, and so on."""
    outcomes = HubSpotWriter._outcomes

    def in_order(self: Any, updates: Sequence[Update], answer: Any) -> Mapping[str, Outcome]:
        found = outcomes(self, updates, answer)
        rows = [row for row in (answer.document or {}).get("results", ()) if isinstance(row.get("properties"), dict)]
        return found | {update.contact_id: self._written(row) for update, row in zip(updates, rows, strict=False)}

    with patch.object(HubSpotWriter, "_outcomes", in_order):
        yield


def exclusions_ignored() -> AbstractContextManager[object]:
    """Customers, partners and who opted out are moved like any lead."""
    return patch("workflows.decision.exclusion_for", lambda *_, **__: None)


@contextmanager
def points_apart_from_stage() -> Iterator[None]:
    """The points that an answer takes are written in a request of their own, before the stage."""
    write = HubSpotWriter.write
    points = "lead_scoring_feedback_points"

    def apart(self: Any, updates: Sequence[Update], **how: Any) -> Sequence[Outcome]:
        first = [u for u in updates if points in u.properties and STAGE in u.properties]
        if first:
            write(
                self, [Update(contact_id=u.contact_id, properties={points: u.properties[points]}) for u in first], **how
            )
        return write(self, updates, **how)

    with patch.object(HubSpotWriter, "write", apart):
        yield


MUTANTS: Mapping[str, Mutant] = {
    each.__name__: each
    for each in (
        set_without_clear,
        clear_not_confirmed,
        edit_overwritten,
        not_looked_at_again,
        stale_reading_believed,
        resent_blind,
        unknown_believed,
        intent_after_sending,
        not_settled,
        settled_by_a_look,
        watermark_ahead,
        lease_not_checked,
        refused_set_not_put_back,
        matched_by_position,
        exclusions_ignored,
        points_apart_from_stage,
    )
}
"""Each way to break the worker, by its name."""
