"""What feeds told of single acts, how each feed stands, and whose addresses those acts came with."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, cast

from sqlalchemy import ColumnElement, Connection, Row, bindparam, delete, insert, select, true, update

from sync.store.database import Database
from sync.store.rows import CHUNK, from_ms, in_chunks, storable, to_ms
from sync.store.tables import feeds
from sync.store.tables import links as _links
from sync.store.tables import traces as _traces
from sync.traces import ADDRESS, FeedNote, Trace

_AT_ONCE = 20_000
"""Traces per transaction: a fraction of a second, so that no other process, nor our own heartbeat, waits for long."""

_TOLD = ("who", "act", "at", "name", "ref", "until", "by_machine", "link")
_Told = tuple[str, str, int | None, str, str, int | None, str, str]
"""Its columns, in that order."""

# Built once: to build them takes longer than to run them.
_THESE = (_traces.c.feed_id == bindparam("of_feed")) & _traces.c.key.in_(bindparam("keys", expanding=True))
_WHAT_IS_THERE = select(_traces.c.key, *(_traces.c[name] for name in _TOLD)).where(_THESE)
_WHOSE = (
    select(_traces)
    .where(_traces.c.who.in_(bindparam("whos", expanding=True)))
    .order_by(_traces.c.at.nulls_first(), _traces.c.feed_id, _traces.c.key)
)


class SqlTraces:
    """Fulfils `Traces` for one portal."""

    def __init__(self, database: Database, portal_id: str) -> None:
        self._database = database
        self._portal_id = portal_id

    def notes(self) -> Mapping[str, FeedNote]:
        """How each feed stands, by its name; those never asked for are missing."""
        asked = select(feeds).where(feeds.c.portal_id == self._portal_id, feeds.c.state.is_not(None))
        with self._database.read() as connection:
            return {row.feed: _note(row) for row in connection.execute(asked)}

    def note(self, note: FeedNote) -> None:
        """Put on record how a feed stands, in place of what was."""
        values = {
            "state": note.state,
            "acts": json.dumps(sorted(note.acts)),
            "read_up_to": to_ms(note.read_up_to),
            "checked_at": to_ms(note.checked_at),
            "problem": storable(note.problem),
            "ahead": note.ahead,
        }
        with self._database.write() as connection:
            of_feed = feeds.c.id == self._feed_id(connection, note.feed)
            connection.execute(update(feeds).where(of_feed).values(values))

    def keep(self, traces: Sequence[Trace], *, walk: int = 0) -> Collection[str]:
        """Add traces, in place of those with the same key. Returns under whom something is new or has changed.

        `walk`: a number above 0, the same for all that one walk through the whole feed lists, and of no other walk.
        """
        news: set[str] = set()
        by_feed: dict[str, dict[str, Trace]] = {}
        for trace in traces:
            by_feed.setdefault(trace.feed, {})[storable(trace.key)] = trace
        for feed, by_key in by_feed.items():
            for chunk in in_chunks(by_key.items(), _AT_ONCE):
                with self._database.write() as connection:
                    feed_id = self._feed_id(connection, feed)
                    news |= self._put(connection, feed_id, {key: _told(trace) for key, trace in chunk}, walk)
        return news

    def drop_unlisted(self, feed: str, walk: int) -> Collection[str]:
        """Drop the traces of a feed that this walk through the whole of it did not list. Returns under whom."""
        return self._drop(feed, _traces.c.walk != walk)

    def drop(self, feed: str) -> None:
        """Drop all traces of a feed, and its note."""
        self._drop(feed, true())
        with self._database.write() as connection:
            connection.execute(delete(feeds).where(feeds.c.portal_id == self._portal_id, feeds.c.feed == feed))

    def of(self, whos: Sequence[str]) -> Mapping[str, Sequence[Trace]]:
        """The traces kept under these, by `who`, oldest first; those without any are missing."""
        found: dict[str, list[Trace]] = {}
        with self._database.read() as connection:
            ours = self._ours(connection)
            for chunk in in_chunks(dict.fromkeys(whos), CHUNK):
                for row in connection.execute(_WHOSE, {"whos": chunk}):
                    if (feed := ours.get(row.feed_id)) is not None:
                        found.setdefault(row.who, []).append(_trace(feed, row))
        return found

    def link(self, links: Iterable[tuple[str, str]]) -> None:
        """Remember of contacts (id, who) under what else their traces are kept, so that `forget` finds them.

        An address, and the id of a merged contact, is one contact's at a time: the last one named. What was linked to a
        contact that is linked to another by its id goes along.
        """
        statement = self._database.upsert(_links, ["contact_id"])
        owners = {who: contact_id for contact_id, who in links}
        merged = [{"of": who, "to": owner} for who, owner in owners.items() if not who.startswith(ADDRESS)]
        if merged:
            with self._database.write() as connection:
                theirs = (_links.c.portal_id == self._portal_id) & (_links.c.contact_id == bindparam("of"))
                connection.execute(update(_links).where(theirs).values(contact_id=bindparam("to")), merged)
        for chunk in in_chunks(owners.items(), _AT_ONCE):
            rows = [{"portal_id": self._portal_id, "who": who, "contact_id": owner} for who, owner in chunk]
            with self._database.write() as connection:
                connection.execute(statement, rows)

    def of_whom(self, ids: Sequence[str]) -> Collection[str]:
        """Those of these contacts of whom `forget` would drop traces."""
        found: set[str] = set()
        for chunk in in_chunks(ids, CHUNK):
            with self._database.read() as connection:
                owners = self._owners(connection, chunk)
                for whos in in_chunks(owners, CHUNK):
                    named = select(_traces.c.who).distinct().where(self._kept_under(connection, whos))
                    found.update(owners[who] for who in connection.execute(named).scalars())
        return found

    def forget(self, ids: Sequence[str]) -> None:
        """Drop every trace of these contacts, under whatever it is kept; but what another one took over stays."""
        for chunk in in_chunks(ids, CHUNK):
            with self._database.write() as connection:
                for whos in in_chunks(self._owners(connection, chunk), CHUNK):
                    connection.execute(delete(_traces).where(self._kept_under(connection, whos)))
                    of_portal = _links.c.portal_id == self._portal_id
                    connection.execute(delete(_links).where(of_portal, _links.c.who.in_(whos)))

    def _owners(self, connection: Connection, ids: Sequence[str]) -> Mapping[str, str]:
        """Everything that traces of these contacts may be kept under, and of which of them."""
        known: dict[str, str] = {}
        for column in (_links.c.who, _links.c.contact_id):  # each has an index; both at once would use none
            of_portal = _links.c.portal_id == self._portal_id
            named = select(_links.c.who, _links.c.contact_id).where(of_portal, column.in_(ids))
            known.update((row.who, row.contact_id) for row in connection.execute(named))
        these = set(ids)
        owners = {who: known.get(who, who) for who in these | known.keys()}
        return {who: owner for who, owner in owners.items() if owner in these}

    def _kept_under(self, connection: Connection, whos: Sequence[str]) -> ColumnElement[bool]:
        # A sum is in no index: without it SQLite would walk through whole feeds.
        return _traces.c.who.in_(whos) & (_traces.c.feed_id + 0).in_(self._ours(connection))

    def _ours(self, connection: Connection) -> Mapping[int, str]:
        """This portal's feeds by the number that stands for them."""
        asked = select(feeds.c.id, feeds.c.feed).where(feeds.c.portal_id == self._portal_id)
        return {row.id: row.feed for row in connection.execute(asked)}

    def _feed_id(self, connection: Connection, feed: str) -> int:
        for number, name in self._ours(connection).items():
            if name == feed:
                return number
        values = {"portal_id": self._portal_id, "feed": feed, "acts": "[]", "problem": "", "ahead": False}
        return int(connection.execute(insert(feeds).values(values).returning(feeds.c.id)).scalar_one())

    def _put(self, connection: Connection, feed_id: int, told: Mapping[str, _Told], walk: int) -> set[str]:
        """Write what is new or has changed, and return under whom. What is there already is only read."""
        news: set[str] = set()
        listed = {"walk": walk} if walk else {}
        statement = self._database.upsert(_traces, (*_TOLD, *listed))
        for chunk in in_chunks(told, CHUNK):
            these = {"of_feed": feed_id, "keys": chunk}
            there = connection.execute(_WHAT_IS_THERE, these)
            before = {row[0]: cast(_Told, row[1:]) for row in there}
            changed = [key for key in chunk if before.get(key) != told[key]]
            if listed and len(changed) < len(chunk):
                connection.execute(update(_traces).where(_THESE, _traces.c.walk != walk).values(listed), these)
            if changed:
                same_for_all: dict[str, object] = {"feed_id": feed_id, "walk": walk}
                rows = [same_for_all | {"key": key} | dict(zip(_TOLD, told[key], strict=True)) for key in changed]
                connection.execute(statement, rows)
            news.update(values[0] for key in changed for values in (told[key], before.get(key, told[key])))
        return news

    def _drop(self, feed: str, which: ColumnElement[bool]) -> set[str]:
        """Drop traces of a feed, as many at once as are read quickly, in the order of their keys; return whose."""
        whose: set[str] = set()
        low: str | None = ""
        while low is not None:
            with self._database.write() as connection:
                stretch = (_traces.c.feed_id == self._feed_id(connection, feed)) & (_traces.c.key >= low)
                in_order = select(_traces.c.key).where(stretch).order_by(_traces.c.key)
                low = connection.execute(in_order.offset(_AT_ONCE).limit(1)).scalar_one_or_none()
                if low is not None:
                    stretch &= _traces.c.key < low
                dropped = connection.execute(delete(_traces).where(stretch, which).returning(_traces.c.who))
                whose.update(dropped.scalars())
        return whose


def _told(trace: Trace) -> _Told:
    """A trace's columns, in the order of `_TOLD`."""
    return (
        trace.who,
        trace.act,
        to_ms(trace.at),
        storable(trace.name),
        storable(trace.ref),
        to_ms(trace.until),
        trace.by_machine,
        trace.link,
    )


def _trace(feed: str, row: Row[Any]) -> Trace:
    return Trace(
        feed=feed,
        key=row.key,
        who=row.who,
        act=row.act,
        at=from_ms(row.at),
        name=row.name,
        ref=row.ref,
        until=from_ms(row.until),
        by_machine=row.by_machine,
        link=row.link,
    )


def _note(row: Row[Any]) -> FeedNote:
    return FeedNote(
        feed=row.feed,
        state=row.state,
        acts=frozenset(json.loads(row.acts)),
        read_up_to=from_ms(row.read_up_to),
        checked_at=from_ms(row.checked_at),
        problem=row.problem,
        ahead=row.ahead,
    )
