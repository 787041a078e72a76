"""One run, readable top to bottom: settle, read, score, decide, plan, check, write; the watermark moves last."""

import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from itertools import chain
from typing import cast

import structlog

from sync.accounts import Accounts, write_accounts
from sync.budget import WriteBudget, todays_budget
from sync.grouping import regrouped
from sync.last_told import drop_unread, untold_lists
from sync.outcomes import Applied
from sync.planning import SafetyLimit, Tally, refusal
from sync.ports import FatalError, Journal, RetryableError, words_of
from sync.pulling import Pulled, Puller
from sync.records import Change, Mode, RunRecord, RunState, State
from sync.rivals import is_the_same
from sync.selecting import Selection, forget, waiting_plan, who_is_gone, widened
from sync.settling import LeftOver, close, fill, left_over, settle
from sync.summary import Summary
from sync.survey import Met, survey
from sync.wording import plan_waits
from sync.world import Knobs, World, applier_of, evaluator_of

log = structlog.get_logger(__name__)

FORGOTTEN_TOGETHER = 10_000
"""Contacts whose ids are taken out of past reports together: each time all of those are read."""


class PlanWaits(Exception):
    """A refused plan waits for a person; the run of which it might be a part was not made."""

    def __init__(self, run_id: int) -> None:
        super().__init__(plan_waits(run_id))
        self.run_id = run_id


def resync(
    world: World,
    selection: Selection,
    knobs: Knobs,
    *,
    command: str,
    accept_large_plan: bool = False,
    unless_a_plan_waits: bool = False,
) -> Summary:
    """Read, score, decide and write, as the only run on this portal. LeaseHeld when another does not let go.

    `unless_a_plan_waits`: PlanWaits where a refused one does, of which this run might write a part. What was left
    without a stage is settled before.
    """
    with _lease(world, command, knobs):
        at = world.now()
        owed = left_over(world.journal, at=at)
        settled = _settle(world, owed, at)
        if unless_a_plan_waits and (kept := waiting_plan(world)):
            raise PlanWaits(kept.id)
        budget = todays_budget(knobs.daily_writes_max, journal=world.journal, now=world.now)
        selection = widened(selection, owed, world)
        with _on_record(world, selection.mode, at, selection.mode) as summary:
            _take_over(summary, settled)
            summary.asked = selection.contact_ids
            world.journal.note(summary.run_id, summary.as_json())
            pulled = _pull(world, selection, summary, at)
            met = Met()
            planned = survey(world, selection, owed, knobs, summary, at, pulled, met)
            if summary.interrupted:
                return summary
            accepted = owed.moves_accepted(world.rulebook.version)
            summary.moves_accepted = planned.moved if accept_large_plan else accepted
            if planned.moved > summary.moves_accepted:
                summary.plan_refused = _refusal(world, planned, summary.run_id, knobs)
            if summary.plan_refused is not None:
                _take_over(summary, _fill(world, met.blank, at))
                if met.blank:
                    summary.plan_refused += (
                        f" {len(met.blank):,} leads that a cut-off run had left without a stage have it back."
                    )
            else:
                world.journal.note(summary.run_id, summary.as_json())
                applied = _write(world, summary, summary.run_id, at, budget)
                if not summary.interrupted:
                    world.lease.check()  # who stood still for too long has been followed, and closes nothing
                    close(owed, journal=world.journal, run_id=summary.run_id, mode=selection.mode, at=at)
                    _move_watermark(world, selection.mode, summary.read_up_to)
                    if selection.mode in ("incremental", "full"):
                        pulled.conclude(world.traces)
                    if selection.mode == "full":
                        drop_unread(world.traces, (feed.name for feed in world.feeds), world.facts)
                        for ids in regrouped(world.memory.not_seen_since(summary.run_id), FORGOTTEN_TOGETHER):
                            gone, _ = who_is_gone(world, ids)  # the next pass finds the survivor of a merge
                            met.companies.update(forget(world, gone))
                    summary.accounts = _write_accounts(world, selection.mode, met.companies, budget.left(applied))
                    world.journal.prune(before=at - timedelta(days=knobs.keep_runs_days))
        return summary


def plan(world: World, selection: Selection, knobs: Knobs) -> Summary:
    """What a resync would write, kept under the run's id. Writes nothing to HubSpot, and needs no lease."""
    at = world.now()
    owed = LeftOver()
    selection = widened(selection, owed, world)
    with _on_record(world, "plan", at, selection.mode) as summary:
        pulled = _pull(world, selection, summary, at)
        planned = survey(world, selection, owed, knobs, summary, at, pulled, Met())
        summary.tally.changed, summary.tally.stage_changes = planned.changed, planned.stage_changes
        summary.plan_refused = _refusal(world, planned, summary.run_id, knobs)
    return summary


def apply_plan(world: World, run_id: int, knobs: Knobs, *, command: str) -> Summary:
    """Write a kept plan as shown, less what changed since, which is named.

    Raises FatalError when there is no such plan, or it was made with another rulebook.
    """
    with _lease(world, command, knobs):
        kept = world.journal.run(run_id)
        if kept is None or kept.state not in ("finished", "refused"):
            raise FatalError(f"There is no kept plan {run_id} for this portal; `scoreline runs` lists what there is.")
        if kept.rulebook_version != world.rulebook.version:
            raise FatalError(
                f"Plan {run_id} was made with rulebook {kept.rulebook_version}; in force is {world.rulebook.version}. "
                "Nothing was written. Make a new plan, or set SCORELINE_RULEBOOK to the one it was made with."
            )
        at = world.now()
        settled = _settle(world, left_over(world.journal, at=at), at)
        budget = todays_budget(knobs.daily_writes_max, journal=world.journal, now=world.now)
        chosen = cast(Mode, kept.summary.get("selection", kept.mode))
        with _on_record(world, "apply", at, chosen) as summary:
            _take_over(summary, settled)
            _write(world, summary, run_id, kept.started_at.astimezone(at.tzinfo), budget, as_shown=True)
            refused = kept if kept.state == "refused" else waiting_plan(world)
            if refused and not summary.interrupted and (refused is kept or _is_written(world.journal, refused)):
                _count_as_done(world, refused, at)
        return summary


@contextmanager
def _lease(world: World, command: str, knobs: Knobs) -> Iterator[None]:
    world.lease.acquire(command, wait_s=knobs.lease_wait_s)
    try:
        yield
    finally:
        with suppress(RetryableError):  # a lease that cannot be given back runs out by itself
            world.lease.release()


@contextmanager
def _on_record(world: World, mode: Mode, at: datetime, selection: Mode) -> Iterator[Summary]:
    """A run from start to finish in the journal, also when it fails: what it left over is the next run's."""
    started = time.monotonic()
    version = world.rulebook.version
    run_id = world.journal.start_run(mode, rulebook_version=version, at=at)
    summary = Summary(
        run_id=run_id,
        mode=mode,
        selection=selection,
        portal_id=world.facts.portal_id,
        rulebook_version=version,
        requests=world.portal.requests,
    )
    log.info("Run begins.", action="run.begin", run_id=run_id, mode=mode, rulebook=version)
    state: RunState = "failed"
    error = ""
    lost: type[Exception] | tuple[()] = ()
    try:
        yield summary
        state = "refused" if summary.plan_refused and mode != "plan" else "finished"
        state = "interrupted" if summary.interrupted else state
    except Exception as exception:
        error = words_of(exception)
        lost = RetryableError  # a database that is gone must not hide what went wrong first
        raise
    finally:
        summary.duration_s = time.monotonic() - started
        with suppress(*([lost] if lost else [])):
            world.journal.finish_run(run_id, state, summary=summary.as_json(), at=world.now(), error=error)
        log.info(
            "Run ends.",
            action="run.end",
            run_id=run_id,
            state=state,
            **{"planned" if mode == "plan" else "changed": summary.tally.changed},
            failed=len(summary.tally.failed),
            requests=summary.requests.total,
        )


def _settle(world: World, owed: LeftOver, at: datetime) -> Applied:
    if owed.contact_ids or any(run.state != "failed" for run in owed.runs):
        log.warning(
            "An earlier run was cut off; what it left open is settled.",
            action="run.settle",
            contacts=len(owed.contact_ids),
            reads_everything=owed.everything,
        )
    evaluator = evaluator_of(world, at, "settle")
    return settle(
        owed,
        journal=world.journal,
        reader=world.reader,
        evaluator=evaluator,
        applier=applier_of(world, evaluator),
        policy=world.rulebook.policy,
        rulebook_version=world.rulebook.version,
        at=at,
    )


def _fill(world: World, blank: Sequence[Change], at: datetime) -> Applied:
    """Who was found without a stage by our doing, and nothing on record of it, has a stage whatever becomes of a plan:
    the one it had, which moves nobody."""
    applier = applier_of(world, evaluator_of(world, at, "settle"))
    version = world.rulebook.version
    return fill(blank, journal=world.journal, applier=applier, rulebook_version=version, at=at)


def _pull(world: World, selection: Selection, summary: Summary, at: datetime) -> Pulled:
    """What the feeds tell, kept; a decay pass asks nobody what is new."""
    # Our own clock alone may be ahead. Up to the watermark, HubSpot has dated changes that were read before.
    told = min(world.facts.server_time or world.memory.watermark() or at, at)
    puller = Puller(
        traces=world.traces,
        at=told,
        stop=world.stop,
        at_once=world.at_once,
        walk=summary.run_id if selection.mode == "full" else 0,
        drops=summary.mode != "plan",
        all_is_read_later=world.memory.watermark() is None,
    )
    pulled = Pulled() if selection.mode == "decay" else puller.pull(world.feeds)
    summary.sources = [*pulled.reports, *untold_lists(world.facts, world.traces)]
    summary.interrupted = pulled.interrupted
    return pulled


def _write_accounts(world: World, mode: Mode, changed: Collection[str], most: int | None) -> Accounts | None:
    """The companies' numbers, where they have any: a full pass looks at all, so that nothing stays undone for long."""
    account = world.rulebook.account
    if world.companies is None or account is None:
        return None
    ids = chain([sorted(changed)], world.memory.companies() if mode == "full" else ())
    steady, stop = world.steady, world.stop
    return write_accounts(world.companies, world.memory, account.of, ids, most=most, steady=steady, stop=stop)


def _refusal(world: World, planned: Tally, run_id: int, knobs: Knobs) -> str | None:
    """Why the safety limit refuses this plan. A small pass is measured against all leads that the last full one had."""
    full = world.journal.last_finished("full")
    known = full.summary.get("contacts_scored", 0) if full else 0
    return refusal(
        run_id,
        moved=planned.moved,
        leads=max(planned.scored, known if isinstance(known, int) else 0),
        limit=SafetyLimit(share=knobs.share if full else knobs.first_share, floor=knobs.floor),
    )


def _write(
    world: World, summary: Summary, plan_id: int, at: datetime, budget: WriteBudget, *, as_shown: bool = False
) -> Applied:
    """Write a plan's changes; the summary then counts what was written."""
    applier = applier_of(world, evaluator_of(world, at, summary.selection))
    try:
        applier.apply(plan_id, budget=budget, as_shown=as_shown)
    finally:  # what was written before it failed was written
        applied = applier.applied
        summary.tally.changed = applied.tally.changed
        summary.tally.stage_changes = applied.tally.stage_changes
        summary.tally.failed += applied.tally.failed
        summary.dropped += applied.dropped
        summary.interrupted = applied.stopped
    return applied


def _take_over(summary: Summary, settled: Applied) -> None:
    """What settling met is part of the run's report."""
    summary.tally.failed += settled.tally.failed
    summary.dropped += settled.dropped


def _count_as_done(world: World, refused: RunRecord, at: datetime) -> None:
    """A pass that was refused, and whose plan has now been written, is as good as one that was not refused."""
    world.journal.finish_run(refused.id, "finished", summary=refused.summary, at=at)
    seen, before = refused.summary.get("read_up_to"), world.memory.watermark()
    if isinstance(seen, str) and refused.mode in ("incremental", "full"):
        read_up_to = datetime.fromisoformat(seen)
        world.memory.set_watermark(max(read_up_to, before) if before else read_up_to)


def _is_written(journal: Journal, refused: RunRecord) -> bool:
    """Whether all that this pass planned has been written since it began, by another plan that a person applied."""
    for batch in journal.entries(refused.id):
        newest = journal.latest([entry.change.contact_id for entry in batch], 1)
        for entry in batch:
            [last] = newest.get(entry.change.contact_id) or [entry]
            done = last.state is State.DONE and last.at is not None and last.at >= refused.started_at
            if not done or not is_the_same(entry.change, last.change):
                return False
    return True


def _move_watermark(world: World, mode: Mode, read_up_to: datetime | None) -> None:
    """To what the pass has read. Only a full one, which has read everything, moves it back where it was too far on."""
    before = world.memory.watermark()
    if read_up_to and (mode == "full" or (mode == "incremental" and (before is None or read_up_to > before))):
        world.memory.set_watermark(read_up_to)
