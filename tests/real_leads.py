"""The whole main job on a file of real leads, and how well the score told who would buy.

`python -m tests.real_leads FILE.csv` loads a HubSpot-style export into a sandbox portal, provisions, resyncs twice,
and prints a report in Markdown. A column `converted` (0 or 1, what happened afterwards) is never scored: it becomes
a custom property that no rule reads, and is looked at only here.
"""

import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Any

from config import Settings
from sandbox import Portal, SandboxServer, load_csv
from sync.bootstrap import connection_of, knobs_of, opened_world, rulebook_of
from sync.hubspot import provision
from sync.run import resync
from sync.selecting import Selection
from sync.summary import Summary

Properties = Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class RealRun:
    """What became of the leads of a file."""

    portal: Portal
    before: Counter[str]
    """Contacts by lifecycle stage, as loaded."""
    first: Summary
    second: Summary

    @property
    def contacts(self) -> list[Properties]:
        return [record.properties for record in self.portal.contacts.live.values()]


def run(file: Path) -> RealRun:
    """Load, serve, provision, resync twice; the plan is accepted whatever its size."""
    portal = load_csv(file, shift_to_now=True).portal
    before = Counter(r.properties.get("lifecyclestage") or "none" for r in portal.contacts.live.values())
    with SandboxServer(portal) as server, tempfile.TemporaryDirectory() as folder:
        given: dict[str, Any] = {
            "HUBSPOT_ACCESS_TOKEN": portal.token,
            "HUBSPOT_BASE_URL": server.url,
            "DATABASE_URL": f"sqlite:///{Path(folder) / 'real.db'}",
        }
        settings = Settings(_env_file=None, **given)  # type: ignore[call-arg] # the base class takes it
        provision(connection_of(settings), rulebook_of(settings))
        first, second = (_resync(settings) for _ in range(2))
    return RealRun(portal=portal, before=before, first=first, second=second)


def _resync(settings: Settings) -> Summary:
    with opened_world(settings, writes=True) as world:
        return resync(world, Selection(mode="full"), knobs_of(settings), command="real leads", accept_large_plan=True)


def report(real: RealRun) -> Iterator[str]:
    """The run in Markdown tables."""
    first, requests = real.first.tally, real.first.requests
    after = Counter(properties.get("lifecyclestage") or "none" for properties in real.contacts)
    yield from _table(
        ("stage", "before", "after"),
        ((stage, f"{real.before[stage]:,}", f"{after[stage]:,}") for stage in sorted(real.before | after)),
    )
    moves = first.stage_changes.total()
    least = ceil(first.read / 100) + ceil(first.changed / 100) + ceil(moves / 100)
    yield ""
    yield from _table(
        ("", "first resync", "second resync"),
        [
            (name, f"{of(real.first):,}", f"{of(real.second):,}")
            for name, of in (
                ("contacts read", lambda s: s.tally.read),
                ("left alone", lambda s: s.tally.excluded.total()),
                ("scored", lambda s: s.tally.scored),
                ("changed", lambda s: s.tally.changed),
                ("stages moved", lambda s: s.tally.stage_changes.total()),
                ("failed", lambda s: len(s.tally.failed)),
                ("read requests", lambda s: s.requests.read),
                ("write requests", lambda s: s.requests.write),
            )
        ],
    )
    yield ""
    yield (
        f"The least that the first could do with: {ceil(first.read / 100)} pages + {ceil(first.changed / 100)} "
        f"batches of changes + {ceil(moves / 100)} batches of clears = {least} requests. It sent {requests.total}."
    )
    yield ""
    yield from _conversion("stage", real.contacts, lambda p: p.get("lifecyclestage") or "none")
    yield ""
    yield from _conversion("total", real.contacts, _band_of)
    yield ""
    yield from _conversion("grade", real.contacts, lambda p: p.get("lead_grade") or "")


def _conversion(what: str, contacts: list[Properties], key: Callable[[Properties], str]) -> Iterator[str]:
    """How many of each kind bought, among the contacts that were scored."""
    scored = [properties for properties in contacts if properties.get("lead_score")]
    leads = Counter(map(key, scored))
    bought = Counter(key(p) for p in scored if p.get("converted") in ("1", "true"))
    rows = [(k, f"{n:,}", f"{bought[k]:,}", f"{bought[k] / n:.1%}") for k, n in sorted(leads.items())]
    total = len(scored)
    rows.append(("all scored", f"{total:,}", f"{bought.total():,}", f"{bought.total() / max(total, 1):.1%}"))
    yield from _table((what, "leads", "converted", "rate"), rows)


def _band_of(properties: Properties) -> str:
    total = float(properties["lead_score"])
    for least, name in ((65, "65 and up"), (35, "35 to 64"), (20, "20 to 34"), (1, "01 to 19")):
        if total >= least:
            return name
    return "00 and below"


def _table(head: tuple[str, ...], rows: Any) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"


if __name__ == "__main__":
    sys.stdout.write("\n".join(report(run(Path(sys.argv[1])))) + "\n")
