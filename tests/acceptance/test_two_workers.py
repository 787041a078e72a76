"""Two runs on one portal never write at the same time."""

import pytest

from sandbox import Fault, Portal
from tests.acceptance.conftest import Process, Scoreline, until
from tests.acceptance.leads import SQL, a_demo_request, everything, stage, writes

pytestmark = pytest.mark.usefixtures("provisioned")

UPDATE = r"contacts/batch/update$"
ENDS_S = 30


def test_a_second_run_says_who_holds_the_portal_and_writes_nothing(
    portal: Portal, scoreline: Scoreline, process: Process
) -> None:
    lead = a_demo_request(portal)
    slow = Fault(path=UPDATE, delay_s=6.0)
    portal.faults.add(slow)
    portal.requests.clear()
    first = process("resync", "--full")
    until(lambda: slow.times == 0)

    second = scoreline("resync", "--full", SCORELINE_LEASE_WAIT_S="1")
    status = scoreline("status", "--json")

    assert second.status == 1
    assert second.out == ""
    assert f"Process {first.pid} on " in second.err
    assert "(resync) has held this portal since" in second.err
    assert "Nothing was read or written. Wait for it, or end it." in second.err
    assert status.document["running"]["pid"] == first.pid
    assert writes(portal) == 0
    assert first.wait(ENDS_S) == 0
    assert stage(portal, lead) == SQL


def test_a_second_run_waits_for_the_first_and_then_has_nothing_to_write(
    portal: Portal, scoreline: Scoreline, process: Process
) -> None:
    a_demo_request(portal)
    slow = Fault(path=UPDATE, delay_s=2.0)
    portal.faults.add(slow)
    first = process("resync", "--full")
    until(lambda: slow.times == 0)

    second = scoreline("resync", "--full", "--json", SCORELINE_LEASE_WAIT_S="60")

    assert first.wait(ENDS_S) == 0
    assert second.status == 0
    assert second.document["requests"]["write"] == 0


def test_a_plan_needs_no_lease(portal: Portal, scoreline: Scoreline, process: Process) -> None:
    a_demo_request(portal)
    before = everything(portal)
    slow = Fault(path=UPDATE, delay_s=4.0)
    portal.faults.add(slow)
    first = process("resync", "--full")
    until(lambda: slow.times == 0)
    assert scoreline("plan", "--full", "--json").document["contacts_changed"] == 1
    assert everything(portal) == before
    assert first.wait(ENDS_S) == 0
