"""What `sandbox` says of itself: its address, what became of a file, how it is set up, what will go wrong."""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from sandbox import Fault, Life, Loaded, Portal

_LINES_NAMED = 3
"""Lines of a file named for each column and reason why cells were left out."""


def opening(portal: Portal, url: str) -> Iterator[str]:
    """Where the portal answers, and what to do next."""
    yield (
        f"A sandbox portal with {len(portal.contacts):,} contacts answers at {url} as portal {portal.portal_id}. "
        "In another terminal:"
    )
    yield f"  export HUBSPOT_BASE_URL={url} HUBSPOT_ACCESS_TOKEN={portal.token}"
    yield "  scoreline provision && scoreline plan"
    yield "Ctrl-C ends it, and nothing of it is kept. What scoreline knows of it is in the database that DATABASE_URL"
    yield "names, or scoreline.db where scoreline runs: delete that before you serve the same portal again."


def of_file(loaded: Loaded | None) -> Iterator[str]:
    """What became of a file, for whoever gave it."""
    if loaded is None:
        return
    if loaded.ids_kept:
        yield "Contacts have the ids that the file gives them."
    else:
        yield "Contacts have new ids: no column (Record ID, or hs_object_id) gives each of them a number of its own."
    made = [
        each.definition.name if each.heading == each.definition.name else f'{each.definition.name} ("{each.heading}")'
        for each in loaded.custom
    ]
    yield f"Columns that are no property of HubSpot's became custom ones: {', '.join(made) or 'none'}."
    if loaded.stages_added:
        yield f"Lifecycle stages that only the file knows were added after HubSpot's: {', '.join(loaded.stages_added)}."
    if loaded.newest:
        yield f"Times were moved so that the newest one, {loaded.newest}, is now."
    if loaded.left_out:
        yield f"Cells left out, since their property cannot hold them: {len(loaded.left_out):,}."
        yield from _left_out(loaded)


def _left_out(loaded: Loaded) -> Iterator[str]:
    lines: Mapping[tuple[str, str], list[int]] = defaultdict(list)
    for cell, why in loaded.left_out:
        lines[cell.heading, why].append(cell.line)
    for (heading, why), found in lines.items():
        named = ", ".join(map(str, found[:_LINES_NAMED])) + (" …" if len(found) > _LINES_NAMED else "")
        yield f'  {why}: {len(found):,} in column "{heading}", line {named}'


def of_portal(portal: Portal, turned: Sequence[str], latency_ms: float, live: float) -> Iterator[str]:
    """How the portal is set up."""
    limits = portal.limits
    yield f"Tier {portal.tier}: {limits.tier.burst} requests in ten seconds, {limits.daily:,} a day."
    if latency_ms:
        yield f"Every answer takes {latency_ms:g} ms longer."
    if turned:
        stand = portal.switches.as_json()
        yield f"Switches turned: {', '.join(f'{name}={json.dumps(stand[name])}' for name in turned)}."
    if live:
        yield f"Life goes on: {live:g} events a second, to any of the contacts."


def of_faults(faults: Sequence[Fault], url: str) -> Iterator[str]:
    if faults:
        yield "Faults:"
        yield from (f"  {_fault_in_words(fault)}" for fault in faults)
        yield f"  curl -X DELETE {url}/_sandbox/faults ends them, and undoes what lasts."


def _fault_in_words(fault: Fault) -> str:
    """What goes wrong, with which requests, and how often still."""
    does = {
        "status": fault.status,
        "drop": fault.drop,
        "delay_s": fault.delay_s,
        "spoil": fault.spoil,
        "rows": fault.rows,
    }
    own = ", ".join(f"{name} {value}" for name, value in does.items() if value)
    told = ", ".join(f"{name} {value}" for name, value in fault.told.items())
    whom = f"{fault.method or 'any method'}, {fault.path or 'any path'}"
    often = "always" if fault.times is None else "once" if fault.times == 1 else f"{fault.times} times"
    after = f", after {fault.skip} that pass" if fault.skip else ""
    named = f"{fault.name} ({told})" if told else fault.name
    return f"{own if fault.name == 'own' else named}: {whom}, {often}{after}"


def ending(life: Life, live: float) -> Iterator[str]:
    """What came of it."""
    if missed := [_fault_in_words(fault) for fault in life.portal.faults.never_hit()]:
        yield f"No request met: {'; '.join(missed)}."
    if live:
        yield f"{life.counts.total():,} events happened in the contacts' lives."
