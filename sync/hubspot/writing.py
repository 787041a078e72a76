"""Updates become batch requests; every row gets an outcome, and one bad row costs the others nothing."""

from collections.abc import Callable, Mapping, Sequence

from sync.hubspot.building import RecordBuilder, modified_at
from sync.hubspot.connection import Connection
from sync.hubspot.errors import Answer, AnswerLost, Complaint, complaint_of
from sync.hubspot.paging import Row, rows_of
from sync.ports import FatalError
from sync.records import STAGE, Outcome, Refused, Unknown, Update, Written

BATCH = 100
"""Inputs that one batch request may hold (HubSpot objects guide)."""


class HubSpotWriter:
    """Fulfils the port `ContactWriter`.

    HubSpot validates a batch as a whole and does not say which record is wrong, so a refused batch is halved until
    the offender is alone. Ids that are unknown to it fail by themselves. `allowed` is called right before every single
    request, and raises where this process may no longer write.
    """

    def __init__(self, connection: Connection, builder: RecordBuilder, *, allowed: Callable[[], None]) -> None:
        self._connection = connection
        self._builder = builder
        self._allowed = allowed

    def write(self, updates: Sequence[Update]) -> Sequence[Outcome]:
        """One outcome per update, in order. FatalError when the portal lacks a property of ours; RetryableError
        when HubSpot does not take writes now. After either, what was sent is known only by reading."""
        ids = [update.contact_id for update in updates]
        if len(updates) > BATCH or len(set(ids)) < len(ids):
            raise ValueError("a batch holds at most 100 updates, each of another contact")
        outcomes = self._batch(updates) if updates else {}
        return [outcomes[contact_id] for contact_id in ids]

    def _batch(self, updates: Sequence[Update]) -> dict[str, Outcome]:
        inputs = [{"id": update.contact_id, "properties": dict(update.properties)} for update in updates]
        try:
            answer = self._connection.write(
                self._connection.api.contacts_batch.update,
                {"inputs": inputs},
                allowed=self._allowed,
                # A stage that was cleared must come back, whatever is left of the day.
                urgent=any(update.properties.get(STAGE) for update in updates),
            )
        except AnswerLost as lost:
            return {update.contact_id: Unknown(reason=str(lost)) for update in updates}
        if answer.status < 300:
            return self._outcomes(updates, answer)
        complaint = complaint_of(answer.document)
        if "PROPERTY_DOESNT_EXIST" in complaint.codes:
            raise _missing_property(complaint, len(updates))
        if len(updates) == 1:
            return {updates[0].contact_id: Refused(reason=f"HubSpot refused it ({answer.status}, {complaint})")}
        middle = len(updates) // 2
        return self._batch(updates[:middle]) | self._batch(updates[middle:])

    def _outcomes(self, updates: Sequence[Update], answer: Answer) -> dict[str, Outcome]:
        document = answer.document or {}
        silent = "HubSpot's answer says nothing of this contact"
        outcomes: dict[str, Outcome] = {update.contact_id: Unknown(reason=silent) for update in updates}
        for error in document.get("errors") or []:
            complaint = complaint_of(error if isinstance(error, dict) else None)
            gone = complaint.category == "OBJECT_NOT_FOUND"
            reason = (
                "it is not there any more: deleted, or merged into another"
                if gone
                else f"HubSpot refused it ({complaint})"
            )
            outcomes |= {i: Refused(reason=reason, gone=gone) for i in complaint.ids if i in outcomes}
        for row in rows_of(document):
            if (contact_id := str(row.get("id"))) in outcomes and isinstance(row.get("properties"), Mapping):
                outcomes[contact_id] = self._written(row)
        return outcomes

    def _written(self, row: Row) -> Written:
        properties = row["properties"]
        at = modified_at({"lastmodifieddate": row.get("updatedAt")}) or modified_at(properties)
        return Written(values=self._builder.as_ours(properties), at=at)


def _missing_property(complaint: Complaint, rows: int) -> FatalError:
    names = ", ".join(complaint.properties) or "a property of ours"
    return FatalError(
        f"The portal has no contact property {names}: HubSpot refused a batch of {rows} contacts whole, and none of "
        "them was written. Create it with `scoreline provision`, or name another one in the rulebook."
    )
