"""What passes of the worker cost: requests by what they are for, time, processor and memory.

`python -m benchmarks.resyncing --contacts 10000 --events 20` measures a portal of 10,000 contacts with 20 events each:
the first full pass, which writes nearly every contact; the second, which must write none; and an incremental one after
100 contacts were edited. Portal and worker have a process each. Counts are exact; times are this machine's.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.portal_process import RSS_UNIT, Served, served

EDITED = 100
_MIB = 1 << 20
_ROOT = Path(__file__).parents[1]

PURPOSES: Mapping[str, str] = {
    "contact pages": r"GET .*/objects/contacts$",
    "contact searches": r"POST .*/objects/contacts/search$",
    "contacts by id": r"(POST .*/objects/contacts/batch/read|GET .*/objects/contacts/\d+)$",
    "companies": r"/objects/companies/batch/read$",
    "writes": r"POST .*/batch/update$",
    "submissions": r"/(form-integrations|marketing/v3/forms)",
    "mail events": r"/email/public/v1/",
    "events": r"/events/v3/events",
    "meetings, calls, messages, deals": r"/(meetings|calls|emails|communications|deals)(/|$)",
}
"""What requests are for, by method and path; the first that fits. Whatever fits none is fixed: asked once a pass."""
FIXED = "fixed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """One run of the worker."""

    name: str
    document: Mapping[str, Any]
    """What `resync --json` printed."""
    requests: Mapping[str, int]
    """By purpose, as the portal counted them."""
    refused: int
    """Answers with 429."""
    took_s: float
    cpu_s: float
    peak_bytes: int


def measure(contacts: int, *, events: float, tier: str, latency_ms: float, limited: bool) -> Iterator[Pass]:
    """Run the passes on a fresh portal, with a fresh database."""
    asked = served(contacts, latency_ms=latency_ms, limited=limited, tier=tier, events_per_contact=events)
    with asked as portal, _worker(portal) as run:
        run("provision")
        portal.requests()
        yield _measured("first full", portal, run, "--full", "--accept-large-plan")
        yield _measured("second full", portal, run, "--full")
        portal.edit(EDITED)
        yield _measured(f"incremental, {EDITED} edited", portal, run)


def minimum(done: Pass, contacts: int) -> Mapping[str, int]:
    """The fewest requests in which what this pass did can be done: pages of 100 read, batches of 100 written.

    Source: HubSpot's objects guide (100 records a page and a batch). A stage is changed in two requests.
    """
    moved = sum(done.document["stage_changes"].values())
    changed = done.document["contacts_changed"]
    return {
        "contact pages": ceil(contacts / 100) if done.document["mode"] == "full" else 0,
        "writes": ceil(changed / 100) + ceil(moved / 100),
    }


@contextmanager
def _worker(portal: Served) -> Iterator[Any]:
    with tempfile.TemporaryDirectory() as folder:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("SCORELINE_")}
        environment |= {
            "HUBSPOT_ACCESS_TOKEN": "pat-sandbox",
            "HUBSPOT_BASE_URL": portal.url,
            "DATABASE_URL": f"sqlite:///{folder}/scoreline.db",
            "PYTHONPATH": str(_ROOT),
        }

        def run(*arguments: str) -> tuple[str, float, int]:
            command = [sys.executable, "-m", "sync", *arguments]
            with (Path(folder) / "out").open("w+") as out, (Path(folder) / "err").open("w+") as err:
                process = subprocess.Popen(command, cwd=folder, env=environment, stdout=out, stderr=err)
                _, status, used = os.wait4(process.pid, 0)
                process.returncode = os.waitstatus_to_exitcode(status)
                for file in (out, err):
                    file.seek(0)
                if process.returncode not in (0, 1):
                    raise RuntimeError(f"{' '.join(arguments)} ended with {process.returncode}: {err.read()[-2_000:]}")
                return out.read(), used.ru_utime + used.ru_stime, used.ru_maxrss * RSS_UNIT

        yield run


def _measured(name: str, portal: Served, run: Any, *arguments: str) -> Pass:
    began = time.perf_counter()
    out, cpu_s, peak_bytes = run("resync", "--json", *arguments)
    took_s = time.perf_counter() - began
    requests: Counter[str] = Counter()
    refused = 0
    for (method, path, status), count in portal.requests().items():
        requests[_purpose(f"{method} {path}")] += count
        refused += count if status == 429 else 0
    return Pass(
        name=name,
        document=json.loads(out),
        requests=requests,
        refused=refused,
        took_s=took_s,
        cpu_s=cpu_s,
        peak_bytes=peak_bytes,
    )


def _purpose(request: str) -> str:
    return next((name for name, pattern in PURPOSES.items() if re.search(pattern, request)), FIXED)


def tables(passes: Sequence[Pass], contacts: int) -> Iterator[Table]:
    """What the passes did and used, and their requests by purpose."""
    used = _right(Table("pass", "read", "changed", "moved", "requests", "429", "seconds", "CPU s", "peak MiB"))
    for each in passes:
        document = each.document
        used.add_row(
            each.name,
            f"{document['contacts_read']:,}",
            f"{document['contacts_changed']:,}",
            f"{sum(document['stage_changes'].values()):,}",
            f"{sum(each.requests.values()):,}",
            f"{each.refused:,}",
            f"{each.took_s:.1f}",
            f"{each.cpu_s:.1f}",
            f"{each.peak_bytes / _MIB:,.0f}",
        )
    yield used
    asked = _right(Table("requests for", *(each.name for each in passes)))
    least = [minimum(each, contacts) for each in passes]
    for purpose in (*PURPOSES, FIXED):
        cells = [
            f"{each.requests.get(purpose, 0):,}" + (f" (at least {few[purpose]:,})" if purpose in few else "")
            for each, few in zip(passes, least, strict=True)
        ]
        asked.add_row(purpose, *cells)
    yield asked


def _right(table: Table) -> Table:
    for column in table.columns[1:]:
        column.justify = "right"
    return table


def main() -> None:
    """Measure one portal and print the tables."""
    parser = argparse.ArgumentParser(description="What passes of the worker cost on a sandbox portal.")
    parser.add_argument("--contacts", type=int, default=10_000)
    parser.add_argument("--events", type=float, default=20.0, help="events for each contact, on average")
    parser.add_argument("--tier", default="enterprise", choices=["free", "starter", "professional", "enterprise"])
    parser.add_argument("--latency-ms", type=float, default=0.0)
    parser.add_argument("--limited", action="store_true", help="let the portal refuse what its tier does not allow")
    given = parser.parse_args()
    passes = list(
        measure(
            given.contacts, events=given.events, tier=given.tier, latency_ms=given.latency_ms, limited=given.limited
        )
    )
    for table in tables(passes, given.contacts):
        Console(width=160).print(table)


if __name__ == "__main__":
    main()
