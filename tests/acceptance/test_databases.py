"""The worker's own database is copied back, locked, closed to it, or shared: HubSpot is none the worse for it."""

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from sandbox import Fault, Portal, SandboxServer
from tests.acceptance.checker import broken_promises
from tests.acceptance.conftest import Process, Scoreline, not_where_histories_hold_one_entry
from tests.acceptance.leads import (
    LEAD,
    MQL,
    SQL,
    a_demo_request,
    a_price_request,
    a_subscription,
    catch_up,
    everything,
    stage,
    stage_writes,
    writes,
)
from tests.acceptance.test_crashes import kill_at

pytestmark = pytest.mark.usefixtures("provisioned")

UPDATE = r"contacts/batch/update$"
BACK = Callable[[], None]


@pytest.fixture
def copied(tmp_path: Path) -> Callable[[], BACK]:
    """Copies the database as it is, whatever state that is; what it returns puts the copy back."""

    def copy() -> BACK:
        kept = tempfile.mkdtemp(dir=tmp_path)
        for file in tmp_path.glob("scoreline.db*"):
            shutil.copy(file, kept)

        def put_back() -> None:
            for file in tmp_path.glob("scoreline.db*"):
                file.unlink()
            shutil.copytree(kept, tmp_path, dirs_exist_ok=True)

        return put_back

    return copy


def is_at_rest(portal: Portal, scoreline: Scoreline) -> None:
    """Nothing is left to do, and no promise was broken on the way."""
    portal.requests.clear()
    assert scoreline("resync", "--full").status == 0
    assert writes(portal) == 0
    assert scoreline("status", "--json").document["open_intents"] == []
    assert broken_promises(portal) == []


# An older copy comes back.


@pytest.mark.parametrize("selection", [[], ["--full"]])
def test_an_older_copy_makes_nobody_move_and_writes_nothing_that_is_there(
    portal: Portal, scoreline: Scoreline, copied: Callable[[], BACK], selection: list[str]
) -> None:
    leads = [build(portal) for build in (a_demo_request, a_price_request, a_subscription) for _ in range(30)]
    assert scoreline("resync", "--full", "--accept-large-plan").status == 0
    put_back = copied()
    by_hand, answered, asked = leads[0], leads[1], leads[60]
    portal.person_sets(by_hand, "lifecyclestage", LEAD)
    portal.sales_answers(answered, "not_ready")
    portal.person_sets(asked, "recent_conversion_event_name", "Request a demo: Demo request")
    assert scoreline("resync").status == 0
    assert (stage(portal, by_hand), stage(portal, answered), stage(portal, asked)) == (LEAD, MQL, SQL)
    before = everything(portal)

    put_back()
    portal.requests.clear()
    assert scoreline("resync", *selection).status == 0

    assert everything(portal) == before
    assert writes(portal) == 0
    is_at_rest(portal, scoreline)


@pytest.mark.parametrize("since", [LEAD, pytest.param("", marks=not_where_histories_hold_one_entry)])
def test_a_copy_from_between_clear_and_set_does_not_decide_again_what_was_decided_since(
    portal: Portal, scoreline: Scoreline, process: Process, copied: Callable[[], BACK], since: str
) -> None:
    kept, by_hand = a_demo_request(portal), a_demo_request(portal)
    kill_at(portal, process, Fault(path=UPDATE, drop="after"))
    assert {stage(portal, lead) for lead in (kept, by_hand)} == {""}
    put_back = copied()
    assert scoreline("resync").status == 0
    portal.person_sets(by_hand, "lifecyclestage", since)
    assert scoreline("resync").status == 0
    before = everything(portal)

    put_back()
    portal.requests.clear()
    assert scoreline("resync").status == 0

    assert everything(portal) == before
    assert stage(portal, by_hand) == since
    assert [stage_writes(portal, lead) for lead in (kept, by_hand)] == [["", SQL]] * 2
    assert writes(portal) == 0
    is_at_rest(portal, scoreline)


def test_a_plan_of_an_older_copy_that_was_applied_since_is_not_applied_twice(
    portal: Portal, scoreline: Scoreline, copied: Callable[[], BACK]
) -> None:
    lead, by_hand = a_demo_request(portal), a_demo_request(portal)
    assert scoreline("plan", "--full").status == 0
    put_back = copied()
    assert scoreline("plan", "apply", "1").status == 0
    portal.person_sets(by_hand, "lifecyclestage", LEAD)

    put_back()
    portal.requests.clear()
    ended = scoreline("plan", "apply", "1", "--json")

    assert ended.document["contacts_changed"] == 0
    assert {each["id"] for each in ended.document["contacts_dropped"]} == {lead, by_hand}
    assert (stage(portal, lead), stage(portal, by_hand)) == (SQL, LEAD)
    assert writes(portal) == 0


# It cannot be used.


@pytest.fixture
def impatience(provisioned: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a second is long enough to wait for another process, and a holder that is not heard of for one is gone."""
    for module in ("database", "opening"):
        monkeypatch.setattr(f"sync.store.{module}.BUSY_S", 0.5)
    monkeypatch.setattr("sync.store.lease.TTL_S", 1.0)
    monkeypatch.setattr("sync.store.lease.BEAT_S", 0.2)
    monkeypatch.setenv("SCORELINE_LEASE_WAIT_S", "10")


@pytest.fixture
def lock(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """Another process's transaction, once it is begun."""
    with closing(sqlite3.connect(tmp_path / "scoreline.db", isolation_level=None, check_same_thread=False)) as other:
        yield other


@pytest.mark.usefixtures("impatience")
@pytest.mark.parametrize("command", [["resync"], ["plan"], ["status"]])
def test_a_database_that_another_process_does_not_let_go_of_ends_the_command_with_nothing_written(
    portal: Portal, scoreline: Scoreline, lock: sqlite3.Connection, command: list[str]
) -> None:
    lead = a_demo_request(portal)
    assert scoreline("status").status == 1
    before = everything(portal)
    portal.requests.clear()
    lock.execute("BEGIN IMMEDIATE")

    ended = scoreline(*command)

    assert ended.status == 3
    assert "scoreline.db" in ended.err
    assert "database is locked" in ended.err
    assert (everything(portal), writes(portal)) == (before, 0)
    lock.execute("ROLLBACK")
    assert scoreline("resync").status == 0
    assert stage(portal, lead) == SQL


@pytest.mark.usefixtures("impatience")
def test_a_database_that_is_locked_in_the_middle_of_a_run_stops_it_before_anything_is_begun(
    portal: Portal, scoreline: Scoreline, lock: sqlite3.Connection
) -> None:
    lead = a_demo_request(portal)
    assert scoreline("status").status == 1
    portal.faults.add(Fault(path="contacts/batch/read$", act=lambda: lock.execute("BEGIN IMMEDIATE")))

    ended = scoreline("resync", "--full")

    assert ended.status == 3
    assert "What was committed before is kept" in ended.err
    assert stage_writes(portal, lead) == []
    lock.execute("ROLLBACK")
    assert scoreline("resync").status == 0
    assert stage_writes(portal, lead) == ["", SQL]
    is_at_rest(portal, scoreline)


@pytest.mark.parametrize("closed", ["file", "folder"])
def test_a_database_that_may_not_be_written_is_named_and_nothing_is_sent(
    portal: Portal, scoreline: Scoreline, monkeypatch: pytest.MonkeyPatch, closed: str
) -> None:
    a_demo_request(portal)
    portal.requests.clear()
    with tempfile.TemporaryDirectory() as folder:
        monkeypatch.chdir(folder)
        Path("scoreline.db").touch(0o444)
        Path(folder).chmod(0o755)
        if closed == "folder":
            Path("scoreline.db").unlink()
        mine = os.geteuid()
        if mine == 0:  # root may write everywhere
            os.seteuid(65534)
        else:
            Path(folder).chmod(0o555)
        try:
            ended = scoreline("resync", "--full")
        finally:
            os.seteuid(mine)
            Path(folder).chmod(0o755)
    assert ended.status == 3
    assert "sqlite:///scoreline.db cannot be opened: Permission denied" in ended.err
    assert portal.requests.totals["total"] == 0


# It is shared.


def test_two_portals_in_one_database_keep_to_themselves_also_when_their_tokens_are_swapped(
    portal: Portal, scoreline: Scoreline
) -> None:
    other = Portal(portal_id=portal.portal_id + 1, time_zone="UTC")
    other.limits.enabled = False
    here, there = a_demo_request(portal), a_subscription(other)
    assert here == there  # the same id, and another person
    with SandboxServer(other) as server:
        elsewhere = {"HUBSPOT_BASE_URL": server.url, "HUBSPOT_ACCESS_TOKEN": other.token}
        assert scoreline("provision", **elsewhere).status == 0
        assert scoreline("resync").status == 0
        assert scoreline("resync", **elsewhere).status == 0  # the first on that portal: reads everything
        assert (stage(portal, here), stage(other, there)) == (SQL, LEAD)
        runs = {run["portal_id"]: run["mode"] for run in scoreline("runs", "--json").document}
        assert runs == {str(portal.portal_id): "full", str(other.portal_id): "full"}
        is_at_rest(portal, scoreline)
        catch_up(other)
        other.requests.clear()
        assert scoreline("resync", "--full", **elsewhere).status == 0
        assert writes(other) == 0
        assert scoreline("plan", "apply", "1", **elsewhere).status == 2  # a run of the first portal
