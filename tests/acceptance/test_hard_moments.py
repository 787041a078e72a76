"""What is hard on a worker: a server that hangs, a merge under its hands, passes that outlast their interval, size."""

import time
from contextlib import suppress
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import pytest

from sandbox import Fault, Portal, SandboxServer, generate
from tests.acceptance.checker import broken_promises
from tests.acceptance.conftest import Process, Scoreline, until
from tests.acceptance.leads import LEAD, MQL, SQL, a_contact, a_demo_request, a_subscription, held, stage, writes
from tests.acceptance.processes import Running

UPDATE = r"contacts/batch/update$"


@pytest.mark.usefixtures("provisioned")
@pytest.mark.parametrize("path", ["account-info", "objects/contacts$", "contacts/batch/read$"])
def test_a_server_that_hangs_ends_the_run_when_its_time_is_up(portal: Portal, scoreline: Scoreline, path: str) -> None:
    lead = a_demo_request(portal)
    portal.faults.add(Fault(path=path, delay_s=3, times=None))
    began = time.monotonic()
    ended = scoreline("resync", "--full", SCORELINE_READ_TIMEOUT_S="0.2", SCORELINE_TRIES="2")
    assert ended.status == 3
    assert "no usable answer in 2 attempts" in ended.err
    assert time.monotonic() - began < 15
    portal.faults.clear()
    assert scoreline("resync").status == 0
    assert stage(portal, lead) == SQL


@pytest.mark.usefixtures("provisioned")
@pytest.mark.parametrize("point", [r"contacts/batch/read$", UPDATE])
@pytest.mark.parametrize("survives", ["the one that moves", "the other"])
def test_contacts_that_are_merged_between_look_and_write_leave_one_whole_contact(
    portal: Portal, scoreline: Scoreline, point: str, survives: str
) -> None:
    moves, other, bystander = a_demo_request(portal), a_contact(portal), a_demo_request(portal)
    pair = (moves, other) if survives == "the one that moves" else (other, moves)
    left: list[str] = []
    portal.faults.add(Fault(path=point, act=lambda: left.append(portal.merge(*pair))))

    scoreline("resync", "--full")
    assert left
    assert scoreline("resync", "--full").status == 0

    [survivor] = left
    assert (stage(portal, survivor), stage(portal, bystander)) == (SQL, SQL)
    assert int(held(portal, survivor, "lead_score")) > 65
    assert broken_promises(portal) == []
    portal.requests.clear()
    assert scoreline("resync", "--full").status == 0
    assert writes(portal) == 0


@pytest.mark.usefixtures("provisioned")
@pytest.mark.parametrize("skip", [0, 1])
@pytest.mark.parametrize("point", [r"contacts/batch/read$", UPDATE])
@pytest.mark.parametrize("survives", ["the one who was answered", "the other"])
def test_points_of_an_answer_are_taken_once_though_the_contact_is_merged_meanwhile(
    portal: Portal, scoreline: Scoreline, point: str, survives: str, skip: int
) -> None:
    answered, other = a_demo_request(portal), a_contact(portal)
    scoreline("resync", "--full")
    portal.sales_answers(answered, "not_ready")
    pair = (answered, other) if survives == "the one who was answered" else (other, answered)
    left: list[str] = []
    portal.faults.add(Fault(path=point, skip=skip, act=lambda: left.append(portal.merge(*pair))))

    scoreline("resync", "--full")
    assert left
    assert scoreline("resync", "--full").status == 0

    [survivor] = left
    assert (stage(portal, survivor), held(portal, survivor, "lead_scoring_feedback_points")) == (MQL, "23")
    assert held(portal, survivor, "lead_scoring_sales_feedback") == "mql_not_ready"
    # Nothing can be done about a merge that comes when the write is on its way.
    assert broken_promises(portal, window_ms=1_000 if point == UPDATE else 0) == []
    portal.requests.clear()
    assert scoreline("resync", "--full").status == 0
    assert writes(portal) == 0


@pytest.mark.usefixtures("provisioned")
def test_passes_that_outlast_their_interval_follow_one_another_and_none_is_made_twice(
    portal: Portal, scoreline: Scoreline, process: Process
) -> None:
    a_subscription(portal, lifecyclestage=LEAD)
    slow = Fault(path="contacts/search$", delay_s=1.5, times=None)
    portal.faults.add(slow)
    worker = process("worker", SCORELINE_INCREMENTAL_EVERY_S="1")
    until(lambda: len(portal.requests.matching(path="contacts/search$")) >= 3)
    slow.delay_s = 0
    worker.terminate()
    worker.wait(90)  # a pass under way comes to its end first
    runs = scoreline("runs", "--json").document[::-1]
    assert len(runs) >= 3
    for before, after in pairwise(runs):
        assert datetime.fromisoformat(before["finished_at"]) <= datetime.fromisoformat(after["started_at"])


def peak_mb(process: Running) -> float:
    """The most memory that a process has used by its end."""
    peak = 0.0
    while process.poll() is None:
        with suppress(FileNotFoundError, ProcessLookupError):  # it has just ended
            status = Path(f"/proc/{process.pid}/status").read_text()
            peak = next((int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM")), peak)
        time.sleep(0.02)
    return peak


def test_a_portal_eight_times_as_large_needs_hardly_more_memory(
    portal: Portal, server: SandboxServer, scoreline: Scoreline, process: Process
) -> None:
    needed = []
    for contacts in (1_000, 8_000):
        server.portal = generate(contacts=contacts, seed=1, portal_id=contacts)
        server.portal.limits.enabled = False
        assert scoreline("provision").status == 0
        running = process("resync", "--full", "--accept-large-plan", "--json")
        needed.append(peak_mb(running))
        assert running.returncode == 0
    small, large = needed
    assert large < small + 25
    assert large < 200
