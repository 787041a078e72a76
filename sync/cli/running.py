"""`plan`, `resync`, `worker`: what would be written, writing it, and writing it on a schedule."""

from collections import Counter
from collections.abc import Iterator
from heapq import nsmallest

import structlog
import typer

from config import ConfigError, Rulebook, Settings, property_problems, without_password
from sync.bootstrap import knobs_of, opened_store, opened_world, rulebook_of
from sync.cli.options import (
    AcceptLarge,
    AsJson,
    Contacts,
    Full,
    List,
    RunId,
    Since,
    one_selection,
    ready,
    selection_from,
    stop_on_signal,
)
from sync.cli.output import ShownProgress, print_json, print_summary, say, table
from sync.ports import FatalError, Journal
from sync.records import Change, JournalEntry, State
from sync.run import apply_plan, plan, resync
from sync.summary import Summary
from sync.worker import work
from sync.world import World

log = structlog.get_logger(__name__)

plans = typer.Typer()


def add_to(app: typer.Typer) -> None:
    app.add_typer(plans, name="plan", invoke_without_command=True)
    app.command("resync")(resync_command)
    app.command("worker")(worker_command)


@plans.callback()
def plan_command(
    context: typer.Context,
    full: Full = False,
    contact: Contacts = None,
    list_id: List = None,
    since: Since = None,
    as_json: AsJson = False,
) -> None:
    """What a resync would write, contact by contact and in total. Writes nothing to HubSpot.

    Reads what changed since the last pass that was written; everything before the first one, or with --full.
    """
    if context.invoked_subcommand:
        if full or contact or list_id or since or as_json:
            raise ConfigError(
                f'Options of a kept plan stand after "plan {context.invoked_subcommand}"; nothing was done.'
            )
        return
    one_selection(full=full, contacts=contact, list_id=list_id, since=since)
    settings, progress = ready(), ShownProgress()
    with (
        stop_on_signal() as stop,
        opened_world(settings, writes=False, progress=progress, stop=stop.is_set) as world,
    ):
        selection = selection_from(world, full=full, contacts=contact, list_id=list_id, since=since)
        with progress:
            summary = plan(world, selection, knobs_of(settings))
        if as_json:
            print_json(summary.as_json() | {"changes": list(_changes(world.journal, summary.run_id))})
        else:
            print_summary(summary, wrote=False)
            _print_changes(world.journal, summary.run_id, world.rulebook, most=20)
            _say_what_next(summary, world)
    if summary.interrupted or summary.tally.failed or summary.tally.contested or summary.is_stale:
        raise typer.Exit(1)


@plans.command("show")
def plan_show(run_id: RunId, as_json: AsJson = False) -> None:
    """Show a kept plan again."""
    settings = ready()
    with opened_store(settings) as store:
        for portal_id in store.portals():
            journal = store.portal(portal_id).journal
            kept = journal.run(run_id)
            if kept is None:
                continue
            if as_json:
                print_json(dict(kept.summary) | {"changes": list(_changes(journal, run_id))})
                return
            say(
                f"Plan {run_id} of {kept.started_at:%Y-%m-%d %H:%M} on portal {portal_id}, "
                f"rulebook {kept.rulebook_version}"
            )
            _print_changes(journal, run_id, rulebook_of(settings), most=None)
            _print_totals(journal, run_id)
            return
    database = without_password(settings.database_url)
    raise FatalError(f"There is no plan {run_id} in {database}; `scoreline runs` lists what there is.")


@plans.command("apply")
def plan_apply(run_id: RunId, as_json: AsJson = False) -> None:
    """Write a kept plan as shown, less what changed since; that is named."""
    settings, progress = ready(), ShownProgress()
    with (
        stop_on_signal() as stop,
        opened_world(settings, writes=True, progress=progress, stop=stop.is_set) as world,
    ):
        _tell_of_a_wait(world, settings)
        with progress:
            summary = apply_plan(world, run_id, knobs_of(settings), command="plan apply")
        _report(summary, as_json)
        if not (as_json or summary.tally.changed or summary.dropped):
            _say_what_became_of(run_id, world.journal)


def resync_command(
    full: Full = False,
    contact: Contacts = None,
    list_id: List = None,
    since: Since = None,
    accept_large_plan: AcceptLarge = False,
    as_json: AsJson = False,
) -> None:
    """Read, score, decide, write. Without a selection: what changed since the watermark."""
    one_selection(full=full, contacts=contact, list_id=list_id, since=since)
    settings, progress = ready(), ShownProgress()
    with (
        stop_on_signal() as stop,
        opened_world(settings, writes=True, progress=progress, stop=stop.is_set) as world,
    ):
        selection = selection_from(world, full=full, contacts=contact, list_id=list_id, since=since)
        _tell_of_a_wait(world, settings)
        with progress:
            summary = resync(
                world, selection, knobs_of(settings), command="resync", accept_large_plan=accept_large_plan
            )
    _report(summary, as_json)


def worker_command() -> None:
    """Incremental, decay and full passes on their schedules, until SIGTERM."""
    settings = ready(talks=True)
    with stop_on_signal() as stop:
        work(settings, stop)


def _tell_of_a_wait(world: World, settings: Settings) -> None:
    """Say at once that another run holds the portal, and how long this one waits for it."""
    if holder := world.lease.holder():
        log.warning(
            f"Process {holder.pid} on {holder.host} ({holder.command}) has held this portal since "
            f"{holder.since:%Y-%m-%d %H:%M:%S %Z}; waiting for it, {settings.lease_wait_s:g} s at most.",
            action="lease.wait",
        )


def _report(summary: Summary, as_json: bool) -> None:
    if as_json:
        print_json(summary.as_json())
    else:
        print_summary(summary, wrote=True)
    if summary.needs_a_person:
        raise typer.Exit(1)


def _say_what_next(summary: Summary, world: World) -> None:
    if summary.interrupted:
        return
    if not summary.tally.changed:
        say("Nothing would be written: HubSpot holds all of it already.")
        return
    say(
        f'Nothing was written. "scoreline plan show {summary.run_id}" lists everything, '
        f'"scoreline plan apply {summary.run_id}" writes it.'
    )
    if list(property_problems(world.rulebook, world.facts.properties, world.facts.options)):
        say('Our properties are not in this portal yet. Before it can be written: "scoreline provision".')


def _say_what_became_of(run_id: int, journal: Journal) -> None:
    """Why applying a plan wrote nothing: it holds nothing, or was written or dropped before."""
    states = Counter(entry.state for batch in journal.entries(run_id) for entry in batch)
    if not states:
        say(f"Plan {run_id} holds no changes.")
        return
    written = states[State.DONE] + states[State.SETTLED]
    others = states.total() - written
    dropped = f", {others:,} were dropped" if others else ""
    say(
        f"Plan {run_id} was applied already: {written:,} of its {states.total():,} changes were written{dropped}. "
        'Make a new one with "scoreline plan".'
    )


def _changes(journal: Journal, run_id: int) -> Iterator[dict[str, object]]:
    """A kept plan's changes, one document each."""
    for batch in journal.entries(run_id):
        for entry in batch:
            change = entry.change
            yield {
                "contact": change.contact_id,
                "state": entry.state.value,
                "stage": {"from": change.stage_from, "to": change.stage_to} if change.moves else None,
                "properties": {
                    name: {"from": change.before.get(name, ""), "to": text} for name, text in change.after.items()
                },
                "reason": change.reason,
                "detail": entry.detail,
            }


def _print_changes(journal: Journal, run_id: int, rulebook: Rulebook, *, most: int | None) -> None:
    """A plan's changes as a table, all or so many: moves first, then by how much the score changes, then by id."""
    score, total = rulebook.properties["score"], 0

    def counted() -> Iterator[JournalEntry]:
        nonlocal total
        for batch in journal.entries(run_id):
            total += len(batch)
            yield from batch

    def in_order(entry: JournalEntry) -> tuple[bool, int, int, str]:
        change = entry.change
        return not change.moves, -_points_changed(change, score), len(change.contact_id), change.contact_id

    shown = sorted(counted(), key=in_order) if most is None else nsmallest(most, counted(), key=in_order)
    rows = [
        (
            entry.change.contact_id,
            f"{entry.change.stage_from or 'none'} -> {entry.change.stage_to}" if entry.change.moves else "",
            _from_to(entry.change, score),
            entry.change.reason,
            entry.state.value,
        )
        for entry in shown
    ]
    untouched = all(entry.state is State.PLANNED for entry in shown)
    columns = 4 if untouched else 5  # the state says something only once the plan has been applied
    if rows:
        table(("contact", "stage", "score", "why", "state")[:columns], [row[:columns] for row in rows])
    if most is not None and total > most:
        say(f"… and {total - most:,} changes more")


def _points_changed(change: Change, score: str) -> int:
    """By how many points this changes the score, whichever way; one that is not there, or no number, is none."""
    there, then = (texts.get(score, "") for texts in (change.before, change.after))
    numbers = [int(text) if text.removeprefix("-").isdecimal() else 0 for text in (there, then)]
    return abs(numbers[1] - numbers[0])


def _print_totals(journal: Journal, run_id: int) -> None:
    """How many changes a plan holds, and which moves."""
    total = 0
    moves: Counter[str] = Counter()
    for batch in journal.entries(run_id):
        total += len(batch)
        changes = (entry.change for entry in batch)
        moves.update(f"{change.stage_from or 'none'} -> {change.stage_to}" for change in changes if change.moves)
    say(f"In all {total:,} changes, {moves.total():,} of them with a move:" if total else "It holds no changes.")
    for move, count in moves.most_common():
        say(f"    {count:>7,}  {move}")


def _from_to(change: Change, name: str) -> str:
    return f"{change.before[name] or 'none'} -> {change.after[name] or 'none'}" if name in change.after else ""
