"""A small portal, served over HTTP, and HubSpot's own client pointed at it."""

from collections.abc import Iterator
from typing import Any

import pytest
from hubspot import HubSpot

from sandbox import Clock, Portal, SandboxServer
from tests.sandbox.asking import NOW


@pytest.fixture
def portal() -> Portal:
    """An empty portal whose clock stands still."""
    return Portal(clock=Clock.stopped(NOW))


@pytest.fixture(scope="session")
def shared_server() -> Iterator[SandboxServer]:
    with SandboxServer(Portal()) as serving:
        yield serving


@pytest.fixture
def server(shared_server: SandboxServer, portal: Portal) -> SandboxServer:
    """The server that all tests share, with this test's own portal behind it."""
    shared_server.portal = portal
    return shared_server


@pytest.fixture
def client(server: SandboxServer) -> Any:
    return HubSpot(access_token="pat-sandbox", host=server.url, base_url=server.url)


@pytest.fixture
def contacts(client: Any) -> Any:
    """The client's contact endpoints."""
    return client.crm.contacts
