"""The right to be the only run on a portal: a row that its holder keeps beating."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, select, update

from sync.clock import SYSTEM, Clock
from sync.ports import LeaseHeld, LeaseLost
from sync.records import Holder
from sync.store.database import Database, StoreError
from sync.store.processes import Machine, Process
from sync.store.rows import from_ms, to_ms
from sync.store.tables import leases

TTL_S = 20.0
"""A holder whose row has not changed for this long is taken to be gone."""
BEAT_S = 5.0
"""How often a holder changes its row."""
POLL_S = 0.5
"""How often a waiting run looks."""


@dataclass(slots=True, kw_only=True)
class _Claim:
    """Our hold on the row, while we have it."""

    token: str
    beaten_at: float
    stop_heart: Callable[[], None] = lambda: None


class SqlLease:
    """Fulfils `Lease`.

    Who holds the lease adds to the row's beat every few seconds. Others judge it by whether the beat changes
    while they watch, on their own clock: the clocks of two machines are never compared. Only a holder that ran
    on this machine and has ended is known to be gone without waiting. Every step is one statement that takes
    effect only if the row is still as it was last seen, so of several that try at once one succeeds.
    """

    def __init__(
        self, database: Database, portal_id: str, *, clock: Clock = SYSTEM, machine: Machine | None = None
    ) -> None:
        self._database = database
        self._portal_id = portal_id
        self._clock = clock
        self._machine = machine or Machine()
        self._claim: _Claim | None = None

    def acquire(self, command: str, *, wait_s: float) -> None:
        """Take the lease; a heartbeat keeps it. LeaseHeld when a holder has not let go after `wait_s` seconds."""
        started = self._clock.steady()
        watched: tuple[int, int] | None = None
        unchanged_since = started
        while True:
            row = self._row()
            now = self._clock.steady()
            if watched != (row.epoch, row.beat):
                watched, unchanged_since = (row.epoch, row.beat), now
            if self._living_holder(row) is None or now - unchanged_since >= TTL_S:
                if self._take(row, command):
                    return
                continue  # another was quicker: see who
            waited = now - started
            if waited >= wait_s:
                raise LeaseHeld(_holder(row))
            self._clock.sleep(min(POLL_S, wait_s - waited))

    def check(self) -> None:
        """LeaseLost unless the lease is ours, and stays so for half of TTL_S to come.

        While the database fails, time alone proves that: nobody takes over before TTL_S without a beat, and a beat
        counts from before it was sent. StoreError when the last one is too long ago for that.
        """
        claim = self._claim
        if claim is None:
            raise LeaseLost("This run does not hold the portal, so it must not write.")
        # When it has not beaten for long, this process was paused, or the database away, and others may be about to
        # take over. A look is not enough then: a beat makes them watch anew, or fails because they were quicker.
        try:
            is_ours = self._row().token == claim.token if self._is_certain(claim) else self._beat(claim)
        except StoreError:
            if self._is_certain(claim):  # asked anew: a database takes its time to fail
                return
            raise
        if not is_ours:
            raise LeaseLost(_lost_to(self._row()))

    def release(self) -> None:
        """Let go of the lease, if it is ours."""
        claim, self._claim = self._claim, None
        if claim is None:
            return
        claim.stop_heart()
        with self._database.write() as connection:
            connection.execute(update(leases).where(leases.c.token == claim.token).values(token=None))

    def holder(self) -> Holder | None:
        """Who holds the portal; None when nobody does, or only a process of this machine that has ended."""
        return self._living_holder(self._row())

    def _row(self) -> Row[Any]:
        with self._database.read() as connection:
            return connection.execute(select(leases).where(leases.c.portal_id == self._portal_id)).one()

    def _take(self, seen: Row[Any], command: str) -> bool:
        """Make the row ours if nothing has happened to it since it was seen."""
        now = self._clock.steady()
        me = self._machine.this_process()
        token = uuid.uuid4().hex
        as_seen = (leases.c.epoch == seen.epoch) & (leases.c.beat == seen.beat)
        ours = {
            "token": token,
            "epoch": seen.epoch + 1,
            "command": command,
            "since": to_ms(self._clock.now()),
            "host": me.host,
            "pid_space": me.space,
            "pid": me.pid,
            "process_started": me.started,
        }
        with self._database.write() as connection:
            taken = connection.execute(
                update(leases).where(leases.c.portal_id == self._portal_id, as_seen).values(ours)
            )
        if taken.rowcount != 1:
            return False
        claim = self._claim = _Claim(token=token, beaten_at=now)
        claim.stop_heart = self._clock.every(BEAT_S, lambda: self._still_beats(claim), name="lease heartbeat")
        return True

    def _is_certain(self, claim: _Claim) -> bool:
        """Whether the last beat is so recent that nobody can have taken over, nor will for half of TTL_S."""
        return self._clock.steady() - claim.beaten_at < TTL_S / 2

    def _beat(self, claim: _Claim) -> bool:
        """Show that we are alive; False if the row is not ours any more."""
        now = self._clock.steady()
        with self._database.write() as connection:
            beaten = connection.execute(
                update(leases).where(leases.c.token == claim.token).values(beat=leases.c.beat + 1)
            )
        is_ours = beaten.rowcount == 1
        claim.beaten_at = now if is_ours else float("-inf")
        return is_ours

    def _still_beats(self, claim: _Claim) -> bool:
        try:
            return self._beat(claim)
        except StoreError:  # the database is away for the moment; the run meets that by itself
            return True

    def _living_holder(self, row: Row[Any]) -> Holder | None:
        if row.token is None:
            return None
        ran = Process(host=row.host, space=row.pid_space, pid=row.pid, started=row.process_started)
        return None if self._machine.has_ended(ran) else _holder(row)


def _holder(row: Row[Any]) -> Holder:
    return Holder(host=row.host, pid=row.pid, command=row.command, since=from_ms(row.since), epoch=row.epoch)


def _lost_to(row: Row[Any]) -> str:
    if row.token is None:
        return "This run was taken for gone, and its portal has been through other hands since. It writes no more."
    return (
        f"Process {row.pid} on {row.host} ({row.command}) took this portal over while this run was paused or cut off "
        "from its database. This run writes no more; what it had begun, the other one settles."
    )
