"""Virtual time, and the processes that live in it: threads of which exactly one runs at any moment.

Whatever takes time (a request on its way, a transaction, a pause) is a rest. During a rest others go on: what was due
happens in the order of its moments, so that a course depends on nothing but its seed.
"""

import heapq
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Self

import sandbox
from sync.clock import Clock
from sync.store.processes import Machine, Process
from tests.fakes.death import KilledError


@dataclass(order=True, slots=True)
class _Due:
    at_s: float
    number: int
    do: Callable[[], None] | None = field(compare=False)
    wakes: "Simulated | None" = field(compare=False, default=None)


class Clockwork:
    """What happens when. Only the thread that made it may call `run`."""

    def __init__(self, start: datetime) -> None:
        self.start = start
        self.now_s = 0.0
        self.in_event = False
        """Something that was due happens just now, on whichever thread: it takes no time and cannot be cut off."""
        self.broken: BaseException | None = None
        self._queue: list[_Due] = []
        self._until_s = 0.0
        self._number = 0
        self._back = threading.Semaphore(0)

    @property
    def now(self) -> datetime:
        return self.start + timedelta(seconds=self.now_s)

    def at(self, at_s: float, do: Callable[[], None]) -> None:
        """Let something happen at that second."""
        self._put(max(at_s, self.now_s), do)

    def run(self, until_s: float, ended: Callable[[], bool] = lambda: False) -> None:
        """Let time pass up to that second, or until something is so. Raises what broke on the way."""
        self._until_s = until_s
        while not self.broken and not ended() and self._queue and self._queue[0].at_s <= until_s:
            due = heapq.heappop(self._queue)
            self.now_s = max(self.now_s, due.at_s)
            if due.wakes is None:
                self._happen(due)
            elif not due.wakes.ended:
                due.wakes.baton.release()
                self._back.acquire()
        if self.broken:
            raise self.broken
        if not ended():
            self.now_s = max(self.now_s, until_s)

    def pass_time(self, process: "Simulated", seconds: float) -> None:
        """A rest of this process, whose thread calls."""
        until_s = self.now_s + seconds
        while not self.broken:
            at_s = self._queue[0].at_s if self._queue else until_s
            if min(at_s, until_s) > self._until_s or (at_s <= until_s and self._queue and self._queue[0].wakes):
                self.wake(process, until_s)
                self.hand_back()
                process.baton.acquire()
                return
            if not self._queue or at_s > until_s:
                break
            due = heapq.heappop(self._queue)
            self.now_s = max(self.now_s, due.at_s)
            self._happen(due)
        self.now_s = max(self.now_s, until_s)

    def wake(self, process: "Simulated", at_s: float) -> None:
        self._put(at_s, None, process)

    def hand_back(self) -> None:
        """Let the thread go on that runs the clockwork."""
        self._back.release()

    def take_along(self, process: "Simulated") -> None:
        """Let a process run at once, up to its next rest: to let one end that was killed."""
        process.baton.release()
        self._back.acquire()

    def _put(self, at_s: float, do: Callable[[], None] | None, wakes: "Simulated | None" = None) -> None:
        self._number += 1
        heapq.heappush(self._queue, _Due(at_s, self._number, do, wakes))

    def _happen(self, due: _Due) -> None:
        assert due.do is not None
        self.in_event = True
        try:
            due.do()
        except BaseException as error:  # noqa: BLE001 - it may happen on the thread of a process that has no part in it
            self.broken = self.broken or error
        finally:
            self.in_event = False


class Simulated:
    """A process of the worker. After its death every step raises again, so that nothing it leaves behind has effect."""

    def __init__(
        self,
        clockwork: Clockwork,
        pid: int,
        body: Callable[["Simulated"], None],
        *,
        name: str,
        machine: str = "a",
        skew_s: float = 0.0,
    ) -> None:
        self.clockwork = clockwork
        self.pid = pid
        self.name = name
        self.machine = machine
        self.skew_s = skew_s
        """By how much its wall clock is wrong."""
        self.baton = threading.Semaphore(0)
        self.dead = False
        self.ended = False
        self.frozen_until_s = 0.0
        self.fixed: datetime | None = None
        """Where its wall clock stands, if it stands."""
        self.stopping = False
        """It was asked to end."""
        self.checking = False
        """Between its look at the lease and the request that it sends on that."""
        self._body = body
        self._thread = threading.Thread(target=self._live, name=f"simulated {name}", daemon=True)
        self._thread.start()
        clockwork.wake(self, clockwork.now_s)

    def rest(self, seconds: float) -> None:
        """Let so much time pass. KilledError when the process does not live to see the end of it."""
        if self.clockwork.in_event:
            return
        if not self.dead:
            self.clockwork.pass_time(self, seconds)
        if self.dead or self.clockwork.broken:
            raise KilledError

    def freeze(self, seconds: float) -> None:
        """Stand still, as a machine that sleeps: nor does its heart beat meanwhile."""
        self.frozen_until_s = self.clockwork.now_s + seconds
        self.rest(seconds)

    def kill(self) -> None:
        """Let it die wherever it rests. Not to be called by itself."""
        self.dead = True

    def die(self) -> None:
        """End it here and now; to be called by itself."""
        self.dead = True
        raise KilledError

    def end(self) -> None:
        """Kill it and see it end; for the thread that runs the clockwork."""
        self.dead = True
        while not self.ended:
            self.clockwork.take_along(self)

    def _live(self) -> None:
        self.baton.acquire()
        try:
            if not self.dead:
                self._body(self)
        except KilledError:
            pass
        except BaseException as error:  # noqa: BLE001 - handed to the thread that runs the clockwork
            self.clockwork.broken = self.clockwork.broken or error
        finally:
            self.ended = True
            self.clockwork.hand_back()


class PortalClock(sandbox.Clock):
    """HubSpot's clock: the true one."""

    @classmethod
    def of(cls, clockwork: Clockwork) -> Self:
        clock = cls()
        clock._clockwork = clockwork
        return clock

    _clockwork: Clockwork

    def now(self) -> datetime:
        at = self._clockwork.now
        return at.replace(microsecond=at.microsecond // 1000 * 1000)

    def elapsed_s(self) -> float:
        return self._clockwork.now_s


class ProcessClock(Clock):
    """Time as one process sees it: its wall clock may be wrong, and jump."""

    def __init__(self, process: Simulated) -> None:
        self._process = process
        self._clockwork = process.clockwork

    def now(self, zone: tzinfo = UTC) -> datetime:
        if self._process.fixed is not None:
            return self._process.fixed.astimezone(zone)
        return (self._clockwork.now + timedelta(seconds=self._process.skew_s)).astimezone(zone)

    def steady(self) -> float:
        return self._clockwork.now_s

    def sleep(self, seconds: float) -> None:
        self._process.rest(seconds)

    def every(self, seconds: float, do: Callable[[], bool], *, name: str) -> Callable[[], None]:
        going = True

        def beat() -> None:
            if not going or self._process.dead or self._process.ended:
                return
            if (until_s := self._process.frozen_until_s) > self._clockwork.now_s:
                self._clockwork.at(until_s, beat)  # after the process itself, which has been waiting for this moment
            elif do():
                self._clockwork.at(self._clockwork.now_s + seconds, beat)

        def end() -> None:
            nonlocal going
            going = False

        self._clockwork.at(self._clockwork.now_s + seconds, beat)
        return end


class Processes(Machine):
    """What a process can know of others: only those of its own machine are known to have ended."""

    def __init__(self, me: Simulated, all_: Callable[[int], Simulated | None]) -> None:
        self._me = me
        self._find = all_

    def this_process(self) -> Process:
        return Process(host=self._me.machine, space=self._me.machine, pid=self._me.pid, started="")

    def has_ended(self, process: Process) -> bool:
        found = self._find(process.pid)
        return process.space == self._me.machine and (found is None or found.dead or found.ended)
