"""How much room the acts take that feeds tell of, and how quickly they are kept, found and dropped.

`python -m benchmarks.trace_keeping --traces 200000 2000000` measures two sizes in a SQLite file of their own, or with
`--database postgresql://…` in an empty database. Each lead has 20 acts, told in the order of time: so a page of them
is of as many leads, and goes to as many places. Processor time is this process's own.
"""

import argparse
import random
import resource
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.table import Table

from sync.ports import Traces
from sync.store import open_store
from sync.traces import Trace, who_has

AT_ONCE = 5_000
"""Acts handed to the store in one call."""
OF_LEADS = 300
"""Leads whose acts are asked for in one call: as many as a run reads at a time."""
PER_LEAD = 20
_FIRST = datetime(2026, 1, 1, tzinfo=UTC)
_MIB = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One size. Rates are acts per second of processor time."""

    traces: int
    kept: float
    told_again: float
    found: float
    dropped: float
    bytes_each: float | None
    """What one takes on disk, indexes included; None where that is not ours to see."""
    peak_bytes: int


def measure(count: int, database_url: str) -> Measured:
    """Keep so many acts, have them all told again, find those of 30,000 leads, drop all."""
    with closing(open_store(database_url)) as store:
        traces = store.portal("1").traces
        kept = _told(traces, count, walk=1)
        again = _told(traces, count, walk=2)
        found, found_s = _find(traces, min(count // PER_LEAD, 30_000))
        dropped_s = _seconds(lambda: traces.drop("mail"))
    file = Path(database_url.removeprefix("sqlite:///"))
    return Measured(
        traces=count,
        kept=count / kept,
        told_again=count / again,
        found=found / found_s,
        dropped=count / dropped_s,
        bytes_each=file.stat().st_size / count if file.exists() else None,
        peak_bytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    )


def _told(traces: Traces, count: int, *, walk: int) -> float:
    """The seconds that the store spends on all of them; to make them up is not counted."""
    return sum(_seconds(partial(traces.keep, page, walk=walk)) for page in _pages(count))


def _pages(count: int) -> Iterator[Sequence[Trace]]:
    for start in range(0, count, AT_ONCE):
        yield a_page(start, min(AT_ONCE, count - start), leads=max(1, count // PER_LEAD))


def a_page(start: int, size: int, *, leads: int) -> Sequence[Trace]:
    """So many acts of so many leads, from the one with this number on; always the same."""
    return [_act(number, leads=leads) for number in range(start, start + size)]


def _act(number: int, *, leads: int) -> Trace:
    drawn = random.Random(number)
    return Trace(
        feed="mail",
        key=str(uuid.UUID(int=drawn.getrandbits(128))),
        who=_address_of(drawn.randrange(leads)),
        act="click",
        at=_FIRST + timedelta(seconds=number),
        name=f"Newsletter {number % 50}",
        ref=str(700_000 + number % 50),
        link=f"{drawn.getrandbits(64):016x}",
    )


def _address_of(lead: int) -> str:
    return who_has(f"lead{lead}@example.com", "1")


def _find(traces: Traces, leads: int) -> tuple[int, float]:
    found, seconds = 0, 0.0
    for start in range(0, leads, OF_LEADS):
        whos = [_address_of(lead) for lead in range(start, min(leads, start + OF_LEADS))]
        began = time.process_time()
        found += sum(map(len, traces.of(whos).values()))
        seconds += time.process_time() - began
    return found, seconds


def _seconds(do: Callable[[], object]) -> float:
    began = time.process_time()
    do()
    return time.process_time() - began


def _table(rows: Sequence[Measured]) -> Table:
    table = Table("acts", "kept/s", "told again/s", "found/s", "dropped/s", "bytes each", "peak MiB")
    for column in table.columns:
        column.justify = "right"
    for row in rows:
        rates = (f"{rate:,.0f}" for rate in (row.kept, row.told_again, row.found, row.dropped))
        each = "" if row.bytes_each is None else f"{row.bytes_each:.0f}"
        table.add_row(f"{row.traces:,}", *rates, each, f"{row.peak_bytes / _MIB:,.0f}")
    return table


def main() -> None:
    """Measure the sizes named on the command line and print a table."""
    parser = argparse.ArgumentParser(description="Acts that feeds tell of, in the worker's own database.")
    parser.add_argument("--traces", type=int, nargs="+", default=[200_000, 2_000_000])
    parser.add_argument("--database", default="", help="the address of an empty database, for one size")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        rows = [measure(count, given.database or f"sqlite:///{folder}/{count}.db") for count in given.traces]
    Console().print(_table(rows))


if __name__ == "__main__":
    main()
