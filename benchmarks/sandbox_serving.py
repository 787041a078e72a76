"""How many pages a second the sandbox portal serves, what each costs, and how much room a portal takes.

`python -m benchmarks.sandbox_serving --contacts 10000 100000` measures two sizes. The portal has a process of its own;
the clients share another, so that two cores are enough. They check each page, but do not parse it: that would cost
more than serving does.
"""

import argparse
import re
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from http.client import HTTPConnection
from json import dumps
from urllib.parse import urlencode, urlsplit

from rich.console import Console
from rich.table import Table

from benchmarks.portal_process import served

PAGE = 100
PROPERTIES = (
    "email", "firstname", "lastname", "jobtitle", "company", "phone", "country", "numemployees", "annualrevenue",
    "hubspot_owner_id", "associatedcompanyid", "lifecyclestage", "hs_v2_date_entered_current_stage",
    "hs_analytics_source", "hs_analytics_source_data_1", "hs_analytics_num_visits", "hs_analytics_num_page_views",
    "hs_analytics_average_page_views", "hs_analytics_first_visit_timestamp", "hs_analytics_last_visit_timestamp",
    "hs_analytics_last_timestamp", "hs_analytics_first_url", "hs_analytics_last_url", "hs_latest_source",
    "num_conversion_events", "num_unique_conversion_events", "first_conversion_event_name", "first_conversion_date",
    "recent_conversion_event_name", "recent_conversion_date", "hs_email_delivered", "hs_email_first_send_date",
    "hs_email_last_send_date", "hs_email_open", "hs_email_click", "hs_email_last_open_date",
    "hs_email_last_click_date", "hs_email_optout", "notes_last_contacted", "num_contacted_notes",
)  # fmt: skip
_NOW = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
_NEXT = re.compile(rb'"after":"(\d+)"')
_MIB = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One portal: `cpu_ms` is the server's time per page, `peak_bytes` its memory at most, generation included.

    `first_search_ms` puts the whole portal in order by date; `search_ms` is one page of 200 after that.
    """

    contacts: int
    generated_s: float
    pages_per_s: float
    cpu_ms: float
    first_search_ms: float
    search_ms: float
    peak_bytes: int


def measure(contacts: int, *, seconds: float = 5.0, connections: int = 4) -> Measured:
    """Generate a portal of that many contacts, and read pages from it on several connections at once."""
    began = time.perf_counter()
    with served(contacts, now=_NOW) as portal:
        url = portal.url
        generated_s = time.perf_counter() - began
        before, began = portal.usage(), time.perf_counter()
        with ThreadPoolExecutor(connections) as pool:
            pages = sum(
                pool.map(lambda start: _walk(url, start, seconds), range(0, contacts, -(-contacts // connections)))
            )
        took_s, after = time.perf_counter() - began, portal.usage()
        searches = [_search_ms(url) for _ in range(4)]
        return Measured(
            contacts=contacts,
            generated_s=generated_s,
            pages_per_s=pages / took_s,
            cpu_ms=(after.cpu_s - before.cpu_s) / pages * 1000,
            first_search_ms=searches[0],
            search_ms=min(searches[1:]),
            peak_bytes=portal.usage().peak_bytes,
        )


def _walk(url: str, start: int, seconds: float) -> int:
    """How many pages were read, one after the other, until the time was up; from the beginning again after the end."""
    pages, after = 0, start
    fixed = urlencode([("limit", PAGE), *(("properties", name) for name in PROPERTIES)])
    connection = HTTPConnection(urlsplit(url).netloc)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        body = ask(connection, "GET", f"/crm/v3/objects/contacts?{fixed}&after={after}")
        found = _NEXT.search(body, len(body) - 400)
        if found and body.count(b'"createdAt"') != PAGE:
            raise RuntimeError(f"The page from {after} on is short")
        after = int(found[1]) if found else 0
        pages += 1
    connection.close()
    return pages


def _search_ms(url: str) -> float:
    wanted = {"propertyName": "lastmodifieddate", "operator": "GTE", "value": "1000"}
    asked = {
        "filterGroups": [{"filters": [wanted]}],
        "sorts": [{"propertyName": "lastmodifieddate", "direction": "ASCENDING"}],
        "properties": ["lastmodifieddate"],
        "limit": 200,
    }
    connection = HTTPConnection(urlsplit(url).netloc)
    began = time.perf_counter()
    ask(connection, "POST", "/crm/v3/objects/contacts/search", dumps(asked))
    took_s = time.perf_counter() - began
    connection.close()
    return took_s * 1000


def ask(connection: HTTPConnection, method: str, path: str, body: str | None = None) -> bytes:
    """The body of an answer; RuntimeError for anything but 200."""
    headers: Mapping[str, str] = {"Authorization": "Bearer pat-sandbox"}
    connection.request(method, path, body=body, headers=headers)
    answer = connection.getresponse()
    content = answer.read()
    if answer.status != 200:
        raise RuntimeError(f"{answer.status}: {content[:300]!r}")
    return content


def _table(rows: list[Measured]) -> Table:
    table = Table("contacts", "made in", "pages/s", "CPU/page", "1st search", "a search", "peak MiB")
    for column in table.columns:
        column.justify = "right"
    for row in rows:
        table.add_row(
            f"{row.contacts:,}",
            f"{row.generated_s:.1f} s",
            f"{row.pages_per_s:.0f}",
            f"{row.cpu_ms:.2f} ms",
            f"{row.first_search_ms:.0f} ms",
            f"{row.search_ms:.0f} ms",
            f"{row.peak_bytes / _MIB:,.0f}",
        )
    return table


def main() -> None:
    """Measure the sizes named on the command line and print a table."""
    parser = argparse.ArgumentParser(description="Pages of 100 contacts, 40 properties each, from a sandbox portal.")
    parser.add_argument("--contacts", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--seconds", type=float, default=5.0, help="how long each size is asked")
    parser.add_argument("--connections", type=int, default=4)
    given = parser.parse_args()
    rows = [measure(count, seconds=given.seconds, connections=given.connections) for count in given.contacts]
    Console().print(_table(rows))


if __name__ == "__main__":
    main()
