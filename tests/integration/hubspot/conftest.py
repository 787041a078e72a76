"""The worker's HubSpot side, pointed at a portal of our own."""

from datetime import UTC, datetime

import pytest

from config import Rulebook
from sandbox import Clock, Portal, SandboxServer
from sync.hubspot import (
    Connection,
    HubSpotPortal,
    HubSpotReader,
    HubSpotWriter,
    RecordBuilder,
    connect,
    provision,
)
from sync.store import FileScratch
from tests.builders import the_packaged_rulebook

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def patience(short_pauses: None) -> None:
    """No test waits longer than it needs."""


@pytest.fixture
def portal() -> Portal:
    """An empty portal whose clock stands still."""
    return Portal(clock=Clock.stopped(NOW))


@pytest.fixture
def connection(server: SandboxServer) -> Connection:
    return connect(token="pat-sandbox", base_url=server.url, attempts=3)


@pytest.fixture
def rulebook() -> Rulebook:
    return the_packaged_rulebook()


@pytest.fixture
def builder(connection: Connection, rulebook: Rulebook) -> RecordBuilder:
    """Of a portal that has been provisioned. A test that adds definitions or people does so before it asks for this."""
    provision(connection, rulebook)
    return RecordBuilder(rulebook, HubSpotPortal(connection, rulebook).facts(), now=NOW)


@pytest.fixture
def reader(connection: Connection, rulebook: Rulebook, builder: RecordBuilder) -> HubSpotReader:
    return HubSpotReader(connection, rulebook, builder, FileScratch())


@pytest.fixture
def writer(connection: Connection, builder: RecordBuilder) -> HubSpotWriter:
    return HubSpotWriter(connection, builder, allowed=lambda: None)
