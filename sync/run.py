"""One run, readable top to bottom: settle, read, score, decide, plan, check, write; the watermark moves last."""

import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import chain
from typing import cast

import structlog

from sync.accounts import Accounts, write_accounts
from sync.budget import WriteBudget, todays_budget
from sync.evaluation import Evaluation, Failure
from sync.grouping import regrouped
from sync.keeping import keep_read
from sync.last_told import drop_unread, untold_lists
from sync.outcomes import Applied
from sync.planning import SafetyLimit, Tally, refusal
from sync.ports import FatalError, RetryableError, words_of
from sync.pulling import Pulled, Puller
from sync.records import Change, ContactRecord, Mode, RunRecord, RunState
from sync.selecting import Selection, forget, missed, seen_up_to, selected, waiting_plan, who_is_gone, widened
from sync.settling import LeftOver, close, fill, left_over, put_back, settle
from sync.side_by_side import side_by_side
from sync.summary import Summary
from sync.watermark import ReadUpTo
from sync.wording import contested, plan_waits
from sync.world import Knobs, World, applier_of, evaluator_of

log = structlog.get_logger(__name__)

EVALUATED_TOGETHER = 1_000
"""Contacts whose histories are asked for together: few of a page need theirs, and a request holds fifty."""

GROUPS_AT_ONCE = 2
"""Groups of them that are evaluated at once: while histories of one are waited for, another is worked on."""

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
            met = _Met()
            planned = _read_and_plan(world, selection, owed, knobs, summary, at, pulled, met)
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
        planned = _read_and_plan(world, selection, owed, knobs, summary, at, pulled, _Met())
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
            if kept.state == "refused" and not summary.interrupted:
                _count_as_done(world, kept, at)
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
        requests=lambda: world.portal.requests.total,
        stop=world.stop,
        walk=summary.run_id if selection.mode == "full" else 0,
        drops=summary.mode != "plan",
        all_is_read_later=world.memory.watermark() is None,
    )
    pulled = Pulled() if selection.mode == "decay" else puller.pull(world.feeds)
    summary.sources = [*pulled.reports, *untold_lists(world.facts, world.traces)]
    summary.interrupted = pulled.interrupted
    return pulled


@dataclass(slots=True)
class _Met:
    """What a pass meets besides contacts to write."""

    blank: list[Change] = field(default_factory=list)
    """What gives those back their stage whom our clear left without one."""
    companies: set[str] = field(default_factory=set)
    """Those whose contacts have other points than before, where companies have a number."""


def _read_and_plan(
    world: World,
    selection: Selection,
    owed: LeftOver,
    knobs: Knobs,
    summary: Summary,
    at: datetime,
    pulled: Pulled,
    met: _Met,
) -> Tally:
    """Every selected contact scored and decided, its change planned in the journal; counts what is planned."""
    evaluator = evaluator_of(world, at, selection.mode)
    up_to = seen_up_to(world, selection, knobs) if summary.mode != "plan" else None
    planned = Tally()
    read = ReadUpTo(world.facts.server_time or at, steady=world.steady)
    summary.tally.failed += [(who, "HubSpot has no contact with this id or address") for who in selection.unknown]
    contacts = () if summary.interrupted else selected(world, selection, owed, knobs, pulled, met.companies)

    def evaluated(records: Sequence[ContactRecord]) -> tuple[Sequence[ContactRecord], list[Evaluation], list[Failure]]:
        return records, *evaluator.evaluate(records)

    groups = regrouped(contacts, EVALUATED_TOGETHER)
    threads = min(GROUPS_AT_ONCE, world.at_once)
    for records, evaluations, failures in side_by_side(evaluated, groups, threads=threads):
        read.saw(records)
        if up_to is not None:
            summary.tally.missed += missed(world.memory, evaluations, up_to)
        for evaluation in evaluations:
            _count(summary.tally, evaluation)
            if evaluation.change is not None:
                planned.counts(evaluation.change)
        met.blank += [
            put_back(e.record, e.record.standing.stage) for e in evaluations if e.record.standing.cleared_by_us
        ]
        summary.tally.read += len(failures)
        summary.tally.failed += [(failure.contact_id, failure.reason) for failure in failures]
        world.journal.plan(summary.run_id, [e.change for e in evaluations if e.change is not None])
        if summary.mode == "plan":
            world.memory.note_known(
                chain(
                    (e.record.id for e in evaluations if e.change or e.refused or e.contested),
                    (failure.contact_id for failure in failures),
                )
            )
        else:
            _note_seen(world, evaluations, failures, summary.run_id)
            keep_read(world, evaluations)
            met.companies.update(_note_points(world, evaluations))
        world.progress("Reading and scoring", len(records))
        if world.stop():
            summary.interrupted = True
            break
    planned.scored = summary.tally.scored
    summary.read_up_to = read.moment
    if summary.tally.missed:
        log.info("This full pass found what smaller ones missed.", action="run.missed", **summary.tally.missed)
    return planned


def _count(tally: Tally, evaluation: Evaluation) -> None:
    contact_id = evaluation.record.id
    tally.saw(evaluation.decision)
    if evaluation.refused:
        tally.failed.append((contact_id, evaluation.refused))
    if evaluation.contested:
        tally.contested.append((contact_id, contested(contact_id, evaluation.contested)))


def _note_seen(world: World, evaluations: Sequence[Evaluation], failures: Sequence[Failure], run_id: int) -> None:
    """Only a contact with which all is well need not be read again before it changes."""
    done = ((e, None if e.change or e.refused else e.record.modified_at) for e in evaluations)
    world.memory.note_seen(
        chain(
            ((e.record.id, modified_at, e.decision.changes_with_time) for e, modified_at in done),
            ((failure.contact_id, None, False) for failure in failures),
        ),
        run_id=run_id,
    )


def _note_points(world: World, evaluations: Sequence[Evaluation]) -> Collection[str]:
    """Remember what these contacts bring their companies; returns the companies that this changes."""
    if world.companies is None:
        return ()
    return world.memory.note_points(
        (e.record.id, e.record.company_id or None, e.decision.score.total if e.decision.score else None)
        for e in evaluations
    )


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


def _move_watermark(world: World, mode: Mode, read_up_to: datetime | None) -> None:
    """To what the pass has read. Only a full one, which has read everything, moves it back where it was too far on."""
    before = world.memory.watermark()
    if read_up_to and (mode == "full" or (mode == "incremental" and (before is None or read_up_to > before))):
        world.memory.set_watermark(read_up_to)
