"""Runs and their changes: what was meant, committed before HubSpot hears of it, and what became of it."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Connection, Row, Select, bindparam, delete, exists, func, insert, select, update

from sync.clock import SYSTEM, Clock
from sync.records import WRITTEN_STATES, Change, JournalEntry, Mode, RunRecord, RunState, State, without_contacts
from sync.store.database import Database
from sync.store.rows import CHUNK, PAGE, from_ms, in_chunks, to_ms
from sync.store.tables import changes, is_open, runs

_PLANNED_AT_ONCE = 5_000
"""Changes per transaction: a fraction of a second, so that no other process, nor our own heartbeat, waits for long."""


class SqlJournal:
    """Fulfils `Journal` for one portal."""

    def __init__(self, database: Database, portal_id: str, *, clock: Clock = SYSTEM) -> None:
        self._database = database
        self._portal_id = portal_id
        self._clock = clock

    def start_run(self, mode: Mode, *, rulebook_version: str, at: datetime) -> int:
        """Put a run on record as running, and return its id: unique in this database, never used again."""
        values = {
            "portal_id": self._portal_id,
            "mode": mode,
            "state": "running",
            "started_at": to_ms(at),
            "rulebook_version": rulebook_version,
            "summary": "{}",
            "error": "",
        }
        with self._database.write() as connection:
            return int(connection.execute(insert(runs).values(values).returning(runs.c.id)).scalar_one())

    def note(self, run_id: int, summary: Mapping[str, object]) -> None:
        """Put on record of a run under way what the next one must know, should it be cut off. LookupError as below."""
        self._put(run_id, {"summary": json.dumps(summary)})

    def finish_run(
        self, run_id: int, state: RunState, *, summary: Mapping[str, object], at: datetime, error: str = ""
    ) -> None:
        """Record how a run ended. LookupError when this portal has no such run."""
        self._put(run_id, {"state": state, "summary": json.dumps(summary), "finished_at": to_ms(at), "error": error})

    def run(self, run_id: int) -> RunRecord | None:
        """This portal's run of this id."""
        found = self._runs(self._our_runs().where(runs.c.id == run_id))
        return found[0] if found else None

    def runs(self, limit: int = 20) -> Sequence[RunRecord]:
        """The newest runs, newest first."""
        return self._runs(self._our_runs().order_by(runs.c.id.desc()).limit(limit))

    def last_finished(self, mode: Mode) -> RunRecord | None:
        """The newest finished run of this mode."""
        finished = self._our_runs().where(runs.c.mode == mode, runs.c.state == "finished")
        found = self._runs(finished.order_by(runs.c.id.desc()).limit(1))
        return found[0] if found else None

    def interrupted(self) -> Sequence[RunRecord]:
        """Runs that are running (with the lease in hand: cut off), failed or interrupted. Oldest first."""
        cut_off: list[RunState] = ["running", "failed", "interrupted"]
        return self._runs(self._our_runs().where(runs.c.state.in_(cut_off)).order_by(runs.c.id))

    def plan(self, run_id: int, changes: Sequence[Change]) -> None:
        """Add changes to a run, as planned, in this order. LookupError when this portal has no such run."""
        for chunk in in_chunks(changes, _PLANNED_AT_ONCE):
            with self._database.write() as connection:
                self._must_be_ours(connection, run_id)
                _append(connection, run_id, chunk, at_ms=to_ms(self._clock.now()))

    def entries(
        self, run_id: int, *, states: Sequence[State] = (), quiet: bool | None = None, clears: bool | None = None
    ) -> Iterator[Sequence[JournalEntry]]:
        """A run's changes in order, at most 100 at a time, as `Journal` has it. Safe to mark meanwhile."""
        wanted = self._our_changes().where(changes.c.run_id == run_id).order_by(changes.c.number).limit(PAGE)
        if states:
            wanted = wanted.where(changes.c.state.in_([state.value for state in states]))
        if quiet is not None:
            wanted = wanted.where(changes.c.quiet == quiet)
        if clears is not None:
            wanted = wanted.where(changes.c.clears_first == clears)
        done = 0
        while True:
            page = self._entries(wanted.where(changes.c.number > done))
            if page:
                yield page
            if len(page) < PAGE:
                return
            done = page[-1].number

    def mark(self, entries: Sequence[JournalEntry], state: State, detail: str = "") -> None:
        """Commit, all together, how far these changes have come. LookupError when one is not in the journal."""
        if not entries:
            return
        values = {"state": state.value, "detail": detail, "state_at": to_ms(self._clock.now())}
        if state is not State.CANCELLED:  # what is cancelled may have been begun, or not
            values["begun"] = state is not State.PLANNED
        statement = (
            update(changes)
            .where(changes.c.run_id == bindparam("of_run"), changes.c.number == bindparam("at_number"))
            .values(values)
        )
        with self._database.write() as connection:
            marked = connection.execute(
                statement, [{"of_run": entry.run_id, "at_number": entry.number} for entry in entries]
            )
            if marked.rowcount != len(entries):
                raise LookupError(f"{len(entries)} changes were to be marked, {marked.rowcount} are in the journal")

    def replace(self, entry: JournalEntry, change: Change) -> JournalEntry:
        """Put what was decided afresh in the place of a planned change. LookupError when it is not planned any more."""
        statement = update(changes).where(
            changes.c.run_id == entry.run_id,
            changes.c.number == entry.number,
            changes.c.state == State.PLANNED.value,
        )
        with self._database.write() as connection:
            if connection.execute(statement.values(_columns(change))).rowcount != 1:
                raise LookupError(f"change {entry.number} of run {entry.run_id} is not a planned one")
        return JournalEntry(run_id=entry.run_id, number=entry.number, change=change, state=State.PLANNED)

    def open_entries(self) -> Sequence[JournalEntry]:
        """Changes of any of this portal's runs whose outcome is not on record, oldest first."""
        in_order = self._our_changes().order_by(changes.c.run_id, changes.c.number)
        return self._entries(in_order.where(is_open))

    def written_since(self, at: datetime) -> int:
        """How many changes of any of this portal's runs were written since a moment, or may have been."""
        written = changes.c.state.in_([state.value for state in WRITTEN_STATES]) & (changes.c.state_at >= to_ms(at))
        counted = select(func.count()).select_from(changes.join(runs))
        with self._database.read() as connection:
            return int(connection.execute(counted.where(runs.c.portal_id == self._portal_id, written)).scalar_one())

    def latest(self, ids: Sequence[str], most: int) -> Mapping[str, Sequence[JournalEntry]]:
        """The newest changes of these contacts that were begun, of any run, newest first, at most so many of each.

        One that was cancelled before anything of it was sent is none of them.
        """
        newest_first = (changes.c.run_id.desc(), changes.c.number.desc())
        place = func.row_number().over(partition_by=changes.c.contact_id, order_by=newest_first).label("place")
        ours = select(runs.c.id).where(runs.c.portal_id == self._portal_id)
        # A sum is in no index: it keeps both databases from walking through whole runs, where a few contacts are asked
        # for. Only the keys are sorted.
        begun = select(changes.c.run_id, changes.c.number, place).where(
            (changes.c.run_id + 0).in_(ours), changes.c.begun
        )
        found: dict[str, list[JournalEntry]] = {}
        for chunk in in_chunks(ids, CHUNK):
            ranked = begun.where(changes.c.contact_id.in_(chunk)).subquery()
            same = (changes.c.run_id == ranked.c.run_id) & (changes.c.number == ranked.c.number)
            newest = select(changes).join(ranked, same).where(ranked.c.place <= most).order_by(ranked.c.place)
            for entry in self._entries(newest):
                found.setdefault(entry.change.contact_id, []).append(entry)
        return found

    def forget(self, ids: Sequence[str]) -> None:
        """Drop all changes of these contacts, but for open ones; and their ids from what runs reported."""
        ours = select(runs.c.id).where(runs.c.portal_id == self._portal_id)
        with self._database.write() as connection:
            for chunk in in_chunks(ids, CHUNK):
                theirs = changes.c.contact_id.in_(chunk) & changes.c.run_id.in_(ours)
                connection.execute(delete(changes).where(theirs, ~is_open))
            if not ids:
                return
            naming = self._our_runs().where(runs.c.summary.contains('"id": ', autoescape=True))
            for run in map(_run, connection.execute(naming)):
                if (left := without_contacts(run.summary, set(ids))) != run.summary:
                    connection.execute(update(runs).where(runs.c.id == run.id).values(summary=json.dumps(left)))

    def prune(self, *, before: datetime) -> None:
        """Drop runs that have ended and began before a moment. A run with an open change stays, with that change."""
        old = (
            select(runs.c.id)
            .where(runs.c.portal_id == self._portal_id)
            .where(runs.c.state != "running", runs.c.started_at < to_ms(before))
        )
        with self._database.write() as connection:
            connection.execute(delete(changes).where(changes.c.run_id.in_(old), ~is_open))
            connection.execute(delete(runs).where(runs.c.id.in_(old), ~exists().where(changes.c.run_id == runs.c.id)))

    def _put(self, run_id: int, values: Mapping[str, object]) -> None:
        with self._database.write() as connection:
            self._must_be_ours(connection, run_id)
            connection.execute(update(runs).where(runs.c.id == run_id).values(values))

    def _our_runs(self) -> Select[Any]:
        return select(runs).where(runs.c.portal_id == self._portal_id)

    def _our_changes(self) -> Select[Any]:
        return select(changes).join(runs).where(runs.c.portal_id == self._portal_id)

    def _must_be_ours(self, connection: Connection, run_id: int) -> None:
        if connection.execute(self._our_runs().where(runs.c.id == run_id)).first() is None:
            raise LookupError(f"portal {self._portal_id} has no run {run_id}")

    def _runs(self, wanted: Select[Any]) -> list[RunRecord]:
        with self._database.read() as connection:
            return [_run(row) for row in connection.execute(wanted)]

    def _entries(self, wanted: Select[Any]) -> list[JournalEntry]:
        with self._database.read() as connection:
            return [_entry(row) for row in connection.execute(wanted)]


def _append(connection: Connection, run_id: int, planned: Sequence[Change], *, at_ms: int) -> None:
    last = select(func.coalesce(func.max(changes.c.number), 0)).where(changes.c.run_id == run_id)
    first = connection.execute(last).scalar_one() + 1
    same = {"run_id": run_id, "state": State.PLANNED.value, "detail": "", "state_at": at_ms}
    connection.execute(
        insert(changes), [same | {"number": number} | _columns(c) for number, c in enumerate(planned, first)]
    )


def _columns(change: Change) -> dict[str, object]:
    return {
        "contact_id": change.contact_id,
        "before": json.dumps(dict(change.before)),
        "after": json.dumps(dict(change.after)),
        "moves": change.moves,
        "stage_from": change.stage_from,
        "stage_to": change.stage_to,
        "clears_first": change.clears_first,
        "shared": change.shared,
        "quiet": change.is_quiet,
        "reason": change.reason,
    }


def _entry(row: Row[Any]) -> JournalEntry:
    change = Change(
        contact_id=row.contact_id,
        before=json.loads(row.before),
        after=json.loads(row.after),
        moves=row.moves,
        stage_from=row.stage_from,
        stage_to=row.stage_to,
        clears_first=row.clears_first,
        shared=row.shared,
        reason=row.reason,
    )
    return JournalEntry(
        run_id=row.run_id,
        number=row.number,
        change=change,
        state=State(row.state),
        detail=row.detail,
        at=from_ms(row.state_at),
    )


def _run(row: Row[Any]) -> RunRecord:
    return RunRecord(
        id=row.id,
        mode=cast(Mode, row.mode),
        state=row.state,
        started_at=from_ms(row.started_at),
        finished_at=from_ms(row.finished_at),
        rulebook_version=row.rulebook_version,
        summary=json.loads(row.summary),
        error=row.error,
    )
