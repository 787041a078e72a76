"""A portal filled from a HubSpot-style export: a CSV file whose columns are internal property names."""

import csv
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from sandbox.clock import Clock
from sandbox.definitions import Definition
from sandbox.limits import TierName
from sandbox.portal import PORTAL_ID, Portal
from sandbox.records import IMPORTED
from sandbox.times import read_date, read_ms, to_iso, to_ms

_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_EPOCH_MS = re.compile(r"1\d{12}")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}T\S+")


def load_csv(
    path: str | Path,
    *,
    shift_to_now: bool = False,
    clock: Clock | None = None,
    tier: TierName = "professional",
    portal_id: int = PORTAL_ID,
) -> Portal:
    """A portal with one contact per row.

    An empty cell was never set; a column that HubSpot lacks becomes a custom property. Times are epoch milliseconds
    or ISO. With `shift_to_now` all of them move by the same amount, so that the newest is now.
    Raises ValueError for a file without a header that names a property of HubSpot's, or with a row that is longer.
    """
    with Path(path).open(newline="", encoding="utf-8-sig") as file:
        rows = csv.reader(file)
        names = [name.strip().lower() for name in next(rows, [])]
        cells = [row for row in rows if row]
    if not any(names):
        raise ValueError(f"{path} has no header: the first row must name HubSpot properties")
    for number, row in enumerate(cells, start=2):
        if len(row) > len(names):
            raise ValueError(f"{path}, row {number}: {len(row)} cells, but the header names {len(names)} columns")
    portal = Portal(clock=clock, tier=tier, portal_id=portal_id)
    if not any(portal.contacts.definitions.get(name) for name in names):
        separated = "its columns are separated by semicolons, not by commas" if ";" in names[0] else ""
        raise ValueError(separated or "no column bears the internal name of a HubSpot property, such as email")
    columns = [
        _definition(portal, name, (row[place] for row in cells if place < len(row))) for place, name in enumerate(names)
    ]
    times = [place for place, column in enumerate(columns) if column.type in {"datetime", "date"}]
    shift_ms = _shift_ms(portal, cells, times) if shift_to_now else 0
    now = to_iso(to_ms(portal.clock.now()))
    for row in cells:
        values = {
            column.name: _stored(column, text, shift_ms)
            for column, text in zip(columns, row, strict=False)
            if text != ""
        }
        if read_ms(values.get("createdate", "")) is None:
            values["createdate"] = now
        values.setdefault("lastmodifieddate", min(_newest(values, columns), now))
        portal.insert(portal.contacts, values, IMPORTED, default_time=now)
    return portal


def _definition(portal: Portal, name: str, column: Iterable[str]) -> Definition:
    """HubSpot's own property of that name, or a custom one whose type fits every value of the column."""
    if known := portal.contacts.definitions.get(name):
        return known
    present = {text for text in column if text != ""}

    def all_match(pattern: re.Pattern[str]) -> bool:
        return bool(present) and all(pattern.fullmatch(text) for text in present)

    if present and {text.lower() for text in present} <= {"true", "false"}:
        return portal.define(name, "bool", "booleancheckbox", options=("true", "false"))
    if all_match(_EPOCH_MS) or all_match(_ISO):
        return portal.define(name, "datetime", "date")
    if all_match(_DAY):
        return portal.define(name, "date", "date")
    if all_match(_NUMBER):
        return portal.define(name, "number", "number")
    return portal.define(name, "string", "text")


def _shift_ms(portal: Portal, rows: Sequence[Sequence[str]], times: Sequence[int]) -> int:
    newest = max(
        (ms for row in rows for place in times if place < len(row) and (ms := read_ms(row[place])) is not None),
        default=None,
    )
    return 0 if newest is None else to_ms(portal.clock.now()) - newest


def _stored(column: Definition, text: str, shift_ms: int) -> str:
    if column.type == "datetime" and (ms := read_ms(text)) is not None:
        return to_iso(ms + shift_ms)
    if column.type == "date" and (ms := read_ms(text)) is not None:
        return read_date(text) or text if shift_ms == 0 else to_iso(ms + shift_ms)[:10]
    if column.type == "bool":
        text = text.lower()
    return text


def _newest(values: dict[str, str], columns: Sequence[Definition]) -> str:
    # ISO texts of one length: the greatest is the latest. What could not be read as a time begins with no digit.
    times = [values[c.name] for c in columns if c.type == "datetime" and values.get(c.name, "")[:1].isdigit()]
    return max(times, default=values["createdate"])
