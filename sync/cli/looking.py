"""`explain`, `runs`, `status`: one contact's score, past runs, and whether all is well."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from pathlib import Path
from typing import Annotated, Any

import typer

from config import Rulebook, Settings
from scoring import Line
from sync.bootstrap import connection_of, opened_store, opened_world
from sync.cli.options import AsJson, ready
from sync.cli.output import print_json, say, table
from sync.hubspot import Account, account
from sync.ports import Journal, RetryableError
from sync.records import Mode, RunRecord
from sync.run import Explained, explain
from sync.selecting import PASSES
from sync.store import PortalStore
from sync.wording import ANSWER_LABELS, contested, reason_for, short
from workflows import Answer, Decision, Hold, LeaveAlone, Move

EXCUSED = timedelta(hours=1)
"""A run that began less than this ago may still be at work: a pass that is late is not missed yet."""


def add_to(app: typer.Typer) -> None:
    app.command("explain")(explain_command)
    app.command("runs")(runs_command)
    app.command("status")(status_command)


def explain_command(
    contact: Annotated[str, typer.Argument(metavar="CONTACT", help="A contact's id or email address.")],
    as_json: AsJson = False,
) -> None:
    """A contact's score rule by rule, what excludes or holds it, and what would be written and why."""
    settings = ready()
    with opened_world(settings, writes=False) as world:
        document = _explanation(explain(world, contact), world.rulebook)
    if as_json:
        print_json(document)
    else:
        _print_explanation(document)


def _explanation(explained: Explained, rulebook: Rulebook) -> dict[str, Any]:
    evaluation, decision = explained.evaluation, explained.evaluation.decision
    standing = evaluation.record.standing
    score = decision.score or explained.score
    change = evaluation.change
    return {
        "contact": evaluation.record.id,
        "at": explained.at,
        "rulebook_version": rulebook.version,
        "score": score.total,
        "fit": score.fit,
        "engagement": score.engagement,
        "grade": score.grade,
        "lines": [_line(line) for line in score.lines],
        "bad_values": [{"property": bad.where, "problem": bad.problem} for bad in evaluation.record.contact.bad_values],
        "exclusion": decision.outcome.because.value if isinstance(decision.outcome, LeaveAlone) else None,
        "feedback": {
            "answer": standing.answer.value if standing.answer else None,
            "answered_at": standing.answered_at,
            "points_taken": decision.points_taken,
        },
        "stage": standing.stage,
        "stage_set_by": standing.set_by.value if standing.set_by else None,
        "stage_set_at": standing.set_at,
        "contested": sorted(evaluation.contested),
        "refused": evaluation.refused or None,
        "decision": _outcome(decision),
        "reason": reason_for(decision),
        "would_write": None
        if change is None
        else dict(change.after) | ({"lifecyclestage": change.stage_to} if change.moves else {}),
        "in_hubspot": dict(evaluation.record.ours),
    }


def _line(line: Line) -> dict[str, Any]:
    return {
        "key": line.key,
        "label": line.label,
        "group": line.group,
        "points": line.points,
        "known": line.known,
        "met": line.met or (line.known and line.points != 0),
        "fact": line.fact,
        "at": line.at,
    }


def _outcome(decision: Decision) -> str:
    match decision.outcome:
        case Move(to=to):
            return f"move to {to}"
        case Hold():
            return "hold"
        case LeaveAlone():
            return "leave alone"
        case _:
            return "stay"


def _print_explanation(document: Mapping[str, Any]) -> None:
    title = f"Contact {document['contact']}: {document['score']} points, grade {document['grade']}"
    adjusted = document["score"] - document["fit"] - document["engagement"]
    adjustments = f", adjustments {adjusted:+d}" if adjusted else ""
    say(f"{title} (fit {document['fit']}, engagement {document['engagement']}{adjustments})")
    if document["exclusion"]:
        say("  These points are for information: the contact is excluded, and none of them is written.")
    say(f"  Stage: {document['stage'] or 'none'}. Decision: {_decided(document['decision'], document['reason'])}.")
    say()
    counting = [line for line in document["lines"] if line["points"]]
    table(
        ("rule", "points", "what", "fact"),
        [(line["key"], f"{line['points']:+d}", line["label"], line["fact"]) for line in counting],
        right=("points",),
    )
    zero = [line["key"] for line in document["lines"] if not line["met"] and line["known"] and not line["points"]]
    unknown = [f"{line['key']} {line['label']}" for line in document["lines"] if not line["known"]]
    say()
    say(f"Not met: {', '.join(zero) or 'none'}")
    say(f"Unknown, counted as 0: {'; '.join(unknown) or 'none'}")
    feedback = document["feedback"]
    if feedback["answer"] or feedback["points_taken"] is not None:
        answered = feedback["answered_at"]
        when = f", given {answered:%Y-%m-%d %H:%M}" if answered else ""
        answer = ANSWER_LABELS[Answer(feedback["answer"])] if feedback["answer"] else "none now"
        say(f"Sales' answer: {answer}{when}; points taken: {feedback['points_taken'] or 0}")
    for bad in document["bad_values"]:
        say(f"Unreadable, counted as unknown: {bad['property']} ({bad['problem']})")
    if document["contested"]:
        say(f"Contested: {contested(document['contact'], document['contested'])}.")
    if document["refused"]:
        say(f"Not sent again: {document['refused']}.")
    if document["would_write"]:
        say("A resync would write: " + ", ".join(document["would_write"]))
    else:
        say("A resync would write nothing.")


def _decided(decision: str, reason: str) -> str:
    """Decision and reason as one clause: some reasons begin with the decision."""
    return reason if reason.startswith(("held:", "left alone:")) else f"{decision}; {reason}"


def runs_command(
    limit: Annotated[int, typer.Option(min=1, help="How many of the newest runs.")] = 20, as_json: AsJson = False
) -> None:
    """Past runs, newest first."""
    settings = ready()
    runs: list[tuple[str, RunRecord]] = []
    if not _is_still_to_be_made(settings.database_url):
        with opened_store(settings) as store:
            runs = [(portal, run) for portal in store.portals() for run in store.portal(portal).journal.runs(limit)]
    runs.sort(key=lambda item: item[1].id, reverse=True)
    if as_json:
        print_json([_run_document(portal, run) for portal, run in runs[:limit]])
        return
    if not runs:
        say("No run yet. Begin with: scoreline plan")
        return
    table(
        ("run", "portal", "mode", "state", "began", "read", "would change", "changed", "failed", "missed", "error"),
        [
            (
                run.id,
                portal,
                run.mode,
                run.state,
                f"{run.started_at:%Y-%m-%d %H:%M:%S}",
                run.summary.get("contacts_read"),
                run.summary.get("contacts_changed") if run.mode == "plan" else None,
                run.summary.get("contacts_changed") if run.mode != "plan" else None,
                _length(run.summary.get("contacts_failed")) + _length(run.summary.get("contacts_contested")),
                _missed(run).total() or None,
                run.error.splitlines()[0] if run.error else "",
            )
            for portal, run in runs[:limit]
        ],
        right=("run", "read", "would change", "changed", "failed", "missed"),
    )


def _is_still_to_be_made(database_url: str) -> bool:
    """Whether the database is a file of the working directory, not there yet: to look is no reason to make it."""
    name = database_url.removeprefix("sqlite:///")
    return re.fullmatch(r"\w[\w.-]*", name) is not None and not Path(name).exists()


def _run_document(portal: str, run: RunRecord) -> dict[str, object]:
    return {
        "run_id": run.id,
        "portal_id": portal,
        "mode": run.mode,
        "state": run.state,
        "started_at": run.started_at,
        "finished_at": run.finished_at,
        "rulebook_version": run.rulebook_version,
        "summary": dict(run.summary),
        "error": run.error,
    }


def _missed(run: RunRecord) -> Counter[str]:
    """What a full pass found that smaller ones had missed."""
    kept = run.summary.get("contacts_missed")
    return Counter(kept if isinstance(kept, dict) else {})


def _length(value: object) -> int:
    return len(value) if isinstance(value, list) else 0


def status_command(as_json: AsJson = False) -> None:
    """The watermark, open intents, last errors, what waits for a person. Exits 1 when no pass finished in time."""
    settings = ready()
    here, unreachable = _account(settings)
    with opened_store(settings) as store:
        known = [here.portal_id] if here else store.portals()
        if unreachable and len(known) != 1:
            raise unreachable
        document = _status(store.portal(known[0]), settings, datetime.now(UTC)) | {
            "portal_id": known[0],
            "budget": {
                "daily_limit": here.daily_limit if here else None,
                "daily_remaining": here.daily_remaining if here else None,
            },
        }
    if as_json:
        print_json(document)
    else:
        _print_status(document)
    if unreachable:
        raise unreachable
    if not document["healthy"]:
        raise typer.Exit(1)


def _account(settings: Settings) -> tuple[Account | None, RetryableError | None]:
    """The portal behind the token; or why HubSpot cannot be asked, since what is known here is worth showing."""
    try:
        return account(connection_of(settings)), None
    except RetryableError as error:
        return None, error


def _status(kept: PortalStore, settings: Settings, now: datetime) -> dict[str, Any]:
    journal = kept.journal
    runs = journal.runs(100)
    holder = kept.lease.holder()
    at_work = holder is not None and now - holder.since < EXCUSED
    late = [] if at_work else list(_late_passes(journal, settings, now))
    return {
        "healthy": not late,
        "late": late,
        "waiting": list(_waiting(journal)),
        "missed": _last_missed(journal),
        "watermark": kept.memory.watermark(),
        "open_intents": [
            {"contact": entry.change.contact_id, "run_id": entry.run_id, "state": entry.state.value}
            for entry in journal.open_entries()
        ],
        "running": None
        if holder is None
        else {"host": holder.host, "pid": holder.pid, "command": holder.command, "since": holder.since},
        "last_errors": [
            {"run_id": run.id, "at": run.started_at, "state": run.state, "error": _what_went_wrong(run)}
            for run in takewhile(_has_not_put_right, runs)
            if _what_went_wrong(run)
        ][:5],
    }


def _waiting(journal: Journal) -> Iterator[str]:
    """Sentences on what may need a person though no pass is late yet."""
    runs = [run for run in journal.runs(200) if run.mode in PASSES]
    ended = next((run for run in runs if run.state in ("finished", "refused")), None)
    if ended and ended.state == "refused":
        yield (
            f"the plan of run {ended.id} was refused: see `scoreline plan show {ended.id}`, then write it with "
            f"`scoreline plan apply {ended.id}`, or change the rulebook"
        )
    newest = next((run for run in runs if run.state != "running"), None)
    if newest and newest.state == "failed":
        yield f"run {newest.id}, the newest pass, failed, and what it was to do is still to be done"


def _last_missed(journal: Journal) -> dict[str, object] | None:
    """What the last full pass found that smaller ones had missed; None where there was nothing."""
    full = journal.last_finished("full")
    return {"run_id": full.id, "contacts": dict(_missed(full))} if full and _missed(full) else None


def _has_not_put_right(run: RunRecord) -> bool:
    """What went wrong before a pass that came to its end without trouble concerns nobody any more."""
    return run.mode not in ("incremental", "full") or run.state != "finished" or bool(_what_went_wrong(run))


def _what_went_wrong(run: RunRecord) -> str:
    if run.error:
        return run.error
    refused = run.summary.get("plan_refused")
    if refused and run.state == "refused":
        return str(refused)
    counts = ((what, _length(run.summary.get(f"contacts_{what}"))) for what in ("failed", "contested"))
    told = " and ".join(f"{count:,} contacts {what}" for what, count in counts if count)
    return told and f"{told}; `scoreline runs --json` names them"


def _late_passes(journal: Journal, settings: Settings, now: datetime) -> list[str]:
    """Sentences on the passes that have not finished within twice their interval.

    A full pass does a decay pass's work and an incremental one's; a decay pass does not see new contacts.
    """
    every = timedelta(seconds=settings.incremental_every_s)
    intervals: dict[Mode, timedelta] = {"incremental": every, "decay": timedelta(days=1), "full": timedelta(days=7)}
    late = []
    for mode, interval in intervals.items():
        runs = (journal.last_finished(each) for each in dict.fromkeys((mode, "full")))
        newest = max((run.finished_at for run in runs if run and run.finished_at), default=None)
        if newest is None:
            late.append(f"no {mode} pass has ever finished")
        elif now - newest > 2 * interval:
            late.append(f"the last {mode} pass ended at {newest:%Y-%m-%d %H:%M:%S} UTC, more than twice {interval} ago")
    return late


def _print_status(document: Mapping[str, Any]) -> None:
    verdict = "no pass is late" if document["healthy"] else "LATE: " + "; ".join(document["late"])
    say(f"Portal {document['portal_id']}: {verdict}")
    for sentence in document["waiting"]:
        say(f"  BUT {sentence}")
    say(f"  watermark     {document['watermark'] or 'none: the next pass reads everything'}")
    say(f"  open intents  {len(document['open_intents'])}")
    budget = document["budget"]
    if budget["daily_limit"]:
        say(f"  API budget    {budget['daily_remaining']:,} of {budget['daily_limit']:,} requests are left today")
    else:
        say("  API budget    unknown: HubSpot did not say")
    if running := document["running"]:
        say(f"  running       {running['command']} by process {running['pid']} on {running['host']}")
    if missed := document["missed"]:
        told = ", ".join(f"{short(why)} {count:,}" for why, count in sorted(missed["contacts"].items()))
        say(f"  missed        full pass {missed['run_id']} found what earlier passes had missed: {told}")
    for error in document["last_errors"]:
        say(f"  run {error['run_id']} {error['state']}: {error['error']}")
