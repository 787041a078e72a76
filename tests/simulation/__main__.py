"""The command line of the simulation: many seeds on all cores, one seed step by step, or every mutant."""

import argparse
import logging
import multiprocessing
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial

import structlog

from tests.contract.conftest import a_postgresql_server
from tests.simulation.mutants import MUTANTS
from tests.simulation.storage import a_folder, opened_storage
from tests.simulation.story import Told, play

SEEDS_PER_MUTANT = 200
"""So many seeds at most are played with a mutant: one that survives them is not noticed."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Play, tell, and return the exit status: 1 where a promise was broken, or a mutant was not noticed."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=100, help="how many seeds (default 100)")
    parser.add_argument("--first", type=int, default=1, help="the first of them (default 1)")
    parser.add_argument("--seed", type=int, help="this one alone")
    parser.add_argument("--trace", action="store_true", help="with --seed: show every step")
    parser.add_argument("--mutants", action="store_true", help="break the worker in each known way instead")
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="how many processes (default: all cores)")
    asked = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, _end)
    with _databases(asked.database) as url:
        if asked.seed is not None:
            return _one(asked.seed, url, trace=asked.trace)
        with ProcessPoolExecutor(asked.jobs, initializer=_begin) as pool:
            if asked.mutants:
                return _mutants(pool, url)
            seeds = range(asked.first, asked.first + asked.seeds)
            return _many(pool, seeds, url, jobs=asked.jobs)


def silence() -> None:
    """No log lines: a trace tells more."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))


def _begin() -> None:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    silence()


def _end(*_: object) -> None:
    """Who is asked to end takes what it has started along, and leaves no databases behind."""
    for process in multiprocessing.active_children():
        process.terminate()
    sys.exit(143)


@contextmanager
def _databases(kind: str) -> Iterator[str]:
    """An address in which `{}` stands for the number of the process, if each has a database of its own."""
    with ExitStack() as stack:
        if kind == "postgresql":
            yield stack.enter_context(a_postgresql_server()).get_uri()
        else:
            yield f"sqlite:///{stack.enter_context(a_folder())}/{{}}.db"


def _played(seeds: Sequence[int], url: str) -> list[Told]:
    with opened_storage(url.format(os.getpid())) as storage:
        return [play(seed, storage) for seed in seeds]


def _one(seed: int, url: str, *, trace: bool) -> int:
    silence()
    with opened_storage(url.format(0)) as storage:
        told = play(seed, storage, show=_say if trace else None)
    _say(f"seed {seed}: {told.steps:,} steps, trace {told.trace or 'broken off'}")
    if told.violation:
        _tell(told, lines=not trace)
    return int(bool(told.violation))


def _many(pool: ProcessPoolExecutor, seeds: Sequence[int], url: str, *, jobs: int) -> int:
    began = time.monotonic()
    all_: list[Told] = []
    for some in pool.map(partial(_played, url=url), _shares(seeds, 5)):
        all_ += some
        for told in filter(lambda each: each.violation, some):
            _tell(told, lines=True)
        broken = sum(bool(each.violation) for each in all_)
        _say(f"{len(all_):,} of {len(seeds):,} seeds, {broken} with violations")
    _table(all_, real_s=time.monotonic() - began)
    return int(any(each.violation for each in all_))


def _shares(seeds: Sequence[int], size: int) -> list[Sequence[int]]:
    return [seeds[start : start + size] for start in range(0, len(seeds), size)]


def _table(all_: Sequence[Told], *, real_s: float) -> None:
    """What it came to, on stdout."""
    days = sum(each.days for each in all_)
    passes, troubles, events = Counter[str](), Counter[str](), Counter[str]()
    for told in all_:
        passes.update(told.passes)
        troubles.update(told.troubles)
        events.update(told.events)
    rows = {
        "seeds": f"{len(all_):,}, of them {sum(bool(told.violation) for told in all_)} with violations",
        "steps": f"{sum(told.steps for told in all_):,}",
        "time": f"{days:,.0f} virtual days in {real_s:,.0f} s, {days * 86_400 / max(real_s, 1e-9):,.0f} times as fast",
        "requests": f"{sum(t.requests for t in all_):,}, of them {sum(t.writes for t in all_):,} batches written",
        "processes": f"{sum(t.kills for t in all_):,} killed, {sum(t.freezes for t in all_):,} suspended",
        "passes": _counted(passes),
        "faults": f"{troubles.total():,}: {_counted(troubles)}",
        "life": f"{events.total():,} events: {_counted(events)}",
        "violations": ", ".join(f"seed {t.seed}: {t.violation}" for t in all_ if t.violation) or "none",
    }
    for name, text in rows.items():
        sys.stdout.write(f"{name:<12}{text}\n")


def _counted(counter: Counter[str]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in counter.most_common())


def caught_by(name: str, url: str, seeds: Sequence[int]) -> Told | None:
    """The first of these seeds that breaks a promise with the mutant, and none without it; an error is no proof."""
    with opened_storage(url.format(os.getpid())) as storage:
        for seed in seeds:
            with MUTANTS[name]():
                told = play(seed, storage)
            if told.was_judged and not play(seed, storage).violation:
                return told
    return None


def _mutants(pool: ProcessPoolExecutor, url: str) -> int:
    seeds = range(1, SEEDS_PER_MUTANT + 1)
    missed = 0
    for name, told in zip(MUTANTS, pool.map(partial(caught_by, url=url, seeds=seeds), MUTANTS), strict=True):
        found = f"seed {told.seed}, step {told.steps:,}: {told.violation}" if told else "NOT NOTICED"
        sys.stdout.write(f"{name:<26}{found}\n")
        sys.stdout.flush()
        missed += told is None
    return int(missed > 0)


def _tell(told: Told, *, lines: bool) -> None:
    _say("\n".join(told.last_lines if lines else []))
    _say(f"seed {told.seed} broke a promise at {told.broken_at}: {told.violation}")
    _say(f"To see all of it: python -m tests.simulation --seed {told.seed} --trace")


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
