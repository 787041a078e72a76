"""What was read of each contact, kept so that another rulebook can be tried on all of them."""

from collections.abc import Iterable, Iterator, Sequence

from sqlalchemy import ColumnElement, Connection, delete, func, insert, select

from sync.sheets import Heading, Pile, Sheet, Stretch
from sync.store.database import Database
from sync.store.rows import CHUNK, in_chunks, storable
from sync.store.tables import headings
from sync.store.tables import sheets as _sheets

_AT_ONCE = 20_000
"""Sheets read at a time: few enough for little memory, so many that what is done once for all of them costs nothing."""

_COLUMNS = ("heading_id", "told", "names", "acts")


class SqlSheets:
    """Fulfils `Sheets` for one portal."""

    def __init__(self, database: Database, portal_id: str) -> None:
        self._database = database
        self._portal_id = portal_id

    def keep(self, heading: Heading, sheets: Iterable[Sheet]) -> None:
        """Keep these in place of what is kept of the same contacts. What is there already is not written again."""
        statement = self._database.upsert(_sheets, _COLUMNS)
        for chunk in in_chunks(sheets, CHUNK):
            with self._database.write() as connection:
                same_for_all = {"portal_id": self._portal_id, "heading_id": self._heading_id(connection, heading)}
                rows = [
                    same_for_all
                    | {
                        "contact_id": sheet.contact_id,
                        "told": storable(sheet.told),
                        "names": storable(sheet.names),
                        "acts": sheet.acts,
                    }
                    for sheet in chunk
                ]
                connection.execute(statement, rows)

    def forget(self, ids: Iterable[str]) -> None:
        """Drop what is kept of these contacts."""
        for chunk in in_chunks(ids, CHUNK):
            with self._database.write() as connection:
                connection.execute(delete(_sheets).where(self._ours, _sheets.c.contact_id.in_(chunk)))

    def count(self) -> int:
        """Of how many contacts something is kept."""
        with self._database.read() as connection:
            return connection.execute(select(func.count()).select_from(_sheets).where(self._ours)).scalar_one()

    def stretches(self, sizes: Sequence[int]) -> Sequence[Stretch]:
        """All contacts in stretches of these sizes, each more than 0; the last has all that are left."""
        ids = select(_sheets.c.contact_id).where(self._ours).order_by(_sheets.c.contact_id)
        cuts: list[str] = []
        with self._database.read() as connection:
            for size in sizes[:-1]:
                rest = ids.where(_sheets.c.contact_id >= cuts[-1]) if cuts else ids
                cut = connection.execute(rest.offset(size).limit(1)).scalar()
                if cut is None:
                    break
                cuts.append(cut)
        return [Stretch(first=first, end=end) for first, end in zip(["", *cuts], [*cuts, None], strict=True)]

    def within(self, stretch: Stretch) -> Iterator[Pile]:
        """The sheets of a stretch, many at a time."""
        asked = select(_sheets.c.contact_id, *(_sheets.c[name] for name in _COLUMNS)).where(self._ours)
        if stretch.end is not None:
            asked = asked.where(_sheets.c.contact_id < stretch.end)
        asked = asked.order_by(_sheets.c.contact_id).limit(_AT_ONCE)
        page = asked.where(_sheets.c.contact_id >= stretch.first)
        while True:
            with self._database.read() as connection:
                known = self._headings(connection)
                # As the driver has them: a million rows as objects take longer to make than all that is done with them.
                rows = connection.execute(page).cursor.fetchall()
            under = {row[1] for row in rows}
            for heading_id in sorted(under):
                some = rows if len(under) == 1 else [row for row in rows if row[1] == heading_id]
                ids, _, told, names, acts = zip(*some, strict=True)
                yield Pile(heading=known[heading_id], ids=ids, told=told, names=names, acts=acts)
            if len(rows) < _AT_ONCE:
                return
            page = asked.where(_sheets.c.contact_id > rows[-1][0])

    @property
    def _ours(self) -> ColumnElement[bool]:
        return _sheets.c.portal_id == self._portal_id

    def _headings(self, connection: Connection) -> dict[int, Heading]:
        asked = select(headings.c.id, headings.c.text).where(headings.c.portal_id == self._portal_id)
        return {row.id: Heading.read(row.text) for row in connection.execute(asked)}

    def _heading_id(self, connection: Connection, heading: Heading) -> int:
        of_portal = headings.c.portal_id == self._portal_id
        known = connection.execute(select(headings.c.id).where(of_portal, headings.c.text == heading.text)).scalar()
        if known is not None:
            return int(known)
        values = {"portal_id": self._portal_id, "text": heading.text}
        return int(connection.execute(insert(headings).values(values).returning(headings.c.id)).scalar_one())
