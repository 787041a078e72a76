"""`what-if`: what another rulebook would change, before anyone reads it in HubSpot."""

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from config import ConfigError, Rulebook, Settings, load_rulebook
from sync.bootstrap import opened_portal, opened_store, rulebook_of
from sync.cli.options import AsJson, ready
from sync.cli.output import print_json, say, table
from sync.difference import MOVERS, Difference, Moved
from sync.ports import FatalError, Journal
from sync.records import RunRecord
from sync.selecting import PASSES
from sync.wording import short

_RULES_SHOWN = 15
_GRADES_SHOWN = 5
_MOVERS_SHOWN = 20


def add_to(app: typer.Typer) -> None:
    app.command("what-if")(what_if_command)


def what_if_command(
    rulebook: Annotated[Path, typer.Argument(metavar="RULEBOOK", help="A rulebook; or `default`, `classic`.")],
    as_json: AsJson = False,
) -> None:
    """What another rulebook would change: whose points, by how much, by which rules, and who would be in which stage.

    Works on what the last passes read, and asks HubSpot nothing. Contacts are named by id alone: those that would move
    (--json names 1,000), and those whose points change most.
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
        raise _nothing_kept(f"portal {portal_id}")
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
        raise _nothing_kept("any portal")
    raise ConfigError(
        f"The database knows {len(known)} portals ({', '.join(known)}); nothing was done. "
        "Name one with SCORELINE_PORTAL_ID."
    )


def _nothing_kept(of: str) -> FatalError:
    return FatalError(
        f"Nothing is kept of {of} yet that a rulebook could be tried on; nothing was done. "
        '"scoreline resync --full" keeps what it reads, and so does the worker; also where the safety limit then '
        "refuses the plan, and nothing is written to HubSpot. A plan keeps nothing."
    )


def _passes(journal: Journal) -> Mapping[str, RunRecord | None]:
    """The last full pass that read all contacts to the end, and the newest pass of all that did.

    One whose plan was refused has read them, too, and kept what it read.
    """
    read = [run for run in journal.runs(200) if run.mode in PASSES and run.state in ("finished", "refused")]
    full = next((run for run in read if run.mode == "full"), None) or journal.last_finished("full")
    return {"full": full, "newest": next(iter(read), full)}


def _document(
    found: Difference, before: Rulebook, after: Rulebook, passes: Mapping[str, RunRecord | None]
) -> dict[str, Any]:
    from sync.what_if import LIMITS, not_kept

    labels = {rule.key: rule.label for rubric in (before.rubric, after.rubric) for rule in rubric.rules}
    labels[LIMITS] = "not by a rule, but by caps, limits of a score, and points that sales' answers take"
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
        "movers": {
            "contacts": sum(moves.values()),
            "setter_unknown": found.setter_unknown,
            "listed": [_moved_document(moved) | {"setter_known": moved.setter_known} for moved in found.movers],
        },
        "held": list(_held(found)),
        "confirmed_by_sales": found.confirmed,
        "rules": [
            {"key": key, "label": labels[key], "contacts": count, "points": found.rule_points[key]}
            for key, count in found.rules.most_common()
        ],
        "further_scores": dict(found.further.most_common()),
        "most": [_moved_document(moved) for moved in found.most],
        "not_kept": not_kept(found, before, after),
    }


def _moved_document(moved: Moved) -> dict[str, Any]:
    return {
        "id": moved.contact_id,
        "before": moved.before,
        "after": moved.after,
        "stage_before": moved.stage_before,
        "stage_after": moved.stage_after,
    }


def _stages(found: Difference, after: Rulebook) -> Iterator[Mapping[str, object]]:
    """How many contacts are in each stage by either rulebook; the lowest stage first, after those without any."""
    order: list[str | None] = [None, *after.policy.managed]
    met = {stage for pair in found.stages for stage in pair}
    for stage in [*order, *sorted((s for s in met if s not in order), key=str)]:
        yield {"stage": stage, **_sides(found.stages, stage)}


def _held(found: Difference) -> Iterator[Mapping[str, object]]:
    """How many contacts are kept in their stage by either rulebook, and why."""
    for reason in sorted({reason for pair in found.held for reason in pair if reason}):
        yield {"reason": reason, **_sides(found.held, reason)}


def _sides(pairs: Counter[tuple[str | None, str | None]], name: str | None) -> Mapping[str, int]:
    """How often a name stands on either side of pairs."""
    before, after = (sum(count for pair, count in pairs.items() if pair[side] == name) for side in (0, 1))
    return {"before": before, "after": after}


def _print(document: Mapping[str, Any]) -> None:
    points, movers = document["points"], document["movers"]
    rulebooks = f"{document['rulebook']} in place of {document['rulebook_in_force']}"
    say(f"Rulebook {rulebooks}, on portal {document['portal_id']}")
    say(f"  contacts kept     {document['contacts']:>9,}  {_when(document['read'])}")
    change = f"{points['risen']:,} rise, {points['fallen']:,} fall; {points['mean']:+} on average of these"
    say(f"  points change     {points['changed']:>9,}{'  ' + change if points['changed'] else ''}")
    say(f"  grade changes     {document['grades_changed']:>9,}")
    _print_pairs(document["grades"], _GRADES_SHOWN)
    say(f"  stage changes     {movers['contacts']:>9,}")
    _print_pairs(document["moves"], len(document["moves"]))
    for key, count in document["further_scores"].items():
        say(f"  further score     {count:>9,}  of {key} changes")
    if unknown := movers["setter_unknown"]:
        say(
            f"{movers['contacts']:,} would move; of {unknown:,} of them it is not known whether a person set their "
            'stage, which may hold it: "scoreline plan" with this rulebook asks HubSpot.'
        )
    _print_sides("stage", ((row["stage"] or "none", row) for row in document["stages"]))
    _print_sides("held because of", ((short(row["reason"]), row) for row in document["held"]))
    say(
        "First the one in force, then this one, on what was read: HubSpot shows what was last written, and "
        '"scoreline plan" begins there.'
    )
    _print_rules(document["rules"])
    _print_contacts("would move", movers["listed"][:_MOVERS_SHOWN])
    if (more := movers["contacts"] - _MOVERS_SHOWN) > 0:
        all_or_some = "them all" if movers["contacts"] <= MOVERS else f"{MOVERS:,} of them"
        say(f"… and {more:,} more that would move; --json lists {all_or_some}")
    _print_contacts("points change most", document["most"])
    say()
    for sentence in _what_it_cannot_tell(document):
        say(sentence)


def _print_pairs(pairs: Mapping[str, int], most: int) -> None:
    """The first pairs of from and to, each with how many contacts it is of."""
    for pair, count in [*pairs.items()][:most]:
        say(f"    {count:>7,}  {pair.replace('->', ' -> ')}")
    if len(pairs) > most:
        say(f"    {sum([*pairs.values()][most:]):>7,}  others; --json lists them all")


def _print_sides(what: str, rows: Iterable[tuple[str, Mapping[str, Any]]]) -> None:
    numbers = ("by the one in force", "by this one", "more or less")
    shown = [
        (name, f"{row['before']:,}", f"{row['after']:,}", f"{row['after'] - row['before']:+,}") for name, row in rows
    ]
    if shown:
        say()
        table((what, *numbers), shown, right=numbers)


def _when(read: Mapping[str, datetime | None]) -> str:
    full, newest = read["full"], read["newest"]
    if newest is None or full is None:
        return "no full pass has read everybody yet: there may be more"
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
            (rule["key"] or "others", f"{rule['contacts']:,}", f"{rule['points']:+,}", rule["label"])
            for rule in rules[:_RULES_SHOWN]
        ],
        right=("contacts", "points in all"),
    )
    if len(rules) > _RULES_SHOWN:
        say(f"… and {len(rules) - _RULES_SHOWN:,} rules more; --json lists them all")


def _print_contacts(what: str, contacts: Sequence[Mapping[str, Any]]) -> None:
    if not contacts:
        return
    say()
    table(
        (what, "points", "stage"),
        [
            (
                moved["id"],
                _from_to(moved["before"], moved["after"]),
                _from_to(moved["stage_before"] or "none", moved["stage_after"] or "none"),
            )
            for moved in contacts
        ],
    )


def _from_to(one: object, other: object) -> str:
    return str(one) if one == other else f"{one} -> {other}"


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
