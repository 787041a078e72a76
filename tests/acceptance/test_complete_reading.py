"""Nothing that changed is overlooked: what one pass cannot see, a later one does, and the full pass tells of it."""

from collections.abc import Callable
from datetime import UTC, timedelta, tzinfo

import pytest

from sandbox import Fault, Portal
from sync.clock import SYSTEM
from tests.acceptance.conftest import Scoreline
from tests.acceptance.leads import LEAD, SQL, a_contact, a_demo_request, days_ago, stage, stage_writes, writes

pytestmark = pytest.mark.usefixtures("provisioned")

HOUR = timedelta(hours=1)
SEARCH, READ = "contacts/search", "contacts/batch/read"


@pytest.fixture
def known(portal: Portal, scoreline: Scoreline) -> str:
    """A contact who did nothing so far, and whom a full pass and an incremental one have dealt with."""
    contact = a_contact(portal)
    scoreline("resync", "--full")
    scoreline("resync")
    return contact


@pytest.fixture
def worker_is_off_by(portal: Portal, monkeypatch: pytest.MonkeyPatch) -> Callable[[timedelta], None]:
    """Sets the worker's clock: so much ahead of the portal's, which may be moved."""

    def set_clock(by: timedelta) -> None:
        def now(zone: tzinfo = UTC) -> object:
            return (portal.clock.now() + by).astimezone(zone)

        monkeypatch.setattr(SYSTEM, "now", now)

    set_clock(timedelta())
    return set_clock


def asks_for_a_demo(portal: Portal, contact: str) -> None:
    """A form alone moves no change date in HubSpot."""
    portal.hubspot_records(contact, recent_conversion_event_name="Demo: Request", recent_conversion_date=days_ago(0))


def asks_and_is_edited(portal: Portal, contact: str) -> None:
    asks_for_a_demo(portal, contact)
    portal.person_sets(contact, "phone", "+49 30 1234")


def test_a_form_that_moved_no_date_is_found_by_the_full_pass_and_told(
    portal: Portal, scoreline: Scoreline, known: str
) -> None:
    portal.switches.calculated_moves_date = False
    asks_for_a_demo(portal, known)
    assert scoreline("resync", "--json").document["contacts_read"] == 0

    full = scoreline("resync", "--full", "--json")

    assert (full.status, full.document["contacts_missed"]) == (0, {"changed_without_date": 1})
    assert stage(portal, known) == SQL
    assert "changed without date 1" in scoreline("status").out
    assert scoreline("runs", "--json").document[0]["summary"]["contacts_missed"] == {"changed_without_date": 1}
    again = scoreline("resync", "--full")
    assert "missed" not in again.out
    assert scoreline("status", "--json").document["missed"] is None


@pytest.mark.usefixtures("worker_is_off_by")
def test_a_change_that_search_shows_too_late_is_found_by_the_full_pass_and_told(
    portal: Portal, scoreline: Scoreline, known: str
) -> None:
    other = a_contact(portal)
    portal.switches.turn(index_lag_s=2 * 3600.0, search_shows_new_values=False)
    portal.person_sets(other, "phone", "+49 30 1")
    portal.clock.move(0.9 * HOUR)
    asks_and_is_edited(portal, known)
    portal.clock.move(1.3 * HOUR)
    portal.person_sets(other, "phone", "+49 30 2")
    assert scoreline("resync").status == 0  # finds the other one late, and reads it as it is now
    portal.clock.move(0.8 * HOUR)
    assert scoreline("resync").status == 0
    assert stage(portal, known) == LEAD

    full = scoreline("resync", "--full")

    assert "Of these changes earlier passes had missed 1: not found by search 1." in full.out
    assert stage(portal, known) == SQL


@pytest.mark.usefixtures("worker_is_off_by")
def test_a_search_that_lags_less_than_the_lookback_loses_nothing_and_writes_nothing_twice(
    portal: Portal, scoreline: Scoreline, known: str
) -> None:
    portal.switches.index_lag_s = 50 * 60
    asks_and_is_edited(portal, known)
    for _ in range(15):
        portal.clock.move(0.1 * HOUR)
        assert scoreline("resync").status == 0
    assert stage_writes(portal, known) == ["", SQL]
    portal.requests.clear()
    assert scoreline("resync", "--full", "--json").document["contacts_missed"] == {}
    assert writes(portal) == 0


@pytest.mark.parametrize("hours", [(1, 1), (-1, -1), (1, -1), (-1, 1)])
def test_a_clock_that_is_wrong_or_jumps_loses_no_change(
    portal: Portal,
    scoreline: Scoreline,
    worker_is_off_by: Callable[[timedelta], None],
    hours: tuple[int, int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SCORELINE_LOOKBACK_S", "60")  # an hour back would hide an hour's mistake
    contact = a_contact(portal)
    before, after = (number * HOUR for number in hours)
    worker_is_off_by(before)
    scoreline("resync", "--full")
    portal.clock.move(3 * HOUR)
    scoreline("resync")
    portal.clock.move(timedelta(minutes=5))
    asks_and_is_edited(portal, contact)
    portal.clock.move(timedelta(minutes=5))
    worker_is_off_by(after)

    assert scoreline("resync", "--json").document["mode"] == "incremental"

    assert stage(portal, contact) == SQL


@pytest.mark.usefixtures("worker_is_off_by")
def test_after_a_week_without_a_worker_one_incremental_pass_catches_up(
    portal: Portal, scoreline: Scoreline, known: str
) -> None:
    changed = [known]
    for _ in range(6):
        portal.clock.move(timedelta(days=1))
        changed.append(a_demo_request(portal, lastmodifieddate=portal.clock.now()))
    asks_and_is_edited(portal, known)
    portal.clock.move(timedelta(days=1))
    ended = scoreline("resync", "--json")
    assert (ended.document["mode"], ended.document["contacts_read"]) == ("incremental", 7)
    assert {stage(portal, contact) for contact in changed} == {SQL}


@pytest.mark.parametrize("path", [SEARCH, READ])
def test_a_pass_that_fails_in_the_middle_leaves_the_watermark(
    portal: Portal, scoreline: Scoreline, known: str, path: str
) -> None:
    asks_and_is_edited(portal, known)
    for _ in range(250):
        a_contact(portal)
    watermark = scoreline("status", "--json").document["watermark"]
    portal.faults.add(Fault(path=path, status=503, times=None, skip=1))
    assert scoreline("resync", SCORELINE_TRIES="1").status == 3
    status = scoreline("status", "--json").document
    assert (status["watermark"], status["healthy"]) == (watermark, True)
    assert any("failed" in sentence for sentence in status["waiting"])
    portal.faults.clear()
    assert scoreline("resync").status == 0
    assert stage(portal, known) == SQL
    assert scoreline("status", "--json").document["waiting"] == []


def test_contacts_that_are_merged_or_deleted_after_search_found_them_are_no_failure(
    portal: Portal, scoreline: Scoreline, known: str
) -> None:
    deleted, kept, merged = (a_demo_request(portal) for _ in range(3))
    survivors: list[str] = []

    def some_go() -> None:
        portal.delete(deleted)
        survivors.append(portal.merge(kept, merged))

    portal.faults.add(Fault(path=READ, act=some_go))
    asks_and_is_edited(portal, known)
    assert scoreline("resync").status == 0
    assert stage(portal, known) == SQL
    assert scoreline("resync").status == 0
    assert stage(portal, survivors[0]) == SQL


def test_a_refused_plan_is_told_by_status_though_no_pass_is_late(portal: Portal, scoreline: Scoreline) -> None:
    scoreline("resync", "--full")
    for _ in range(3):
        a_demo_request(portal)
    refused = scoreline("resync", "--json", SCORELINE_MOVE_FLOOR="1").document
    told = scoreline("status")
    assert "no pass is late" in told.out
    assert f"The plan of run {refused['run_id']} was refused" in told.out
    assert scoreline("plan", "apply", str(refused["run_id"])).status == 0
    assert "BUT" not in scoreline("status").out
