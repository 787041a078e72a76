"""Two runs on one portal never write at the same time."""

import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from sandbox import Fault, Portal
from sync.clock import SYSTEM
from sync.ports import Lease
from sync.store import open_store
from tests.acceptance.conftest import READS_LAG, Process, Scoreline, until
from tests.acceptance.leads import LEAD, SQL, a_demo_request, stage, stage_writes, writes

pytestmark = pytest.mark.usefixtures("provisioned")

UPDATE = r"contacts/batch/update$"
ENDS_S = 30


def test_a_second_run_says_who_holds_the_portal_and_writes_nothing(
    portal: Portal, scoreline: Scoreline, process: Process
) -> None:
    lead = a_demo_request(portal)
    slow = Fault(path=UPDATE, delay_s=ENDS_S)
    portal.faults.add(slow)
    portal.requests.clear()
    first = process("resync", "--full")
    until(lambda: slow.times == 0)

    second = scoreline("resync", "--full", SCORELINE_LEASE_WAIT_S="0.2")
    status = scoreline("status", "--json")
    written = writes(portal)
    slow.delay_s = 0

    assert second.status == 1
    assert second.out == ""
    assert f"Process {first.pid} on " in second.err
    assert "(resync) has held this portal since" in second.err
    assert "Nothing was read or written. Wait for it, or end it." in second.err
    assert status.document["running"]["pid"] == first.pid
    assert written == 0
    assert first.wait(ENDS_S) == 0
    assert stage(portal, lead) == SQL


def test_a_second_run_waits_for_the_first_and_then_has_nothing_to_write(
    portal: Portal, scoreline: Scoreline, process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    lead = a_demo_request(portal)
    slow = Fault(path=UPDATE, delay_s=ENDS_S)

    def wait(seconds: float) -> None:
        slow.delay_s = 0  # the first goes on when the second waits
        time.sleep(seconds)

    monkeypatch.setattr(SYSTEM, "sleep", wait)
    portal.faults.add(slow)
    first = process("resync", "--full")
    until(lambda: slow.times == 0)

    second = scoreline("resync", "--full", "--json", SCORELINE_LEASE_WAIT_S="60")

    assert f"Process {first.pid} on " in second.err
    assert "waiting for it, 60 s at most" in second.err
    assert first.wait(ENDS_S) == 0
    assert second.status == 0
    assert stage_writes(portal, lead) == ["", SQL]
    if not READS_LAG:  # else the score may be sent once more
        assert second.document["requests"]["write"] == 0


@pytest.fixture
def lease(portal: Portal, scoreline: Scoreline, tmp_path: Path) -> Iterator[Lease]:
    """The right to be the only run on the portal, for a test to take."""
    with closing(open_store(f"sqlite:///{tmp_path}/scoreline.db")) as store:
        yield store.portal(str(portal.portal_id)).lease


def test_to_look_needs_no_lease(portal: Portal, scoreline: Scoreline, lease: Lease) -> None:
    lead = a_demo_request(portal)
    lease.acquire("resync", wait_s=0)
    for arguments in (["plan", "--full"], ["explain", lead], ["runs"], ["doctor"]):
        assert scoreline(*arguments).status == 0
    assert scoreline("resync", SCORELINE_LEASE_WAIT_S="0").status == 1
    lease.release()
    assert scoreline("resync").status == 0


def test_a_worker_leaves_out_passes_while_another_run_holds_the_portal(
    portal: Portal, process: Process, lease: Lease
) -> None:
    lead = a_demo_request(portal)
    lease.acquire("resync", wait_s=0)
    worker = process("worker", SCORELINE_LEASE_WAIT_S="0", SCORELINE_INCREMENTAL_EVERY_S="1")
    said = worker.stderr
    assert said is not None
    until(lambda: "worker.held" in said.readline())
    assert stage(portal, lead) == LEAD
    lease.release()
    until(lambda: stage(portal, lead) == SQL)
    worker.terminate()
    assert worker.wait(ENDS_S) == 0
