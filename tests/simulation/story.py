"""The course of one seed: a portal in which life goes on, workers that die and come back, and what goes wrong."""

import hashlib
import random as chance
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache, partial
from random import Random
from zoneinfo import ZoneInfo

from config import ConfigError, Rulebook, load_rulebook
from sandbox import Life, generate
from sandbox.api.app import application
from sandbox.errors import RefusedError
from sandbox.living import KINDS
from sync.bootstrap import world_of
from sync.hubspot import Connection, connect
from sync.hubspot.provisioning import provision
from sync.ports import FatalError, LeaseHeld, RetryableError
from sync.records import STAGE, Mode
from sync.run import apply_plan, plan, resync
from sync.selecting import Selection, waiting_plan
from sync.summary import Summary
from sync.worker import one_pass
from sync.world import Knobs, World
from tests.fakes.death import KilledError
from tests.simulation.clockwork import Clockwork, PortalClock, ProcessClock, Processes, Simulated
from tests.simulation.draw import DAY_S, EDITS, TROUBLES, Draw, draw, fits
from tests.simulation.judge import CONTACTS, Judge, Violation
from tests.simulation.lasting import TOKEN, Lasting, Undo
from tests.simulation.network import Network, Request, Response, Trouble
from tests.simulation.storage import COMMITTED, SteppedStore, Storage

TRACE_SHOWN = 40
STEPS_MAX = 400_000
"""More steps than this are a run that does not come to its end."""
FIRST_PORTAL = 10_000_000


@dataclass(slots=True)
class Told:
    """What became of one seed."""

    seed: int
    steps: int = 0
    days: float = 0.0
    requests: int = 0
    writes: int = 0
    kills: int = 0
    freezes: int = 0
    troubles: Counter[str] = field(default_factory=Counter)
    events: Counter[str] = field(default_factory=Counter)
    passes: Counter[str] = field(default_factory=Counter)
    trace: str = ""
    """A hash of every step: equal for equal courses."""
    violation: str = ""
    was_judged: bool = False
    """The violation is of a promise; otherwise of the program itself: an error that nobody expected."""
    broken_at: str = ""
    last_lines: list[str] = field(default_factory=list)


@cache
def the_rulebook() -> Rulebook:
    return load_rulebook()


def play(seed: int, storage: Storage, *, show: Callable[[str], None] | None = None) -> Told:
    """One seed from its beginning to rest."""
    chance.seed(seed)  # the pauses of retries
    story = Story(seed, storage, draw(seed), show)
    try:
        story.run()
    except (Exception, KilledError) as raised:  # noqa: BLE001 - an error that nobody expected is a broken promise too
        error = story.clockwork.broken or raised
        story.told.was_judged = isinstance(error, Violation)
        story.told.violation = str(error) if story.told.was_judged else f"{type(error).__name__}: {error}"
        story.told.broken_at = f"step {story.told.steps}, {story.clockwork.now:%Y-%m-%d %H:%M:%S.%f} UTC"
        story.told.last_lines = list(story.lines)
    finally:
        story.close()
    return story.told


class Story:
    """The director: every choice is made here, by one source of chance."""

    def __init__(self, seed: int, storage: Storage, weather: Draw, show: Callable[[str], None] | None) -> None:
        self.weather = weather
        self.told = Told(seed)
        self.lines: deque[str] = deque(maxlen=TRACE_SHOWN)
        self.clockwork = Clockwork(weather.start)
        self._show = show
        self._random = Random(seed)
        self._storage = storage
        self._trace = hashlib.blake2b(digest_size=12)
        self._processes: dict[int, Simulated] = {}
        self._calm = True
        """Nothing goes wrong: while the portal is set up, and at rest."""
        self._over = False
        self._left: set[str] = set()
        """Whom passes at rest have reported, and left as they are."""
        self._undo: list[Undo] = []
        self._stays: tuple[str, int] = ("", 0)
        """A trouble that stays for so many requests more."""
        clock = PortalClock.of(self.clockwork)
        self.portal = generate(weather.contacts, seed, clock=clock, tier=weather.tier, portal_id=FIRST_PORTAL + seed)
        self.portal.switches.turn(**weather.switches)
        self._portal_id = str(self.portal.portal_id)
        self._application = application(lambda: self.portal)
        self._life = Life(self.portal, seed)
        self._lasting = Lasting(
            portal=self.portal,
            storage=storage,
            random=self._random,
            kill_all=self._kill_all,
            set_clocks=self._set_clocks,
        )
        self._judge = Judge(self.portal, storage, self.clockwork, latency_s=weather.latency_s)

    # From beginning to end.

    def run(self) -> None:
        self._storage.lose(self._portal_id)
        self._alone("setup", self._provision)
        self._calm = False
        for number in range(self.weather.workers):
            self._start_worker(number)
        self._later(self.weather.events_a_day, self._live)
        self._later(self.weather.by_hand_a_day, self._by_hand)
        self._later(self.weather.lasting_a_day if self.weather.lasting else 0.0, self._befall)
        self._later(self.weather.stamps_a_day, self._stamp)
        self._later(2.0, self._lasting.back_up)
        self.clockwork.run(self.clockwork.now_s + self.weather.days * DAY_S)
        self._come_to_rest()
        self.told.days = self.clockwork.now_s / DAY_S
        self.told.trace = self._trace.hexdigest()

    def close(self) -> None:
        for process in self._processes.values():
            process.end()
        self.told.requests = self.portal.requests.totals["total"]
        self.told.writes = self._judge.writes
        self.told.events = self._life.counts
        self._storage.lose(self._portal_id)

    def _come_to_rest(self) -> None:
        """Faults off, everything given back; then a full pass, one more, and one without the database."""
        self._over = self._calm = True
        for process in self._processes.values():
            process.end()
        while self._undo:
            self._undo.pop()()
        self.portal.limits.used_today = 0
        self.clockwork.run(
            self.clockwork.now_s + max(self.portal.switches.index_lag_s, self.portal.switches.reads_lag_s, 60)
        )
        self._alone("rest", self._full_pass)
        self.clockwork.run(self.clockwork.now_s + self.portal.switches.reads_lag_s + 1)
        for _ in range(2 if self.portal.switches.reads_lag_s else 0):
            # What such a portal does not show in time is left to the next run, which may leave its own to another.
            self._alone("rest", self._full_pass)
            self.clockwork.run(self.clockwork.now_s + self.portal.switches.reads_lag_s + 1)
        self._judge.at_rest()
        fixed = self.clockwork.now
        self._writes_nothing("second", fixed)
        self._storage.lose(self._portal_id)
        self._writes_nothing("rebuilt", fixed)

    def _writes_nothing(self, name: str, fixed: datetime) -> None:
        """A full pass that has nothing to do.

        Without its database a worker cannot know what it has left to another program, or what was refused before.
        """
        self._judge.written.clear()
        self._alone(name, self._full_pass, fixed=fixed)
        if written := self._judge.written - self._left:
            raise Violation(f"the {name} full pass at rest wrote to contact {min(written)}")
        self._judge.at_rest()

    def _full_pass(self, process: Simulated) -> None:
        with self._opened(process) as world:
            summary = resync(world, Selection(mode="full"), Knobs(), command="rest", accept_large_plan=True)
        self._left |= {contact for contact, _ in (*summary.tally.contested, *summary.tally.failed)}
        self._count(process, summary)

    def _alone(self, name: str, body: Callable[[Simulated], None], fixed: datetime | None = None) -> None:
        """One process from its start to its end, while nothing goes wrong."""
        process = self._process(name, body, skew_s=0.0, machine="a")
        process.fixed = fixed
        self.clockwork.run(self.clockwork.now_s + DAY_S, lambda: process.ended)
        if not process.ended:
            raise Violation(f"{name} did not come to its end within a day")

    # Processes.

    def _process(self, name: str, body: Callable[[Simulated], None], *, skew_s: float, machine: str) -> Simulated:
        pid = len(self._processes) + 1
        process = Simulated(self.clockwork, pid, body, name=f"{name} {pid}", skew_s=skew_s, machine=machine)
        self._processes[pid] = process
        self._note(process.name, "begins")
        return process

    def _start_worker(self, number: int) -> None:
        if self._over:
            return
        machine = "ab"[number % self.weather.machines]

        def body(process: Simulated) -> None:
            # Whoever starts it again does so at once or much later; not at once where it said that a person must act.
            down_s = self._random.choice([0.0, self._random.uniform(0, self.weather.down_max_s)])
            try:
                self._work(process)
                down_s = max(down_s, self.weather.every_s)
            finally:
                self.clockwork.at(self.clockwork.now_s + down_s, lambda: self._start_worker(number))

        self._process("worker", body, skew_s=self.weather.skew_s, machine=machine)

    def _work(self, process: Simulated) -> None:
        """What the worker's scheduler does, on a clock of ours; ends where only a person can help."""
        clock = ProcessClock(process)
        zone = ZoneInfo(self.portal.time_zone)
        modes: tuple[Mode, ...] = ("incremental", "decay", "full")
        due = {mode: self._due(mode, clock.now(zone)) for mode in modes} | {"incremental": clock.now(zone)}
        try:
            while True:
                mode = min(due, key=lambda each: due[each])
                while (wait_s := (due[mode] - clock.now(zone)).total_seconds()) > 0:
                    clock.sleep(wait_s)
                summary = one_pass(mode, self._knobs(), lambda: self._opened(process))
                self._count(process, summary)
                due[mode] = self._due(mode, clock.now(zone))
        except (FatalError, ConfigError) as error:
            self._note(process.name, f"ends: {type(error).__name__}")

    def _due(self, mode: Mode, now: datetime) -> datetime:
        if mode == "incremental":
            return now + timedelta(seconds=self.weather.every_s)
        return _next(now, 1.5) if mode == "decay" else _next(now, 2.5, weekday=6)

    @contextmanager
    def _opened(self, process: Simulated) -> Iterator[World]:
        """A world as the worker opens one for each pass."""
        self._judge.begins(process)
        clock = ProcessClock(process)
        store = SteppedStore(self._storage, process, self, Processes(process, self._processes.get))
        world = world_of(the_rulebook(), self._connection(process), store, writes=True, clock=clock)
        yield replace(world, stop=lambda: process.stopping)

    def _connection(self, process: Simulated) -> Connection:
        pool = Network(self.portal, self._application, process, self)
        return connect(token=TOKEN, clock=ProcessClock(process), pool=pool)  # type: ignore[arg-type]

    def _provision(self, process: Simulated) -> None:
        provision(self._connection(process), the_rulebook(), sleep=ProcessClock(process).sleep)

    def _knobs(self) -> Knobs:
        return Knobs(
            share=self.weather.move_share,
            first_share=1.0,
            floor=3 if self.weather.move_share < 1 else 50,
            daily_writes_max=self.weather.daily_writes_max,
        )

    def _count(self, process: Simulated, summary: Summary | None) -> None:
        if summary is None:
            self.told.passes["left out"] += 1
            return
        self.told.passes["refused" if summary.plan_refused else summary.mode] += 1
        self._note(process.name, f"finished {summary.mode}, changed {summary.tally.changed}")
        self._judge.finished(process, summary)

    def _by_hand(self) -> None:
        """Somebody uses the command line beside the worker."""
        ids = [str(each) for each in self.portal.contacts.live]
        some = self._random.sample(ids, min(len(ids), 3))
        what = self._random.choice(["full", "contacts", "since", "plan", "apply"])

        def body(process: Simulated) -> None:
            try:
                with self._opened(process) as world:
                    if what in ("plan", "apply"):
                        self._plan_and_apply(process, world, make=what == "plan")
                        return
                    since = world.now() - timedelta(days=2) if what == "since" else None
                    selection = Selection(mode=what, contact_ids=some if what == "contacts" else (), since=since)  # type: ignore[arg-type]
                    accept = self.weather.move_share < 1 and what == "full"
                    summary = resync(world, selection, self._knobs(), command=what, accept_large_plan=accept)
                    self._count(process, summary)
            except (FatalError, ConfigError, RetryableError, LeaseHeld) as error:
                self._note(process.name, f"ends: {type(error).__name__}")

        self._process(what, body, skew_s=0.0, machine=self._random.choice("ab"))

    def _plan_and_apply(self, process: Simulated, world: World, *, make: bool) -> None:
        kept = waiting_plan(world)
        if make:
            run_id = plan(world, Selection(mode="full"), self._knobs()).run_id
            process.rest(self._random.uniform(0, 3_600))
        elif kept:
            run_id = kept.id
        else:
            return
        self._count(process, apply_plan(world, run_id, self._knobs(), command="apply"))

    # What befalls processes.

    def step(self, process: Simulated, where: str, *, stands: bool = True) -> None:
        """A step of a process: time passes, and it may not live to see the next, or stand still."""
        if self.clockwork.in_event:
            return
        self.told.steps += 1
        if self.told.steps > STEPS_MAX:
            raise Violation(f"after {STEPS_MAX:,} steps there is no end in sight")
        process.rest(self._random.uniform(0.0005, 0.003))
        self._note(process.name, where)
        if where == COMMITTED:
            self._judge.committed(process)
        if self._calm:
            return
        often = 20 if "batch/update" in where else 1
        if self._random.random() < self.weather.kills * often:
            self.told.kills += 1
            self._note(process.name, "is killed")
            process.die()
        if stands and self._random.random() < self.weather.freezes * often:
            self.told.freezes += 1
            seconds = self._random.choice([3.0, 15.0, 25.0, 60.0, 3_600.0])
            self._note(process.name, f"stands still for {seconds:g} s")
            process.freeze(seconds)

    def latency_s(self) -> float:
        return self._random.uniform(0.2, 1.0) * self.weather.latency_s

    def trouble(self, request: Request) -> Trouble | None:
        if self._calm:
            return None
        if self._lasting.unreachable:
            return TROUBLES["unreachable"](self._random)
        name = self._name_of_trouble(request)
        if not name:
            return None
        self.told.troubles[name] += 1
        return TROUBLES[name](self._random)

    def _name_of_trouble(self, request: Request) -> str:
        """What goes wrong with this request, if anything: what went wrong before may stay for a while."""
        name, left = self._stays
        if left and fits(name, request):
            self._stays = (name, left - 1)
            return name
        often = 4 if request.writes else 1
        for name, rate in self.weather.troubles.items():
            if fits(name, request) and self._random.random() < rate * often:
                stays = self._random.random() < self.weather.bursts
                self._stays = (name, self._random.randint(2, 9) if stays else 0)
                return name
        return ""

    @property
    def dateless(self) -> bool:
        return self.weather.dateless

    def arrives(self, request: Request) -> None:
        self._meddle(request)
        self._judge.arrives(request)

    def was_done(self, request: Request) -> None:
        self._judge.was_done(request)
        self._refill(request)
        self._meddle(request)

    def answered(self, request: Request, response: Response) -> None:
        self._judge.answered(request, response)

    def store_fails(self, process: Simulated, *, writes: bool) -> str:
        return "" if self._calm else self._lasting.store_fails(writes=writes)

    def _meddle(self, request: Request) -> None:
        """Others use the account's limits, and change the very contacts that a request deals with."""
        if self._calm:
            return
        others = self.weather.others
        if others and self._random.random() < others:
            with suppress(RefusedError):
                self.portal.limits.admit(search=request.path.endswith("/search"))
        often = self.weather.edits if request.writes else self.weather.edits / 10
        ids = request.ids if request.path.startswith(CONTACTS) else []
        if ids and self._random.random() < often:
            request.process.rest(0.002)
            kind = self._random.choices(list(EDITS), list(EDITS.values()))[0]
            there = [i for i in ids if self.portal.contacts.find(i)]
            if there and len(self.portal.contacts) > 5:
                self._happens(kind, self._random.choice(there))
            request.process.rest(0.002)

    def _refill(self, request: Request) -> None:
        """A workflow gives those a stage whom this request has left without one."""
        refills = self.weather.refills
        if self._calm or not refills.share or not request.writes:
            return
        cleared = [str(each["id"]) for each in request.document["inputs"] if each["properties"].get(STAGE) == ""]
        for contact in cleared:
            if Random(f"{self.told.seed} {contact}").random() >= refills.share:
                continue
            if refills.after_s:
                self.clockwork.at(self.clockwork.now_s + refills.after_s, partial(self._fill, contact))
            else:
                request.process.rest(0.002)
                self._fill(contact)

    def _fill(self, contact: str) -> None:
        record = self.portal.contacts.find(contact)
        if self._over or record is None or record.properties.get(STAGE):
            return
        before = next((each.value for each in record.versions(STAGE) if each.value), "lead")
        stage = before if self.weather.refills.with_the_old else "lead"
        self.portal.workflow_sets(contact, STAGE, stage)
        self._life.counts["stage_refilled"] += 1
        self._note("life", f"stage_refilled {contact} {stage}")

    # What befalls the portal.

    def _later(self, a_day: float, do: Callable[[], None]) -> None:
        """Do something so many times a day, at moments that chance chooses."""
        if not a_day:
            return

        def happen() -> None:
            if not self._over:
                do()
                self._later(a_day, do)

        self.clockwork.at(self.clockwork.now_s + self._random.expovariate(a_day / DAY_S), happen)

    def _live(self) -> None:
        if len(self.portal.contacts) > 5:
            event = self._life.step()
            self._note("life", f"{event.kind} {event.contact}")

    def _stamp(self) -> None:
        count = self._random.randint(1, len(self.portal.contacts))
        self.portal.stamp(count, self.portal.clock.now())
        self._life.counts["stamped"] += 1
        self._note("life", f"stamped {count}")

    def _happens(self, kind: str, contact: str) -> None:
        if KINDS[kind].possible(self.portal):
            event = self._life.happens(kind, contact)
            self._note("life", f"{event.kind} {event.contact}")

    def _befall(self) -> None:
        """One of the lasting troubles begins; it ends after a while."""
        what = self._random.choice(self.weather.lasting)
        undo = getattr(self._lasting, what)()
        self.told.troubles[what] += 1
        self._note("trouble", what)

        def end() -> None:
            if undo in self._undo:
                self._undo.remove(undo)
                undo()
                self._note("trouble", f"{what} is over")

        self._undo.append(undo)
        self.clockwork.at(self.clockwork.now_s + self._random.choice([30, 1_200, 20_000, 80_000]), end)

    def _set_clocks(self, by_s: float) -> None:
        for process in self._processes.values():
            process.skew_s += by_s

    def _kill_all(self) -> None:
        for process in self._processes.values():
            if not process.ended and not process.dead:
                process.kill()
                self.clockwork.wake(process, self.clockwork.now_s)

    def _note(self, who: str, what: str) -> None:
        line = f"{self.told.steps:6} {self.clockwork.now_s:14.3f} {who}: {what}"
        self._trace.update(line.encode())
        self.lines.append(line)
        if self._show:
            self._show(line)


def _next(now: datetime, hour: float, weekday: int | None = None) -> datetime:
    """The next moment of that hour of the day, on that day of the week if one is named."""
    at = now.replace(hour=int(hour), minute=int(hour % 1 * 60), second=0, microsecond=0)
    while at <= now or (weekday is not None and at.weekday() != weekday):
        at += timedelta(days=1)
    return at
