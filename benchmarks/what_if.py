"""How quickly another rulebook is tried on all contacts that are kept, and whether the plain evaluator agrees.

`python -m benchmarks.what_if --contacts 1000000` makes up so many contacts, keeps them in a SQLite file (with
`--database postgresql://…` in an empty database), and compares a rulebook with the default one in two processes. A lead
has what HubSpot sums up of one, and single acts: some 8 facts and 12 acts, of 100,000 different job titles and 300,000
domains. The plain evaluator scores and decides a sample, or with `--check-all` everybody, and must count the same.
"""

import argparse
import random
import resource
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import islice
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from config import Rulebook, load_rulebook
from scoring import Contact, Engagement, Value, score_contact, together
from sync.bootstrap import opened_portal
from sync.columns import Columns
from sync.difference import Difference
from sync.placing import Cases, Numbered, Placer
from sync.sheets import Heading, Pile, Sheet, Stretch, contact_of, facts_asked, head_of, sheet_of
from sync.store import open_store
from sync.store.sheets import SqlSheets
from sync.what_if import Opens, as_far_as_kept, what_if
from workflows import Move, Setter, Standing, decide

AT = datetime(2026, 11, 20, 9, tzinfo=UTC)
OTHER = """
extends: default
name: other
lists:
  industries_primary: [Industry 3, Industry 5, Industry 8]
  territories_served: [Country 1, Country 2, Country 3, Country 4]
  decision_makers: [owner, founder, president, chief, ceo, cto, vp, vice president, director, head]
rules:
  E02: {points: 2}
  W03: off
  F06: {cases: [{any_of: free_mailboxes, points: -10}, {given: true, points: 5}]}
  G01: {decay: {half_life_days: 60}}
  G05: {points: 60}
  W04: {points: 15}
policy:
  stages:
    mql: {enter: 40, exit: 34}
"""
SAMPLED = 20_000
"""Contacts that the plain evaluator is asked about, and that are kept twice, to see what that takes."""
_MIB = 1 << 20

_TITLES = ("Head of", "Director of", "VP", "Junior", "Senior", "Manager", "Specialist", "Intern", "Chief")
_FIELDS = ("Sales", "Marketing", "Operations", "Finance", "IT", "Logistics", "Purchasing", "Research", "Quality")
_FORMS = ("Book a demo", "Price sheet", "Webinar", "White paper", "Checklist", "Newsletter", "Free trial", "Case study")
_COUNTED = {"visit": 30, "page_view": 90, "email_delivered": 40, "email_open": 12, "email_click": 4}
"""What HubSpot counts, and how many there are at most."""
_PAGES = ("pricing", "demo", "case-studies", "blog/post", "about", "features", "contact", "jobs")


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One size; rates are contacts per second."""

    contacts: int
    kept: float
    kept_again: float
    bytes_each: float | None
    """What one takes on disk; None where that is not ours to see."""
    took_s: float
    cpu_s: float
    """Of both processes."""
    peak_bytes: int
    """Of the process that took most."""
    changed: int
    checked: int
    """For how many contacts the plain evaluator was asked, and agreed."""


def a_contact(number: int) -> Contact:
    """A lead such as portals have; always the same for the same number."""
    drawn = random.Random(number)
    return Contact(
        id=str(100_000_000_000 + number * 7),
        facts=_facts(drawn),
        engagements=list(_acts(drawn)),
        seen_kinds=frozenset({"page", "form", *_COUNTED}),
    )


def _facts(drawn: random.Random) -> dict[str, Value]:
    title = f"{drawn.choice(_TITLES)} {drawn.choice(_FIELDS)}"
    if drawn.random() < 0.3:  # every third has put it as nobody else has
        title += f" {drawn.choice(_FIELDS)} {drawn.randrange(100)}"
    facts: dict[str, Value] = {
        "industry": f"Industry {drawn.randrange(60)}",
        "employees": int(drawn.paretovariate(0.5)) % 100_000,
        "revenue": int(drawn.paretovariate(0.3)) % 10**9,
        "job_title": title,
        "seniority": drawn.choice(("owner", "director", "manager", "employee", "entry")),
        "country": f"Country {int(drawn.paretovariate(1)) % 90}",
        "email_domain": "gmail.com" if drawn.random() < 0.3 else f"company{drawn.randrange(300_000)}.example",
        "phone": f"+49 30 {drawn.randrange(10**7)}",
        "lists_left": int(drawn.random() < 0.05),
        "source": drawn.choice(("DIRECT_TRAFFIC", "ORGANIC_SEARCH", "PAID_SEARCH", "OFFLINE", "REFERRALS")),
        "source_detail": f"site{drawn.randrange(500)}.example",
        "hard_bounce": "UNKNOWN_USER",
    }
    sparse = {"hard_bounce": 0.03, "phone": 0.5, "lists_left": 1.0, "source": 1.0, "email_domain": 1.0}
    return {name: value for name, value in facts.items() if drawn.random() < sparse.get(name, 0.7)}


def _acts(drawn: random.Random) -> Iterator[Engagement]:
    def ago() -> datetime:
        return AT - timedelta(seconds=int(drawn.expovariate(1 / (120 * 86_400))))

    for kind, most in _COUNTED.items():
        yield Engagement(kind=kind, at=ago(), count=drawn.randrange(most))
    for _ in range(drawn.randrange(6)):
        page = f"https://www.example.com/{drawn.choice(_PAGES)}-{drawn.randrange(40)}?utm={drawn.randrange(10**6)}"
        yield Engagement(kind="page", at=ago(), name=page)
    for _ in range(drawn.randrange(4)):
        form = drawn.randrange(120)
        yield Engagement(kind="form", at=ago(), name=f"{_FORMS[form % 8]} {form}", ref=f"f0{form:06x}")
    for _ in range(drawn.randrange(6)):
        mail = f"Newsletter {drawn.randrange(300)}"
        yield Engagement(kind=drawn.choice(("email_open", "email_click")), at=ago(), name=mail, ref=mail[-3:])
    if drawn.random() < 0.1:
        booked = ago()
        yield Engagement(kind="meeting_booked", at=booked, lasts_until=booked + timedelta(days=5), ref="m")


class _Portal:
    """Makes up contacts, each in the stage in which passes with the default rulebook have left it."""

    def __init__(self, rulebook: Rulebook) -> None:
        rubric = rulebook.rubric
        stages = (*rulebook.policy.managed, "opportunity", "customer")
        kinds = tuple(sorted(rubric.kinds))
        self.heading = Heading(facts=facts_asked(rubric), kinds=kinds, time_zone="Europe/Berlin", stages=stages)
        self._rulebook = replace(rulebook, policy=replace(rulebook.policy, portal_order=stages))
        at = AT.astimezone(self.heading.zone)
        self._judge, self._columns = together.Judge(at), Columns(self.heading)
        self._stages: Numbered[str | None] = Numbered()
        self._placer = Placer(self._rulebook.policy, at, self._stages)

    def sheets(self, numbers: range) -> list[Sheet]:
        """Those of these contacts."""
        made = [sheet_of(a_contact(number), Standing(), self.heading) for number in numbers]
        ids, told, names, acts = zip(*((s.contact_id, s.told, s.names, s.acts) for s in made), strict=True)
        pile = Pile(heading=self.heading, ids=ids, told=told, names=names, acts=acts)
        leads, standing = self._columns.read(pile)
        [points] = self._judge.points(leads, self._rulebook.rubric)
        cases = Cases.of(points, self._rulebook.rubric, self._rulebook.policy)
        none = np.full(leads.count, self._stages.number(None))
        stages = self._placer.place(cases, standing.values, standing.codes, none).stage
        where = [self._stages.name(number) or "" for number in stages.tolist()]
        return [
            replace(sheet, told=sheet.told.replace("\t", f"\t{stage}", 1))
            for sheet, stage in zip(made, where, strict=True)
        ]


def measure(contacts: int, database_url: str, *, processes: int, check_all: bool) -> Measured:
    """Keep so many contacts, try the other rulebook on them, and ask the plain evaluator about some or all."""
    default, other = load_rulebook(), _other()
    portal = _Portal(default)
    with closing(open_store(database_url)) as store:
        kept = store.portal("1").sheets
        first = again = 0.0
        for start in range(0, contacts, 1_000):
            some = portal.sheets(range(start, min(start + 1_000, contacts)))
            first += _seconds_to_keep(kept, portal.heading, some)
            if start < SAMPLED:
                again += _seconds_to_keep(kept, portal.heading, some)
    opens: Opens = partial(opened_portal, database_url, "1")
    began, cpu = time.perf_counter(), _cpu_s()
    found = what_if(opens, default, other, AT, processes=processes)
    took_s, cpu_s = time.perf_counter() - began, _cpu_s() - cpu
    peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    checked = _agree(opens, default, other, found, everybody=check_all)
    file = Path(database_url.removeprefix("sqlite:///"))
    return Measured(
        contacts=contacts,
        kept=contacts / first,
        kept_again=min(SAMPLED, contacts) / again,
        bytes_each=file.stat().st_size / contacts if file.exists() else None,
        took_s=took_s,
        cpu_s=cpu_s,
        peak_bytes=peak * 1024,
        changed=found.changed,
        checked=checked,
    )


def one_by_one(piles: Iterator[Pile], before: Rulebook, after: Rulebook, at: datetime) -> Difference:
    """What `what_if` counts, by the plain code alone: every contact scored and decided twice; not by which rules."""
    found = Difference()
    for pile in piles:
        sides = [_as_tried(rulebook, pile.heading) for rulebook in (before, after)]
        local = at.astimezone(pile.heading.zone)
        for sheet in pile.sheets():
            contact, standing = (
                contact_of(sheet, pile.heading),
                head_of(sheet.told.partition("\n")[0], pile.heading).standing,
            )
            decided = []
            for rulebook in sides:
                score = score_contact(contact, rulebook.rubric, local)
                decision = decide(score, replace(standing, set_by=Setter.OTHER), rulebook.policy, at=local)
                if isinstance(decision.outcome, Move):
                    standing = replace(standing, stage=decision.outcome.to)
                decided.append((decision.score or score, standing.stage))
            (old, stage), (new, new_stage) = decided
            found.contacts += 1
            found.risen += new.total > old.total
            found.fallen += new.total < old.total
            found.points += new.total - old.total
            found.stages[stage, new_stage] += 1
            if old.grade != new.grade:
                found.grades[old.grade, new.grade] += 1
    return found


def _as_tried(rulebook: Rulebook, heading: Heading) -> Rulebook:
    policy = replace(rulebook.policy, portal_order=heading.stages)
    return replace(rulebook, rubric=as_far_as_kept(rulebook.rubric, heading), policy=policy)


def _agree(opens: Opens, default: Rulebook, other: Rulebook, found: Difference, *, everybody: bool) -> int:
    """Of how many contacts the plain evaluator counts the same; an error where it does not."""
    if everybody:
        with opens() as kept:
            stretches = kept.sheets.stretches([kept.sheets.count() // 2, 1])
        with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
            plain = Difference()
            for part in pool.map(partial(_plain, opens, default, other), stretches):
                plain.add(part)
    else:
        with opens() as kept, tempfile.TemporaryDirectory() as folder:
            every = max(1, kept.sheets.count() // SAMPLED)
            some = partial(opened_portal, f"sqlite:///{folder}/some.db", "1")
            with some() as sample:
                for pile in kept.sheets.within(Stretch()):
                    sample.sheets.keep(pile.heading, islice(pile.sheets(), 0, None, every))
            found, plain = what_if(some, default, other, AT), _plain(some, default, other, Stretch())
    for name in ("contacts", "risen", "fallen", "points", "stages", "grades"):
        if getattr(found, name) != getattr(plain, name):
            raise SystemExit(f"Together and one by one disagree on {name}.")
    return plain.contacts


def _plain(opens: Opens, default: Rulebook, other: Rulebook, stretch: Stretch) -> Difference:
    with opens() as kept:
        return one_by_one(kept.sheets.within(stretch), default, other, AT)


def _other() -> Rulebook:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "other.yaml"
        file.write_text(OTHER)
        return load_rulebook(file)


def _seconds_to_keep(kept: SqlSheets, heading: Heading, sheets: Sequence[Sheet]) -> float:
    began = time.perf_counter()
    kept.keep(heading, sheets)
    return time.perf_counter() - began


def _cpu_s() -> float:
    """Processor time of this process and of those that it has ended."""
    return sum(
        used.ru_utime + used.ru_stime
        for used in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )


def _table(done: Measured) -> Table:
    head = ("contacts", "what-if, s", "contacts/s", "processor, s", "peak MiB", "bytes each", "kept/s", "kept again/s")
    table = Table(*head, "changed", "agreed")
    for column in table.columns:
        column.justify = "right"
    table.add_row(
        f"{done.contacts:,}",
        f"{done.took_s:.2f}",
        f"{done.contacts / done.took_s:,.0f}",
        f"{done.cpu_s:.2f}",
        f"{done.peak_bytes / _MIB:,.0f}",
        "" if done.bytes_each is None else f"{done.bytes_each:.0f}",
        f"{done.kept:,.0f}",
        f"{done.kept_again:,.0f}",
        f"{done.changed:,}",
        f"{done.checked:,}",
    )
    return table


def main() -> None:
    """Measure what the command line asks for and print a table."""
    parser = argparse.ArgumentParser(description="Another rulebook, tried on all contacts that are kept.")
    parser.add_argument("--contacts", type=int, default=1_000_000)
    parser.add_argument("--database", default="", help="the address of an empty database")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--check-all", action="store_true", help="ask the plain evaluator about everybody")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        database = given.database or f"sqlite:///{folder}/kept.db"
        done = measure(given.contacts, database, processes=given.processes, check_all=given.check_all)
    Console(width=140).print(_table(done))


if __name__ == "__main__":
    main()
