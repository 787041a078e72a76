"""`runs`, `status`: past runs, and whether all is well."""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from typing import Annotated, Any

import typer

from config import Rulebook, RulebookError, Settings
from sync.bootstrap import connection_of, is_still_to_be_made, opened_store, rulebook_of
from sync.cli.options import AsJson, ready
from sync.cli.output import print_json, say, sources_of, table
from sync.cli.unsettled import Named, few, state_of, unsettled, without_a_stage
from sync.hubspot import Account, account
from sync.ports import Journal, RetryableError, TokenRefused
from sync.records import Mode, RunRecord
from sync.selecting import PASSES
from sync.store import PortalStore, Store
from sync.wording import plan_waits, short, stale_in_words

EXCUSED = timedelta(hours=1)
"""A run that began less than this ago may still be at work: a pass that is late is not missed yet."""


def add_to(app: typer.Typer) -> None:
    app.command("runs")(runs_command)
    app.command("status")(status_command)


def runs_command(
    limit: Annotated[int, typer.Option(min=1, help="How many of the newest runs.")] = 20, as_json: AsJson = False
) -> None:
    """Past runs, newest first.

    Mode "settle" is the part of a run that gives back the stages which an earlier run, cut off, had cleared. State
    "cut off": the process has died; the next run that writes deals with what was left. "missed": changes that a full
    pass found and smaller ones should have.
    """
    settings = ready()
    runs: list[tuple[str, str, RunRecord]] = []
    if not is_still_to_be_made(settings.database_url):
        with opened_store(settings) as store:
            for portal in store.portals():
                kept = store.portal(portal)
                holder = kept.lease.holder()
                runs += [(portal, state_of(run, holder), run) for run in kept.journal.runs(limit)]
    runs.sort(key=lambda item: item[2].id, reverse=True)
    if as_json:
        print_json([_run_document(*run) for run in runs[:limit]])
        return
    if not runs:
        say("No run yet. Begin with: scoreline plan")
        return
    table(
        (
            *("run", "portal", "mode", "state", "began", "read", "would change", "changed"),
            *("failed", "contested", "missed", "error"),
        ),
        [
            (
                run.id,
                portal,
                run.mode,
                state,
                f"{run.started_at:%Y-%m-%d %H:%M:%S}",
                run.summary.get("contacts_read"),
                run.summary.get("contacts_changed") if run.mode == "plan" else None,
                run.summary.get("contacts_changed") if run.mode != "plan" else None,
                _length(run.summary.get("contacts_failed")),
                _length(run.summary.get("contacts_contested")),
                _missed(run).total() or None,
                run.error.splitlines()[0] if run.error else "",
            )
            for portal, state, run in runs[:limit]
        ],
        right=("run", "read", "would change", "changed", "failed", "contested", "missed"),
    )


def _run_document(portal: str, state: str, run: RunRecord) -> dict[str, object]:
    return {
        "run_id": run.id,
        "portal_id": portal,
        "mode": run.mode,
        "state": state,
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
    """The watermark, open intents, last errors, stale feeds, what waits for a person.

    Exits 1 when no pass finished in time, and for no other reason: a feed that is stale is named, and fails the runs.
    Exits 3 when HubSpot cannot be reached or refuses the token, and 2 when the rulebook has mistakes, in either case
    after what the database knows.
    """
    settings = ready()
    rulebook = _rulebook(settings)
    found = _account(settings)
    here, problem = (found, None) if isinstance(found, Account) else (None, found)
    with opened_store(settings) as store:
        portal_id = found.portal_id if isinstance(found, Account) else _portal_without(found, settings, store)
        document = _status(store.portal(portal_id), settings, rulebook, datetime.now(UTC)) | {
            "portal_id": portal_id,
            "hubspot_problem": problem and str(problem),
            "rulebook_problem": str(rulebook) if isinstance(rulebook, RulebookError) else None,
            "budget": {
                "daily_limit": here.daily_limit if here else None,
                "daily_remaining": here.daily_remaining if here else None,
            },
        }
    if as_json:
        print_json(document)
    else:
        _print_status(document)
    if isinstance(rulebook, RulebookError):
        raise rulebook
    if problem:
        raise problem
    if not document["healthy"]:
        raise typer.Exit(1)


def _rulebook(settings: Settings) -> Rulebook | RulebookError:
    """The rulebook in force; or what is wrong with it, since what is known here is worth showing."""
    try:
        return rulebook_of(settings)
    except RulebookError as error:
        return error


def _account(settings: Settings) -> Account | RetryableError | TokenRefused:
    """The portal behind the token; or why HubSpot does not tell, since what is known here is worth showing."""
    try:
        return account(connection_of(settings))
    except (RetryableError, TokenRefused) as error:
        return error


def _portal_without(problem: RetryableError | TokenRefused, settings: Settings, store: Store) -> str:
    """The portal to show where HubSpot does not tell: that of the settings, or the only one in the database."""
    known = store.portals()
    meant = [each for each in known if each == settings.portal_id] if settings.portal_id else known
    if not meant:
        raise problem
    if len(meant) > 1:
        raise type(problem)(
            f"{problem} The database holds portals {', '.join(meant)}: with SCORELINE_PORTAL_ID set to one of them, "
            "this command shows what is known of it."
        )
    return meant[0]


def _status(kept: PortalStore, settings: Settings, rulebook: Rulebook | RulebookError, now: datetime) -> dict[str, Any]:
    journal = kept.journal
    runs = journal.runs(100)
    holder = kept.lease.holder()
    at_work = holder is not None and now - holder.since < EXCUSED
    late = [] if at_work else list(_late_passes(journal, settings, now))
    return {
        "healthy": not late,
        "late": late,
        "waiting": list(_waiting(journal, settings, now, idle=bool(late) and holder is None)),
        "missed": _last_missed(journal),
        "without_stage": without_a_stage(journal),
        "failed": [_named_document(each) for each in unsettled(journal, kept.memory, "failed")],
        "contested": [_named_document(each) for each in unsettled(journal, kept.memory, "contested")],
        "sources": sources_of(kept.traces, rulebook) if isinstance(rulebook, Rulebook) else [],
        "watermark": kept.memory.watermark(),
        "open_intents": [
            {"contact": entry.change.contact_id, "run_id": entry.run_id, "state": entry.state.value}
            for entry in journal.open_entries()
        ],
        "running": None
        if holder is None
        else {"host": holder.host, "pid": holder.pid, "command": holder.command, "since": holder.since},
        "last_errors": [
            {"run_id": run.id, "at": run.started_at, "state": state_of(run, holder), "error": _what_went_wrong(run)}
            for run in takewhile(_has_not_put_right, runs)
            if _what_went_wrong(run)
        ][:5],
    }


def _waiting(journal: Journal, settings: Settings, now: datetime, *, idle: bool) -> Iterator[str]:
    """Sentences on what may need a person, also where no pass is late yet. `idle`: one is, and nothing is at work."""
    runs = [run for run in journal.runs(200) if run.mode in PASSES]
    ended = next((run for run in runs if run.state in ("finished", "refused")), None)
    every = timedelta(seconds=settings.incremental_every_s)
    if ended and ended.state == "refused":
        yield plan_waits(ended.id)
    elif idle and (not runs or now - runs[0].started_at > 2 * every):  # while a plan waits, a worker begins none
        since = f"since {runs[0].started_at:%Y-%m-%d %H:%M:%S} UTC" if runs else "yet"
        yield f'No worker is running, it seems: no pass has begun {since}. "scoreline worker" makes one every {every}.'
    newest = next((run for run in runs if run.state != "running"), None)
    if newest and newest.state == "failed":
        yield f"Run {newest.id}, the newest pass, failed, and what it was to do is still to be done."


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
    return str(run.summary.get("plan_refused") or "") if run.state == "refused" else ""


def _named_document(named: Named) -> dict[str, object]:
    return {"id": named.contact_id, "run_id": named.run_id, "reason": named.reason}


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
        say(f"  !!            {sentence}")
    for sentence in _need_a_look(document):
        say(f"  !!            {sentence}")
    for source in document["sources"]:
        if source["state"] == "stale":
            say(f"  !!            stale: {stale_in_words(source['feed'], source['since'], source['problem'])}")
    say(f"  watermark     {document['watermark'] or 'none: the next pass reads everything'}")
    say(f"  open intents  {len(document['open_intents'])}")
    budget = document["budget"]
    if budget["daily_limit"]:
        say(f"  API budget    {budget['daily_remaining']:,} of {budget['daily_limit']:,} requests are left today")
    else:
        why = "see below" if document["hubspot_problem"] else "HubSpot did not say"
        say(f"  API budget    unknown: {why}")
    if running := document["running"]:
        say(f"  running       {running['command']} by process {running['pid']} on {running['host']}")
    if missed := document["missed"]:
        told = ", ".join(f"{short(why)} {count:,}" for why, count in sorted(missed["contacts"].items()))
        say(f"  missed        full pass {missed['run_id']} found what earlier passes had missed: {told}")
    for error in document["last_errors"]:
        say(f"  run {error['run_id']} {error['state']}: {error['error']}")


def _need_a_look(document: Mapping[str, Any]) -> Iterator[str]:
    """Sentences on the contacts that past runs left in need of something: which, and what helps."""
    if ids := document["without_stage"]:
        by = "the run at work" if document["running"] else "the next run that writes"
        yield f"{few(ids)} may have no stage now: {by} settles {'it' if len(ids) == 1 else 'them'}."
    if ids := [each["id"] for each in document["contested"]]:
        yield (
            f"{few(ids)} contested: another program keeps putting back what scoreline writes, and is left its way. "
            f'"scoreline explain {ids[0]}" says what; "scoreline resync --contact {ids[0]}" writes it once more.'
        )
    if ids := [each["id"] for each in document["failed"]]:
        ask, again = f"scoreline explain {ids[0]}", f"scoreline resync --contact {ids[0]}"
        yield f'{few(ids)} failed: "{ask}" says why, "{again}" tries again.'
