"""Every selected contact read, scored and decided, and its change planned."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import chain

import structlog

from sync.evaluation import Begun, Evaluation, Evaluator, Failure, Scored
from sync.keeping import keep_read
from sync.planning import Tally
from sync.pulling import Pulled
from sync.records import Change, ContactRecord
from sync.selecting import Selection, missed, seen_up_to, selected
from sync.settling import LeftOver, put_back
from sync.side_by_side import side_by_side
from sync.summary import Summary
from sync.watermark import ReadUpTo
from sync.wording import contested
from sync.world import Knobs, World, evaluator_of

log = structlog.get_logger(__name__)

HISTORIES_TOGETHER = 50
"""Histories of one request (HubSpot objects guide). Few of a page need theirs: they wait until as many do."""

HISTORIES_AT_ONCE = 4
"""Requests for them that are waited for at once, while the contacts of further pages are decided."""


NOTED_TOGETHER = 400
"""Contacts whose changes are planned by one transaction: each has to reach the disk."""


@dataclass(slots=True)
class Met:
    """What a pass meets besides contacts to write."""

    blank: list[Change] = field(default_factory=list)
    """What gives those back their stage whom our clear left without one."""
    companies: set[str] = field(default_factory=set)
    """Those whose contacts have other points than before, where companies have a number."""


def survey(
    world: World,
    selection: Selection,
    owed: LeftOver,
    knobs: Knobs,
    summary: Summary,
    at: datetime,
    pulled: Pulled,
    met: Met,
) -> Tally:
    """Every selected contact scored and decided, its change planned in the journal; counts what is planned."""
    evaluator = evaluator_of(world, at, selection.mode)
    up_to = seen_up_to(world, selection, knobs) if summary.mode != "plan" else None
    planned = Tally()
    read = ReadUpTo(world.facts.server_time or at, steady=world.steady)
    summary.tally.failed += [(who, "HubSpot has no contact with this id or address") for who in selection.unknown]
    contacts = () if summary.interrupted else selected(world, selection, owed, knobs, pulled, met.companies)

    for group in _evaluated(evaluator, contacts, threads=min(HISTORIES_AT_ONCE, world.at_once)):
        read.saw(group.records)
        evaluations, failures = group.evaluations, group.failures
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
        world.progress("Reading and scoring", len(group.records))
        if world.stop():
            summary.interrupted = True
            break
    planned.scored = summary.tally.scored
    summary.read_up_to = read.moment
    if summary.tally.missed:
        log.info("This full pass found what smaller ones missed.", action="run.missed", **summary.tally.missed)
    return planned


def _evaluated(evaluator: Evaluator, pages: Iterable[Sequence[ContactRecord]], *, threads: int) -> Iterator[Begun]:
    """The contacts of several pages at a time, decided."""

    def ended(begun: Begun) -> Begun:
        evaluations, failures = evaluator.end(begun.asking)
        return Begun(
            records=begun.records,
            evaluations=[*begun.evaluations, *evaluations],
            failures=[*begun.failures, *failures],
        )

    for group in _together(side_by_side(ended, _begun(evaluator, pages), threads=threads, in_order=False)):
        yield replace(group, evaluations=evaluator.concluded(group.evaluations))


def _begun(evaluator: Evaluator, pages: Iterable[Sequence[ContactRecord]]) -> Iterator[Begun]:
    """The contacts of each page, and of this one and those before as many that ask for histories as fill requests."""
    waiting: list[Scored] = []
    for records in pages:
        begun = evaluator.begin(records)
        waiting += begun.asking
        full = len(waiting) - len(waiting) % HISTORIES_TOGETHER
        yield replace(begun, asking=waiting[:full])
        waiting = waiting[full:]
    if waiting:
        yield Begun(asking=waiting)


def _together(pages: Iterable[Begun]) -> Iterator[Begun]:
    """What several pages came to as one."""
    waiting: list[Begun] = []
    for page in pages:
        waiting.append(page)
        if sum(len(each.evaluations) for each in waiting) >= NOTED_TOGETHER:
            yield _one_of(waiting)
            waiting = []
    if waiting:
        yield _one_of(waiting)


def _one_of(pages: Sequence[Begun]) -> Begun:
    return Begun(
        records=[record for each in pages for record in each.records],
        evaluations=[evaluation for each in pages for evaluation in each.evaluations],
        failures=[failure for each in pages for failure in each.failures],
    )


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
