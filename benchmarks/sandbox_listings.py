"""How fast the sandbox portal lists what contacts did, event by event, and what two million events take.

`python -m benchmarks.sandbox_listings --contacts 100000 --events-per-contact 20` walks each listing from its newest
event on. The portal has a process of its own.
"""

import argparse
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from http.client import HTTPConnection
from typing import Any
from urllib.parse import quote, urlsplit

from rich.console import Console
from rich.table import Table

from benchmarks.portal_process import Served, served
from benchmarks.sandbox_serving import ask

_NOW = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
_MIB = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """One listing: its path with all but the cursor, where its items are, and how a page leads to the next."""

    name: str
    path: str
    items: str
    cursor: str
    next_of: Callable[[Any], str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """How fast one listing was walked; `cpu_s` is the server's time."""

    name: str
    pages: int
    items: int
    took_s: float
    cpu_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One portal; `peak_bytes` is its memory at most, making it included."""

    made_s: float
    peak_bytes: int
    listed: list[Listed]


def _after(page: Any) -> str | None:
    after: str | None = page.get("paging", {}).get("next", {}).get("after")
    return after


def _offset(page: Any) -> str | None:
    return page["offset"] if page["hasMore"] else None


def _listings(form: str) -> list[Listing]:
    of_records = "hs_timestamp,hs_lastmodifieddate"
    return [
        Listing(
            name="page views",
            path="/events/v3/events?eventType=e_visited_page&limit=100",
            items="results",
            cursor="after",
            next_of=_after,
        ),
        Listing(
            name="mails delivered",
            path="/email/public/v1/events?eventType=DELIVERED&limit=1000",
            items="events",
            cursor="offset",
            next_of=_offset,
        ),
        Listing(
            name="a form",
            path=f"/form-integrations/v1/submissions/forms/{form}?limit=50",
            items="results",
            cursor="after",
            next_of=_after,
        ),
        Listing(
            name="calls, with contacts",
            path=f"/crm/v3/objects/calls?limit=100&associations=contacts&properties={of_records}",
            items="results",
            cursor="after",
            next_of=_after,
        ),
    ]


def measure(contacts: int, *, events_per_contact: float, seconds: float = 5.0) -> Measured:
    """Make a portal, and walk each listing for so many seconds, or to its end."""
    began = time.perf_counter()
    with served(contacts, now=_NOW, tier="enterprise", events_per_contact=events_per_contact) as portal:
        made_s = time.perf_counter() - began
        connection = HTTPConnection(urlsplit(portal.url).netloc)
        forms = json.loads(ask(connection, "GET", "/marketing/v3/forms?limit=50"))["results"]
        listed = [_walk(portal, connection, each, seconds) for each in _listings(forms[1]["id"])]
        connection.close()
        return Measured(made_s=made_s, peak_bytes=portal.usage().peak_bytes, listed=listed)


def _walk(portal: Served, connection: HTTPConnection, listing: Listing, seconds: float) -> Listed:
    pages = items = 0
    # The first page puts the listing in order, and is not counted.
    page: Mapping[str, Any] = json.loads(ask(connection, "GET", listing.path))
    before, began = portal.usage(), time.monotonic()
    while (cursor := listing.next_of(page)) and time.monotonic() - began < seconds:
        page = json.loads(ask(connection, "GET", f"{listing.path}&{listing.cursor}={quote(cursor)}"))
        pages, items = pages + 1, items + len(page[listing.items])
    took_s, cpu_s = time.monotonic() - began, portal.usage().cpu_s - before.cpu_s
    return Listed(name=listing.name, pages=pages, items=items, took_s=took_s, cpu_s=cpu_s)


def main() -> None:
    """Measure one portal and print a table."""
    parser = argparse.ArgumentParser(description="Listings of single events from a sandbox portal.")
    parser.add_argument("--contacts", type=int, default=100_000)
    parser.add_argument("--events-per-contact", type=float, default=20.0)
    parser.add_argument("--seconds", type=float, default=5.0, help="how long each listing is walked")
    given = parser.parse_args()
    found = measure(given.contacts, events_per_contact=given.events_per_contact, seconds=given.seconds)
    table = Table("listing", "pages", "pages/s", "events/s", "CPU/page")
    for column in table.columns[1:]:
        column.justify = "right"
    for each in found.listed:
        rates = (each.pages / each.took_s, each.items / each.took_s)
        cpu_ms = each.cpu_s / max(1, each.pages) * 1000
        table.add_row(each.name, f"{each.pages:,}", *(f"{rate:,.0f}" for rate in rates), f"{cpu_ms:.2f} ms")
    console = Console()
    console.print(table)
    console.print(f"made in {found.made_s:.0f} s, {found.peak_bytes / _MIB:,.0f} MiB at most")


if __name__ == "__main__":
    main()
