"""A portal in memory that keeps HubSpot's rules about stages, and lets others act between any two of our requests."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from config import Rulebook
from scoring import Contact, Engagement
from sync.ports import FRESH_S
from sync.records import (
    STAGE,
    ContactRecord,
    Found,
    History,
    Outcome,
    PortalFacts,
    Refused,
    RequestCount,
    Role,
    Stale,
    Unknown,
    Update,
    Written,
)
from tests.builders import NOW, PORTAL_ORDER, a_quick_rulebook, days_before
from workflows import Answer, HistoryEntry, Setter, Standing

_SCORED: tuple[Role, ...] = ("score", "fit", "engagement", "grade", "reasons", "exclusion")


@dataclass(slots=True)
class Row:
    """One contact as the portal keeps it."""

    contact: Contact
    modified_at: datetime
    texts: dict[str, str] = field(default_factory=dict)
    histories: dict[str, list[HistoryEntry]] = field(default_factory=dict)
    """By property, newest first."""
    opted_out: bool = False
    competitor: bool = False
    addresses: frozenset[str] = frozenset()
    former_ids: Sequence[str] = ()
    summed_up: Mapping[str, Sequence[Engagement]] = field(default_factory=dict)
    company_id: str = ""


class FakePortal:
    """Fulfils `ContactReader`, `ContactWriter` and `Portal`."""

    def __init__(self, rulebook: Rulebook | None = None) -> None:
        self.rulebook = rulebook or a_quick_rulebook()
        self.requests = RequestCount()
        self.sent: list[Sequence[Update]] = []
        """Every write request, as it came."""
        self.sent_in_vain: list[tuple[str, str]] = []
        """Contact and property of every value that was there already when it was sent."""
        self.histories_read: list[str] = []
        self.calls_us = Setter.INTEGRATION
        """How the history names our writes."""
        self.fills_with = ""
        """The stage that a workflow gives a contact in the moment its stage is emptied; none, if empty."""
        self.fills_before_it_answers = True
        self.tells_stage = True
        """Whether the answer to an update shows the stage that came of it."""
        self.lists: dict[str, list[str]] = {}
        self.time = NOW
        self.steady_s = 0.0
        """The steady clock, which stands still unless somebody moves it."""
        self._rows: dict[str, Row] = {}
        self._late: dict[str, Row] | None = None
        self._merged: dict[str, str] = {}
        self._called_gone: frozenset[str] = frozenset()
        self._whenever: dict[str, list[Callable[[], None]]] = {}
        self._refusals: dict[str, Callable[[Mapping[str, str]], bool]] = {}

    # What is in it, and what others do there.

    def holds(
        self,
        contact: Contact,
        *,
        stage: str = "",
        set_by: Setter = Setter.OTHER,
        days_ago: float = 100,
        opted_out: bool = False,
        competitor: bool = False,
        **ours: str,
    ) -> None:
        """Add a contact; `ours` is by role: what our properties hold."""
        row = Row(contact=contact, modified_at=days_before(days_ago), opted_out=opted_out, competitor=competitor)
        self._rows[contact.id] = row
        values = {self.rulebook.properties[role]: text for role, text in ours.items()}
        self._put(row, values | ({STAGE: stage} if stage else {}), by=set_by, at=days_before(days_ago))

    def edited(self, contact_id: str, *, by: Setter = Setter.PERSON, stage: str | None = None, **ours: Any) -> None:
        """Somebody else changes a contact now; a person may move a stage either way."""
        values = {self.rulebook.properties[role]: text for role, text in ours.items()}
        self._put(self._rows[contact_id], values | ({} if stage is None else {STAGE: stage}), by=by, at=self._tick())

    def loses_history(self, contact_id: str) -> None:
        """HubSpot does not say how many entries it keeps."""
        self._rows[contact_id].histories.clear()

    def copy(self) -> dict[str, Row]:
        """Everything as it is at this moment."""
        return deepcopy(self._rows)

    def reads_from(self, copy: dict[str, Row] | None) -> None:
        """From now on, reads are behind and show everything as it was when this copy was made; None: as it is."""
        self._late = copy

    def knows(
        self,
        contact_id: str,
        *addresses: str,
        former_ids: Sequence[str] = (),
        summed_up: Mapping[str, Sequence[Engagement]] | None = None,
    ) -> None:
        """How a contact is called elsewhere, from now on; its change date stays what it was."""
        row = self._rows[contact_id]
        row.addresses, row.former_ids, row.summed_up = frozenset(addresses), former_ids, summed_up or {}

    def works_for(self, contact_id: str, company_id: str) -> None:
        """The contact's primary company is this one."""
        self._rows[contact_id].company_id = company_id

    def taken_into(self, contact_id: str, survivor_id: str) -> None:
        """A contact is merged into another, which has its addresses now; only `find` leads from one to the other."""
        gone, survivor = self._rows.pop(contact_id), self._rows[survivor_id]
        survivor.addresses |= gone.addresses
        survivor.former_ids = (*survivor.former_ids, contact_id, *gone.former_ids)
        survivor.modified_at = self._tick()

    def calls_gone(self, *ids: str) -> None:
        """Whom it says not to have from now on, wrongly, but to who asks for one alone."""
        self._called_gone = frozenset(ids)

    def deleted(self, contact_id: str) -> None:
        del self._rows[contact_id]

    def merged(self, contact_id: str, *, becomes: str) -> None:
        """A contact is merged with another, and has a new id by that; who asks for the old one is told of the new."""
        row = self._rows.pop(contact_id)
        row.contact, row.modified_at = replace(row.contact, id=becomes), self._tick()
        self._rows[becomes] = row
        self._merged[contact_id] = becomes

    def does_more(self, contact: Contact) -> None:
        """A contact's facts are other ones from now on."""
        row = self._rows[contact.id]
        row.contact, row.modified_at = contact, self._tick()

    def becomes(self, contact: Contact, *, dated: datetime | None = None) -> None:
        """A contact's facts are other ones, with this change date; None: the date stays what it was."""
        row = self._rows[contact.id]
        row.contact, row.modified_at = contact, dated or row.modified_at

    def meanwhile(self, moment: str, do: Callable[[], None]) -> None:
        """Once, at the next `before write`, `after write`, `before read` and so on, let something happen.

        Asked for twice, the second waits for the time after the next.
        """
        self._whenever.setdefault(moment, []).append(do)

    def refuses(self, contact_id: str, when: Callable[[Mapping[str, str]], bool] = lambda _: True) -> None:
        """From now on, refuse updates of this contact for which something holds."""
        self._refusals[contact_id] = when

    def stage(self, contact_id: str) -> str:
        return self._rows[contact_id].texts.get(STAGE, "")

    def ours(self, contact_id: str, role: Role) -> str:
        return self._rows[contact_id].texts.get(self.rulebook.properties[role], "")

    def texts(self) -> dict[str, dict[str, str]]:
        """Everything it holds, without what is empty."""
        return {i: {n: t for n, t in sorted(row.texts.items()) if t} for i, row in self._rows.items()}

    def stages_of(self, contact_id: str) -> list[str]:
        """Every stage that a contact ever had, oldest first; empty where it was cleared."""
        return [entry.value or "" for entry in reversed(self._rows[contact_id].histories.get(STAGE, []))]

    # What a run asks of it.

    def facts(self) -> PortalFacts:
        return PortalFacts(
            portal_id="1",
            time_zone=NOW.tzinfo or UTC,
            stages=PORTAL_ORDER,
            properties=frozenset({STAGE, *self.rulebook.properties.values()}),
            options={},
            employee_emails=frozenset(),
            employee_domains=frozenset(),
        )

    def every(self) -> Iterator[Sequence[ContactRecord]]:
        ids = sorted(self._rows)
        for start in range(0, len(ids), 100):
            yield self.read(ids[start : start + 100])

    def changed_since(self, since: datetime) -> Iterator[Sequence[Found]]:
        self._asked("search")
        found = [Found(id=i, modified_at=row.modified_at) for i, row in self._rows.items() if row.modified_at >= since]
        yield sorted(found, key=lambda each: each.modified_at or since)

    def members(self, list_id: str) -> Iterator[Sequence[str]]:
        self._asked("members")
        yield self.lists[list_id]

    def read(self, ids: Sequence[str]) -> Sequence[ContactRecord]:
        self._asked("read")
        return [self._record(i) for i in (self._merged.get(i, i) for i in ids) if i in self._shown]

    def find(self, who: str) -> str | None:
        self._asked("find")
        survivors = (i for i, row in self._rows.items() if who in row.former_ids)
        return who if who in self._rows else self._merged.get(who) or next(survivors, None)

    def find_all(self, addresses: Collection[str]) -> Mapping[str, str]:
        self._asked("find_all")
        return {a: i for i, row in self._rows.items() for a in addresses if a in row.addresses}

    def stages(self, ids: Sequence[str]) -> Mapping[str, str | None]:
        self._asked("stages")
        return {i: self._shown[i].texts.get(STAGE) or None for i in ids if i in self._shown}

    def values(self, ids: Sequence[str], properties: Sequence[str]) -> Mapping[str, Mapping[str, str]]:
        self._asked("values")
        return {i: {n: self._shown[i].texts.get(n, "") for n in properties} for i in ids if i in self._shown}

    def histories(self, ids: Sequence[str]) -> Mapping[str, History]:
        self._asked("histories")
        self.histories_read += ids
        answer = self.rulebook.properties["feedback"]
        rows = {i: self._shown[i] for i in ids if i in self._shown}
        return {
            i: History(
                stage_now=row.texts.get(STAGE) or None,
                stage=tuple(row.histories.get(STAGE, ())),
                answer=tuple(row.histories.get(answer, ())),
            )
            for i, row in rows.items()
        }

    def write(self, updates: Sequence[Update], *, read_at: float | None = None) -> Sequence[Outcome]:
        assert 0 < len(updates) <= 100, "HubSpot takes at most 100 updates in a batch"
        assert len({update.contact_id for update in updates}) == len(updates), "HubSpot takes a contact once in a batch"
        self._happens("before turn")
        if read_at is not None and self.steady_s - read_at > FRESH_S:
            return [Stale() for _ in updates]
        self.requests.write += 1
        self.sent.append(updates)
        try:
            self._happens("before write")
        except AnswerLostError:
            return [Unknown(reason="no answer") for _ in updates]
        outcomes = [self._written(update) for update in updates]
        for update in updates:
            self._workflow(update)
        try:
            self._happens("after write")
        except AnswerLostError:
            return [Unknown(reason="no answer") for _ in updates]
        return outcomes

    @property
    def _shown(self) -> dict[str, Row]:
        rows = self._rows if self._late is None else self._late
        return {i: row for i, row in rows.items() if i not in self._called_gone} if self._called_gone else rows

    def _written(self, update: Update) -> Outcome:
        row = self._rows.get(update.contact_id)
        if row is None:
            return Refused(reason="it is not there any more", gone=True)
        if update.contact_id in self._refusals and self._refusals[update.contact_id](update.properties):
            return Refused(reason="HubSpot refused it")
        self.sent_in_vain += [(update.contact_id, n) for n, t in update.properties.items() if row.texts.get(n, "") == t]
        values = dict(update.properties)
        if self._is_backward(row.texts.get(STAGE, ""), values.get(STAGE, "")):
            del values[STAGE]
        self._put(row, values, by=self.calls_us, at=self._tick())
        if self.fills_before_it_answers:
            self._workflow(update)
        told = {STAGE, *update.properties} if self.tells_stage else update.properties.keys() - {STAGE}
        present = {name: row.texts.get(name, "") for name in told}
        return Written(values=present, at=row.modified_at)

    def _workflow(self, update: Update) -> None:
        row = self._rows.get(update.contact_id)
        if self.fills_with and row and update.properties.get(STAGE) == "" == row.texts.get(STAGE, ""):
            self._put(row, {STAGE: self.fills_with}, by=Setter.OTHER, at=self._tick())

    def _is_backward(self, old: str, new: str) -> bool:
        both = old in PORTAL_ORDER and new in PORTAL_ORDER
        return both and PORTAL_ORDER.index(new) < PORTAL_ORDER.index(old)

    def _put(self, row: Row, values: Mapping[str, str], *, by: Setter, at: datetime) -> None:
        for name, text in values.items():
            if row.texts.get(name, "") != text:
                row.texts[name] = text
                row.histories.setdefault(name, []).insert(0, HistoryEntry(value=text or None, at=at, by=by))
                row.modified_at = at

    def _record(self, contact_id: str) -> ContactRecord:
        row = self._shown[contact_id]
        ours: dict[Role, str] = {}
        for role, name in self.rulebook.properties.items():
            ours[role] = row.texts.get(name, "")  # type: ignore[index] # the rulebook's keys are the roles
        stage_entries = row.histories.get(STAGE, [])
        standing = Standing(
            stage=row.texts.get(STAGE) or None,
            stage_since=stage_entries[0].at if stage_entries else None,
            had_stage=not row.texts.get(STAGE) and any(entry.value for entry in stage_entries),
            answer=Answer(ours["feedback"]) if ours["feedback"] else None,
            points_taken=int(ours["feedback_points"]) if ours["feedback_points"] else None,
            held=ours["hold"] == "true",
            opted_out=row.opted_out,
            competitor=row.competitor,
            was_scored=any(ours[role] for role in _SCORED),
        )
        return ContactRecord(
            id=contact_id,
            contact=row.contact,
            standing=standing,
            ours=ours,
            modified_at=row.modified_at,
            addresses=row.addresses,
            former_ids=row.former_ids,
            summed_up=row.summed_up,
            company_id=row.company_id,
        )

    def _asked(self, what: str) -> None:
        self.requests.read += 1
        self._happens(f"before {what}")

    def _happens(self, moment: str) -> None:
        if self._whenever.get(moment):
            self._whenever[moment].pop(0)()

    def _tick(self) -> datetime:
        self.time += timedelta(milliseconds=1)
        return self.time


class AnswerLostError(Exception):
    """Raised by what happens before or after a write: the writer does not get to know what became of it."""


def answer_lost() -> None:
    """For `meanwhile`: the request (before), or its answer (after), never arrives."""
    raise AnswerLostError


def nothing() -> None:
    """For `meanwhile`: this time, nothing happens."""
