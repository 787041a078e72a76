"""A portal filled from an export of HubSpot contacts in CSV, and what is to be told of the file."""

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sandbox.clock import Clock
from sandbox.csv_columns import Column, read_columns
from sandbox.definitions import Definition
from sandbox.index import ID_MAX
from sandbox.limits import TierName
from sandbox.portal import PORTAL_ID, Portal
from sandbox.records import IMPORTED
from sandbox.times import read_ms, to_iso, to_ms
from sandbox.values import accept
from sandbox.writing import OWNER

_ID = re.compile(r"[1-9]\d{0,14}")
# Shorter ones are seconds, or no times at all: in milliseconds these are the years 1973 to 2286.
_MILLISECONDS = re.compile(r"\d{12,13}")
_MISTAKES_TOLD = 5
_MAY_LIE_AHEAD = {
    "notes_next_activity_date",
    "engagements_last_meeting_booked",
    "hs_latest_meeting_activity",
    "hs_email_recipient_fatigue_recovery_time",
}
_WHY = {
    "number": "not a number",
    "bool": "not true or false",
    "date": "not a day",
    "datetime": "not a time in ISO or milliseconds",
    "enumeration": "not an option of this property",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A cell of the file, by the line at which its row begins and its column's heading; never what it holds."""

    line: int
    heading: str

    def __str__(self) -> str:
        return f'line {self.line}, column "{self.heading}"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """The portal that was made of a file, and what its owner should know of how."""

    portal: Portal
    ids_kept: bool
    """Whether contacts have the ids of the file; otherwise they were given new ones."""
    custom: Sequence[Column]
    """The columns that no property of HubSpot's holds."""
    stages_added: Sequence[str]
    """Labels of lifecycle stages that only the file knows, now the portal's last ones."""
    left_out: Sequence[tuple[Cell, str]]
    """The cells that their property cannot hold, and why; the contact is there without them."""
    newest: Cell | None
    """Where the time stands that became now, if times were moved."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    line: int
    cells: Sequence[str]


def load_csv(
    path: str | Path,
    *,
    shift_to_now: bool = False,
    clock: Clock | None = None,
    tier: TierName = "professional",
    portal_id: int = PORTAL_ID,
) -> Loaded:
    """A portal with one contact per row.

    Headings are internal names or labels, and so are the values of lists. An empty cell was never set; a column that
    HubSpot lacks becomes a custom property; a cell that its property cannot hold is left out. Times are ISO, in UTC
    unless they say otherwise, or epoch milliseconds. With `shift_to_now` all of them move by the same amount, so that
    the newest time of something that has happened is now. Ids are kept where every row has one of its own.
    Raises ValueError, which does not name the file, for one that is no export.
    """
    headings, rows = _read(Path(path))
    portal = Portal(clock=clock, tier=tier, portal_id=portal_id)
    stages = len(portal.stages)
    columns = read_columns(portal, headings, lambda place: {row.cells[place] for row in rows} - {""})
    newest, shift_ms = None, 0
    if shift_to_now:
        newest, newest_ms = _newest(rows, columns)
        shift_ms = to_ms(portal.clock.now()) - newest_ms
    ids = _ids(rows, columns)
    left_out: list[tuple[Cell, str]] = []
    held = [each for each in columns if each.definition.name != "hs_object_id"]
    for row in rows:
        values = _values(portal, row, held, shift_ms, left_out)
        _insert(portal, values, held, ids[row.line] if ids else None)
    return Loaded(
        portal=portal,
        ids_kept=ids is not None,
        custom=[each for each in columns if not each.definition.hubspot_defined],
        stages_added=[stage.label for stage in portal.stages[stages:]],
        left_out=left_out,
        newest=newest,
    )


def _insert(portal: Portal, values: dict[str, str], columns: Sequence[Column], record_id: int | None) -> None:
    now = to_iso(to_ms(portal.clock.now()))
    values.setdefault("createdate", now)
    # ISO texts of one length: the greatest is the latest.
    times = [values.get(each.definition.name, "") for each in columns if each.definition.type == "datetime"]
    values.setdefault("lastmodifieddate", min(max(times, default="") or values["createdate"], now))
    portal.insert(portal.contacts, values, IMPORTED, default_time=now, record_id=record_id)


def _read(path: Path) -> tuple[Sequence[str], Sequence[_Row]]:
    """The headings, and the rows that hold anything, each as wide as the headings."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            numbered = list(_numbered(file))
    except UnicodeDecodeError as error:
        raise ValueError(f"it is not UTF-8: byte {error.start:,} is part of no character") from error
    except csv.Error as error:
        raise ValueError(f"it is not CSV: {error}") from error
    headings = numbered[0].cells if numbered else []
    if not any(headings):
        raise ValueError("it has no header: its first line must name HubSpot properties")
    width = len(headings)
    rows = [row for row in numbered[1:] if any(row.cells)]
    if not rows:
        raise ValueError("it has a header, but no contacts below it")
    if too_long := [row for row in rows if any(row.cells[width:])]:
        told = ", ".join(f"line {row.line} has {len(row.cells)}" for row in too_long[:_MISTAKES_TOLD])
        more = f" and {len(too_long) - _MISTAKES_TOLD:,} lines more" if len(too_long) > _MISTAKES_TOLD else ""
        raise ValueError(f"its header names {width} columns, but {told}{more}")
    return headings, [_Row(line=row.line, cells=[*row.cells, *[""] * width][:width]) for row in rows]


def _numbered(file: Iterator[str]) -> Iterator[_Row]:
    """Rows with the line at which each begins, since a cell may hold several lines."""
    rows = csv.reader(file)
    line = 1
    for cells in rows:
        yield _Row(line=line, cells=[cell.strip() for cell in cells])
        line = rows.line_num + 1


def _ids(rows: Sequence[_Row], columns: Sequence[Column]) -> dict[int, int] | None:
    """The id of each row by its line, if the file has them all and no two are the same."""
    place = next((each.place for each in columns if each.definition.name == "hs_object_id"), None)
    if place is None or not all(_ID.fullmatch(row.cells[place]) for row in rows):
        return None
    ids = {row.line: int(row.cells[place]) for row in rows}
    return ids if len(set(ids.values())) == len(rows) and max(ids.values()) <= ID_MAX else None


def _newest(rows: Sequence[_Row], columns: Sequence[Column]) -> tuple[Cell, int]:
    """The newest time of something that has happened: what HubSpot itself dates, and never ahead."""
    activity = [
        each
        for each in columns
        if each.definition.type == "datetime"
        and each.definition.hubspot_defined
        and each.definition.read_only
        and each.definition.name not in _MAY_LIE_AHEAD
    ]
    times = ((_time(row.cells[each.place]), row, each) for row in rows for each in activity)
    found = [(ms, -row.line, each.heading) for ms, row, each in times if ms is not None]
    if not found:
        raise ValueError("it has no time of anything that has happened, which could be moved to now")
    ms, line, heading = max(found)
    return Cell(line=-line, heading=heading), ms


def _values(
    portal: Portal, row: _Row, columns: Sequence[Column], shift_ms: int, left_out: list[tuple[Cell, str]]
) -> dict[str, str]:
    """What a row holds, by property; adds to `left_out` what cannot be held."""
    values: dict[str, str] = {}
    for column in columns:
        name, text = column.definition.name, row.cells[column.place]
        held = _held(column, text, shift_ms) if text else ""
        taken = name == "email" and held and portal.contacts.find(held, by=name)
        if held and not taken:
            values[name] = held
        elif text:
            why = "the address of a contact above" if taken else _why(column.definition)
            left_out.append((Cell(line=row.line, heading=column.heading), why))
    return values


def _held(column: Column, text: str, shift_ms: int) -> str:
    """The text to keep for a cell; `""` where its property cannot hold it."""
    definition = column.definition
    if definition.type in ("date", "datetime"):
        ms = _time(text)
        moved = None if ms is None else read_ms(str(ms + shift_ms))  # None beyond the calendar
        if moved is None:
            return ""
        return to_iso(moved) if definition.type == "datetime" else to_iso(moved)[:10]
    if definition.name == OWNER and not text.isdecimal():
        return ""
    if definition.field_type == "checkbox":
        text = ";".join(column.value_of(part.strip()) for part in text.split(";"))
    accepted = accept(definition, column.value_of(text), "")
    return accepted if isinstance(accepted, str) else ""


def _why(definition: Definition) -> str:
    named = {"email": "not an email address", OWNER: "not the id of an owner"}
    return named.get(definition.name) or _WHY.get(definition.type, "too long")


def _time(text: str) -> int | None:
    return None if text.isdigit() and not _MILLISECONDS.fullmatch(text) else read_ms(text)
