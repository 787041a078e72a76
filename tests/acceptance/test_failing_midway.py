"""What fails between the clear and the set of a stage: the disk, the database server, one contact of a hundred."""

import math
import resource
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from sandbox import Fault, Portal
from tests.acceptance.checker import broken_promises
from tests.acceptance.conftest import Process, Scoreline
from tests.acceptance.leads import LEAD, SQL, a_demo_request, a_price_request, held, stage, stage_writes, writes
from tests.acceptance.processes import Running
from tests.contract.conftest import a_postgresql_server

pytestmark = pytest.mark.usefixtures("provisioned")

UPDATE = r"contacts/batch/update$"
ENDS_S = 60


def is_whole(portal: Portal, scoreline: Scoreline, **environment: str) -> None:
    """The next run comes to its end, and the one after that has nothing to do."""
    assert scoreline("resync", **environment).status == 0
    assert broken_promises(portal) == []
    portal.requests.clear()
    assert scoreline("resync", "--full", **environment).status == 0
    assert writes(portal) == 0
    assert scoreline("status", "--json", **environment).document["open_intents"] == []


def test_a_disk_that_is_full_after_a_clear_does_not_keep_the_contact_without_its_stage(
    portal: Portal, scoreline: Scoreline, process: Process
) -> None:
    lead = a_demo_request(portal)
    started: list[Running] = []

    def fills_up() -> None:
        """No file of the process may grow any more, nor be written beyond its first byte."""
        resource.prlimit(started[0].pid, resource.RLIMIT_FSIZE, (1, 1))

    portal.faults.add(Fault(path=UPDATE, act=fills_up))
    started.append(process("resync", "--full"))
    _, err = started[0].communicate(timeout=ENDS_S)
    assert (started[0].returncode, "has space" in err) == (3, True), err
    assert stage_writes(portal, lead) == ["", SQL]
    is_whole(portal, scoreline)


@pytest.fixture
def postgresql() -> Iterator[Any]:
    """A PostgreSQL server of this test's own, which it may stop."""
    with a_postgresql_server() as server:
        yield server


@pytest.mark.postgres
@pytest.mark.parametrize("request_number", [0, 1])
def test_a_database_server_that_stops_in_the_middle_of_a_move_does_not_keep_the_contact_without_its_stage(
    portal: Portal, scoreline: Scoreline, process: Process, postgresql: Any, request_number: int
) -> None:
    lead = a_demo_request(portal)
    there = {"DATABASE_URL": postgresql.get_uri()}
    portal.faults.add(Fault(path=UPDATE, skip=request_number, act=postgresql.stop))
    started = process("resync", "--full", **there)
    _, err = started.communicate(timeout=ENDS_S)
    assert (started.returncode, stage_writes(portal, lead)) == (3, ["", SQL]), err
    postgresql.start()
    is_whole(portal, scoreline, **there)


@pytest.mark.parametrize("offenders", [1, 3])
def test_of_a_hundred_cleared_contacts_an_offender_gets_its_stage_back_and_the_others_the_new_one(
    portal: Portal, scoreline: Scoreline, offenders: int
) -> None:
    leads = [a_demo_request(portal) for _ in range(100 - offenders)]
    scoreline("resync", "--contact", leads[0])
    grade = held(portal, leads[0], "lead_grade")
    leads = [*leads[1:], a_demo_request(portal)]
    others = [a_price_request(portal) for _ in range(offenders)]
    portal.requests.clear()

    def grades_of_the_others_go() -> None:
        definition = portal.contacts.definitions.require("lead_grade")
        only = tuple(option for option in definition.options if option.value == grade)
        portal.contacts.definitions.put(replace(definition, options=only))

    portal.faults.add(Fault(path=UPDATE, act=grades_of_the_others_go))
    ended = scoreline("resync", "--full", "--json", SCORELINE_MOVE_LIMIT="1", SCORELINE_FIRST_MOVE_LIMIT="1")
    assert ended.status == 1
    assert {each["id"] for each in ended.document["contacts_failed"]} == set(others)
    assert {stage(portal, lead) for lead in leads} == {SQL}
    for other in others:
        assert stage_writes(portal, other)[-1] == stage(portal, other) == LEAD
    clear, whole_set, back = 1, 1, offenders
    assert writes(portal) <= clear + whole_set + 2 * math.ceil(math.log2(100)) * offenders + back
