"""What a run meets, and the knobs it runs by."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from config import Rulebook
from sync.applying import CLEARS_AT_ONCE, Applier
from sync.clock import SYSTEM
from sync.evaluation import Evaluator
from sync.moving import Mover
from sync.outcomes import Outcomes, Trouble
from sync.ports import Companies, ContactReader, ContactWriter, Feed, Journal, Lease, Memory, Portal, Sheets, Traces
from sync.records import Mode, PortalFacts

Progress = Callable[[str, int], None]
"""Told what is going on, and how many contacts more have been dealt with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Everything a run meets, behind ports."""

    portal: Portal
    facts: PortalFacts
    reader: ContactReader
    writer: ContactWriter
    journal: Journal
    memory: Memory
    traces: Traces
    sheets: Sheets
    lease: Lease
    rulebook: Rulebook
    now: Callable[[], datetime]
    """The present moment, aware, in the portal's time zone."""
    companies: Companies | None = None
    """Where the rulebook gives each of them a number."""
    feeds: Sequence[Feed] = ()
    """Those that the rulebook reads."""
    steady: Callable[[], float] = SYSTEM.steady
    """Seconds on a clock that nobody sets: how old a reading is."""
    sleep: Callable[[float], None] = SYSTEM.sleep
    at_once: int = 1
    """How many requests may be under way at the same time."""
    progress: Progress = lambda _what, _more: None
    stop: Callable[[], bool] = lambda: False
    """Whether the run was asked to stop; asked between batches, never inside one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Knobs:
    """How a run behaves, from the settings."""

    lease_wait_s: float = 300
    lookback_s: float = 3600
    """How far before the watermark an incremental pass looks again: HubSpot's search lags behind its writes."""
    share: float = 0.05
    first_share: float = 0.30
    floor: int = 50
    keep_runs_days: int = 90
    daily_writes_max: int | None = None
    """Contacts and companies written a day, by the portal's time zone; None: no limit."""


def evaluator_of(world: World, at: datetime, selection: Mode) -> Evaluator:
    """Who decides contacts at this moment, chosen as `selection` says."""
    return Evaluator(
        reader=world.reader,
        memory=world.memory,
        journal=world.journal,
        rulebook=world.rulebook,
        at=at,
        selection=selection,
    )


def applier_of(world: World, evaluator: Evaluator) -> Applier:
    """Who writes what was decided."""
    few_clear, trouble = threading.Semaphore(CLEARS_AT_ONCE), Trouble()
    movers = [
        Mover(
            reader=world.reader,
            writer=world.writer,
            lease=world.lease,
            outcomes=Outcomes(journal=world.journal, memory=world.memory, trouble=trouble),
            steady=world.steady,
            sleep=world.sleep,
            answer_property=world.rulebook.properties["feedback"],
            few_clear=few_clear,
        )
        for _ in range(world.at_once)
    ]
    return Applier(
        reader=world.reader,
        journal=world.journal,
        evaluator=evaluator,
        movers=movers,
        stop=world.stop,
        progress=lambda more: world.progress("Writing", more),
    )
