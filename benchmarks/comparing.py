"""Contacts read and written in other ways, beside scoreline's, on one sandbox portal in one run.

`python -m benchmarks.comparing --contacts 10000` installs tap-hubspot and dlt in environments of their own, in a cache
folder, and lets each read the contacts of a portal that answers after 150 ms and keeps its limits: all the same
properties. Then scoreline writes its scores and its stages, and a plain script writes three values contact by contact.
What cannot be installed is named, and left out.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from itertools import chain
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.bounds import full_of
from benchmarks.commands import SCORELINE, Ran, run, worker_environment
from benchmarks.holdings import from_first_write, pass_time, properties_asked, some_ids
from benchmarks.installing import DLT, SCRIPT, TAP, NotInstalledError, Peer, add_dlt_source
from benchmarks.portal_process import Asked, Served, served
from sandbox.limits import TIERS, WINDOW_S, TierName

_MIB = 1 << 20
_CONTACTS = "/crm/v3/objects/contacts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What is compared."""

    contacts: int
    patched: int
    """Contacts that are written one by one: a part is enough, since that grows no quicker."""
    tier: TierName
    latency_ms: float
    cache: Path
    dlt_sources: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One way to do something to contacts; `go` does it, and tells for how many."""

    name: str
    what: str
    go: Callable[[], tuple[Ran, int]]
    reads_all: bool = False


COLUMNS = ("way", "what", "contacts", "seconds", "contacts/s", "requests", "per 1,000", "429", "CPU s", "peak MiB")


class Comparison:
    """One portal, and every way on it, one after the other."""

    def __init__(self, portal: Served, setting: Setting, folder: Path) -> None:
        self._portal = portal
        self._setting = setting
        self._folder = folder
        # dlt puts its source where it is run, as a package that is called as HubSpot's own client.
        self._elsewhere = folder / "peers"
        self._elsewhere.mkdir()

    def rows(self) -> Iterator[Sequence[str]]:
        """What each way took, as soon as it is known."""
        self._scoreline("provision")
        for way in chain(self._reading(), self._writing()):
            try:
                yield [way.name, way.what, *self._measured(way)]
            except NotInstalledError as problem:
                yield [way.name, f"not measured: {problem}", *[""] * (len(COLUMNS) - 2)]

    def _reading(self) -> Iterator[Way]:
        yield Way(
            name="scoreline, its reading alone",
            what="what the default rulebook reads of contacts and their companies",
            go=partial(self._read, self._own),
            reads_all=True,
        )
        yield Way(
            name="scoreline plan",
            what="the same and acts, each contact scored and decided, the plan kept in SQLite",
            go=partial(self._read, partial(self._scoreline, "plan", "--full", "--json")),
            reads_all=True,
        )
        yield Way(
            name="tap-hubspot 4.5.0",
            what="its contacts stream: the same properties, and ids of companies, deals and tickets",
            go=partial(self._read, partial(self._peer, TAP, "tap_contacts")),
            reads_all=True,
        )
        yield Way(
            name="dlt 1.31.0, extract",
            what="its contacts: the same properties, and ids of deals, tickets and others; on disk",
            go=partial(self._read, partial(self._dlt, "extract")),
            reads_all=True,
        )
        yield Way(
            name="dlt 1.31.0, load",
            what="the same, normalised and loaded into DuckDB",
            go=partial(self._read, partial(self._dlt, "load")),
            reads_all=True,
        )

    def _writing(self) -> Iterator[Way]:
        scores_alone = self._folder / "scores_alone.yaml"
        scores_alone.write_text("extends: default\npolicy: {moves: none}\n")
        yield Way(
            name="scoreline resync, scores",
            what="score, parts, grade, reasons of whoever has others now; from the first write to the last",
            go=partial(self._written, str(scores_alone)),
        )
        yield Way(
            name="scoreline resync, stages",
            what="stages by clear and set, each contact looked at before; from the first write to the last",
            go=partial(self._written, "default"),
        )
        for threads in (8, 1):
            yield Way(
                name=f"PATCH, {threads} {'threads' if threads > 1 else 'thread'}",
                what="three score properties of each contact; after a 429 again in a second",
                go=partial(self._patched, threads),
            )

    def _measured(self, way: Way) -> Sequence[str]:
        self._portal.requests()
        self._portal.do(pass_time, timedelta(seconds=2 * WINDOW_S))  # nobody begins with what another has used up
        ran, contacts = way.go()
        asked = self._portal.requests()
        requests = sum(each.count for each in asked)
        pages = sum(each.count for each in asked if _is_page(each))
        if way.reads_all and pages < full_of(contacts, 100):
            raise RuntimeError(f"{way.name} read {pages} pages, and {contacts:,} contacts are on more")
        return [
            f"{contacts:,}",
            f"{ran.took_s:.1f}",
            f"{contacts / ran.took_s:,.0f}",
            f"{requests:,}",
            f"{requests * 1_000 / contacts:,.1f}",
            f"{sum(each.count for each in asked if each.status == 429):,}",
            f"{ran.cpu_s:.1f}",
            f"{ran.peak_bytes / _MIB:,.0f}",
        ]

    def _read(self, read: Callable[[], Ran]) -> tuple[Ran, int]:
        return read(), self._setting.contacts

    def _own(self) -> Ran:
        environment = worker_environment(self._portal.url, self._folder)
        ran = run([sys.executable, "-m", "benchmarks.own_reading"], folder=self._folder, environment=environment)
        # The others are to read the same.
        (self._elsewhere / "properties.json").write_text(json.dumps(self._portal.do(properties_asked)))
        return ran

    def _scoreline(self, *arguments: str, rulebook: str = "default") -> Ran:
        environment = worker_environment(self._portal.url, self._folder, SCORELINE_RULEBOOK=rulebook)
        return run([*SCORELINE, *arguments], folder=self._folder, environment=environment, may_end_with=(0, 1))

    def _written(self, rulebook: str) -> tuple[Ran, int]:
        """Write whatever is left to write. A pass reads everything before: its reading is not counted again here."""
        ran = self._scoreline("resync", "--full", "--accept-large-plan", "--json", rulebook=rulebook)
        return replace(ran, took_s=self._portal.do(from_first_write)), ran.document()["contacts_changed"]

    def _peer(self, peer: Peer, module: str, *arguments: str) -> Ran:
        python = peer.python(self._setting.cache)
        command = [str(python), "-m", f"benchmarks.peers.{module}", self._portal.url, *arguments]
        return run(command, folder=self._elsewhere, environment=peer.environment(self._elsewhere))

    def _dlt(self, until: str) -> Ran:
        add_dlt_source(self._setting.cache, self._elsewhere, self._setting.dlt_sources)
        return self._peer(DLT, "dlt_contacts", until)

    def _patched(self, threads: int) -> tuple[Ran, int]:
        ids = self._portal.do(some_ids, self._setting.patched)
        (self._elsewhere / "ids.json").write_text(json.dumps(ids))
        return self._peer(SCRIPT, "patching", str(threads)), len(ids)


def _is_page(asked: Asked) -> bool:
    return asked.method == "GET" and asked.path == _CONTACTS and asked.status == 200


def _table(rows: Sequence[Sequence[str]]) -> Table:
    table = Table(*COLUMNS)
    for column in table.columns[2:]:
        column.justify = "right"
    for row in rows:
        table.add_row(*row)
    return table


def _markdown(rows: Sequence[Sequence[str]]) -> str:
    lines = [COLUMNS, ["---", "---", *["---:"] * (len(COLUMNS) - 2)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def main() -> None:
    """Compare on one portal and print the table."""
    parser = argparse.ArgumentParser(description="Contacts read and written in other ways, beside scoreline's.")
    parser.add_argument("--contacts", type=int, default=10_000)
    parser.add_argument("--patched", type=int, default=1_000, help="contacts that are written one by one")
    parser.add_argument("--tier", default="professional", choices=list(TIERS))
    parser.add_argument("--latency-ms", type=float, default=150.0)
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "scoreline-peers")
    parser.add_argument("--dlt-sources", default="", help="folder or repository of dlt's sources; its own by default")
    parser.add_argument("--markdown", action="store_true", help="print the table as Markdown")
    given = vars(parser.parse_args())
    as_markdown = given.pop("markdown")
    setting = Setting(**given)
    with (
        tempfile.TemporaryDirectory() as folder,
        served(setting.contacts, latency_ms=setting.latency_ms, limited=True, tier=setting.tier) as portal,
    ):
        rows = list(Comparison(portal, setting, Path(folder)).rows())
    if as_markdown:
        print(_markdown(rows))  # noqa: T201 - what is asked for
    else:
        Console(width=200).print(_table(rows))


if __name__ == "__main__":
    main()
