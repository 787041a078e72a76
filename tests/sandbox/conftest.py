"""A small portal, served over HTTP, and HubSpot's own client pointed at it."""

from typing import Any

import pytest
from hubspot import HubSpot

from sandbox import Clock, Portal, SandboxServer
from tests.sandbox.asking import NOW


@pytest.fixture
def portal() -> Portal:
    """An empty portal whose clock stands still, for its limits, too."""
    return Portal(clock=Clock.stopped(NOW, waiting_is_real=False))


@pytest.fixture
def client(server: SandboxServer) -> Any:
    return HubSpot(access_token="pat-sandbox", host=server.url, base_url=server.url)


@pytest.fixture
def contacts(client: Any) -> Any:
    """The client's contact endpoints."""
    return client.crm.contacts
