"""How a pass gets on with another integration that uses half of what the portal's burst limit allows.

`python -m benchmarks.sharing --contacts 10000` makes a first full pass while somebody with the same token sends half as
many requests as the tier allows, evenly, and never waits for us. Counted are the requests of both, how many of them the
portal refused with 429, and how the pass's time compares with its own requests sent at the rate that is left to it.
"""

import argparse
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import urllib3
from rich.console import Console
from rich.table import Table

from benchmarks.commands import SCORELINE, run, worker_environment
from benchmarks.portal_process import Asked, served
from sandbox.limits import TIERS, WINDOW_S

THEIRS = "/crm/v3/pipelines/contacts"
"""What the other integration asks for, and no pass on such a portal does."""
AT_ONCE = 4


@contextmanager
def another(url: str, rate: float) -> Iterator[None]:
    """An integration that sends so many requests a second for as long as the block lasts."""
    ended = threading.Event()
    pool = urllib3.PoolManager(maxsize=AT_ONCE, retries=False)
    began = time.monotonic()

    def ask(first: int) -> None:
        number = first
        while not ended.wait(max(0.0, began + number / rate - time.monotonic())):
            pool.request("GET", f"{url}{THEIRS}", headers={"Authorization": "Bearer pat-sandbox"}).data  # noqa: B018
            number += AT_ONCE

    threads = [threading.Thread(target=ask, args=(number,), daemon=True) for number in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        ended.set()
        for thread in threads:
            thread.join()


def measure(contacts: int, tier: str, latency_ms: float) -> Table:
    """One pass beside the other integration, as a table."""
    rate = TIERS[tier].burst / WINDOW_S / 2  # type: ignore[index] # argparse has seen to that
    with (
        tempfile.TemporaryDirectory() as name,
        served(contacts, latency_ms=latency_ms, limited=True, tier=tier, events_per_contact=2.0) as portal,
    ):
        folder = Path(name)
        environment = worker_environment(portal.url, folder)
        run([*SCORELINE, "provision"], folder=folder, environment=environment)
        time.sleep(WINDOW_S)  # what was asked so far has left the window
        portal.requests()
        with another(portal.url, rate):
            command = [*SCORELINE, "resync", "--json", "--full", "--accept-large-plan"]
            ran = run(command, folder=folder, environment=environment, may_end_with=(0, 1))
        asked = portal.requests()
    ours = [each for each in asked if each.path != THEIRS]
    theirs = [each for each in asked if each.path == THEIRS]
    table = Table(
        "contacts", "tier", "our requests", "429", "their requests", "429", "seconds", "of what is left to us"
    )
    left_s = _count(ours) / rate
    counts = (_count(ours), _refused(ours), _count(theirs), _refused(theirs))
    row = (f"{contacts:,}", tier, *(f"{count:,}" for count in counts))
    table.add_row(*row, f"{ran.took_s:.1f}", f"{ran.took_s / left_s:.2f}")
    return table


def _count(asked: list[Asked]) -> int:
    return sum(each.count for each in asked)


def _refused(asked: list[Asked]) -> int:
    return _count([each for each in asked if each.status == 429])


def main() -> None:
    """Measure what the command line asks for and print a table."""
    parser = argparse.ArgumentParser(description="A pass beside another integration.")
    parser.add_argument("--contacts", type=int, default=10_000)
    parser.add_argument("--tier", default="professional", choices=list(TIERS))
    parser.add_argument("--latency-ms", type=float, default=150.0)
    given = parser.parse_args()
    Console(width=140).print(measure(given.contacts, given.tier, given.latency_ms))


if __name__ == "__main__":
    main()
