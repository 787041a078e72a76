"""What holds for all tests, and the server that those share which need one."""

from collections.abc import Iterator

import pytest
from hypothesis import settings

from sandbox import Portal, SandboxServer

# A deadline would make a test fail because a machine is busy.
settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")


@pytest.fixture(scope="session")
def shared_server() -> Iterator[SandboxServer]:
    with SandboxServer(Portal()) as serving:
        yield serving


@pytest.fixture
def server(shared_server: SandboxServer, portal: Portal) -> SandboxServer:
    """The server that all tests share, with this test's own portal behind it."""
    shared_server.portal = portal
    return shared_server
