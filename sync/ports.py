"""What a run needs from outside, as small protocols, and how those may fail."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from config import ConfigError
from sync.records import (
    Change,
    ContactRecord,
    Found,
    History,
    Holder,
    JournalEntry,
    Mode,
    Outcome,
    PortalFacts,
    RequestCount,
    RunRecord,
    RunState,
    Seen,
    StageNote,
    State,
    Update,
)
from sync.sheets import Heading, Pile, Sheet, Stretch
from sync.traces import FeedNote, Trace


class FatalError(Exception):
    """A person must act: nothing will be better on the next try."""


class RetryableError(Exception):
    """The next run may well succeed: HubSpot or the database did not answer, or the day's share is used up."""


class ContactError(Exception):
    """This contact cannot be read or written; the others go on."""


class TokenRefused(FatalError):
    """HubSpot refused the token, or the token lacks a scope."""


class LeaseLost(RetryableError):
    """Another run took the portal over while this one was not looking: it must not write any more."""


class LeaseHeld(Exception):
    """Another run holds the portal, and did not let go within the time allowed."""

    def __init__(self, holder: Holder) -> None:
        super().__init__(
            f"Process {holder.pid} on {holder.host} ({holder.command}) has held this portal since "
            f"{holder.since:%Y-%m-%d %H:%M:%S %Z}. Nothing was read or written. Wait for it, or end it."
        )
        self.holder = holder


def words_of(error: Exception) -> str:
    """What may be kept and shown of an error: our own words; of any other, which may quote a contact, its name."""
    ours = isinstance(error, FatalError | RetryableError | ContactError | LeaseHeld | ConfigError)
    return str(error) if ours else f"a mistake in the program ({type(error).__name__})"


class ContactReader(Protocol):
    """Contacts of one portal, complete with what the rulebook needs. Never the whole portal in memory."""

    def every(self) -> Iterator[Sequence[ContactRecord]]:
        """Every contact once, in pages, in the order of their ids."""

    def changed_since(self, since: datetime) -> Iterator[Sequence[Found]]:
        """The ids of contacts changed at or after a moment, each once, in no order that means anything."""

    def members(self, list_id: str) -> Iterator[Sequence[str]]:
        """The ids of a list's members, in pages. FatalError when there is no such list."""

    def read(self, ids: Sequence[str]) -> Sequence[ContactRecord]:
        """The contacts of these ids as they are now, in any order; deleted ones are missing."""

    def find(self, who: str) -> str | None:
        """The id of the contact with this id or email address; None if there is none."""

    def find_all(self, addresses: Collection[str]) -> Mapping[str, str]:
        """The ids of the contacts with these email addresses, by address in lower case; the others are missing."""

    def stages(self, ids: Sequence[str]) -> Mapping[str, str | None]:
        """The present stage of these contacts; deleted ones are missing."""

    def values(self, ids: Sequence[str], properties: Sequence[str]) -> Mapping[str, Mapping[str, str]]:
        """The present text of some properties, `""` for empty; deleted contacts are missing."""

    def histories(self, ids: Sequence[str]) -> Mapping[str, History]:
        """What stage and sales' answer of these contacts once were; deleted ones are missing."""


FRESH_S = 5.0
"""How old, in seconds, the reading that a write rests on may be when the write is sent.

A look and a write take two or three round trips of about 0.2 s each, so this is ample where nothing comes between.
HubSpot's burst window is ten seconds: whoever had to wait for it to pass reads again.
"""


class ContactWriter(Protocol):
    def write(self, updates: Sequence[Update], *, read_at: float | None = None) -> Sequence[Outcome]:
        """Write at most 100 updates, each of another contact; return one outcome per update, in order.

        `read_at`: the moment, by the steady clock, at which the reading that these updates rest on was begun. What
        would be sent more than FRESH_S later is not sent, and its outcome is Stale. None: they rest on no reading.
        """


class Companies(Protocol):
    """The number that a rulebook gives each company, in a property of ours."""

    def numbers(self, ids: Sequence[str]) -> Mapping[str, str]:
        """What at most 100 of them hold, `""` for empty; deleted ones are missing."""

    def write(self, numbers: Mapping[str, str], *, read_at: float) -> Mapping[str, Outcome]:
        """Write at most 100; one outcome each. `read_at` as a `ContactWriter` has it."""


class Portal(Protocol):
    """The HubSpot account itself."""

    @property
    def requests(self) -> RequestCount:
        """What has been sent so far."""

    def facts(self) -> PortalFacts:
        """Ask for everything a run must know before it starts."""


class Journal(Protocol):
    """Runs and their changes for one portal: committed before HubSpot hears of them."""

    def start_run(self, mode: Mode, *, rulebook_version: str, at: datetime) -> int: ...

    def note(self, run_id: int, summary: Mapping[str, object]) -> None:
        """Put on record of a run under way what the next one must know, should it be cut off."""

    def finish_run(
        self, run_id: int, state: RunState, *, summary: Mapping[str, object], at: datetime, error: str = ""
    ) -> None: ...

    def run(self, run_id: int) -> RunRecord | None: ...

    def runs(self, limit: int = 20) -> Sequence[RunRecord]:
        """The newest runs, newest first."""

    def last_finished(self, mode: Mode) -> RunRecord | None:
        """The newest finished run of this mode."""

    def interrupted(self) -> Sequence[RunRecord]:
        """Runs that are running (with the lease in hand: cut off), failed or interrupted. Oldest first."""

    def plan(self, run_id: int, changes: Sequence[Change]) -> None:
        """Add changes, as planned, in this order."""

    def entries(
        self, run_id: int, *, states: Sequence[State] = (), quiet: bool | None = None, clears: bool | None = None
    ) -> Iterator[Sequence[JournalEntry]]:
        """A run's changes in order, at most 100 at a time; all states when none is named, and all changes where it is
        not said whether those that people write too are wanted, or those that clear a stage first.

        Safe to mark while iterating.
        """

    def mark(self, entries: Sequence[JournalEntry], state: State, detail: str = "") -> None:
        """Commit how far these changes have come."""

    def replace(self, entry: JournalEntry, change: Change) -> JournalEntry:
        """Put what was decided afresh in the place of a planned change."""

    def open_entries(self) -> Sequence[JournalEntry]:
        """Changes of any run whose outcome is not on record."""

    def written_since(self, at: datetime) -> int:
        """How many changes of any run were written since a moment, or may have been."""

    def latest(self, ids: Sequence[str], most: int) -> Mapping[str, Sequence[JournalEntry]]:
        """The newest changes of these contacts that were begun, of any run, newest first, at most so many of each.

        One that was cancelled before anything of it was sent is none of them.
        """

    def forget(self, ids: Sequence[str]) -> None:
        """Drop all changes of these contacts, but for open ones; and their ids from what runs reported."""

    def prune(self, *, before: datetime) -> None:
        """Drop finished runs, and their closed changes, that began before a moment."""


class Memory(Protocol):
    """What the worker remembers of one portal to save requests; all of it can be lost without harm."""

    def watermark(self) -> datetime | None: ...

    def set_watermark(self, at: datetime) -> None: ...

    def stage_notes(self, ids: Sequence[str]) -> Mapping[str, StageNote]: ...

    def note_stages(self, notes: Iterable[StageNote]) -> None: ...

    def seen(self, ids: Sequence[str]) -> Mapping[str, Seen]:
        """How these contacts were when they were last read; those that never were are missing."""

    def note_seen(self, contacts: Iterable[tuple[str, datetime | None, bool]], *, run_id: int) -> None:
        """Remember contacts as (id, change date as read, whether time alone will change their score), and the run."""

    def note_known(self, ids: Iterable[str]) -> None:
        """Remember no more of contacts than that something is kept of them, so that `not_seen_since` names them too."""

    def not_seen_since(self, run_id: int) -> Iterator[Sequence[str]]:
        """The ids of contacts that this run and later ones did not see, at most 100 at a time."""

    def fading(self) -> Iterator[Sequence[str]]:
        """The ids of contacts whose score time alone will change, at most 100 at a time."""

    def note_points(self, rows: Iterable[tuple[str, str | None, int | None]]) -> Collection[str]:
        """Remember contacts as (id, company id, points), None for none; returns the companies that this changes.

        A contact that goes over to another company, or has none any more, changes the one that it was with too.
        """

    def points_of_companies(self, company_ids: Sequence[str]) -> Mapping[str, Sequence[int]]:
        """The points of the contacts of these companies, highest first; companies without any are missing."""

    def companies(self) -> Iterator[Sequence[str]]:
        """The ids of companies that contacts are remembered of, at most 100 at a time, each once."""

    def forget(self, ids: Sequence[str]) -> None:
        """Drop everything remembered of these contacts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Addressed:
    """A trace, and the address it came with, which is not kept: by it the contact can be asked for."""

    trace: Trace
    address: str = ""


class Feed(Protocol):
    """One of the portal's lists of single acts: form submissions, events, meetings and so on."""

    @property
    def name(self) -> str: ...

    @property
    def acts(self) -> frozenset[str]:
        """The acts that the rulebook reads of it, or that are needed to judge those; no others are asked for."""

    @property
    def quiet(self) -> frozenset[str]:
        """Those of them of which a score need not follow at once: they count when the contact is next read."""

    @property
    def page(self) -> int:
        """How many acts one request lists at most."""

    @property
    def requests_at_rest(self) -> int:
        """How many requests a pass costs while nothing new was done."""

    @property
    def requests(self) -> int:
        """How many it has sent so far."""

    @property
    def left_out(self) -> Mapping[str, int]:
        """What the last reading asked for or met and could not take, in words, and how often; without personal data."""

    def read(self, since: datetime | None) -> Iterator[Sequence[Addressed]]:
        """Every act done, or changed, at or after a moment (None: ever), in pages, in any order, some perhaps twice.

        Among them may be what is nobody's act but worth keeping (`told_by_portal`), as of another feed.

        Left out is what was done before the first reading where the contacts' own records tell of it.

        FatalError (TokenRefused among them) where this portal or token does not have it, RetryableError where HubSpot
        does not answer now.
        """


class Traces(Protocol):
    """The traces of one portal, kept so that each is asked for once; all can be lost, and are then read again."""

    def notes(self) -> Mapping[str, FeedNote]:
        """How each feed stands, by its name; those never asked for are missing."""

    def note(self, note: FeedNote) -> None: ...

    def keep(self, traces: Sequence[Trace], *, walk: int = 0) -> Collection[str]:
        """Add traces, in place of those with the same key. Returns under whom something is new or has changed.

        Hundreds or thousands at a time are fast. `walk`: a number above 0, the same for all that one walk through the
        whole feed lists, and of no other walk, for `drop_unlisted`.
        """

    def drop_unlisted(self, feed: str, walk: int) -> Collection[str]:
        """Drop the traces of a feed that this walk through the whole of it did not list. Returns under whom."""

    def drop(self, feed: str) -> None:
        """Drop all traces of a feed, and its note."""

    def of(self, whos: Sequence[str]) -> Mapping[str, Sequence[Trace]]:
        """The traces kept under these, by `who`, oldest first; those without any are missing."""

    def link(self, links: Iterable[tuple[str, str]]) -> None:
        """Remember of contacts (id, who) under what else their traces are kept, so that `forget` finds them.

        An address, and the id of a merged contact, is one contact's at a time: the last one named. What was linked to a
        contact that is linked to another by its id goes along.
        """

    def of_whom(self, ids: Sequence[str]) -> Collection[str]:
        """Those of these contacts of whom `forget` would drop traces."""

    def forget(self, ids: Sequence[str]) -> None:
        """Drop every trace of these contacts, under whatever it is kept; but what another one took over stays."""


class Sheets(Protocol):
    """What passes read of each contact, as far as their rulebooks ask; all can be lost, and is then read again."""

    def keep(self, heading: Heading, sheets: Iterable[Sheet]) -> None:
        """Keep these in place of what is kept of the same contacts. What is there already is not written again."""

    def forget(self, ids: Iterable[str]) -> None:
        """Drop what is kept of these contacts."""

    def count(self) -> int:
        """Of how many contacts something is kept."""

    def stretches(self, sizes: Sequence[int]) -> Sequence[Stretch]:
        """All contacts in stretches of these sizes, each more than 0; the last has all that are left."""

    def within(self, stretch: Stretch) -> Iterator[Pile]:
        """The sheets of a stretch, many at a time."""


class Scratch(Protocol):
    """What a run has read and may need again before it ends, however much. It may forget."""

    def of(self, ids: Collection[str]) -> Mapping[str, Mapping[str, Any]]:
        """What is remembered under these ids."""
        ...

    def add(self, documents: Mapping[str, Mapping[str, Any]]) -> None:
        """Remember documents of JSON's kinds of values under their ids."""
        ...


class Lease(Protocol):
    """The right to be the only run on a portal."""

    def acquire(self, command: str, *, wait_s: float) -> None:
        """Take it, waiting for a holder to let go; LeaseHeld when the wait is over. A heartbeat keeps it."""

    def check(self) -> None:
        """LeaseLost if it is no longer ours: called before every write."""

    def release(self) -> None: ...

    def holder(self) -> Holder | None: ...
