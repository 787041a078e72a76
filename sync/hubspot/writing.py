"""Updates become batch requests; every row gets an outcome, and one bad row costs the others nothing."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Protocol

from sync.clock import SYSTEM
from sync.hubspot.apis import Call
from sync.hubspot.building import modified_at
from sync.hubspot.connection import Connection
from sync.hubspot.errors import Answer, AnswerLost, Complaint, complaint_of
from sync.hubspot.paging import Row, rows_of
from sync.ports import FRESH_S, FatalError, RetryableError
from sync.records import STAGE, Outcome, Refused, Stale, Unknown, Update, Written

BATCH = 100
"""Inputs that one batch request may hold (HubSpot objects guide)."""

_UNFINISHED = ("PENDING", "PROCESSING", "CANCELED")
"""What a batch's `status` may be besides COMPLETE (HubSpot's OpenAPI file): its rows then prove nothing."""


class _TooOld(Exception):
    """What a write rests on was read too long ago."""


class Reads(Protocol):
    """Knows how HubSpot shows what we write."""

    def as_ours(self, properties: Mapping[str, Any]) -> dict[str, str]:
        """Properties as texts in the form in which we write them."""


class HubSpotWriter:
    """Fulfils the port `ContactWriter`; with another `batch`, writes records of another kind by the same rules.

    HubSpot validates a batch as a whole and does not say which record is wrong, so a refused batch is halved until
    the offender is alone: 2 * ceil(log2(n)) requests more for one in n. Ids that are unknown to it fail by themselves.
    `allowed` is called right before every single request, and raises where this process may no longer write.
    """

    def __init__(
        self,
        connection: Connection,
        builder: Reads,
        *,
        allowed: Callable[[], None],
        steady: Callable[[], float] = SYSTEM.steady,
        batch: Call | None = None,
    ) -> None:
        self._connection = connection
        self._update = batch or connection.api.contacts_batch.update
        self._builder = builder
        self._allowed = allowed
        self._steady = steady

    def write(self, updates: Sequence[Update], *, read_at: float | None = None) -> Sequence[Outcome]:
        """One outcome per update, in order. FatalError when the portal lacks a property of ours; RetryableError
        when HubSpot does not take writes now. After either, what was sent is known only by reading."""
        ids = [update.contact_id for update in updates]
        if len(updates) > BATCH or len(set(ids)) < len(ids):
            raise ValueError("a batch holds at most 100 updates, each of another contact")
        outcomes = self._batch(updates, partial(self._must_be_fresh, read_at)) if updates else {}
        return [outcomes[contact_id] for contact_id in ids]

    def _must_be_fresh(self, read_at: float | None) -> None:
        if read_at is not None and self._steady() - read_at > FRESH_S:
            raise _TooOld

    def _may_go(self, must_be_fresh: Callable[[], None]) -> None:
        # In this order: whatever the look at the lease took, or a process that slept in the middle of it, is then
        # seen. What happens between here and HubSpot, nobody can take back.
        self._allowed()
        must_be_fresh()

    def _batch(self, updates: Sequence[Update], must_be_fresh: Callable[[], None]) -> dict[str, Outcome]:
        """What became of each contact of a batch, which is halved as often as it takes.

        A failure that keeps the rest from being sent is raised only while nothing was written: who is told what is
        known can finish those contacts, and meets the failure at the next request.
        """
        outcomes: dict[str, Outcome] = {}
        waiting = [updates]
        while waiting:
            part = waiting.pop()
            try:
                told = self._part(part, must_be_fresh, is_first=part is updates)
            except (FatalError, RetryableError) as failure:
                if not any(isinstance(outcome, Written | Unknown) for outcome in outcomes.values()):
                    raise
                rest = [update for each in (part, *waiting) for update in each]
                return outcomes | {update.contact_id: Unknown(reason=str(failure)) for update in rest}
            if told is None:
                middle = len(part) // 2
                waiting += [part[middle:], part[:middle]]
            else:
                outcomes |= told
        return outcomes

    def _part(
        self, updates: Sequence[Update], must_be_fresh: Callable[[], None], *, is_first: bool
    ) -> dict[str, Outcome] | None:
        """Send one request, and tell what became of its contacts; None where it must be halved."""
        inputs = [{"id": update.contact_id, "properties": dict(update.properties)} for update in updates]
        try:
            must_be_fresh()  # no waiting for a turn that would come too late
            answer = self._connection.write(
                self._update,
                {"inputs": inputs},
                allowed=partial(self._may_go, must_be_fresh),
                # A stage that was cleared must come back, and a batch that was begun be finished, whatever is left of
                # the day.
                urgent=not is_first or any(update.properties.get(STAGE) for update in updates),
            )
        except _TooOld:
            return {update.contact_id: Stale() for update in updates}
        except AnswerLost as lost:
            return {update.contact_id: Unknown(reason=str(lost)) for update in updates}
        if answer.status < 300:
            return self._outcomes(updates, answer)
        complaint = complaint_of(answer.document)
        if "PROPERTY_DOESNT_EXIST" in complaint.codes:
            raise _missing_property(complaint, len(updates))
        return {updates[0].contact_id: _refusal(complaint, answer.status)} if len(updates) == 1 else None

    def _outcomes(self, updates: Sequence[Update], answer: Answer) -> dict[str, Outcome]:
        """What a success says of each contact, by id: its order means nothing, and what it contradicts is unknown."""
        document = answer.document or {}
        silent = "HubSpot's answer says nothing of this contact"
        outcomes: dict[str, Outcome] = {update.contact_id: Unknown(reason=silent) for update in updates}
        if document.get("status") in _UNFINISHED:
            return outcomes
        said: dict[str, list[Outcome]] = {}
        for error in document.get("errors") or []:
            complaint = complaint_of(error if isinstance(error, dict) else None)
            for contact_id in complaint.ids:
                said.setdefault(contact_id, []).append(_refusal(complaint))
        for row in rows_of(document):
            if isinstance(row.get("properties"), Mapping):
                said.setdefault(str(row.get("id")), []).append(self._written(row))
        for contact_id in said.keys() & outcomes.keys():
            first, *others = said[contact_id]
            agreed = all(other == first for other in others)
            outcomes[contact_id] = first if agreed else Unknown(reason="HubSpot's answer contradicts itself")
        return outcomes

    def _written(self, row: Row) -> Written:
        properties = row["properties"]
        at = modified_at({"lastmodifieddate": row.get("updatedAt")}) or modified_at(properties)
        return Written(values=self._builder.as_ours(properties), at=at)


def _refusal(complaint: Complaint, status: int = 207) -> Refused | Unknown:
    """What HubSpot's error about a single contact means for it.

    Whatever is not its word on what was sent may be otherwise the next time, so the contact is read and tried again.
    """
    if complaint.category == "OBJECT_NOT_FOUND":
        return Refused(reason="it is not there any more: deleted, or merged into another", gone=True)
    reason = f"HubSpot refused it ({status}, {complaint})"
    return Refused(reason=reason) if status in (207, 400, 422) and complaint.is_of_content else Unknown(reason=reason)


def _missing_property(complaint: Complaint, rows: int) -> FatalError:
    names = ", ".join(complaint.properties) or "a property of ours"
    return FatalError(
        f"The portal has no contact property {names}: HubSpot refused a batch of {rows} contacts whole, and none of "
        "them was written. Create it with `scoreline provision`, or name another one in the rulebook."
    )
