"""From DATABASE_URL to a database that is there, ours, and of this program's form."""

import os
import sqlite3
import stat
import time
from contextlib import closing, suppress
from pathlib import Path

import structlog
from sqlalchemy import URL, Engine, create_engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from config import without_password
from sync.store import migrations
from sync.store.database import BUSY_S, Database, StoreError, cause_of, prepare_sqlite

log = structlog.get_logger(__name__)

_FORMS = "sqlite:///file.db, sqlite:////folder/file.db or postgresql://user:password@host/name"
_POSTGRESQL = ("postgresql", "postgres", "postgresql+psycopg")
_CONNECT_S = 10


def open_database(database_url: str) -> Database:
    """Connect, creating or migrating the tables as needed.

    Several processes may do this at the same moment. StoreError, with the way out, when it cannot be done.
    """
    url = _parse(database_url)
    name = without_password(database_url)
    try:
        engine = _sqlite_engine(url) if url.drivername == "sqlite" else _postgresql_engine(url)
        try:
            migrations.upgrade(engine)
        except BaseException:
            engine.dispose()
            raise
    except migrations.TooNew as error:
        raise StoreError(
            f"The database {name} was written by a newer version of scoreline: its form is {error.found}, the newest "
            f"known here is {error.known}. Nothing was changed. Install that version again, or set DATABASE_URL "
            "to another database."
        ) from error
    except OSError as error:
        raise StoreError(_cannot_open(name, error.strerror or str(error))) from error
    except (sqlite3.Error, DBAPIError) as error:
        raise StoreError(_cannot_open(name, cause_of(error))) from error
    return Database(engine, name)


def _parse(database_url: str) -> URL:
    try:
        url = make_url(database_url)
    except (ArgumentError, ValueError):
        # Neither the text nor the error that quotes it: they may hold a password.
        raise StoreError(f"DATABASE_URL is not a database's address. Write {_FORMS}.") from None
    if url.drivername not in ("sqlite", *_POSTGRESQL):
        raise StoreError(f"DATABASE_URL begins with {url.drivername}://, which is unknown here. Write {_FORMS}.")
    if url.drivername == "sqlite" and url.database in (None, "", ":memory:"):
        raise StoreError(
            "DATABASE_URL names no file, and what a run has begun must outlive its process. Write sqlite:///file.db."
        )
    return url


def _cannot_open(name: str, why: str) -> str:
    return (
        f"The database {name} cannot be opened: {why}. Nothing was read or written. "
        "See that it is there and may be written, or set DATABASE_URL to another."
    )


def _sqlite_engine(url: URL) -> Engine:
    file = Path(url.database or "")
    if not file.parent.is_dir():
        raise FileNotFoundError(f"there is no folder {file.parent}")
    # Created for its owner only; SQLite gives -wal and -shm the mode of the file. Also tells whether it may be written.
    os.close(os.open(file, os.O_RDWR | os.O_CREAT, 0o600))
    _close_to_others(file)
    _use_wal(file)
    # One connection is kept, since each holds a part of the file in memory; others are opened while threads need them.
    engine = create_engine(url, hide_parameters=True, pool_size=1, max_overflow=-1)
    prepare_sqlite(engine)
    return engine


def _close_to_others(file: Path) -> None:
    """Take every right of others to a file that was there before, and to what SQLite keeps beside it."""
    for each in (file, *(file.with_name(file.name + end) for end in ("-wal", "-shm"))):
        with suppress(FileNotFoundError):
            mode = stat.S_IMODE(each.stat().st_mode)
            if mode & 0o077:
                try:
                    each.chmod(mode & 0o700)
                except PermissionError:
                    log.warning(
                        "A file of the database may be opened by others, and belongs to somebody else.",
                        action="store.open_to_others",
                        file=each.name,
                    )


def _use_wal(file: Path) -> None:
    """Let readers work while one process writes; the file remembers it."""
    deadline = time.monotonic() + BUSY_S
    with closing(sqlite3.connect(file, timeout=BUSY_S, isolation_level=None)) as connection:
        while True:
            try:
                connection.execute("PRAGMA journal_mode = WAL")
            except sqlite3.OperationalError as error:
                # SQLite itself does not wait here, whatever the timeout, when another process is making the same file.
                if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                    raise
                time.sleep(0.02)
            else:
                return


def _postgresql_engine(url: URL) -> Engine:
    url = url.set(drivername="postgresql+psycopg")
    if "connect_timeout" not in url.query:
        url = url.update_query_dict({"connect_timeout": str(_CONNECT_S)})
    # Asked for a sign of life before use: a worker rests for minutes, and servers and firewalls drop idle connections.
    return create_engine(url, hide_parameters=True, pool_pre_ping=True)
