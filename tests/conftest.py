"""What holds for all tests, and the server that those share which need one."""

import gc
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from sandbox import Portal, SandboxServer

# A deadline would make a test fail because a machine is busy.
settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")


MEMORY = Path("/dev/shm")
"""Where Linux keeps files in memory."""
FILES_B = 2**30
"""More than the files of all tests take."""


def pytest_configure() -> None:
    """Keep the tests' files in memory where there is room: a disk takes as long for each commit as the rest of it.

    No test can tell the difference: what a commit is worth, only a power cut shows.
    """
    if "TMPDIR" not in os.environ and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > FILES_B:
        os.environ["TMPDIR"] = str(MEMORY)
        tempfile.tempdir = None  # whoever asked before was told another place


def pytest_collection_finish() -> None:
    """Look for garbage rarely, and not among all that was loaded: that takes a quarter of the tests' time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


@pytest.fixture
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """What failed is tried again without the pauses that HubSpot may need."""
    monkeypatch.setattr("sync.hubspot.connection.PAUSE_FIRST_S", 0.01)
    monkeypatch.setattr("sync.hubspot.connection.PAUSE_MAX_S", 0.05)


@pytest.fixture(scope="session")
def shared_server() -> Iterator[SandboxServer]:
    with SandboxServer(Portal()) as serving:
        yield serving


@pytest.fixture
def server(shared_server: SandboxServer, portal: Portal) -> SandboxServer:
    """The server that all tests share, with this test's own portal behind it."""
    shared_server.portal = portal
    return shared_server
