"""How soon a change in HubSpot is answered: from a person's edit to the new score being there.

`python -m benchmarks.reacting --every-s 20 --edits 20` lets the worker run on a sandbox portal, has people edit
contacts at moments of chance, and asks the portal's history when the scores were written. Portal and worker have a
process each, and every answer takes 150 ms.
"""

import argparse
import random
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table

from benchmarks.commands import SCORELINE, run, worker_environment
from benchmarks.holdings import pass_time
from benchmarks.portal_process import Served, served
from sandbox import Portal
from sandbox.times import to_ms

AFTER_INTERVAL_S = 5.0
"""What may be added to the pause between two passes, which a change may just have missed."""
INTERVALS = 5
"""Over so many pauses the edits are spread."""
WAITED = 3
"""After so many pauses an edit counts as never answered."""
_SCORE = "lead_score_fit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What is measured."""

    contacts: int
    every_s: int
    edits: int
    latency_ms: float
    lag_s: float
    """How many seconds HubSpot's search stays behind: what it does not show, no pass can find."""

    @property
    def most_s(self) -> float:
        return self.every_s + AFTER_INTERVAL_S + self.lag_s


def measure(setting: Setting) -> Sequence[float | None]:
    """For each edit, the seconds until the score was there; None where it never came."""
    with (
        tempfile.TemporaryDirectory() as folder,
        served(
            setting.contacts, latency_ms=setting.latency_ms, limited=True, tier="enterprise", events_per_contact=3.0
        ) as portal,
    ):
        for arguments in (["provision"], ["resync", "--full", "--accept-large-plan"]):
            environment = worker_environment(portal.url, Path(folder))
            run([*SCORELINE, *arguments], folder=Path(folder), environment=environment, may_end_with=(0, 1))
        portal.do(pass_time, timedelta(hours=2))
        portal.do(lag, setting.lag_s)
        with _worker(portal, setting, Path(folder)):
            time.sleep(setting.every_s)
            edited = dict(_edits(portal, setting))
            until = time.monotonic() + WAITED * setting.every_s
            while None in (written := portal.do(answered, edited)).values() and time.monotonic() < until:
                time.sleep(1)
        return [at_ms and (at_ms - edited[contact_id]) / 1_000 for contact_id, at_ms in written.items()]


def _edits(portal: Served, setting: Setting) -> Iterator[tuple[str, int]]:
    """Each contact and when it was edited, spread by chance over the intervals."""
    chance = random.Random(setting.edits)
    began = time.monotonic()
    moments = sorted(chance.uniform(0, INTERVALS * setting.every_s) for _ in range(setting.edits))
    for contact_id, moment in zip(portal.do(scored), moments, strict=False):
        time.sleep(max(0.0, began + moment - time.monotonic()))
        yield contact_id, portal.do(edit, contact_id)


@contextmanager
def _worker(portal: Served, setting: Setting, folder: Path) -> Iterator[None]:
    """The worker at its incremental passes; its other passes are half a day away."""
    later = f"{datetime.now(UTC) + timedelta(hours=12):%H:%M}"
    environment = worker_environment(
        portal.url,
        folder,
        SCORELINE_INCREMENTAL_EVERY_S=str(setting.every_s),
        SCORELINE_DECAY_AT=later,
        SCORELINE_FULL_AT=later,
    )
    with (folder / "worker.log").open("w") as log:
        process = subprocess.Popen([*SCORELINE, "worker"], cwd=folder, env=environment, stdout=log, stderr=log)
        try:
            yield
        finally:
            process.terminate()
            process.wait(60)


# What is done in the portal's process.


def lag(portal: Portal, seconds: float) -> None:
    """Let search stay so far behind."""
    portal.switches.turn(index_lag_s=seconds)


def scored(portal: Portal) -> Sequence[str]:
    """The contacts that have a score, but for students: whoever becomes one has another score."""
    return [
        str(each.id)
        for each in portal.contacts.live.values()
        if each.properties.get(_SCORE) and each.properties.get("jobtitle") not in ("Student", "Intern", "Job seeker")
    ]


def edit(portal: Portal, contact_id: str) -> int:
    """A person makes a contact a student; returns when, in epoch milliseconds of the portal."""
    portal.person_sets(contact_id, "jobtitle", "Student")
    return to_ms(portal.clock.now())


def answered(portal: Portal, edited: Mapping[str, int]) -> Mapping[str, int | None]:
    """When each contact's score was first written after its edit."""
    return {contact_id: _written(portal, contact_id, at_ms) for contact_id, at_ms in edited.items()}


def _written(portal: Portal, contact_id: str, after_ms: int) -> int | None:
    moments = (each.at_ms for each in portal.contact(contact_id).versions(_SCORE))
    return min((at_ms for at_ms in moments if at_ms >= after_ms), default=None)


def _table(found: Sequence[float | None], setting: Setting) -> Table:
    table = Table("edits", "written back", "soonest", "median", "latest", "at most")
    for column in table.columns:
        column.justify = "right"
    seconds = [each for each in found if each is not None]
    table.add_row(
        f"{len(found)}",
        f"{len(seconds)}",
        *(f"{each(seconds):.1f} s" for each in (min, median, max)),
        f"{setting.most_s:.1f} s",
    )
    return table


def main() -> None:
    """Measure one setting and print a table."""
    parser = argparse.ArgumentParser(description="From a person's edit to the new score being there.")
    parser.add_argument("--contacts", type=int, default=1_000)
    parser.add_argument("--every-s", type=int, default=20, help="the worker's pause between two passes")
    parser.add_argument("--edits", type=int, default=20)
    parser.add_argument("--latency-ms", type=float, default=150.0)
    parser.add_argument("--lag-s", type=float, default=0.0, help="how far HubSpot's search stays behind")
    setting = Setting(**vars(parser.parse_args()))
    Console().print(_table(measure(setting), setting))


if __name__ == "__main__":
    main()
