"""How a lease passes on: from a run that let go, that has ended, or that has not been heard of for too long."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import select, text

from sync.clock import Clock
from sync.ports import LeaseHeld, LeaseLost
from sync.store import open_store
from sync.store.database import Database, StoreError
from sync.store.lease import POLL_S, TTL_S, SqlLease
from sync.store.opening import open_database
from sync.store.tables import leases
from tests.contract.conftest import SQLITE_AND_POSTGRESQL
from tests.contract.store_processes import said, spawned, tell

on_every_database = pytest.mark.parametrize("new_database_url", SQLITE_AND_POSTGRESQL, indirect=True)


class Hands(Clock):
    """Time passes only when told, or slept on; what happens in each sleep, or at each look, is up to the test."""

    def __init__(self) -> None:
        self.passed_s = 0.0
        self.meanwhile: Callable[[], object] = lambda: None
        self.at_a_look: Callable[[], object] = lambda: None

    def steady(self) -> float:
        self.at_a_look()
        return self.passed_s

    def sleep(self, seconds: float) -> None:
        self.passed_s += seconds
        self.meanwhile()

    def every(self, seconds: float, do: Callable[[], bool], *, name: str) -> Callable[[], None]:
        """No heart beats: these tests say themselves when it does."""
        return lambda: None


ALease = Callable[[Hands], SqlLease]


@pytest.fixture
def database(new_database_url: str) -> Iterator[Database]:
    with closing(open_store(new_database_url)) as store:
        store.portal("1")
    with closing(open_database(new_database_url)) as database:
        yield database


@pytest.fixture
def a_lease(database: Database) -> Iterator[ALease]:
    """Leases of runs on one portal, each with a clock of its own and no heart; given up at the end."""
    made: list[SqlLease] = []

    def make(clock: Hands) -> SqlLease:
        made.append(SqlLease(database, "1", clock=clock))
        return made[-1]

    yield make
    for lease in made:
        lease.release()


@on_every_database
def test_a_holder_not_heard_of_for_the_time_to_live_is_followed_at_a_higher_epoch(a_lease: ALease) -> None:
    mine, theirs = Hands(), Hands()
    silent, next_one = a_lease(mine), a_lease(theirs)
    silent.acquire("silent", wait_s=0)
    next_one.acquire("next", wait_s=300)
    assert TTL_S <= theirs.passed_s <= TTL_S + POLL_S
    holder = next_one.holder()
    assert holder is not None
    assert (holder.command, holder.epoch) == ("next", 2)
    with pytest.raises(LeaseLost, match=r"\(next\) took this portal over"):
        silent.check()
    silent.release()
    next_one.check()


@on_every_database
def test_a_holder_that_beats_is_waited_for_but_no_longer_than_allowed(a_lease: ALease) -> None:
    mine, theirs = Hands(), Hands()
    beating, waiting = a_lease(mine), a_lease(theirs)
    beating.acquire("beating", wait_s=0)

    def a_check_after_a_pause() -> None:
        mine.passed_s += TTL_S
        beating.check()

    theirs.meanwhile = a_check_after_a_pause
    with pytest.raises(LeaseHeld):
        waiting.acquire("waiting", wait_s=100.2)
    assert theirs.passed_s == pytest.approx(100.2)


@on_every_database
def test_a_holder_that_lets_go_is_followed_at_once(a_lease: ALease) -> None:
    theirs = Hands()
    first, waiting = a_lease(Hands()), a_lease(theirs)
    first.acquire("first", wait_s=0)
    theirs.meanwhile = first.release
    waiting.acquire("waiting", wait_s=300)
    assert theirs.passed_s == POLL_S


@on_every_database
def test_a_paused_run_that_nobody_followed_goes_on_and_is_watched_anew(a_lease: ALease) -> None:
    mine, theirs = Hands(), Hands()
    paused, watching = a_lease(mine), a_lease(theirs)
    paused.acquire("paused", wait_s=0)

    def wakes_up_at_the_last_moment() -> None:
        if theirs.passed_s == TTL_S - POLL_S:
            mine.passed_s += TTL_S
            paused.check()

    theirs.meanwhile = wakes_up_at_the_last_moment
    watching.acquire("watching", wait_s=300)
    assert theirs.passed_s == 2 * TTL_S - POLL_S


@on_every_database
def test_a_paused_run_that_wakes_up_while_it_is_being_followed_keeps_the_lease(a_lease: ALease) -> None:
    mine, theirs = Hands(), Hands()
    paused, following = a_lease(mine), a_lease(theirs)
    paused.acquire("paused", wait_s=0)

    def wakes_up_between_their_look_and_their_step() -> None:
        if theirs.passed_s == TTL_S:
            mine.passed_s += TTL_S
            paused.check()

    theirs.at_a_look = wakes_up_between_their_look_and_their_step
    with pytest.raises(LeaseHeld):
        following.acquire("following", wait_s=TTL_S + POLL_S)
    paused.check()


@on_every_database
def test_a_paused_run_that_was_followed_writes_no_more_even_after_the_follower_let_go(a_lease: ALease) -> None:
    mine = Hands()
    paused, follower = a_lease(mine), a_lease(Hands())
    paused.acquire("paused", wait_s=0)
    follower.acquire("follower", wait_s=300)
    follower.release()
    for pause in (0, TTL_S):
        mine.passed_s += pause
        with pytest.raises(LeaseLost):
            paused.check()


@contextmanager
def away(database: Database) -> Iterator[None]:
    """The table cannot be read or written, as when the database is not there."""
    with database.write() as connection:
        connection.execute(text("ALTER TABLE leases RENAME TO away"))
    yield
    with database.write() as connection:
        connection.execute(text("ALTER TABLE away RENAME TO leases"))


@on_every_database
def test_while_the_database_is_away_a_lease_holds_for_half_its_time_to_live_after_the_last_beat(
    a_lease: ALease, database: Database
) -> None:
    mine = Hands()
    lease = a_lease(mine)
    lease.acquire("resync", wait_s=0)
    mine.passed_s += TTL_S
    lease.check()  # beats
    with away(database):
        mine.passed_s += TTL_S / 2 - 0.01
        lease.check()
        mine.passed_s += 0.01
        with pytest.raises(StoreError):
            lease.check()
    lease.check()


@on_every_database
def test_a_database_that_takes_long_to_fail_proves_nothing_by_the_time_before(
    a_lease: ALease, database: Database
) -> None:
    mine = Hands()
    lease = a_lease(mine)
    lease.acquire("resync", wait_s=0)

    def each_look_takes_long() -> None:
        mine.passed_s += TTL_S / 2 - 1

    with away(database):
        mine.at_a_look = each_look_takes_long
        with pytest.raises(StoreError):
            lease.check()
    mine.at_a_look = lambda: None


@on_every_database
def test_a_lease_known_to_be_lost_stays_so_while_the_database_is_away(a_lease: ALease, database: Database) -> None:
    mine = Hands()
    paused, follower = a_lease(mine), a_lease(Hands())
    paused.acquire("paused", wait_s=0)
    follower.acquire("follower", wait_s=300)
    mine.passed_s += TTL_S
    with pytest.raises(LeaseLost):
        paused.check()
    with away(database), pytest.raises(StoreError):
        paused.check()


@on_every_database
def test_a_heart_beats_while_the_lease_is_held_also_after_a_failure_and_no_longer(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sync.store.lease.BEAT_S", 0.01)
    lease = SqlLease(database, "1")
    lease.acquire("resync", wait_s=0)
    beats_further(database)
    with away(database):
        time.sleep(0.05)
    beats_further(database)
    lease.release()
    assert [thread for thread in threading.enumerate() if thread.name == "lease heartbeat"] == []


def beats_further(database: Database) -> None:
    def beat() -> int:
        with database.read() as connection:
            return int(connection.execute(select(leases.c.beat)).scalar_one())

    at_first, deadline = beat(), time.monotonic() + 10
    while beat() < at_first + 3:
        assert time.monotonic() < deadline, "the heart stands still"
        time.sleep(0.01)


@on_every_database
def test_a_holder_that_was_killed_on_this_machine_is_followed_without_waiting(
    a_lease: ALease, new_database_url: str
) -> None:
    lease = a_lease(Hands())
    with spawned("hold", new_database_url) as process:
        assert said(process) == "held"
        holder = lease.holder()
        assert holder is not None
        assert (holder.pid, holder.command, holder.epoch) == (process.pid, "hold", 1)
        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # ended, but nobody has asked how: still in the table
        assert lease.holder() is None
        lease.acquire("next", wait_s=0)


@on_every_database
def test_a_run_that_was_stopped_and_goes_on_after_it_was_followed_finds_its_lease_lost(
    a_lease: ALease, new_database_url: str
) -> None:
    with spawned("hold", new_database_url) as process:
        assert said(process) == "held"
        tell(process)
        assert said(process) == "held"
        process.send_signal(signal.SIGSTOP)
        follower = a_lease(Hands())
        follower.acquire("follower", wait_s=300)
        process.send_signal(signal.SIGCONT)
        tell(process)
        assert said(process) == "lost"
    follower.check()


@on_every_database
def test_processes_that_want_the_lease_at_once_have_it_one_after_the_other(
    new_database_url: str, tmp_path: Path
) -> None:
    number = tmp_path / "number"
    number.write_text("0")
    with ExitStack() as stack:
        processes = [stack.enter_context(spawned("count_alone", new_database_url, str(number))) for _ in range(3)]
        assert [said(process) for process in processes] == ["counted"] * 3
    assert number.read_text() == "30"
