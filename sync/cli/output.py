"""What commands print: tables for people, one JSON document for programs; progress on a terminal only."""

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from rich.console import Console
from rich.progress import Progress as RichProgress
from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from sync.run import Progress, Summary

_UNWRAPPED = 10_000
"""Columns for output that goes to no terminal: more than any line has."""


def out() -> Console:
    """Where results go. No wrapping of lines when it is not a terminal: they may be piped into something."""
    terminal = sys.stdout.isatty()
    return Console(file=sys.stdout, highlight=False, soft_wrap=not terminal, width=None if terminal else _UNWRAPPED)


def print_json(document: object) -> None:
    json.dump(document, sys.stdout, indent=2, default=_plain, ensure_ascii=False)
    sys.stdout.write("\n")


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def say(text: str = "") -> None:
    """A line of a report, exactly as it is."""
    out().print(text, markup=False)


def table(head: Sequence[str], rows: Iterable[Sequence[object]], *, right: Sequence[str] = ()) -> None:
    """Print a plain table; the columns named in `right` hold numbers."""
    grid = Table(box=None, pad_edge=False, header_style="bold")
    for name in head:
        grid.add_column(name, justify="right" if name in right else "left", overflow="fold")
    for row in rows:
        grid.add_row(*[_cell(value) for value in row])
    out().print(grid)


def _cell(value: object) -> str:
    if value is None:
        return "-"
    text = f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
    return text.replace("[", r"\[")


@contextmanager
def shown_progress() -> Iterator[Progress]:
    """A progress display on stderr if that is a terminal; silence if not."""
    if not sys.stderr.isatty():
        yield lambda _what, _more: None
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TextColumn("{task.completed:,.0f} contacts"))
    with RichProgress(*columns, TimeElapsedColumn(), console=Console(stderr=True), transient=True) as display:
        tasks = {}

        def advance(what: str, more: int) -> None:
            if what not in tasks:
                tasks[what] = display.add_task(what, total=None)
            display.advance(tasks[what], more)

        yield advance


def print_summary(summary: Summary, *, wrote: bool) -> None:
    """A run's summary for people."""
    tally, requests = summary.tally, summary.requests
    verb = "changed" if wrote else "would change"
    say(
        f"{'Run' if wrote else 'Plan'} {summary.run_id} ({summary.mode}) on portal {summary.portal_id}, "
        f"rulebook {summary.rulebook_version}"
    )
    say(f"  contacts read      {tally.read:>9,}")
    say(f"  scored             {tally.scored:>9,}")
    say(f"  left alone         {tally.excluded.total():>9,}  {_counts(tally.excluded)}".rstrip())
    if tally.held:
        say(f"  held               {tally.held.total():>9,}  {_counts(tally.held)}")
    say(f"  {verb:<18} {tally.changed:>9,}")
    for change, count in sorted(tally.stage_changes.items(), key=lambda item: -item[1]):
        say(f"    {count:>7,}  {change.replace('->', ' -> ')}")
    for contact_id, reason in tally.failed[:20]:
        say(f"  FAILED {contact_id}: {reason}")
    if len(tally.failed) > 20:
        say(f"  … and {len(tally.failed) - 20:,} more; --json lists them all")
    for contact_id, reason in summary.dropped[:20]:
        say(f"  not written {contact_id}: {reason}")
    say(
        f"  requests           {requests.total:>9,}  read {requests.read:,}, write {requests.write:,}, "
        f"retried {requests.retried:,}, rate limited {requests.rate_limited:,}; {summary.duration_s:.1f} s"
    )
    if summary.plan_refused:
        say(f"  {'REFUSED' if wrote else 'A resync would be refused'}: {summary.plan_refused}")
    if summary.interrupted:
        say("  Stopped before the end, as asked; the next run goes on from there.")


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in sorted(counts.items()))
