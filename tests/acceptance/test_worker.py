"""The scheduler, as a process of its own."""

import signal

import pytest

from sandbox import Fault, Portal
from tests.acceptance.conftest import Process, Scoreline, until
from tests.acceptance.leads import SQL, a_demo_request, score, stage, stage_writes, writes
from tests.acceptance.processes import Running

UPDATE = r"contacts/batch/update$"
ENDS_S = 30
STOPS_S = 10
"""The few seconds in which a stop is obeyed, on a slow and busy machine."""


def stopped(worker: Running) -> str:
    """Ask the worker to stop; returns what it said on stderr."""
    worker.send_signal(signal.SIGTERM)
    out, err = worker.communicate(timeout=STOPS_S)
    assert worker.returncode == 0, err
    assert out == ""
    assert "Traceback" not in err
    return err


@pytest.mark.usefixtures("provisioned")
def test_the_worker_begins_at_once_goes_on_by_itself_and_stops_when_asked(
    portal: Portal, scoreline: Scoreline, process: Process
) -> None:
    first = a_demo_request(portal)
    worker = process("worker", SCORELINE_INCREMENTAL_EVERY_S="1")
    until(lambda: stage(portal, first) == SQL)
    second = a_demo_request(portal)
    until(lambda: stage(portal, second) == SQL)

    said = stopped(worker)

    assert "worker.begin" in said
    assert "worker.end" in said
    modes = [run["mode"] for run in scoreline("runs", "--json").document]
    assert modes[-1] == "full"  # without a watermark there is nothing to be incremental to
    assert set(modes[:-1]) == {"incremental"}
    assert scoreline("status").status == 0
    portal.requests.clear()
    assert scoreline("resync", "--full").status == 0
    assert writes(portal) == 0


@pytest.mark.usefixtures("provisioned")
def test_a_worker_that_is_stopped_between_clear_and_set_sets_first(portal: Portal, process: Process) -> None:
    lead = a_demo_request(portal)
    started: list[Running] = []
    portal.faults.add(Fault(path=UPDATE, act=lambda: started[0].send_signal(signal.SIGTERM)))
    started.append(process("worker"))
    assert started[0].wait(ENDS_S) == 0
    assert stage_writes(portal, lead) == ["", SQL]
    assert score(portal, lead) == 73


@pytest.mark.usefixtures("provisioned")
def test_a_worker_whose_token_is_revoked_ends_with_3(portal: Portal, process: Process) -> None:
    lead = a_demo_request(portal)
    worker = process("worker", SCORELINE_INCREMENTAL_EVERY_S="1")
    until(lambda: stage(portal, lead) == SQL)
    portal.token = "pat-rotated"
    assert worker.wait(ENDS_S) == 3
    assert worker.stderr is not None
    assert "does not know this token" in worker.stderr.read()


@pytest.mark.usefixtures("provisioned")
def test_a_worker_outlives_an_hour_in_which_hubspot_is_away(portal: Portal, process: Process) -> None:
    worker = process("worker", SCORELINE_INCREMENTAL_EVERY_S="1", SCORELINE_TRIES="1")
    until(lambda: portal.requests.matching("GET", r"objects/contacts/?$"))
    away = Fault(status=503, times=3)
    portal.faults.add(away)
    until(lambda: away.times == 0)
    lead = a_demo_request(portal)
    until(lambda: stage(portal, lead) == SQL)
    assert "worker.retry" in stopped(worker)


def test_a_worker_on_a_portal_that_is_not_provisioned_ends_with_2(portal: Portal, process: Process) -> None:
    worker = process("worker")
    assert worker.wait(ENDS_S) == 2
    assert worker.stderr is not None
    assert "scoreline provision" in worker.stderr.read()
    assert writes(portal) == 0


@pytest.mark.usefixtures("provisioned")
def test_while_a_refused_plan_waits_worker_and_status_say_which_and_what_lets_it_out(
    portal: Portal, scoreline: Scoreline, process: Process
) -> None:
    for _ in range(4):
        a_demo_request(portal)
    assert scoreline("resync", "--full", SCORELINE_MOVE_FLOOR="3").status == 1
    worker = process("worker", SCORELINE_INCREMENTAL_EVERY_S="1")
    portal.requests.clear()
    until(lambda: len(portal.requests.matching("GET", "account-info")) > 3)

    said = stopped(worker)

    for told in (said, scoreline("status").out):
        assert "scoreline plan show 1" in told
        assert "scoreline plan apply 1" in told
