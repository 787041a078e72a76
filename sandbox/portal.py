"""A HubSpot portal (account) in memory, and the acts of those who live in it."""

import threading
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import islice

from sandbox.account import ContactList, Form, Owner
from sandbox.activity import Activity
from sandbox.associations import Ties
from sandbox.clock import Clock
from sandbox.collection import COMPANIES, CONTACTS, Collection
from sandbox.definitions import Definition, Definitions, Option
from sandbox.engagements import ENGAGEMENTS
from sandbox.faults import Faults
from sandbox.limits import Limits, TierName
from sandbox.merging import ids_of, merged_values
from sandbox.records import ANALYTICS, DEAL_SYNC, IMPORTED, MERGED, Record, Source, a_person, a_workflow, an_integration
from sandbox.request_log import RequestLog
from sandbox.scopes import ALL_SCOPES
from sandbox.stages import DEFAULT_STAGES, Stage, stage_date_properties, stage_property
from sandbox.standard_properties import (
    COMPANY_GROUPS,
    CONTACT_GROUPS,
    company_definitions,
    contact_definitions,
    groups,
)
from sandbox.switches import Switches
from sandbox.times import to_iso, to_ms
from sandbox.values import Value, text_of
from sandbox.writing import change, complete, touch

FEEDBACK = "lead_scoring_sales_feedback"
ANSWERS = {
    "true_sql": "true_sql",
    "not_ready": "mql_not_ready",
    "mql_not_ready": "mql_not_ready",
    "unqualified": "unqualified",
    None: "",
}

FIRST_CONTACT_ID = 751
"""From 250 contacts on ids differ in length, so that text sorts them otherwise than numbers."""

PORTAL_ID = 4_711_001
"""Of a portal that was given no other id."""


class Portal:
    """One portal: its records, definitions, people, limits, faults and clock.

    The acts of people and systems may be called from any thread, also while the portal is being served.
    """

    def __init__(
        self,
        *,
        clock: Clock | None = None,
        tier: TierName = "professional",
        portal_id: int = PORTAL_ID,
        time_zone: str = "US/Eastern",
    ) -> None:
        self.lock = threading.RLock()
        self.clock = clock or Clock()
        self.switches = Switches()
        self.portal_id = portal_id
        self.tier: TierName = tier
        self.time_zone = time_zone
        self.token = "pat-sandbox"
        self.app_id = 9_000_001
        self.scopes = set(ALL_SCOPES)
        self.default_stage = "lead"
        # What an admin demands of a property's values: a regular expression by name.
        self.validation_rules: dict[str, str] = {}
        self.owners: list[Owner] = []
        self.forms: list[Form] = []
        self.lists: dict[str, ContactList] = {}
        self.limits = Limits(tier, self.clock, time_zone, self.switches)
        self.faults = Faults()
        self.requests = RequestLog()
        self.stages: Sequence[Stage] = ()
        self.contacts = Collection(
            CONTACTS,
            Definitions(groups(CONTACT_GROUPS), contact_definitions()),
            portal_id=portal_id,
            first_id=FIRST_CONTACT_ID,
        )
        self.companies = Collection(
            COMPANIES, Definitions(groups(COMPANY_GROUPS), company_definitions()), portal_id=portal_id, first_id=9_001
        )
        self.collections = {
            "contacts": self.contacts,
            "companies": self.companies,
            **{name: each.collection(portal_id) for name, each in ENGAGEMENTS.items()},
        }
        """The records of every kind, by its name."""
        self.ties = {name: Ties() for name in ENGAGEMENTS}
        """Which meetings, calls and so on have to do with which contacts."""
        self.activity = Activity()
        self.set_stages(DEFAULT_STAGES)

    # What the portal holds before anyone asks.

    def set_stages(self, stages: Sequence[Stage]) -> None:
        """Give the portal these lifecycle stages in this order; contacts keep what they have."""
        self.stages = tuple(stages)
        self.contacts.definitions.put(stage_property(stages, "contactinformation"))
        self.companies.definitions.put(stage_property(stages, "companyinformation"))
        for definition in stage_date_properties(stages):
            self.contacts.definitions.put(definition)

    def define(
        self, name: str, type_: str, field_type: str, *, options: Sequence[str] = (), label: str | None = None
    ) -> Definition:
        """Give contacts a custom property."""
        now = to_ms(self.clock.now())
        definition = Definition(
            name=name,
            label=label or name.replace("_", " ").capitalize(),
            type=type_,
            field_type=field_type,
            group="contactinformation",
            options=tuple(Option(value=option, label=option, display_order=n) for n, option in enumerate(options)),
            created_ms=now,
            updated_ms=now,
        )
        self.contacts.definitions.put(definition)
        return definition

    def add_contact(self, *, source: Source = IMPORTED, **properties: Value) -> str:
        """Add a contact as an import would, absurd values and all, and return its id.

        Without `createdate` it is created now; `lastmodifieddate` defaults to that.
        """
        return self._add(self.contacts, properties, source)

    def add_company(self, *, source: Source = IMPORTED, **properties: Value) -> str:
        """Add a company and return its id."""
        return self._add(self.companies, properties, source)

    def engage(
        self,
        name: str,
        contacts: Sequence[str],
        values: Mapping[str, Value],
        *,
        source: Source = ANALYTICS,
        at: datetime | None = None,
    ) -> str:
        """Add a record of a kind of `ENGAGEMENTS` that has to do with these contacts, given by id or email.

        It is made now, or `at` that time, and returns its id.
        """
        with self.lock:
            known = [self.contact(each) for each in contacts]
            made = self._add(self.collections[name], {"createdate": at, **values}, source)
            self.tie(name, made, known)
            return made

    def tie(self, name: str, record_id: str, contacts: Iterable[Record]) -> None:
        """Let a record have to do with these contacts."""
        for contact in contacts:
            self.ties[name].add(int(record_id), contact.id)
            if self.switches.associations_move_date:
                self.index_late(self.contacts, contact)
                touch(self.contacts, contact, at_ms=to_ms(self.clock.now()))

    def record_changes(self, name: str, record_id: str, values: Mapping[str, Value]) -> None:
        """A record of any kind gets other values, now; KeyError if there is none of that id."""
        with self.lock:
            found = self.collections[name].find(record_id)
            if found is None:
                raise KeyError(record_id)
            texts = {each: text_of(value) for each, value in values.items()}
            change(self, self.collections[name], found, texts, ANALYTICS, at_ms=to_ms(self.clock.now()))

    def add_meeting(
        self, contacts: Sequence[str], *, starts: datetime, outcome: str = "SCHEDULED", title: str = "A call"
    ) -> str:
        """Add a meeting of half an hour with these contacts, given by id or email, booked now; returns its id."""
        values: dict[str, Value] = {
            "hs_timestamp": starts,
            "hs_meeting_start_time": starts,
            "hs_meeting_end_time": starts + timedelta(minutes=30),
            "hs_meeting_outcome": outcome,
            "hs_meeting_title": title,
        }
        return self.engage("meetings", contacts, values)

    def end_meeting(self, meeting: str, outcome: str) -> None:
        """Give a meeting its outcome, such as COMPLETED, NO_SHOW or CANCELED; KeyError if there is none of that id."""
        self.record_changes("meetings", meeting, {"hs_meeting_outcome": outcome})

    def planned_meeting(self, contact: str) -> str | None:
        """The meeting with this contact that was booked last and has no outcome yet."""
        return self.latest("meetings", contact, hs_meeting_outcome="SCHEDULED")

    def latest(self, name: str, contact: str, **held: str) -> str | None:
        """The record of a kind that was tied to this contact last among those that hold these values."""
        with self.lock:
            live = self.collections[name].live
            for record_id in reversed(self.ties[name].records(self.contact(contact).id)):
                told = live[record_id].properties if record_id in live else {}
                if told and all(told.get(each) == value for each, value in held.items()):
                    return str(record_id)
            return None

    def add_owner(self, email: str, first_name: str = "", last_name: str = "", *, archived: bool = False) -> Owner:
        """Add an owner, who is also a user of the portal unless archived."""
        place = len(self.owners)
        owner = Owner(
            id=str(51_001 + place),
            user_id=61_001 + place,
            email=email,
            first_name=first_name,
            last_name=last_name,
            archived=archived,
        )
        self.owners.append(owner)
        return owner

    def add_list(self, name: str, members: Sequence[str] = (), *, processing_type: str = "MANUAL") -> str:
        """Add a contact list with these members and return its id."""
        now = to_ms(self.clock.now())
        added = ContactList(id=str(len(self.lists) + 1), name=name, processing_type=processing_type, created_ms=now)
        added.add(map(int, members), at_ms=now)
        self.lists[added.id] = added
        return added.id

    def contact(self, given: str) -> Record:
        """The live contact of that id or email; KeyError if there is none."""
        found = self.contacts.find(given, by="email" if "@" in given else None, through_merges=True)
        if found is None:
            raise KeyError(given)
        return found

    # What people and systems do to a contact, given by id or email.

    def person_sets(
        self, contact: str, name: str, value: Value, *, at: datetime | None = None, user_id: int = 61_001
    ) -> None:
        """A user edits a property by hand; may set any stage, also an earlier one."""
        self._act(contact, {name: value}, a_person(user_id), at)

    def sales_answers(self, contact: str, answer: str | None, *, at: datetime | None = None) -> None:
        """Sales answers with a value of the property, or `not_ready` for short, or takes the answer back with None.

        ValueError for anything else.
        """
        if answer not in ANSWERS:
            raise ValueError(f"sales answer with one of: {', '.join(filter(None, ANSWERS))}, or null")
        self.person_sets(contact, FEEDBACK, ANSWERS[answer], at=at)

    def workflow_sets(
        self, contact: str, name: str, value: Value, *, at: datetime | None = None, workflow_id: str = "7001"
    ) -> None:
        """A workflow of the portal writes a property."""
        self._act(contact, {name: value}, a_workflow(workflow_id), at)

    def deal_sync_sets(self, contact: str, stage: str, *, at: datetime | None = None) -> None:
        """A deal moves its contact's stage, forward only."""
        self._act(contact, {"lifecyclestage": stage}, DEAL_SYNC, at)

    def integration_sets(
        self, contact: str, name: str, value: Value, *, at: datetime | None = None, app_id: int = 9_000_777
    ) -> None:
        """Another integration writes a property."""
        self._act(contact, {name: value}, an_integration(app_id, "Other integration"), at)

    def hubspot_records(self, contact: str, /, *, at: datetime | None = None, **properties: Value) -> None:
        """HubSpot itself updates what it keeps about a contact: visits, mails, forms; also read-only properties."""
        self._act(contact, properties, ANALYTICS, at)

    def hubspot_sets(self, contact: str, name: str, value: Value, *, at: datetime | None = None) -> None:
        """HubSpot itself updates one of them, whatever its name."""
        self._act(contact, {name: value}, ANALYTICS, at)

    def stamp(self, count: int, at: datetime) -> list[str]:
        """HubSpot's month-end job touches that many contacts, the oldest first, within one millisecond; their ids.

        The job sets the marketing status, and may hit far more contacts than a search can reach (airbyte#43317).
        """
        with self.lock:
            stamped = list(islice(self.contacts.live.values(), count))
            for record in stamped:
                self.index_late(self.contacts, record)
                touch(self.contacts, record, at_ms=to_ms(at))
            return [str(record.id) for record in stamped]

    def merge(self, primary: str, other: str) -> str:
        """Merge two contacts; returns the id of the one that is left. The other fills what the primary lacks."""
        with self.lock:
            kept, gone = self.contact(primary), self.contact(other)
            now = to_ms(self.clock.now())
            survivor = self._reborn(kept) if self.switches.merge_gives_new_id else kept
            self._merge_away(gone, survivor)
            for each in self.lists.values():
                if each.remove([kept.id, gone.id]):
                    each.add([survivor.id], at_ms=now)
            change(self, self.contacts, survivor, merged_values(survivor, kept, gone), MERGED, at_ms=now)
            return str(survivor.id)

    def delete(self, contact: str, *, for_privacy: bool = False) -> None:
        """Delete a contact: to the bin, or for good as a privacy deletion does."""
        with self.lock:
            self.remove(self.contacts, self.contact(contact), keep=not for_privacy)

    def remove(self, collection: Collection, record: Record, *, keep: bool = True) -> None:
        """Take a record out of the portal; search notices as late as it notices changes.

        Without `keep` nothing of it is kept, as a privacy deletion demands.
        """
        self.index_late(collection, record)
        collection.archive(record, at_ms=to_ms(self.clock.now()), keep=keep)
        if not keep:
            self.forget(record)
        for each in self.lists.values():
            each.remove([record.id])

    def forget(self, contact: Record) -> None:
        """Drop what is listed of a contact under any id or address it ever had."""
        self.activity.forget(contact)
        for each in self.ties.values():
            each.forget(ids_of(contact))

    def index_late(self, collection: Collection, record: Record, *, new: bool = False) -> None:
        """Tell search and reads that a record is about to change or to go, or is `new`: each notices after its lag."""
        self._search_late(collection, record, new=new)
        collection.reads.changing(record, late_from_s=self._late_from_s(self.switches.reads_lag_s), new=new)

    def _search_late(self, collection: Collection, record: Record, *, new: bool = False) -> None:
        collection.index.changing(record, late_from_s=self._late_from_s(self.switches.index_lag_s), new=new)

    def _late_from_s(self, lag_s: float) -> float | None:
        return self.clock.elapsed_s() if lag_s > 0 else None

    def as_read(self, collection: Collection, record: Record) -> Record | None:
        """A live record as lists and reads by id show it now; None while it is too new for them."""
        collection.reads.catch_up(self.clock.elapsed_s(), lag_s=self.switches.reads_lag_s)
        return collection.reads.record(record.id)

    def _add(self, collection: Collection, properties: Mapping[str, Value], source: Source) -> str:
        unknown = [name for name in properties if collection.definitions.get(name) is None]
        if unknown:
            raise ValueError(f"no such property of {collection.kind.name}: {', '.join(unknown)}")
        with self.lock:
            values = {name: text_of(value) for name, value in properties.items() if value is not None}
            now = to_iso(to_ms(self.clock.now()))
            return str(self.insert(collection, values, source, default_time=now).id)

    def insert(
        self,
        collection: Collection,
        values: dict[str, str],
        source: Source,
        *,
        default_time: str,
        record_id: int | None = None,
    ) -> Record:
        """Add a record with what HubSpot keeps about every record filled in; takes `values` over.

        It gets the next id, or `record_id`, which must be free.
        """
        complete(collection, values, default_time)
        record = collection.insert(values, source, record_id=record_id)
        self.index_late(collection, record, new=True)
        return record

    def _reborn(self, old: Record) -> Record:
        record = self.contacts.insert(dict(old.properties), old.created_by)
        record.history = old.history
        self._search_late(self.contacts, record, new=True)
        self._merge_away(old, record)
        return record

    def _merge_away(self, old: Record, survivor: Record) -> None:
        # Reads know of a merge at once, whatever their lag: else the contact would be under no id for a while.
        self._search_late(self.contacts, old)
        self.contacts.merge_away(old, survivor)
        for each in self.ties.values():
            each.move(old.id, survivor.id)

    def _act(self, contact: str, values: Mapping[str, Value], source: Source, at: datetime | None) -> None:
        unknown = [name for name in values if self.contacts.definitions.get(name) is None]
        if unknown:
            raise ValueError(f"no such property of contacts: {', '.join(unknown)}")
        with self.lock:
            texts = {name: text_of(value) for name, value in values.items()}
            change(self, self.contacts, self.contact(contact), texts, source, at_ms=to_ms(at or self.clock.now()))
