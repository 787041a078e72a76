"""What commands print: tables for people, one JSON document for programs; progress on a terminal only."""

import io
import json
import re
import shutil
import sys
import textwrap
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Self

from rich.cells import cell_len
from rich.console import Console
from rich.progress import Progress as RichProgress
from rich.progress import SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from config import Rulebook
from sync.hubspot import sources_read
from sync.ports import Traces
from sync.pulling import FeedReport
from sync.summary import Summary
from sync.wording import short, stale_in_words

_UNWRAPPED = 10_000
"""Columns for output that goes to no terminal: more than any line has."""

_GAP = 2
"""Columns between two of a table's."""
_WORD_MAX = 24
"""A longer word, such as an address, may be broken in a table."""

_NAMED = 20
"""Contacts named that need a person."""
_NAMED_OF_A_REASON = 3
"""Contacts named for each reason why something was not written."""


def print_json(document: object) -> None:
    json.dump(document, sys.stdout, indent=2, default=_plain, ensure_ascii=False)
    sys.stdout.write("\n")


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def say(text: str = "") -> None:
    """A line of a report. On a terminal that is too narrow for it, the rest hangs under the line's last column."""
    if sys.stdout.isatty():
        width = shutil.get_terminal_size().columns
        columns = (gap.end() for gap in re.finditer(" {2,}", text))
        inset = " " * max((column for column in columns if column <= width * 2 // 3), default=0)
        text = textwrap.fill(text, width, subsequent_indent=inset, break_on_hyphens=False, break_long_words=False)
    print(text, flush=True)


def table(
    head: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    right: Sequence[str] = (),
    piped_width: int = _UNWRAPPED,
) -> None:
    """Print a plain table; the columns named in `right` hold numbers.

    As wide as the terminal; where its words do not fit there, a paragraph for each row. Where there is no terminal, one
    line for each row, up to `piped_width` columns.
    """
    shown = [[_text(value) for value in row] for row in rows]
    columns = list(zip(head, *shown, strict=True))
    on_terminal = sys.stdout.isatty()
    room = (shutil.get_terminal_size().columns if on_terminal else piped_width) - _GAP * (len(head) - 1)
    least = [max(map(_word_width, column)) for column in columns]
    if on_terminal and sum(least) > room:
        for row in shown:
            _paragraph(head, row)
        return
    grid = Table(box=None, pad_edge=False, header_style="bold")
    for name, width in zip(head, _widths(columns, least, room), strict=True):
        grid.add_column(name, justify="right" if name in right else "left", overflow="fold", width=width)
    for row in shown:
        grid.add_row(*[text.replace("[", r"\[") for text in row])
    if on_terminal:
        Console(file=sys.stdout, highlight=False).print(grid)
        return
    drawn = io.StringIO()
    Console(file=drawn, highlight=False, width=piped_width).print(grid)
    for line in drawn.getvalue().rstrip("\n").split("\n"):
        print(line.rstrip())


def _widths(columns: Sequence[Sequence[str]], least: Sequence[int], room: int) -> Sequence[int]:
    """How wide each column is to be: what its words need, and its share of the room that is left, if it wants it."""
    wanted = [max(cell_len(line) for text in column for line in text.splitlines() or [""]) for column in columns]
    widths, left = list(least), room - sum(least)
    frugal_first = sorted(range(len(columns)), key=lambda n: wanted[n] - least[n])
    for place, number in enumerate(frugal_first):
        share = left // (len(columns) - place)
        more = max(0, min(wanted[number] - least[number], share))
        widths[number] += more
        left -= more
    return widths


def _word_width(text: str) -> int:
    """The columns that a text needs for its longest word; what is longer still may be broken."""
    return min(max(map(cell_len, text.split()), default=0), _WORD_MAX)


def _paragraph(head: Sequence[str], row: Sequence[str]) -> None:
    """A row in words: each value that there is, after its column's name."""
    said = ", ".join(f"{name} {text}".strip() for name, text in zip(head, row, strict=True) if text not in ("", "-"))
    width = shutil.get_terminal_size().columns
    print(textwrap.fill(said, width, subsequent_indent="  ", break_on_hyphens=False, break_long_words=False))


def _text(value: object) -> str:
    if value is None:
        return "-"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


class ShownProgress:
    """Fulfils `Progress`: a display on stderr while it is entered, if that is a terminal; silence if not.

    To be left before anything is printed: what is drawn below the cursor would be mixed into it.
    """

    def __init__(self) -> None:
        self._display: RichProgress | None = None
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        if sys.stderr.isatty():
            columns = (SpinnerColumn(), TextColumn("{task.description}"), TextColumn("{task.completed:,.0f} contacts"))
            self._display = RichProgress(
                *columns,
                TimeElapsedColumn(),
                console=Console(stderr=True),
                transient=True,
                redirect_stdout=False,  # it may be a file or a pipe: results do not belong to the display
            )
            self._display.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._display:
            self._display.stop()

    def __call__(self, what: str, more: int) -> None:
        if self._display is None:
            return
        if what not in self._tasks:
            self._tasks[what] = self._display.add_task(what, total=None)
        self._display.advance(self._tasks[what], more)


def print_summary(summary: Summary, *, wrote: bool) -> None:
    """A run's summary for people."""
    tally, requests = summary.tally, summary.requests
    what = f"Run {summary.run_id} ({summary.mode})" if wrote else f"Plan {summary.run_id}"
    say(f"{what} on portal {summary.portal_id}, rulebook {summary.rulebook_version}")
    if summary.mode != "apply":  # that reads only what it writes
        _count("contacts read", tally.read)
        _count("scored", tally.scored)
        _count("left alone", tally.excluded.total(), _counts(tally.excluded))
        if tally.held:
            _count("held", tally.held.total(), _counts(tally.held))
    _count("changed" if wrote else "would change", tally.changed)
    for change, count in sorted(tally.stage_changes.items(), key=lambda item: -item[1]):
        say(f"    {count:>7,}  {change.replace('->', ' -> ')}")
    _tell_of_sources(summary.sources)
    _name_each("FAILED", tally.failed)
    _name_each("CONTESTED", tally.contested)
    for reason, ids in _by_reason(summary.dropped).items():
        named = ", ".join(ids[:_NAMED_OF_A_REASON])
        more = ", …" if len(ids) > _NAMED_OF_A_REASON else ""
        _count("not written", len(ids), f"{reason} ({named}{more})")
    _count(
        "requests",
        requests.total,
        f"read {requests.read:,}, write {requests.write:,}, retried {requests.retried:,}, "
        f"rate limited {requests.rate_limited:,}; {summary.duration_s:.1f} s",
    )
    if accounts := summary.accounts:
        _count("companies changed", accounts.changed)
        _name_each("FAILED company", accounts.failed)
        if accounts.problem:
            say(f"  Companies were left as they are, and the next full pass tries again: {accounts.problem}")
    if summary.plan_refused:
        say(f"  {'REFUSED' if wrote else 'A resync would be refused'}: {summary.plan_refused}")
    if summary.interrupted:
        goes_on = "the next run goes on from there" if wrote else "what it lists is not complete, and cannot be applied"
        say(f"  Stopped before the end, as asked; {goes_on}.")
    if tally.missed:
        say(f"  Of these changes earlier passes had missed {tally.missed.total():,}: {_counts(tally.missed)}.")


def sources_of(traces: Traces, rulebook: Rulebook) -> list[dict[str, Any]]:
    """How each feed and list stands that the rulebook reads, as far as runs have asked for it."""
    read = sources_read(rulebook)
    return [
        {
            "feed": note.feed,
            "state": note.state,
            "since": note.read_up_to,
            "checked_at": note.checked_at,
            "problem": note.problem or None,
        }
        for name, note in sorted(traces.notes().items())
        if name in read
    ]


def _tell_of_sources(reports: Sequence[FeedReport]) -> None:
    """What the feeds told, and which did not."""
    telling = [report for report in reports if report.state != "absent"]
    if telling:
        new = {report.feed: report.traces_new for report in telling if report.traces_new}
        _count("new acts", sum(new.values()), _counts(new))
    for report in reports:
        if report.state == "stale":
            say(f"  STALE {stale_in_words(report.feed, report.since, report.problem)}")
        for what, count in sorted(report.left_out.items()):
            say(f"  {report.feed}: left out {count:,} {what}")
    if absent := [report.feed for report in reports if report.state == "absent"]:
        say(f'  Not to be had here: {", ".join(absent)}. "scoreline doctor" says why, and what counts instead.')


def _name_each(what: str, contacts: Sequence[tuple[str, str]]) -> None:
    for contact_id, reason in contacts[:_NAMED]:
        say(f"  {what} {contact_id}: {reason}")
    if len(contacts) > _NAMED:
        say(f"  … and {len(contacts) - _NAMED:,} more; --json lists them all")


def _count(what: str, count: int, more: str = "") -> None:
    say(f"  {what:<18} {count:>9,}  {more}".rstrip())


def _by_reason(dropped: Iterable[tuple[str, str]]) -> Mapping[str, Sequence[str]]:
    """Contacts by why they were not written; what a reason says of one contact only is left out of a group's."""
    one_by_one = list(dropped)
    shared = Counter(reason.partition("; now ")[0] for _, reason in one_by_one)
    grouped: dict[str, list[str]] = {}
    for contact_id, reason in one_by_one:
        common = reason.partition("; now ")[0]
        grouped.setdefault(common if shared[common] > 1 else reason, []).append(contact_id)
    return grouped


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{short(name)} {count:,}" for name, count in sorted(counts.items()))
