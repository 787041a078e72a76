"""What is remembered of a portal and its contacts to save requests."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, Row, delete, select, true, update

from sync.records import Seen, StageNote
from sync.store.database import Database
from sync.store.rows import CHUNK, PAGE, from_ms, in_chunks, to_ms
from sync.store.tables import contacts, portals
from workflows import Setter

_SEEN = ("seen_modified_at", "fades", "seen_run")
_POINTS = ("company_id", "points")
_NO_POINTS = (None, None)
_STAGE = ("stage", "stage_since", "set_by", "set_at")


class SqlMemory:
    """Fulfils `Memory` for one portal."""

    def __init__(self, database: Database, portal_id: str) -> None:
        self._database = database
        self._portal_id = portal_id

    def watermark(self) -> datetime | None:
        """The time up to which everything that changed has been seen."""
        with self._database.read() as connection:
            asked = select(portals.c.watermark).where(portals.c.portal_id == self._portal_id)
            watermark: int | None = connection.execute(asked).scalar_one()
        return from_ms(watermark)

    def set_watermark(self, at: datetime) -> None:
        """Move the watermark, also backward."""
        with self._database.write() as connection:
            portal = update(portals).where(portals.c.portal_id == self._portal_id)
            connection.execute(portal.values(watermark=to_ms(at)))

    def stage_notes(self, ids: Sequence[str]) -> Mapping[str, StageNote]:
        """Who set the stage of these contacts; missing where that is not remembered."""
        rows = self._rows(ids, contacts.c.set_by.is_not(None))
        return {row.contact_id: _stage_note(row) for row in rows}

    def note_stages(self, notes: Iterable[StageNote]) -> None:
        """Remember who set the stage of contacts, in place of what was remembered."""
        self._upsert(
            _STAGE,
            (
                {
                    "contact_id": note.contact_id,
                    "stage": note.stage,
                    "stage_since": to_ms(note.since),
                    "set_by": note.set_by.value,
                    "set_at": to_ms(note.set_at),
                }
                for note in notes
            ),
        )

    def seen(self, ids: Sequence[str]) -> Mapping[str, Seen]:
        """How these contacts were when they were last read; those that never were are missing."""
        rows = self._rows(ids, contacts.c.seen_run > 0)
        return {
            r.contact_id: Seen(modified_at=from_ms(r.seen_modified_at), fades=r.fades, run_id=r.seen_run) for r in rows
        }

    def note_seen(self, contacts: Iterable[tuple[str, datetime | None, bool]], *, run_id: int) -> None:
        """Remember contacts as (id, change date as read, whether time alone will change their score), and the run."""
        self._upsert(
            _SEEN,
            (
                {
                    "contact_id": contact_id,
                    "seen_modified_at": to_ms(modified_at),
                    "fades": fades,
                    "seen_run": run_id,
                }
                for contact_id, modified_at, fades in contacts
            ),
        )

    def note_known(self, ids: Iterable[str]) -> None:
        """Remember no more of contacts than that something is kept of them, so that `not_seen_since` names them too."""
        self._upsert((), ({"contact_id": contact_id} for contact_id in ids))

    def fading(self) -> Iterator[Sequence[str]]:
        """The ids of contacts whose score time alone will change, at most 100 at a time, each once."""
        return self._pages(contacts.c.contact_id, contacts.c.fades)

    def not_seen_since(self, run_id: int) -> Iterator[Sequence[str]]:
        """The ids of contacts that this run and later ones did not see, at most 100 at a time, each once."""
        return self._pages(contacts.c.contact_id, contacts.c.seen_run < run_id)

    def note_points(self, rows: Iterable[tuple[str, str | None, int | None]]) -> Collection[str]:
        """Remember contacts as (id, company id, points), None for none; returns the companies that this changes.

        A contact that goes over to another company, or has none any more, changes the one that it was with too.
        """
        changed: set[str | None] = set()
        statement = self._database.upsert(contacts, _POINTS)
        for chunk in in_chunks({row[0]: row[1:] for row in rows}.items(), CHUNK):
            before = {r.contact_id: (r.company_id, r.points) for r in self._rows([i for i, _ in chunk], true())}
            new = [(i, *given) for i, given in chunk if given != before.get(i, _NO_POINTS)]
            changed.update(company for i, company, _ in new for company in (company, before.get(i, _NO_POINTS)[0]))
            if new:
                columns = ("portal_id", "contact_id", *_POINTS)
                values = [dict(zip(columns, (self._portal_id, *each), strict=True)) for each in new]
                with self._database.write() as connection:
                    connection.execute(statement, values)
        return {company for company in changed if company is not None}

    def points_of_companies(self, company_ids: Sequence[str]) -> Mapping[str, Sequence[int]]:
        """The points of the contacts of these companies, highest first; companies without any are missing."""
        found: dict[str, list[int]] = {}
        asked = select(contacts.c.company_id, contacts.c.points).where(
            contacts.c.portal_id == self._portal_id, contacts.c.points.is_not(None)
        )
        for chunk in in_chunks(dict.fromkeys(company_ids), CHUNK):
            with self._database.read() as connection:
                theirs = asked.where(contacts.c.company_id.in_(chunk)).order_by(contacts.c.points.desc())
                for company_id, points in connection.execute(theirs):
                    found.setdefault(company_id, []).append(points)
        return found

    def companies(self) -> Iterator[Sequence[str]]:
        """The ids of companies that contacts are remembered of, at most 100 at a time, each once."""
        return self._pages(contacts.c.company_id, contacts.c.company_id.is_not(None))

    def forget(self, ids: Sequence[str]) -> None:
        """Drop everything remembered of these contacts."""
        with self._database.write() as connection:
            for chunk in in_chunks(ids, CHUNK):
                connection.execute(delete(contacts).where(self._are(chunk)))

    def _pages(self, column: Column[str], which: ColumnElement[bool]) -> Iterator[Sequence[str]]:
        """What stands in a column, in order."""
        wanted = select(column).distinct().where(contacts.c.portal_id == self._portal_id, which)
        wanted = wanted.order_by(column).limit(PAGE)
        done = ""
        while True:
            with self._database.read() as connection:
                page = connection.execute(wanted.where(column > done)).scalars().all()
            if page:
                yield page
            if len(page) < PAGE:
                return
            done = page[-1]

    def _are(self, ids: Sequence[str]) -> ColumnElement[bool]:
        return (contacts.c.portal_id == self._portal_id) & contacts.c.contact_id.in_(ids)

    def _rows(self, ids: Sequence[str], worth: ColumnElement[bool]) -> Iterator[Row[Any]]:
        for chunk in in_chunks(ids, CHUNK):
            with self._database.read() as connection:
                yield from connection.execute(select(contacts).where(self._are(chunk), worth)).all()

    def _upsert(self, columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> None:
        statement = self._database.upsert(contacts, columns)
        for chunk in in_chunks(rows, CHUNK):
            with self._database.write() as connection:
                connection.execute(statement, [{"portal_id": self._portal_id, **row} for row in chunk])


def _stage_note(row: Row[Any]) -> StageNote:
    return StageNote(
        contact_id=row.contact_id,
        stage=row.stage,
        since=from_ms(row.stage_since),
        set_by=Setter(row.set_by),
        set_at=from_ms(row.set_at),
    )
