"""What travels through a run: records in, decisions' changes out, and what became of them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from enum import Enum
from typing import Literal

from scoring import Contact, Engagement
from workflows import HistoryEntry, Setter, Standing

Mode = Literal["incremental", "decay", "full", "contacts", "list", "since", "plan", "settle", "apply"]

Role = Literal[
    "score",
    "fit",
    "engagement",
    "grade",
    "reasons",
    "surge",
    "exclusion",
    "feedback",
    "feedback_points",
    "resync",
    "hold",
]
"""What a property of ours is for; the rulebook gives each role its property name."""

STAGE = "lifecyclestage"
"""The one property that is not ours and that we write: HubSpot's own name for the lifecycle stage."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactRecord:
    """One contact as read: what scoring sees, what workflows see, and what our properties hold."""

    id: str
    contact: Contact
    standing: Standing
    ours: Mapping[Role, str] = field(default_factory=dict)
    """Our properties as they are, in the form we would write: `""` for empty, numbers without a fraction `.0`,
    checkboxes `true` or `""`."""
    further: Mapping[str, str] = field(default_factory=dict)
    """The rulebook's further scores as they are, by key, in the same form."""
    modified_at: datetime | None = None
    addresses: frozenset[str] = frozenset()
    """Every address of it, in lower case: feeds of mail and forms know no more of a contact than one of these. Given
    only where the rulebook reads such a feed."""
    former_ids: Sequence[str] = ()
    """The ids of contacts that were merged into it, likewise."""
    company_id: str = ""
    """Its primary company, where the rulebook gives companies a number."""
    summed_up: Mapping[str, Sequence[Engagement]] = field(default_factory=dict)
    """By feed: what properties say of acts that this feed lists one by one (a source's `without`). It counts for a
    contact of whom the feed tells nothing, and is no part of `contact` until then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A contact that a search named, and when it was last changed by the portal's account."""

    id: str
    modified_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Remembered: how a contact was when it was last read."""

    modified_at: datetime | None
    """Its change date, if it was dealt with then; None: it was to be changed, or could not be dealt with."""
    fades: bool
    """Whether time alone was to change its score."""
    run_id: int = field(default=0, compare=False)
    """The run that read it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What two fields of a contact once held, newest first."""

    stage_now: str | None = None
    stage: Sequence[HistoryEntry] = ()
    answer: Sequence[HistoryEntry] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StageNote:
    """Remembered: who set the stage that a contact is in, so that its history is asked for once."""

    contact_id: str
    stage: str | None
    since: datetime | None
    """When the portal says the stage was entered; the note holds only while this stays."""
    set_by: Setter
    set_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What we want to write to one contact. Real differences only: nothing that is already there."""

    contact_id: str
    before: Mapping[str, str]
    """Property name → its text as read, for every name in `after`."""
    after: Mapping[str, str]
    """Property name → text to write, without the lifecycle stage; `""` empties."""
    moves: bool = False
    stage_from: str | None = None
    stage_to: str | None = None
    clears_first: bool = False
    """The present stage must be cleared, in a request of its own, before the new one is set."""
    reason: str = ""
    """Why, in words for people; without personal data."""

    @property
    def is_quiet(self) -> bool:
        """Only values that nobody but us writes: no need to look again before writing."""
        return not self.moves and not self.shared

    shared: bool = False
    """Writes a property that people write too: sales' answer, its points, the resync box."""


class State(Enum):
    """How far a change has come. The first four are open."""

    PLANNED = "planned"
    CLEARING = "clearing"
    CLEARED = "cleared"
    WRITING = "writing"
    DONE = "done"
    REFUSED = "refused"
    """HubSpot will not have it; where a stage had been cleared, the old one is back. Not sent again as it is."""
    CANCELLED = "cancelled"
    """No longer wanted or not possible when its turn came: somebody else changed the contact, or the run ended."""
    REVERSED = "reversed"
    """HubSpot confirmed our clear, and a program gave the contact a stage before we could: that one was left."""
    SETTLED = "settled"
    """Left open by a run that was cut off, and closed by a later one."""


OPEN_STATES = (State.CLEARING, State.CLEARED, State.WRITING)
"""Sent, or about to be, with the outcome not on record."""

WRITTEN_STATES = (State.DONE, State.REVERSED, State.SETTLED, *OPEN_STATES)
"""Written, or perhaps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalEntry:
    """A change in the journal."""

    run_id: int
    number: int
    """Position within its run, from 1."""
    change: Change
    state: State
    detail: str = ""
    at: datetime | None = field(default=None, compare=False)
    """When this state was put on record, by our clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """One contact's part of a batch: property name → text."""

    contact_id: str
    properties: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """HubSpot took it; `values` is what it says it now holds, for the properties it names."""

    values: Mapping[str, str]
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """HubSpot will not take it, however often it is sent. `reason` holds no values."""

    reason: str
    gone: bool = False
    """The contact is not there any more: deleted, or merged into another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """It may have been written or not: only reading tells."""

    reason: str
    at: datetime | None = None
    """When HubSpot says that it took it, where its answer leaves open what it made of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stale:
    """Not sent: what it rests on was read too long ago."""


Outcome = Written | Refused | Unknown | Stale


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A form of the portal, or what HubSpot counts as one."""

    id: str
    """Its guid."""
    name: str
    type: str
    """HubSpot's word: `hubspot`, `captured`, `flow`, `blog_comment`."""
    is_deleted: bool = False
    """What was sent with it can no longer be listed; contacts still tell of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Untold:
    """Why the portal did not tell something."""

    problem: str
    is_refused: bool
    """It is gone, or this token may not read it: asking again changes nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PortalFacts:
    """What a run must know of the portal (HubSpot account) before it reads the first contact."""

    portal_id: str
    time_zone: tzinfo
    """The portal's; its present offset where the portal's own name for it is unknown here."""
    stages: Sequence[str]
    """Lifecycle stages by internal name, lowest first."""
    properties: frozenset[str]
    """Names of all contact properties."""
    options: Mapping[str, frozenset[str]]
    """Allowed values of the enumerations among our properties."""
    employee_emails: frozenset[str]
    """Lower-case addresses of the portal's users, active or not."""
    employee_domains: frozenset[str]
    partner_ids: frozenset[str] = frozenset()
    """Contacts on the rulebook's partner lists."""
    forms: Sequence[Form] | None = None
    """The portal's forms, where the rulebook reads what was sent with them; None: not asked for, or not to be had."""
    form_names: Mapping[str, str] = field(default_factory=dict)
    """What forms were called when the portal last told, by id: also those that it does not tell now."""
    mail_names: Mapping[str, str] = field(default_factory=dict)
    """What marketing mails are called, by id, as far as runs have asked for it."""
    list_members: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Who is on the lists that the rulebook takes facts from, by the list's id; lists that are gone are missing."""
    lists_untold: Mapping[str, Untold] = field(default_factory=dict)
    """Those lists that could not be read, by id, and why."""
    server_time: datetime | None = None
    """HubSpot's clock when it answered."""


@dataclass(slots=True)
class RequestCount:
    """Requests sent to HubSpot."""

    read: int = 0
    write: int = 0
    retried: int = 0
    rate_limited: int = 0

    @property
    def total(self) -> int:
        return self.read + self.write


RunState = Literal["running", "finished", "refused", "failed", "interrupted", "closed"]
"""`refused`: the plan was too large, and is kept. `failed`, `interrupted`, or `running` without a live process: cut
off, and the next run owes what was left; `closed` once that one has taken it over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """A past or present run, as the store keeps it."""

    id: int
    mode: Mode
    state: RunState
    started_at: datetime
    finished_at: datetime | None
    rulebook_version: str
    summary: Mapping[str, object]
    """The document that `--json` prints; while running, what the next run must know should this one be cut off."""
    error: str = ""


def without_contacts(summary: Mapping[str, object], ids: Collection[str]) -> Mapping[str, object]:
    """A run's summary that names none of these contacts: they are left out of its lists, and its numbers stay."""

    def is_of_them(entry: object) -> bool:
        return isinstance(entry, dict) and entry.get("id") in ids

    return {
        key: [entry for entry in value if not is_of_them(entry)] if isinstance(value, list) else value
        for key, value in summary.items()
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Who holds a portal's lease."""

    host: str
    pid: int
    command: str
    since: datetime
    epoch: int
