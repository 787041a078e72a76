"""`what-if`: what another rulebook would change, before anyone reads it in HubSpot."""

import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from config import ConfigError, Rulebook, Settings, load_rulebook
from sync.bootstrap import opened_portal, opened_store, rulebook_of
from sync.cli.options import AsJson, ready
from sync.cli.output import print_json, say, table
from sync.ports import FatalError, Journal
from sync.records import RunRecord
from sync.selecting import PASSES

if TYPE_CHECKING:
    from sync.what_if import Difference

_RULES_SHOWN = 15


def add_to(app: typer.Typer) -> None:
    app.command("what-if")(what_if_command)


def what_if_command(
    rulebook: Annotated[Path, typer.Argument(metavar="RULEBOOK", help="A rulebook; or `default`, `classic`.")],
    as_json: AsJson = False,
) -> None:
    """What another rulebook would change: whose points, by how much, by which rules, and who would be in which stage.

    Works on what the last passes read, and asks HubSpot nothing. Contacts are named by id alone.
    """
    from sync.what_if import what_if

    began = time.monotonic()
    settings = ready()
    before, after = rulebook_of(settings), load_rulebook(rulebook)
    portal_id = _portal_id(settings)
    opens = partial(opened_portal, settings.database_url, portal_id)
    with opens() as kept:
        passes = _passes(kept.journal)
    at = datetime.now(UTC)
    found = what_if(opens, before, after, at)
    if not found.contacts:
        raise FatalError(
            f"Nothing has been read of portal {portal_id} yet that a rulebook could be tried on; nothing was done. "
            'The next pass that writes keeps what it reads: "scoreline resync --full", or the worker.'
        )
    document = _document(found, before, after, passes) | {
        "portal_id": portal_id,
        "at": at,
        "took_s": round(time.monotonic() - began, 3),
    }
    if as_json:
        print_json(document)
    else:
        _print(document)


def _portal_id(settings: Settings) -> str:
    """The portal whose contacts are meant: the one that is set, or the only one."""
    with opened_store(settings) as store:
        known = store.portals()
    if settings.portal_id:
        known = [settings.portal_id] if settings.portal_id in known else []
    if len(known) == 1:
        return known[0]
    if not known:
        raise FatalError('Nothing has been read yet; nothing was done. Begin with "scoreline plan".')
    raise ConfigError(
        f"The database knows {len(known)} portals ({', '.join(known)}); nothing was done. "
        "Name one with SCORELINE_PORTAL_ID."
    )


def _passes(journal: Journal) -> Mapping[str, RunRecord | None]:
    """The last full pass that came to its end, and the newest pass of all that did."""
    finished = (run for run in journal.runs(200) if run.mode in (*PASSES, "decay") and run.state == "finished")
    return {"full": journal.last_finished("full"), "newest": next(finished, None)}


def _document(
    found: "Difference", before: Rulebook, after: Rulebook, passes: Mapping[str, RunRecord | None]
) -> dict[str, Any]:
    from sync.what_if import LIMITS, not_kept

    labels = {rule.key: rule.label for rubric in (before.rubric, after.rubric) for rule in rubric.rules}
    labels[LIMITS] = "caps, limits, and what sales' answers take"
    moves = {pair: count for pair, count in found.stages.items() if pair[0] != pair[1]}
    return {
        "rulebook_in_force": before.version,
        "rulebook": after.version,
        "contacts": found.contacts,
        "read": {name: run and run.finished_at for name, run in passes.items()},
        "points": {
            "changed": found.changed,
            "risen": found.risen,
            "fallen": found.fallen,
            "mean": round(found.points / found.changed, 2) if found.changed else 0,
        },
        "grades_changed": found.grades.total(),
        "grades": {f"{one}->{other}": count for (one, other), count in found.grades.most_common()},
        "stages": list(_stages(found, after)),
        "moves": {
            f"{one or 'none'}->{other or 'none'}": count
            for (one, other), count in sorted(moves.items(), key=lambda item: -item[1])
        },
        "held_by_people": found.held,
        "confirmed_by_sales": found.confirmed,
        "rules": [
            {"key": key, "label": labels[key], "contacts": count, "points": found.rule_points[key]}
            for key, count in found.rules.most_common()
        ],
        "further_scores": dict(found.further.most_common()),
        "most": [
            {
                "id": moved.contact_id,
                "before": moved.before,
                "after": moved.after,
                "stage_before": moved.stage_before,
                "stage_after": moved.stage_after,
            }
            for moved in found.most
        ],
        "not_kept": not_kept(found, before, after),
    }


def _stages(found: "Difference", after: Rulebook) -> Iterator[Mapping[str, object]]:
    """How many contacts are in each stage by either rulebook; the lowest stage first, after those without any."""
    order: list[str | None] = [None, *after.policy.managed]
    met = {stage for pair in found.stages for stage in pair}
    for stage in [*order, *sorted((s for s in met if s not in order), key=str)]:
        sides = (sum(n for pair, n in found.stages.items() if pair[side] == stage) for side in (0, 1))
        yield {"stage": stage, **dict(zip(("before", "after"), sides, strict=True))}


def _print(document: Mapping[str, Any]) -> None:
    points, read = document["points"], document["read"]
    rulebooks = f"{document['rulebook']} in place of {document['rulebook_in_force']}"
    say(f"Rulebook {rulebooks}, on portal {document['portal_id']}")
    say(f"  contacts kept     {document['contacts']:>9,}  {_when(read)}")
    change = (
        f"  {points['risen']:,} rise, {points['fallen']:,} fall, {points['mean']:+} on average"
        if points["changed"]
        else ""
    )
    say(f"  points change     {points['changed']:>9,}{change}")
    say(f"  grade changes     {document['grades_changed']:>9,}")
    say(f"  stage changes     {sum(document['moves'].values()):>9,}")
    for move, count in document["moves"].items():
        say(f"    {count:>7,}  {move.replace('->', ' -> ')}")
    if document["held_by_people"]:
        say(f"  held              {document['held_by_people']:>9,}  would move, but a person set their stage")
    for key, count in document["further_scores"].items():
        say(f"  further score     {count:>9,}  of {key} changes")
    say()
    table(
        ("stage", "in force", "with this one", "more or less"),
        [
            (row["stage"] or "none", f"{row['before']:,}", f"{row['after']:,}", f"{row['after'] - row['before']:+,}")
            for row in document["stages"]
        ],
        right=("in force", "with this one", "more or less"),
    )
    _print_rules(document["rules"])
    _print_most(document["most"])
    say()
    for sentence in _what_it_cannot_tell(document):
        say(sentence)


def _when(read: Mapping[str, datetime | None]) -> str:
    full, newest = read["full"], read["newest"]
    if newest is None or full is None:
        return "no full pass has come to its end yet: there are more"
    if full == newest:
        return f"as the full pass of {full:%Y-%m-%d %H:%M} UTC read them"
    return (
        f"all read by the full pass of {full:%Y-%m-%d %H:%M} UTC, what changed since up to {newest:%Y-%m-%d %H:%M} UTC"
    )


def _print_rules(rules: Sequence[Mapping[str, Any]]) -> None:
    if not rules:
        return
    say()
    table(
        ("rule", "contacts", "points in all", "what"),
        [
            (rule["key"] or "-", f"{rule['contacts']:,}", f"{rule['points']:+,}", rule["label"])
            for rule in rules[:_RULES_SHOWN]
        ],
        right=("contacts", "points in all"),
    )
    if len(rules) > _RULES_SHOWN:
        say(f"… and {len(rules) - _RULES_SHOWN:,} rules more; --json lists them all")


def _print_most(most: Sequence[Mapping[str, Any]]) -> None:
    if not most:
        return
    say()
    table(
        ("contact", "points", "stage"),
        [
            (
                moved["id"],
                f"{moved['before']} -> {moved['after']}",
                moved["stage_before"] or "none"
                if moved["stage_before"] == moved["stage_after"]
                else f"{moved['stage_before'] or 'none'} -> {moved['stage_after'] or 'none'}",
            )
            for moved in most
        ],
    )


def _what_it_cannot_tell(document: Mapping[str, Any]) -> Iterator[str]:
    lacking = document["not_kept"]
    for what, names in (("Facts", lacking["facts"]), ("Acts", lacking["kinds"])):
        if names:
            yield (
                f"{what} that this rulebook reads and the last passes did not: {', '.join(names)}. "
                "They count as unknown here; the first full pass with it reads them."
            )
    if names := lacking["in_force"]:
        yield f"Not read yet for the rulebook in force either: {', '.join(names)}. The next full pass reads them."
    if names := lacking["sources"]:
        yield f"Fed by something else in this rulebook, and taken here as it was read: {', '.join(names)}."
    if confirmed := document["confirmed_by_sales"]:
        yield f"{confirmed:,} contacts were confirmed by sales; until when is not kept, and they are taken to stay."
    yield (
        "HubSpot was not asked: who is left alone by this rulebook, what people and sales did since, and surges that "
        'skip MQL are looked at by "scoreline plan".'
    )
