"""The worker's database, as a simulated process meets it: it takes time, it may fail, it may be lost or put back."""

import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import ColumnElement, Connection, Engine, Table, delete, insert, select

from sync.ports import Lease
from sync.store import PortalStore, Store, StoreError
from sync.store.database import Database, begin_writing
from sync.store.opening import open_database
from sync.store.tables import metadata
from tests.simulation.clockwork import ProcessClock, Processes, Simulated

Rows = Mapping[str, Sequence[Mapping[str, Any]]]
_IN_MEMORY = Path("/dev/shm")
COMMITTED = "database committed"
"""The step of a process right after each of its transactions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Storage:
    """One database for the portals of many seeds, one after another."""

    database: Database
    engine: Engine

    def rows(self, portal_id: str) -> Rows:
        """Everything that is kept of a portal: a backup copy."""
        with self.engine.connect() as connection:
            return {
                table.name: [dict(row._mapping) for row in connection.execute(_of(table, portal_id))]
                for table in metadata.sorted_tables
            }

    def lose(self, portal_id: str) -> None:
        """As if the database had been deleted."""
        with begin_writing(self.engine) as connection:
            _delete(connection, portal_id)

    def put_back(self, portal_id: str, copy: Rows) -> None:
        """As if the database had been restored from a copy."""
        with begin_writing(self.engine) as connection:
            _delete(connection, portal_id)
            for table in metadata.sorted_tables:
                if copy[table.name]:
                    connection.execute(insert(table), copy[table.name])


@contextmanager
def opened_storage(url: str) -> Iterator[Storage]:
    """The database of that address, made or migrated where needed."""
    database = open_database(url)
    try:
        yield Storage(database=database, engine=database._engine)
    finally:
        database.close()


@contextmanager
def a_folder() -> Iterator[Path]:
    """Room for SQLite files, in memory where the machine lets us: a commit waits for its disk otherwise."""
    folder = Path(tempfile.mkdtemp(prefix="scoreline-sim-", dir=_IN_MEMORY if _IN_MEMORY.is_dir() else None))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class Weather(Protocol):
    """What befalls a process at the edges of its transactions."""

    def step(self, process: Simulated, where: str, *, stands: bool = True) -> None:
        """A step of a process; `stands`: it may be frozen here."""

    def store_fails(self, process: Simulated, *, writes: bool) -> str:
        """`before` its begin, `instead` of its commit, `after` its commit; empty where the transaction goes well."""


class SteppedDatabase(Database):
    """A process's own way to the shared database."""

    def __init__(self, engine: Engine, process: Simulated, weather: Weather) -> None:
        super().__init__(engine, "simulated")
        self._process = process
        self._weather = weather

    @contextmanager
    def read(self) -> Iterator[Connection]:
        self._weather.step(self._process, "database read", stands=not self._process.checking)
        if self._weather.store_fails(self._process, writes=False):
            raise StoreError("The database simulated failed: it is away.")
        with super().read() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        self._weather.step(self._process, "database begin", stands=not self._process.checking)
        fails = self._weather.store_fails(self._process, writes=True)
        if fails == "before":
            raise StoreError("The database simulated failed: disk full.")
        with super().write() as connection:
            yield connection
            if fails == "instead":
                raise StoreError("The database simulated failed: disk full at commit.")
        self._weather.step(self._process, COMMITTED, stands=not self._process.checking)
        if fails == "after":
            raise StoreError("The database simulated failed: the connection was lost at commit.")


class _WatchedLease:
    """Marks the moments between a look at the lease and what is sent on it.

    A process that is suspended exactly there sends what it must not: without conditional writes nothing on this side
    can prevent that. So it is never suspended there, though it may be killed.
    """

    def __init__(self, lease: Lease, process: Simulated) -> None:
        self._lease = lease
        self._process = process

    def check(self) -> None:
        self._process.checking = True
        try:
            self._lease.check()
        finally:
            self._process.checking = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._lease, name)


class SteppedStore(Store):
    """The store of one process."""

    def __init__(self, storage: Storage, process: Simulated, weather: Weather, machine: Processes) -> None:
        database = SteppedDatabase(storage.engine, process, weather)
        super().__init__(database, clock=ProcessClock(process), machine=machine)
        self._process = process

    def portal(self, portal_id: str) -> PortalStore:
        kept = super().portal(portal_id)
        lease: Any = _WatchedLease(kept.lease, self._process)
        return replace(kept, lease=lease)


def _of(table: Table, portal_id: str) -> Any:
    return select(table).where(_belongs(table, portal_id))


def _delete(connection: Connection, portal_id: str) -> None:
    for table in reversed(metadata.sorted_tables):
        connection.execute(delete(table).where(_belongs(table, portal_id)))


def _belongs(table: Table, portal_id: str) -> ColumnElement[bool]:
    """Which rows of a table are a portal's: they name it, or the row that they are part of does."""
    if "portal_id" in table.c:
        return table.c.portal_id == portal_id
    [key] = table.foreign_keys
    return key.parent.in_(select(key.column).where(_belongs(key.column.table, portal_id)))
