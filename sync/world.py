"""What a run meets, and the knobs it runs by."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from config import Rulebook
from sync.clock import SYSTEM
from sync.ports import ContactReader, ContactWriter, Journal, Lease, Memory, Portal
from sync.records import PortalFacts

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
    lease: Lease
    rulebook: Rulebook
    now: Callable[[], datetime]
    """The present moment, aware, in the portal's time zone."""
    steady: Callable[[], float] = SYSTEM.steady
    """Seconds on a clock that nobody sets: how old a reading is."""
    sleep: Callable[[float], None] = SYSTEM.sleep
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
    """Contacts written a day, by the portal's time zone; None: no limit."""
