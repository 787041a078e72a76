"""One database, whichever kind: transactions, and how it fails."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, Table, event, or_
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from sync.ports import RetryableError

BUSY_S = 30
"""How long a SQLite transaction waits for another process to finish its own, in seconds."""
_CACHE_KIB = 4_000
"""What each connection to SQLite may hold of its file in memory, and there are several. New acts go to places all over
two indexes: with its own 2 MB keeping hundreds of thousands of them takes longer; 16 MB make it a tenth quicker."""


class StoreError(RetryableError):
    """The worker's own database could not be opened, read or written."""


class Database:
    """Transactions on an engine. What was written is on disk when the `with` block is left."""

    def __init__(self, engine: Engine, name: str) -> None:
        """`name` is how messages call this database: its address without the password."""
        self._engine = engine
        self._name = name

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that only reads. StoreError when the database fails."""
        with self._failures_named(), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that commits at its end, or not at all. StoreError when the database fails."""
        with self._failures_named(), begin_writing(self._engine) as connection:
            yield connection

    def upsert(self, table: Table, update: Sequence[str] = ()) -> sqlite.Insert | postgresql.Insert:
        """Insert rows; where the primary key is there already, overwrite these columns (none: leave the row).

        A row that holds the same already is not written.
        """
        statement: sqlite.Insert | postgresql.Insert
        statement = sqlite.insert(table) if self._engine.dialect.name == "sqlite" else postgresql.insert(table)
        keys = list(table.primary_key)
        if not update:
            return statement.on_conflict_do_nothing(index_elements=keys)
        new = {name: statement.excluded[name] for name in update}
        differs = or_(*(table.c[name].is_distinct_from(value) for name, value in new.items()))
        return statement.on_conflict_do_update(index_elements=keys, set_=new, where=differs)

    def close(self) -> None:
        """Let go of every connection."""
        self._engine.dispose()

    @contextmanager
    def _failures_named(self) -> Iterator[None]:
        try:
            yield
        except IntegrityError:
            raise  # not a failure of the database but a mistake of ours: no later run would do better
        except (DBAPIError, PoolTimeout) as error:
            raise StoreError(
                f"The database {self._name} failed: {cause_of(error)}. What was committed before is kept, and the "
                "next run takes up from there. See that it can be reached, has space and may be written."
            ) from error


@contextmanager
def begin_writing(engine: Engine) -> Iterator[Connection]:
    """A transaction with the right to write from its start; commits at its end, or not at all."""
    with engine.connect().execution_options(writes=True) as connection, connection.begin():
        yield connection


def prepare_sqlite(engine: Engine) -> None:
    """Give every connection and transaction of a SQLite engine what this store relies on."""

    @event.listens_for(engine, "connect")
    def _on_connect(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None  # Python's driver must not begin transactions on its own
        for setting in (
            f"busy_timeout = {BUSY_S * 1000}",
            "foreign_keys = ON",
            "synchronous = FULL",
            "secure_delete = ON",  # what is dropped, perhaps for privacy, is overwritten in the file
            f"cache_size = -{_CACHE_KIB}",
        ):
            connection.execute(f"PRAGMA {setting}")

    @event.listens_for(engine, "begin")
    def _on_begin(connection: Connection) -> None:
        # A transaction that reads first and writes later fails at its first write, whatever the timeout, when another
        # process wrote in between. One that is going to write takes the write lock at once, and waits for it.
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def cause_of(error: Exception) -> str:
    """The driver's own words on one line; they hold neither password nor values."""
    said = (error.orig if isinstance(error, DBAPIError) else None) or error
    return " ".join(str(said).split()).rstrip(".?")
