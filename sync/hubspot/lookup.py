"""Records read by their ids, where a record that an answer does not mention is not taken for one that is gone."""

from collections.abc import Mapping, Sequence
from typing import Any

from sync.hubspot.apis import Call
from sync.hubspot.connection import Connection
from sync.hubspot.errors import complaint_of
from sync.hubspot.paging import Row, rows_of
from sync.ports import RetryableError

ASKED_ALONE_MAX = 10
"""Where more records than this stay unmentioned and one of them is there, HubSpot is not itself now."""
URL_NAMES_MAX = 5 * 1024
"""Characters of property names that a URL may carry: some 900 names gave 414 (airbyte#33976)."""

_TRIES = 3
_MERGED = "hs_merged_object_ids"


def fits_url(names: Sequence[str]) -> bool:
    """Whether a request by GET can name these properties."""
    return sum(len(f"properties={name}&") for name in names) <= URL_NAMES_MAX


class Lookup:
    """One kind of object, by id: `batch` reads up to a hundred in one request, `alone` a single one."""

    def __init__(self, connection: Connection, *, batch: Call, alone: Call) -> None:
        self._connection = connection
        self._batch = batch
        self._alone = alone

    def rows(self, ids: Sequence[str], properties: Sequence[str], history: Sequence[str] = ()) -> Sequence[Row]:
        """The records of these ids; missing are those that HubSpot twice names as missing, or does not find alone.

        Twice, since who is taken for deleted is forgotten. Where an id was merged away, the survivor's record may come
        in its place. RetryableError where HubSpot leaves records out and neither names them as missing nor shows them.
        """
        found: dict[str, Row] = {}
        silent = list(dict.fromkeys(ids))
        named: set[str] = set()
        for tried in range(_TRIES):
            if not named.issuperset(silent) and tried:
                self._connection.pause()
            # Only who is asked twice has a doubt to resolve: whether a record that came stands for others.
            names = [*properties, *([_MERGED] if tried else [])]
            document = self._asked(silent, names, history)
            rows = {str(row["id"]): row for row in rows_of(document)}
            found |= rows
            gone = _gone(document)
            answered = {*rows, *(gone & named), *(old for row in rows.values() for old in _merged_into(row))}
            named |= gone
            silent = [each for each in silent if each not in answered]
            if not silent:
                return list(found.values())
        if not fits_url([*properties, *history]):
            raise _left_out(len(ids) - len(silent), len(ids))
        for each in silent:
            if row := self._by_itself(each, properties, history):
                if len(silent) > ASKED_ALONE_MAX:
                    raise _left_out(len(ids) - len(silent), len(ids))
                found[each] = row
        return list(found.values())

    def _asked(self, ids: Sequence[str], properties: Sequence[str], history: Sequence[str]) -> Mapping[str, Any]:
        body = {
            "inputs": [{"id": each} for each in ids],
            "properties": list(properties),
            "propertiesWithHistory": list(history),
        }
        return self._connection.read(self._batch, body, urgent=True).document or {}

    def _by_itself(self, each: str, properties: Sequence[str], history: Sequence[str]) -> Row | None:
        more: dict[str, Any] = {"properties_with_history": list(history)} if history else {}
        answer = self._connection.read(
            self._alone, each, properties=list(properties), holds="id", expects=(200, 404), urgent=True, **more
        )
        row = answer.document if answer.status == 200 else None
        # By GET an id that was merged away leads to the survivor (HubSpot objects guide), which is another record.
        return row if row and str(row["id"]) == each else None


def _gone(document: Mapping[str, Any]) -> set[str]:
    """The ids that an answer names as missing."""
    errors = document.get("errors")
    complaints = [complaint_of(e) for e in errors if isinstance(e, dict)] if isinstance(errors, list) else []
    return {each for complaint in complaints if complaint.category == "OBJECT_NOT_FOUND" for each in complaint.ids}


def _merged_into(row: Row) -> Sequence[str]:
    """The ids that were merged into this record, where they were asked for."""
    properties = row.get("properties")
    text = properties.get(_MERGED) if isinstance(properties, dict) else None
    return text.split(";") if isinstance(text, str) else ()


def _left_out(got: int, asked: int) -> RetryableError:
    return RetryableError(
        f"HubSpot answered with {got} of {asked} records, {_TRIES} times over, and does not say that the others are "
        "gone. They are not taken for deleted, and nothing was written by that; the next run asks again."
    )
