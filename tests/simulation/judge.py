"""Holds a worker to its promises at every request, after every pass and at rest.

It looks at what arrives at the portal, at the portal's histories, and at the committed rows of the journal and the
lease, by the worker's own tables: what is open, and who holds the portal, is nowhere else. A run's summary tells it
that a pass has come to its end, and which. It shares no judgement with the worker, and believes none of its memory:
what a process could know of a contact is what answers told it, and when.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import func, select

from sandbox import Portal
from sandbox.records import Record
from sandbox.times import read_ms, to_ms
from sync.store.tables import changes, is_open, leases, runs
from sync.summary import Summary
from tests.acceptance.checker import HOLD, LADDER, ONLY_CLEARED, POINTS, STAGE, broken_promises
from tests.fakes.death import KilledError
from tests.simulation.clockwork import Clockwork, Simulated
from tests.simulation.network import Request, Response
from tests.simulation.storage import Storage

BLANK_MAX = 100
"""Contacts that one batch of clears leaves without a stage."""
FRESH_S = 5.0
"""How old the look may be on which something is sent that people write, too."""
_STEPS_S = 0.1
"""What the steps of a process between that and the portal may take, besides the way."""
CONTACTS = "/crm/v3/objects/contacts/"
_PEOPLES = {STAGE, POINTS, *ONLY_CLEARED}


class Violation(Exception):
    """A promise was broken."""


@dataclass(slots=True)
class _Knows:
    """What answers have told a process."""

    stage: dict[str, str] = field(default_factory=dict)
    looked_ms: dict[str, int] = field(default_factory=dict)
    """When the portal last showed it a contact's stage."""
    decided_ms: dict[str, int] = field(default_factory=dict)
    """When the portal last showed it everything that a decision rests on."""
    modified_ms: dict[str, int] = field(default_factory=dict)
    """The newest date of change that it was shown with that, in this pass."""
    uncommitted: dict[str, int] = field(default_factory=dict)
    """Of these, what it was shown since it last put something on record."""
    there: frozenset[int] = frozenset()
    """Contacts that were there when its pass began."""
    began_ms: int = 0
    served_ms: int = 0
    asked: set[str] = field(default_factory=set)
    """Contacts it has asked for by id in this pass, or sent anything."""
    filled: set[str] = field(default_factory=set)
    """Contacts it has sent a stage in this pass."""
    holds_since: int | None = None
    """The newest run on record when it was first seen to hold the portal in this pass: what is newer is its own."""
    has_settled: bool = False
    """Its own run is on record, so what earlier ones left half-way must have been dealt with."""


class Judge:
    """Sees everything; says what is broken by breaking the clockwork off."""

    def __init__(self, portal: Portal, storage: Storage, clockwork: Clockwork, *, latency_s: float) -> None:
        """`latency_s`: how long a request is under way at most."""
        self._portal = portal
        self._fresh_ms = int((FRESH_S + latency_s + _STEPS_S) * 1000)
        self._storage = storage
        self._clockwork = clockwork
        self._knows: dict[int, _Knows] = {}
        self._windows: dict[int, tuple[int, int]] = {}
        self._processed_ms: dict[str, int] = {}
        self._in_hand: dict[str, tuple[int, int]] = {}
        """The newest date of change that a process was shown of a contact before it put something on record; and the
        newest run on record then: its own."""
        self._called_gone: dict[str, int] = {}
        """Whom HubSpot has called gone since it showed them, and when. That may be wrong, but is its word."""
        self._found_up_to_ms = 0
        """Changes up to then were found by a pass that has come to its end."""
        self._blank: set[str] = set()
        self._moving: set[str] = set()
        """Contacts that had a stage which the worker was about to change, by its own record of its intents."""
        self.writes = 0
        self.written: set[str] = set()
        """Whom write requests named, for whoever empties it now and then."""

    # What befalls.

    def begins(self, process: Simulated) -> None:
        """A process begins a pass."""
        known = self._knows.setdefault(process.pid, _Knows())
        known.modified_ms, known.uncommitted = {}, {}
        known.asked, known.filled = set(), set()
        known.holds_since, known.has_settled = None, False
        known.began_ms = self._now_ms
        known.there = frozenset(
            i
            for i, record in self._portal.contacts.live.items()
            if self._created_ms(record) <= self._now_ms - self._lag_ms
        )

    def arrives(self, request: Request) -> None:
        """A request is about to be done by the portal."""
        known = self._knows.setdefault(request.process.pid, _Knows())
        if request.path.startswith(CONTACTS):
            known.asked.update(request.ids)
        if not request.writes:
            return
        known.filled.update(str(each["id"]) for each in request.document["inputs"] if each["properties"].get(STAGE))
        self.writes += 1
        self.written.update(request.ids)
        self._must_hold_the_lease(request.process)
        self._must_be_on_record(request)
        stages = {
            str(each["properties"].get(STAGE)) for each in request.document["inputs"] if STAGE in each["properties"]
        }
        if "" in stages and len(stages) > 1:
            self._broken("a clear and a set travel in one batch")
        for each in request.document["inputs"]:
            self._must_be_news(request.process, str(each["id"]), each["properties"])
            self._must_be_known_blank(request.process, str(each["id"]), each["properties"])
        self._note_windows(request)

    def _note_windows(self, request: Request) -> None:
        """How long before this write people may have acted unseen: as long as the process last looked, but no longer
        than it may rely on a look where it writes what people write too.

        What a set after a clear rests on was decided before the clear.
        """
        known = self._knows[request.process.pid]
        theirs = any(_PEOPLES & each["properties"].keys() for each in request.document["inputs"])
        looked = decided = 0
        for contact in request.ids:
            look_ms = self._now_ms - known.looked_ms.get(contact, self._now_ms)
            decision_ms = self._now_ms - known.decided_ms.get(contact, self._now_ms)
            fresh_ms = self._fresh_ms if theirs else look_ms
            looked = max(looked, min(look_ms, fresh_ms))
            is_blank = known.stage.get(contact) == "" and contact in self._moving
            decided = max(decided, decision_ms if is_blank or not theirs else min(decision_ms, fresh_ms))
        self._windows[self._now_ms] = (looked + self._lag_ms, decided + self._lag_ms)

    def was_done(self, request: Request) -> None:
        """A request has been done, or refused."""
        self._knows.setdefault(request.process.pid, _Knows()).served_ms = self._now_ms
        if not request.writes:
            return
        self.must_be_kept(request.ids)
        self._blank = {i for i in {*self._blank, *request.ids} if self._blank_since(i) is not None}
        if len(self._blank) > BLANK_MAX:
            self._broken(f"{len(self._blank)} contacts are without a stage at once")

    def answered(self, request: Request, response: Response) -> None:
        """A process has this answer in its hands."""
        known = self._knows.setdefault(request.process.pid, _Knows())
        if "/objects/contacts" not in request.path or request.path.endswith("/search"):
            return
        for error in response.document.get("errors", ()):
            if error.get("category") == "OBJECT_NOT_FOUND":
                self._called_gone |= dict.fromkeys(error["context"]["ids"], known.served_ms)
        for row in response.rows:
            held, contact = row.get("properties") or {}, str(row.get("id"))
            if STAGE in held:
                known.stage[contact] = held[STAGE] or ""
            if request.writes:
                continue
            if STAGE in held:
                known.looked_ms[contact] = known.served_ms
            if HOLD in held:
                self._called_gone.pop(contact, None)
                known.decided_ms[contact] = known.served_ms
                modified = read_ms(held.get("lastmodifieddate") or "") or 0
                known.modified_ms[contact] = max(modified, known.modified_ms.get(contact, 0))
                known.uncommitted[contact] = modified

    def committed(self, process: Simulated) -> None:
        """A process has put something on record."""
        known = self._knows.get(process.pid)
        if known is None:
            return
        if not known.has_settled:
            self._must_have_settled(process, known)
        if not known.uncommitted:
            return
        run_id = self._newest_run()
        self._in_hand |= {contact: (at_ms, run_id) for contact, at_ms in known.uncommitted.items()}
        known.uncommitted.clear()

    def finished(self, process: Simulated, summary: Summary) -> None:
        """A pass has come to its end."""
        known = self._knows[process.pid]
        self._done_is_done(summary.run_id, known)
        came_through = not (summary.plan_refused or summary.interrupted)
        if came_through and summary.mode in ("incremental", "full"):
            self._found_up_to_ms = known.began_ms - self._search_lag_ms
        self._none_left_blank(known)
        if not came_through:
            return
        for contact, modified_ms in (known.modified_ms | self._called_gone).items():
            self._processed_ms[contact] = max(modified_ms, self._processed_ms.get(contact, 0))
        if summary.mode in ("incremental", "full"):
            self._nothing_missed(known)
        if summary.mode == "full":
            missed = [i for i in known.there if i in self._portal.contacts.live and str(i) not in known.modified_ms]
            if missed:
                self._broken(f"a full pass left out contact {min(missed)} and {len(missed) - 1} others")

    def at_rest(self) -> None:
        """Nothing goes wrong any more, nobody acts, and a full pass has been made."""
        with self._storage.engine.connect() as connection:
            ours = runs.c.portal_id == str(self._portal.portal_id)
            if left := connection.execute(select(changes.c.contact_id).join(runs).where(ours, is_open)).scalars().all():
                self._broken(f"an intent for contact {left[0]} is open at rest")
            cut_off = runs.c.state.in_(["running", "failed", "interrupted"]) & (runs.c.mode != "plan")
            if left := connection.execute(select(runs.c.mode).where(ours, cut_off)).scalars().all():
                self._broken(f"a cut-off {left[0]} run is still owed at rest")
        self.must_be_kept(None, at_rest=True)
        if blank := [i for i in self._portal.contacts.live if self._blank_since(str(i)) is not None]:
            self._broken(f"contact {min(blank)} is without a stage at rest")

    def must_be_kept(self, contacts: Sequence[str] | None, *, at_rest: bool = False) -> None:
        """What the histories of these contacts, or of all, tell."""
        told = broken_promises(
            self._portal,
            window_ms=lambda at_ms: self._windows.get(at_ms, (0, 0))[0],
            reading_ms=lambda at_ms: self._windows.get(at_ms, (0, 0))[1],
            clearing=self._moving.__contains__,
            contacts=contacts,
            at_rest=at_rest,
        )
        if told:
            self._broken(told[0])

    # The rules.

    def _must_hold_the_lease(self, process: Simulated) -> None:
        if not self._is_holder(process):
            self._broken(f"{process.name} writes without holding the portal")

    def _must_have_settled(self, process: Simulated, known: _Knows) -> None:
        """Once a pass of its own is on record, a process has looked at whom others left without a stage half-way, and
        sent those one whom it was shown to have none: a pass over a large portal takes long, and may be cut off."""
        if not self._is_holder(process):
            return
        if known.holds_since is None:
            known.holds_since = self._newest_run()
        portal = runs.c.portal_id == str(self._portal.portal_id)
        mine = select(runs.c.id).where(portal, runs.c.id > known.holds_since, runs.c.mode.not_in(["settle", "plan"]))
        begun = select(changes.c.contact_id).join(runs).where(portal, is_open, changes.c.moves)
        with self._storage.engine.connect() as connection:
            if connection.execute(mine).first() is None:
                return
            half_way = set(connection.execute(begun).scalars())
        known.has_settled = True
        for contact in sorted(half_way - self._called_gone.keys()):
            since_ms = self._blank_since(contact)
            if since_ms is None or since_ms > known.began_ms - self._lag_ms:
                continue
            if contact not in known.asked:
                self._broken(f"contact {contact} was left without a stage, and a pass begins that never asked for it")
            if contact not in known.filled and known.stage.get(contact) == "":
                self._broken(f"contact {contact} was left without a stage, and a pass begins that has sent it none")

    def _is_holder(self, process: Simulated) -> bool:
        with self._storage.engine.connect() as connection:
            row = connection.execute(select(leases).where(leases.c.portal_id == str(self._portal.portal_id))).first()
        return row is not None and row.token is not None and row.pid == process.pid

    def _newest_run(self) -> int:
        newest = select(func.max(runs.c.id)).where(runs.c.portal_id == str(self._portal.portal_id))
        with self._storage.engine.connect() as connection:
            return connection.execute(newest).scalar() or 0

    def _must_be_on_record(self, request: Request) -> None:
        wanted = (
            select(changes.c.contact_id, changes.c.stage_from)
            .join(runs)
            .where(runs.c.portal_id == str(self._portal.portal_id), is_open, changes.c.contact_id.in_(request.ids))
        )
        with self._storage.engine.connect() as connection:
            intents = connection.execute(wanted).all()
        self._moving.update(row.contact_id for row in intents if row.stage_from)
        on_record = {row.contact_id for row in intents}
        for each in request.document["inputs"]:
            if str(each["id"]) not in on_record:
                self._broken(f"contact {each['id']} is written without an intent on record")

    def _must_be_news(self, process: Simulated, contact: str, properties: dict[str, str]) -> None:
        record = self._found(contact)
        if record is None or str(record.id) != contact:
            return  # merged since it was looked at: nobody knew what the survivor holds
        known = self._knows[process.pid]
        for name, value in properties.items():
            is_shown = (
                self._portal.contacts.definitions.get(name) is not None
            )  # what a deleted property held, nobody sees
            if not is_shown or record.properties.get(name, "") != value:
                continue
            versions = record.versions(name)
            sets = name == STAGE and value  # a clear rests on what was decided, a set on the look after the clear
            told_ms = (known.looked_ms if sets else known.decided_ms).get(contact, 0)
            if sets and self._is_put_back(contact, record, value):
                continue  # who shows the old stage may be a copy that is behind, and nobody may be left blank
            if not versions or versions[0].at_ms < told_ms - self._lag_ms:
                self._broken(f"contact {contact} is sent {name} {value!r}, which it holds")

    def _is_put_back(self, contact: str, record: Record, stage: str) -> bool:
        """Whether this is the stage that a move which is open on record had begun to take away, or took unseen: the
        one that somebody had set in the moment before the clear."""
        wanted = select(changes.c.stage_from).join(runs)
        wanted = wanted.where(runs.c.portal_id == str(self._portal.portal_id), is_open, changes.c.contact_id == contact)
        with self._storage.engine.connect() as connection:
            begun = connection.execute(wanted).scalars().all()
        values = [version.value for version in record.versions(STAGE)]
        wiped_out = values[values.index("") + 1 :][:1] if "" in values else []
        return bool(begun) and stage in (*begun, *wiped_out)

    def _must_be_known_blank(self, process: Simulated, contact: str, properties: dict[str, str]) -> None:
        stage = self._knows[process.pid].stage.get(contact)
        if properties.get(STAGE) not in (None, "", stage) and stage in LADDER[1:]:
            self._broken(f"contact {contact} is set to {properties[STAGE]}, though last known to be {stage}")

    def _none_left_blank(self, known: _Knows) -> None:
        latest_ms = self._now_ms - self._lag_ms
        blank = {
            i
            for i in map(str, known.there)
            if (since_ms := self._blank_since(i)) is not None
            and since_ms <= latest_ms
            and self._merged_ms(i) <= self._found_up_to_ms  # who inherits a clear is a later pass's to find
        } - self._called_gone.keys()
        if not blank:
            return
        wanted = select(changes.c.contact_id).join(runs).where(runs.c.portal_id == str(self._portal.portal_id), is_open)
        with self._storage.engine.connect() as connection:
            blank -= set(connection.execute(wanted).scalars())
        if blank:
            self._broken(f"contact {min(blank)} was left without a stage, and nothing on record says so")

    def _done_is_done(self, run_id: int, known: _Knows) -> None:
        wanted = select(changes).where(changes.c.run_id == run_id, changes.c.state == "done")
        with self._storage.engine.connect() as connection:
            rows = connection.execute(wanted).all()
        for row in rows:
            record = self._portal.contacts.find(row.contact_id, through_merges=True)
            if record is None or str(record.id) != row.contact_id:
                continue
            written = json.loads(row.after) | ({STAGE: row.stage_to} if row.moves else {})
            for name, value in written.items():
                if not _was(record, name, value, known.began_ms):
                    self._broken(f"{name} of contact {row.contact_id} is on record as written, and never was {value!r}")

    def _nothing_missed(self, known: _Knows) -> None:
        for contact_id, record in self._portal.contacts.live.items():
            modified_ms = read_ms(record.properties["lastmodifieddate"]) or 0
            if modified_ms > known.began_ms - self._search_lag_ms or modified_ms in self._windows:
                continue
            contact = str(contact_id)
            if self._processed_ms.get(contact, 0) < modified_ms and not self._was_in_hand(contact, modified_ms):
                ago_s = (known.began_ms - modified_ms) / 1000
                self._broken(f"contact {contact} changed {ago_s:,.0f} s before a pass, which did not read it")

    def _was_in_hand(self, contact: str, modified_ms: int) -> bool:
        """Whether a pass that was cut off was shown this change, went on, and had nothing to write for it."""
        shown_ms, run_id = self._in_hand.get(contact, (0, 0))
        if shown_ms < modified_ms:
            return False
        mine = (runs.c.portal_id == str(self._portal.portal_id)) & (runs.c.id >= run_id)
        planned = select(changes.c.run_id).join(runs).where(mine, changes.c.contact_id == contact)
        with self._storage.engine.connect() as connection:
            return connection.execute(planned).first() is None

    # What the portal holds.

    @property
    def _now_ms(self) -> int:
        return to_ms(self._portal.clock.now())

    @property
    def _lag_ms(self) -> int:
        return int(self._portal.switches.reads_lag_s * 1000)

    @property
    def _search_lag_ms(self) -> int:
        switches = self._portal.switches
        return int(max(switches.index_lag_s, switches.reads_lag_s) * 1000) + 1

    def _found(self, contact: str) -> Record | None:
        return self._portal.contacts.find(contact, through_merges=self._portal.switches.batches_follow_merges)

    def _created_ms(self, record: Record) -> int:
        return read_ms(record.properties["createdate"]) or 0

    def _merged_ms(self, contact: str) -> int:
        """When another contact was last merged into this one; 0 for never."""
        record = self._portal.contacts.find(contact)
        merges = record.versions("hs_merged_object_ids") if record else ()
        return merges[0].at_ms if merges else 0

    def _blank_since(self, contact: str) -> int | None:
        """Since when a live contact is without a stage by the worker's doing."""
        record = self._portal.contacts.find(contact)
        if record is None or record.properties.get(STAGE):
            return None
        versions = record.versions(STAGE)
        source = versions[0].source if versions else None
        ours = source is not None and (source.type, source.id) == ("INTEGRATION", str(self._portal.app_id))
        return versions[0].at_ms if ours else None

    def _broken(self, what: str) -> None:
        self._clockwork.broken = self._clockwork.broken or Violation(what)
        raise KilledError


def _was(record: Record, name: str, value: str, since_ms: int) -> bool:
    """Whether a property held this at any moment since then."""
    for version in record.versions(name):  # newest first
        if version.value == value:
            return True
        if version.at_ms < since_ms:
            return False
    return value == ""
