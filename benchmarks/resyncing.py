"""What passes of the worker cost: requests by what they are for, time, processor and memory.

`python -m benchmarks.resyncing --contacts 10000 --events 20` measures a portal of 10,000 contacts with 20 events each:
the first full pass, which writes nearly every contact; the second, which must write none; and two incremental ones,
each after 100 contacts were edited: one that finds again what was written within the hour before, and one as the worker
makes them all day. Portal and worker have a process each. Counts are exact; times are this machine's. With `--check` it
exits 1 when a pass takes more requests than its bound.
"""

import argparse
import json
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.bounds import OTHER, PURPOSES, Bound, Done, bounds, minimum
from benchmarks.commands import SCORELINE, Ran, run, worker_environment
from benchmarks.holdings import allow, edit, holdings, pass_time, turn
from benchmarks.portal_process import Asked, Served, served
from sandbox.limits import TIERS, WINDOW_S, TierName

EDITED = 100
LOOKED_BACK = timedelta(hours=1)
"""How far before what they have seen passes look again, for contacts (SCORELINE_LOOKBACK_S) and in feeds."""
_MIB = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What is measured."""

    contacts: int
    events: float
    tier: TierName
    latency_ms: float = 0.0
    limited: bool = False
    burst: int | None = None
    """What the portal allows in ten seconds, where that is not what its tier does."""
    switches: Mapping[str, str] = field(default_factory=dict)
    """What the portal does otherwise where nobody knows what HubSpot does (`docs/sandbox.md`)."""

    def least_s(self, requests: int) -> float:
        """How long so many requests take at the rate that the tier's burst limit allows for long."""
        return requests * WINDOW_S / (self.burst or TIERS[self.tier].burst)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """One run of the worker."""

    name: str
    done: Done
    requests: Mapping[str, int]
    """By purpose, as the portal counted them."""
    others: Sequence[str]
    """Those that have no known purpose."""
    refused: int
    """Answers with 429."""
    ran: Ran

    @property
    def total(self) -> int:
        return sum(self.requests.values())

    def over(self) -> Iterator[str]:
        """What was asked for more often than it may be, in words."""
        for bound in bounds(self.done):
            if (count := bound.count(self.requests)) > bound.most:
                named = f": {', '.join(self.others)}" if OTHER in bound.purposes else ""
                yield f"{self.name}: {count:,} requests for {bound.name}, and {bound.most:,} are enough{named}"


def measure(setting: Setting) -> Iterator[Pass]:
    """Run the passes on a fresh portal, with a fresh database."""
    with (
        tempfile.TemporaryDirectory() as folder,
        served(
            setting.contacts,
            latency_ms=setting.latency_ms,
            limited=setting.limited,
            tier=setting.tier,
            events_per_contact=setting.events,
        ) as portal,
    ):
        if setting.burst:
            portal.do(allow, setting.burst)
        portal.do(turn, setting.switches)
        passes = _Passes(portal, setting.contacts, Path(folder))
        passes.provision()
        yield passes.next("first full", "--full", "--accept-large-plan")
        yield passes.next("second full", "--full")
        # What was written within the hour before a pass is found again by the one after it.
        portal.do(pass_time, timedelta(hours=2))
        portal.do(edit, EDITED)
        yield passes.next(f"{EDITED} edited")
        portal.do(edit, EDITED, after=EDITED)
        yield passes.next(f"{EDITED} more")


class _Passes:
    """Pass after pass on one portal."""

    def __init__(self, portal: Served, contacts: int, folder: Path) -> None:
        self._portal = portal
        self._contacts = contacts
        self._folder = folder
        self._environment = worker_environment(portal.url, folder)
        self._changes_read_up_to: datetime | None = None
        self._feeds_read_up_to: datetime | None = None

    def provision(self) -> None:
        run([*SCORELINE, "provision"], folder=self._folder, environment=self._environment)
        self._portal.requests()

    def next(self, name: str, *arguments: str) -> Pass:
        """Make a pass, and count what it took."""
        is_full = "--full" in arguments
        began_at = datetime.now(UTC)
        there = self._portal.do(
            holdings,
            changed_since=self._changes_read_up_to and self._changes_read_up_to - LOOKED_BACK,
            told_since=self._feeds_read_up_to and self._feeds_read_up_to - LOOKED_BACK,
            is_full=is_full,
        )
        command = [*SCORELINE, "resync", "--json", *arguments]
        ran = run(command, folder=self._folder, environment=self._environment, may_end_with=(0, 1))
        asked = self._portal.requests()
        document = ran.document()
        self._changes_read_up_to, self._feeds_read_up_to = datetime.fromisoformat(document["read_up_to"]), began_at
        requests: Counter[str] = Counter()
        for each in asked:
            requests[purpose_of(each)] += each.count
        return Pass(
            name=name,
            done=Done(
                is_full=is_full,
                contacts=self._contacts,
                read=document["contacts_read"],
                changed=document["contacts_changed"],
                moved=sum(document["stage_changes"].values()),
                found=there.found,
                histories=sum(each.inputs for each in asked if each.history),
                companies=there.companies,
                engagement=there.engagement,
            ),
            requests=requests,
            others=sorted({f"{each.method} {each.path}" for each in asked if purpose_of(each) == OTHER}),
            refused=sum(each.count for each in asked if each.status == 429),
            ran=ran,
        )


def purpose_of(asked: Asked) -> str:
    """What requests of this kind are for."""
    line = f"{asked.method} {asked.path}" + (" with history" if asked.history else "")
    return next((name for name, pattern in PURPOSES.items() if re.search(pattern, line)), OTHER)


def tables(passes: Sequence[Pass], setting: Setting) -> Iterator[Table]:
    """What the passes did and used, and their requests against what they may take."""
    used = Table(
        "pass", "read", "changed", "moved", "requests", "429", "seconds", "of the limit", "CPU s (share)", "MiB"
    )
    for each in passes:
        used.add_row(
            each.name,
            *(f"{count:,}" for count in (each.done.read, each.done.changed, each.done.moved, each.total, each.refused)),
            f"{each.ran.took_s:.1f}",
            f"{each.ran.took_s / setting.least_s(each.total):.2f}" if setting.limited else "",
            f"{each.ran.cpu_s:.1f} ({each.ran.cpu_s / each.ran.took_s:.2f})",
            f"{each.ran.peak_bytes / _MIB:,.0f}",
        )
    yield _right(used)
    asked = Table("requests for, at most", *(each.name for each in passes))
    rows: dict[str, dict[str, str]] = {}
    for each in passes:
        for bound in bounds(each.done):
            rows.setdefault(bound.name, {})[each.name] = _cell(bound, each)
    for name, cells in rows.items():
        asked.add_row(name, *(cells.get(each.name, "") for each in passes))
    asked.add_row("together", *(f"{each.total:,}" for each in passes))
    yield _right(asked)


def _cell(bound: Bound, done: Pass) -> str:
    count = bound.count(done.requests)
    if not bound.most:
        return f"{count:,}"
    return f"{count:,} of {bound.most:,} ({count / bound.most:.2f})"


def _right(table: Table) -> Table:
    for column in table.columns[1:]:
        column.justify = "right"
    return table


def as_json(passes: Sequence[Pass], setting: Setting) -> Mapping[str, object]:
    """The same, for machines."""
    return {
        "setting": asdict(setting),
        "passes": [
            {
                "name": each.name,
                "done": asdict(each.done),
                "requests": dict(each.requests),
                "total": each.total,
                "least": dict(minimum(each.done)),
                "bounds": [
                    {"name": bound.name, "count": bound.count(each.requests), "most": bound.most}
                    for bound in bounds(each.done)
                ],
                "refused": each.refused,
                "took_s": each.ran.took_s,
                "of_the_limit": each.ran.took_s / setting.least_s(each.total),
                "cpu_s": each.ran.cpu_s,
                "cpu_share": each.ran.cpu_s / each.ran.took_s,
                "peak_bytes": each.ran.peak_bytes,
            }
            for each in passes
        ],
    }


def _a_switch(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"{text}: a switch is given as NAME=VALUE")
    return name, value


def main() -> int:
    """Measure one portal, print what was found, and return 1 where it is checked and above a bound."""
    parser = argparse.ArgumentParser(description="What passes of the worker cost on a sandbox portal.")
    parser.add_argument("--contacts", type=int, default=10_000)
    parser.add_argument("--events", type=float, default=20.0, help="events for each contact, on average")
    parser.add_argument("--tier", default="enterprise", choices=list(TIERS))
    parser.add_argument("--latency-ms", type=float, default=0.0)
    parser.add_argument("--limited", action="store_true", help="let the portal refuse what its tier does not allow")
    parser.add_argument("--burst", type=int, help="what the portal allows in ten seconds, in place of its tier's")
    parser.add_argument(
        "--switch", action="append", default=[], type=_a_switch, metavar="NAME=VALUE", help="of the sandbox"
    )
    parser.add_argument("--passes", type=int, default=4, help="how many of the four passes to make")
    parser.add_argument("--check", action="store_true", help="exit 1 when a pass takes more requests than its bound")
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of tables")
    given = vars(parser.parse_args())
    count, checked, for_machines = given.pop("passes"), given.pop("check"), given.pop("json")
    switches = dict(given.pop("switch"))
    setting = Setting(**given, switches=switches)
    passes = list(islice(measure(setting), count))
    if for_machines:
        print(json.dumps(as_json(passes, setting)))  # noqa: T201 - what is asked for
    else:
        for table in tables(passes, setting):
            Console(width=160).print(table)
    over = [line for each in passes for line in each.over()] if checked else []
    for line in over:
        print(line, file=sys.stderr)  # noqa: T201 - a command's own word
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
