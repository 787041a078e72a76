"""Which contacts records belong to, for many records at once."""

from collections.abc import Mapping, Sequence
from typing import Any

from sync.hubspot.connection import Connection
from sync.hubspot.paging import next_after, rows_of
from sync.ports import RetryableError

INPUTS_MAX = 1_000
"""Records of one request (HubSpot associations guide)."""
_TRIES = 3


def contacts_of(connection: Connection, object_type: str, ids: Sequence[str]) -> Mapping[str, Sequence[str]]:
    """The contacts of each of these records; those that belong to none are missing.

    RetryableError where HubSpot leaves records out and does not say that they belong to nobody.
    """
    found: dict[str, dict[str, None]] = {}
    for start in range(0, len(ids), INPUTS_MAX):
        _read_into(found, connection, object_type, [{"id": each} for each in ids[start : start + INPUTS_MAX]])
    return {each: list(contacts) for each, contacts in found.items()}


def _read_into(
    found: dict[str, dict[str, None]], connection: Connection, object_type: str, inputs: list[dict[str, Any]]
) -> None:
    tries = _TRIES
    while inputs:
        answer = connection.read(connection.api.associations.get_page, object_type, "contacts", {"inputs": inputs})
        document = answer.document or {}
        further = []
        answered = set()
        for row in rows_of(document):
            record_id = str((row.get("from") or {}).get("id"))
            answered.add(record_id)
            ids = [str(tie["toObjectId"]) for tie in row.get("to") or () if tie.get("toObjectId")]
            found.setdefault(record_id, {}).update(dict.fromkeys(ids))
            if (after := next_after(row)) is not None:
                further.append({"id": record_id, "after": after})
        # A record without contacts is no empty entry but an error of its own, in every ordinary answer.
        silent = [each for each in inputs if each["id"] not in answered]
        if len(silent) > _errors_in(document):
            tries -= 1
            if not tries:
                raise RetryableError(
                    f"HubSpot leaves open which contacts {len(silent)} of its {object_type} belong to. What it said of "
                    "them before still counts; the next run asks again."
                )
            connection.pause()
            further += silent
        inputs = further


def _errors_in(document: Mapping[str, Any]) -> int:
    """How many records an answer says it has nothing on: an error may be of one, or of all that it names."""
    listed, counted = document.get("errors"), document.get("numErrors")
    errors = [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
    return max(sum(map(_named_in, errors)), counted if isinstance(counted, int) else 0)


def _named_in(error: Mapping[str, Any]) -> int:
    context = error.get("context")
    lists = [each for each in context.values() if isinstance(each, list)] if isinstance(context, dict) else []
    return max((len(each) for each in lists), default=0) or 1
