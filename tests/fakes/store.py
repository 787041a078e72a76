"""A store in memory, which keeps the promises of the real one; the contract suite holds it to them."""

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import accumulate

from sync.ports import LeaseHeld, LeaseLost
from sync.records import (
    OPEN_STATES,
    WRITTEN_STATES,
    Change,
    Holder,
    JournalEntry,
    Mode,
    RunRecord,
    RunState,
    Seen,
    StageNote,
    State,
    without_contacts,
)
from sync.sheets import Heading, Pile, Sheet, Stretch
from sync.store.rows import from_ms, storable, to_ms
from sync.traces import FeedNote, Trace


class FakeJournal:
    """Fulfils `Journal`."""

    def __init__(self) -> None:
        self._runs: dict[int, RunRecord] = {}
        self._entries: dict[int, dict[int, JournalEntry]] = {}
        self._last_id = 0
        self.now: Callable[[], datetime] = lambda: datetime.now(UTC)
        self.marked: dict[tuple[int, int], datetime] = {}
        """When each change was last marked, by `now`."""
        self._begun: set[tuple[int, int]] = set()

    def start_run(self, mode: Mode, *, rulebook_version: str, at: datetime) -> int:
        self._last_id += 1
        self._entries[self._last_id] = {}
        self._runs[self._last_id] = RunRecord(
            id=self._last_id,
            mode=mode,
            state="running",
            started_at=at.astimezone(UTC),
            finished_at=None,
            rulebook_version=rulebook_version,
            summary={},
        )
        return self._last_id

    def note(self, run_id: int, summary: Mapping[str, object]) -> None:
        self._runs[run_id] = replace(self._runs[run_id], summary=json.loads(json.dumps(summary)))

    def finish_run(
        self, run_id: int, state: RunState, *, summary: Mapping[str, object], at: datetime, error: str = ""
    ) -> None:
        self._runs[run_id] = replace(
            self._runs[run_id],
            state=state,
            summary=json.loads(json.dumps(summary)),
            finished_at=at.astimezone(UTC),
            error=error,
        )

    def run(self, run_id: int) -> RunRecord | None:
        return self._runs.get(run_id)

    def runs(self, limit: int = 20) -> Sequence[RunRecord]:
        return sorted(self._runs.values(), key=lambda run: -run.id)[:limit]

    def last_finished(self, mode: Mode) -> RunRecord | None:
        finished = (run for run in self.runs(limit=len(self._runs)) if (run.mode, run.state) == (mode, "finished"))
        return next(finished, None)

    def interrupted(self) -> Sequence[RunRecord]:
        return [run for run in self._runs.values() if run.state in ("running", "failed", "interrupted")]

    def plan(self, run_id: int, changes: Sequence[Change]) -> None:
        entries = self._entries[run_id]
        for number, change in enumerate(changes, len(entries) + 1):
            entries[number] = JournalEntry(run_id=run_id, number=number, change=change, state=State.PLANNED)

    def entries(
        self, run_id: int, *, states: Sequence[State] = (), quiet: bool | None = None, clears: bool | None = None
    ) -> Iterator[Sequence[JournalEntry]]:
        done = 0
        while page := [
            entry
            for entry in self._entries.get(run_id, {}).values()
            if entry.number > done
            and (not states or entry.state in states)
            and (quiet is None or entry.change.is_quiet == quiet)
            and (clears is None or entry.change.clears_first == clears)
        ][:100]:
            yield page
            done = page[-1].number

    def mark(self, entries: Sequence[JournalEntry], state: State, detail: str = "") -> None:
        kept = [self._entries[entry.run_id][entry.number] for entry in entries]
        for entry in kept:
            at = self.marked[entry.run_id, entry.number] = self.now()
            self._entries[entry.run_id][entry.number] = replace(entry, state=state, detail=detail, at=at)
            if state is State.PLANNED:
                self._begun.discard((entry.run_id, entry.number))
            elif state is not State.CANCELLED:
                self._begun.add((entry.run_id, entry.number))

    def replace(self, entry: JournalEntry, change: Change) -> JournalEntry:
        kept = self._entries[entry.run_id][entry.number]
        if kept.state is not State.PLANNED:
            raise LookupError(f"change {entry.number} of run {entry.run_id} is not a planned one")
        self._entries[entry.run_id][entry.number] = replace(kept, change=change)
        return self._entries[entry.run_id][entry.number]

    def open_entries(self) -> Sequence[JournalEntry]:
        return [e for entries in self._entries.values() for e in entries.values() if e.state in OPEN_STATES]

    def written_since(self, at: datetime) -> int:
        entries = [entry for entries in self._entries.values() for entry in entries.values()]
        return sum(e.state in WRITTEN_STATES and self.marked[e.run_id, e.number] >= at for e in entries)

    def latest(self, ids: Sequence[str], most: int) -> Mapping[str, Sequence[JournalEntry]]:
        newest_first = [
            e for run_id in sorted(self._entries, reverse=True) for e in [*self._entries[run_id].values()][::-1]
        ]
        begun = [entry for entry in newest_first if (entry.run_id, entry.number) in self._begun]
        found = {i: [entry for entry in begun if entry.change.contact_id == i][:most] for i in ids}
        return {i: entries for i, entries in found.items() if entries}

    def forget(self, ids: Sequence[str]) -> None:
        for run_id, entries in self._entries.items():
            self._entries[run_id] = {
                n: e for n, e in entries.items() if e.change.contact_id not in ids or e.state in OPEN_STATES
            }
        self._runs = {i: replace(r, summary=without_contacts(r.summary, ids)) for i, r in self._runs.items()}

    def prune(self, *, before: datetime) -> None:
        for run in list(self._runs.values()):
            if run.state == "running" or run.started_at >= before:
                continue
            still_open = {n: e for n, e in self._entries[run.id].items() if e.state in OPEN_STATES}
            self._entries[run.id] = still_open
            if not still_open:
                del self._runs[run.id], self._entries[run.id]


class FakeMemory:
    """Fulfils `Memory`."""

    def __init__(self) -> None:
        self._watermark: datetime | None = None
        self._notes: dict[str, StageNote] = {}
        self._seen: dict[str, tuple[datetime | None, bool, int]] = {}
        self._known: set[str] = set()
        self._points: dict[str, tuple[str | None, int | None]] = {}

    def watermark(self) -> datetime | None:
        return self._watermark

    def set_watermark(self, at: datetime) -> None:
        self._watermark = at.astimezone(UTC)

    def stage_notes(self, ids: Sequence[str]) -> Mapping[str, StageNote]:
        return {i: self._notes[i] for i in ids if i in self._notes}

    def note_stages(self, notes: Iterable[StageNote]) -> None:
        self._notes.update((note.contact_id, note) for note in notes)

    def seen(self, ids: Sequence[str]) -> Mapping[str, Seen]:
        known = {i: self._seen[i] for i in ids if i in self._seen}
        return {i: Seen(modified_at=at, fades=fades, run_id=run_id) for i, (at, fades, run_id) in known.items()}

    def note_seen(self, contacts: Iterable[tuple[str, datetime | None, bool]], *, run_id: int) -> None:
        self._seen.update((i, (at, fades, run_id)) for i, at, fades in contacts)

    def note_known(self, ids: Iterable[str]) -> None:
        self._known.update(ids)

    def fading(self) -> Iterator[Sequence[str]]:
        return self._in_pages(lambda i: i in self._seen and self._seen[i][1])

    def not_seen_since(self, run_id: int) -> Iterator[Sequence[str]]:
        return self._in_pages(lambda i: i not in self._seen or self._seen[i][2] < run_id)

    def _in_pages(self, which: Callable[[str], bool]) -> Iterator[Sequence[str]]:
        return _in_pages(lambda: filter(which, {*self._seen, *self._notes, *self._known, *self._points}))

    def note_points(self, rows: Iterable[tuple[str, str | None, int | None]]) -> Collection[str]:
        changed: set[str | None] = set()
        for contact_id, company_id, points in rows:
            before = self._points.get(contact_id, (None, None))
            if before != (company_id, points):
                changed |= {before[0], company_id}
            self._points[contact_id] = (company_id, points)
        return {company for company in changed if company is not None}

    def points_of_companies(self, company_ids: Sequence[str]) -> Mapping[str, Sequence[int]]:
        known = {
            asked: sorted((p for c, p in self._points.values() if c == asked and p is not None), reverse=True)
            for asked in company_ids
        }
        return {company: points for company, points in known.items() if points}

    def companies(self) -> Iterator[Sequence[str]]:
        return _in_pages(lambda: {c for c, _ in self._points.values() if c is not None})

    def forget(self, ids: Sequence[str]) -> None:
        for contact_id in ids:
            self._points.pop(contact_id, None)
            self._notes.pop(contact_id, None)
            self._seen.pop(contact_id, None)
            self._known.discard(contact_id)


def _in_pages(ids: Callable[[], Iterable[str]]) -> Iterator[Sequence[str]]:
    done = ""
    while page := sorted(i for i in ids() if i > done)[:100]:
        yield page
        done = page[-1]


class FakeTraces:
    """Fulfils `Traces`."""

    def __init__(self) -> None:
        self._notes: dict[str, FeedNote] = {}
        self._traces: dict[tuple[str, str], tuple[Trace, int]] = {}
        self._owners: dict[str, str] = {}

    def notes(self) -> Mapping[str, FeedNote]:
        return dict(self._notes)

    def note(self, note: FeedNote) -> None:
        self._notes[note.feed] = replace(
            note,
            read_up_to=from_ms(to_ms(note.read_up_to)),
            checked_at=from_ms(to_ms(note.checked_at)),
            problem=storable(note.problem),
        )

    def keep(self, traces: Sequence[Trace], *, walk: int = 0) -> Collection[str]:
        news: set[str] = set()
        last_words = {(trace.feed, trace.key): trace for trace in map(_as_stored, traces)}
        for trace in last_words.values():
            before, listed = self._traces.get((trace.feed, trace.key), (None, 0))
            if trace != before:
                news |= {trace.who} | ({before.who} if before else set())
            self._traces[trace.feed, trace.key] = (trace, walk or listed)
        return news

    def drop_unlisted(self, feed: str, walk: int) -> Collection[str]:
        return self._drop(lambda trace, listed: trace.feed == feed and listed != walk)

    def drop(self, feed: str) -> None:
        self._drop(lambda trace, _listed: trace.feed == feed)
        self._notes.pop(feed, None)

    def of(self, whos: Sequence[str]) -> Mapping[str, Sequence[Trace]]:
        never = datetime.min.replace(tzinfo=UTC)
        oldest_first = sorted((trace for trace, _ in self._traces.values()), key=lambda trace: trace.at or never)
        found = {who: [trace for trace in oldest_first if trace.who == who] for who in whos}
        return {who: theirs for who, theirs in found.items() if theirs}

    def link(self, links: Iterable[tuple[str, str]]) -> None:
        owners = {who: contact_id for contact_id, who in links}
        for gone, survivor in owners.items():
            if not gone.startswith("@"):
                self._owners |= {who: survivor for who, owner in self._owners.items() if owner == gone}
        self._owners |= owners

    def of_whom(self, ids: Sequence[str]) -> Collection[str]:
        owners = {self._owners.get(trace.who, trace.who) for trace, _ in self._traces.values()}
        return owners & set(ids)

    def forget(self, ids: Sequence[str]) -> None:
        theirs = {who for who in {*ids, *self._owners} if self._owners.get(who, who) in ids}
        self._drop(lambda trace, _listed: trace.who in theirs)
        self._owners = {who: owner for who, owner in self._owners.items() if who not in theirs}

    def _drop(self, which: Callable[[Trace, int], bool]) -> set[str]:
        dropped = {key: trace for key, (trace, listed) in self._traces.items() if which(trace, listed)}
        for key in dropped:
            del self._traces[key]
        return {trace.who for trace in dropped.values()}


def _as_stored(trace: Trace) -> Trace:
    """Moments to the millisecond, and texts that any database holds."""
    return replace(
        trace,
        at=from_ms(to_ms(trace.at)),
        until=from_ms(to_ms(trace.until)),
        **{name: storable(getattr(trace, name)) for name in ("key", "name", "ref")},
    )


class FakeSheets:
    """Fulfils `Sheets`."""

    def __init__(self) -> None:
        self._sheets: dict[str, tuple[Heading, Sheet]] = {}

    def keep(self, heading: Heading, sheets: Iterable[Sheet]) -> None:
        for sheet in sheets:
            stored = replace(sheet, told=storable(sheet.told), names=storable(sheet.names))
            self._sheets[sheet.contact_id] = (heading, stored)

    def forget(self, ids: Iterable[str]) -> None:
        for contact_id in ids:
            self._sheets.pop(contact_id, None)

    def count(self) -> int:
        return len(self._sheets)

    def stretches(self, sizes: Sequence[int]) -> Sequence[Stretch]:
        ids = sorted(self._sheets)
        cuts = [ids[place] for place in accumulate(sizes[:-1]) if place < len(ids)]
        return [Stretch(first=first, end=end) for first, end in zip(["", *cuts], [*cuts, None], strict=True)]

    def within(self, stretch: Stretch) -> Iterator[Pile]:
        for contact_id, (heading, sheet) in sorted(self._sheets.items()):
            if stretch.first <= contact_id and (stretch.end is None or contact_id < stretch.end):
                yield Pile(heading=heading, ids=[contact_id], told=[sheet.told], names=[sheet.names], acts=[sheet.acts])


class FakeLease:
    """Fulfils `Lease`, without waiting: who does not let go at once is still there when the wait is over."""

    def __init__(self) -> None:
        self._row: list[Holder | None] = [None]
        self._epochs = [0]
        self._ours: Holder | None = None

    def rival(self) -> "FakeLease":
        """Another run's lease on the same portal."""
        other = FakeLease()
        other._row, other._epochs = self._row, self._epochs
        return other

    def end_process(self) -> None:
        """Whoever holds the lease is killed: the next one to ask gets it, and the killed one is told nothing."""
        self._row[0] = None

    def acquire(self, command: str, *, wait_s: float) -> None:
        if self._row[0] is not None:
            raise LeaseHeld(self._row[0])
        self._epochs[0] += 1
        since = datetime(2026, 1, 1, tzinfo=UTC)
        self._ours = Holder(host="fake", pid=self._epochs[0], command=command, since=since, epoch=self._epochs[0])
        self._row[0] = self._ours

    def check(self) -> None:
        if self._ours is None or self._row[0] is not self._ours:
            raise LeaseLost("This run does not hold the portal, so it must not write.")

    def release(self) -> None:
        if self._ours is not None and self._row[0] is self._ours:
            self._row[0] = None
        self._ours = None

    def holder(self) -> Holder | None:
        return self._row[0]


class FakeStore:
    """One portal's journal, memory, traces, sheets and lease."""

    def __init__(self) -> None:
        self.journal = FakeJournal()
        self.memory = FakeMemory()
        self.traces = FakeTraces()
        self.sheets = FakeSheets()
        self.lease = FakeLease()
