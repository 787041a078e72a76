"""`doctor`, `provision`: whether the portal fits, and making it fit."""

from collections.abc import Mapping

import typer

from config import Settings
from sync.bootstrap import connection_of, is_still_to_be_made, opened_store, rulebook_of
from sync.cli.fitting import fitting_document, print_fitting
from sync.cli.options import AsJson, ready
from sync.cli.output import print_json, say, table
from sync.hubspot import diagnose, provision
from sync.traces import FeedNote


def add_to(app: typer.Typer) -> None:
    app.command("doctor")(doctor_command)
    app.command("provision")(provision_command)


def doctor_command(as_json: AsJson = False) -> None:
    """Token, scopes, limits, properties, stages; and rule by rule what feeds it here, and what that costs a day.

    Exits 1 when something is to be mended; so it is when a feed that told runs something does not answer any more.
    """
    settings = ready()
    found = diagnose(connection_of(settings), rulebook_of(settings), lambda portal_id: _noted(settings, portal_id))
    checks, every_s = found.checks, settings.incremental_every_s
    broken = [check.name for check in checks if check.ok is False]
    if as_json:
        rows = [{"name": c.name, "ok": c.ok, "detail": c.detail, "advice": c.advice} for c in checks]
        fitting = fitting_document(found.fitting, every_s) if found.fitting else {}
        print_json({"ok": not broken, "checks": rows} | fitting)
    else:
        table(("", "check", "what was found"), [(_SIGNS[c.ok], c.name, c.detail) for c in checks], piped_width=120)
        for advice in dict.fromkeys(check.advice for check in checks if check.advice):
            say(f"{', '.join(c.name for c in checks if c.advice == advice)}: {advice}")
        if found.fitting:
            print_fitting(found.fitting, every_s)
            say()
        say('Mend what is marked !!; then "scoreline doctor" finds it ok.' if broken else "Nothing is broken.")
    if broken:
        raise typer.Exit(1)


def _noted(settings: Settings, portal_id: str) -> Mapping[str, FeedNote]:
    """How the feeds stood when runs last asked them; no database is made to look."""
    if is_still_to_be_made(settings.database_url):
        return {}
    with opened_store(settings) as store:
        return store.portal(portal_id).traces.notes() if portal_id in store.portals() else {}


_SIGNS = {True: "ok", False: "!!", None: "--"}
"""None: nothing is broken, but less is known than could be."""


def provision_command(as_json: AsJson = False) -> None:
    """Create or complete the property group, the properties and their options in HubSpot. Safe to repeat."""
    settings = ready()
    done = provision(connection_of(settings), rulebook_of(settings))
    if as_json:
        print_json({"properties": [{"name": name, "done": what} for name, what in done]})
    else:
        table(("property", "done"), done)
