"""The worker's own state in a SQL database: journal, memory, traces and lease of every portal it works on."""

from dataclasses import dataclass

from sqlalchemy import select

from sync.clock import SYSTEM, Clock
from sync.store.database import Database, StoreError
from sync.store.journal import SqlJournal
from sync.store.lease import SqlLease
from sync.store.memory import SqlMemory
from sync.store.opening import open_database
from sync.store.processes import Machine
from sync.store.scratch import FileScratch
from sync.store.sheets import SqlSheets
from sync.store.tables import leases, portals
from sync.store.traces import SqlTraces

__all__ = ["FileScratch", "PortalStore", "Store", "StoreError", "open_store"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PortalStore:
    """What is kept of one portal (HubSpot account)."""

    journal: SqlJournal
    memory: SqlMemory
    traces: SqlTraces
    sheets: SqlSheets
    lease: SqlLease


class Store:
    """One database, for any number of portals. To be closed by whoever opened it."""

    def __init__(self, database: Database, *, clock: Clock = SYSTEM, machine: Machine | None = None) -> None:
        self._database = database
        self._clock = clock
        self._machine = machine

    def portal(self, portal_id: str) -> PortalStore:
        """What is kept of this portal; an empty store when it is new."""
        never_held = {"epoch": 0, "beat": 0, "command": "", "since": 0}
        nobody = {"host": "", "pid_space": "", "pid": 0, "process_started": ""}
        with self._database.write() as connection:
            connection.execute(self._database.upsert(portals), {"portal_id": portal_id})
            connection.execute(self._database.upsert(leases), {"portal_id": portal_id} | never_held | nobody)
        return PortalStore(
            journal=SqlJournal(self._database, portal_id, clock=self._clock),
            memory=SqlMemory(self._database, portal_id),
            traces=SqlTraces(self._database, portal_id),
            sheets=SqlSheets(self._database, portal_id),
            lease=SqlLease(self._database, portal_id, clock=self._clock, machine=self._machine),
        )

    def portals(self) -> list[str]:
        """The ids of all portals that something is kept of, in order."""
        with self._database.read() as connection:
            return list(connection.execute(select(portals.c.portal_id).order_by(portals.c.portal_id)).scalars())

    def close(self) -> None:
        """Let go of the database."""
        self._database.close()


def open_store(database_url: str) -> Store:
    """The store at an address: `sqlite:///file` (from the working directory on) or `postgresql://…`.

    Made, or brought to the present form, where needed; several processes may do so at the same moment.
    StoreError, which names the address without its password and the way out, when it cannot be opened.
    """
    return Store(open_database(database_url))
