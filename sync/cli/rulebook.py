"""`rulebook check`, `schema`, `show`, and `config`: what is decided where."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated

import typer
import yaml

from config import Mistake, Rulebook, RulebookError, describe_settings, load_rulebook, rulebook_schema
from sync.bootstrap import connection_of
from sync.cli.fitting import forms_document, lacking_document, print_forms, print_lacking
from sync.cli.options import AsJson, ready
from sync.cli.output import print_json, say, table
from sync.hubspot import HubSpotPortal, PropertyLacking, mistakes_against, properties_lacking, unnamed_forms
from sync.records import Form

rulebooks = typer.Typer(help="The rubric and the policy, as a YAML file.", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    app.add_typer(rulebooks, name="rulebook")
    app.command("config")(config_command)


@rulebooks.command("check")
def check(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A rulebook; or `default`, `classic`.")],
    against_portal: Annotated[
        bool, typer.Option("--portal", help="Compare it with the portal behind HUBSPOT_ACCESS_TOKEN, too.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """All mistakes of a rulebook at once, each with its path and what was expected. Exits 2 when there are any.

    With --portal also what it names and the portal lacks (stages, forms, lists, types of events); and, as no mistakes,
    the properties that it reads and the portal lacks, and the portal's forms that no class of it has.
    """
    try:
        rulebook = load_rulebook(file)
    except RulebookError as error:
        if not as_json:
            raise
        print_json({"ok": False, "mistakes": _mistakes_document(error.mistakes)})
        raise typer.Exit(2) from None
    compared = _against_portal(rulebook) if against_portal else None
    mistakes = compared.mistakes if compared else ()
    if as_json:
        found = _mistakes_document(mistakes)
        told = compared.as_json() if compared else {}
        print_json({"ok": not mistakes, "version": rulebook.version, "mistakes": found} | told)
    else:
        if compared and mistakes:
            raise RulebookError(f"{file}, compared with portal {compared.portal_id},", mistakes)
        say(f"{file}: no mistakes. Version {rulebook.version}, {len(rulebook.rubric.rules)} rules.")
        if compared:
            say(f"Compared with portal {compared.portal_id}.")
            print_lacking(compared.lacking)
            print_forms(compared.forms)
    if mistakes:
        raise typer.Exit(2)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Compared:
    """A rulebook beside a portal."""

    portal_id: str
    mistakes: Sequence[Mistake]
    """What the rulebook names and the portal lacks."""
    lacking: Sequence[PropertyLacking]
    forms: Sequence[Form]
    """The portal's forms that the rulebook has no class for."""

    def as_json(self) -> dict[str, object]:
        return {
            "portal_id": self.portal_id,
            "properties_lacking": lacking_document(self.lacking),
            "forms_without_class": forms_document(self.forms),
        }


def _against_portal(rulebook: Rulebook) -> _Compared:
    connection = connection_of(ready())
    lists = replace(rulebook, partner_lists=())  # each is asked for on its own: one that is gone must not hide the rest
    facts = HubSpotPortal(connection, lists).facts()
    return _Compared(
        portal_id=facts.portal_id,
        mistakes=list(mistakes_against(connection, rulebook, facts)),
        lacking=properties_lacking(connection, rulebook, facts),
        forms=unnamed_forms(rulebook, facts),
    )


def _mistakes_document(mistakes: Sequence[Mistake]) -> list[dict[str, str]]:
    return [{"path": mistake.path, "found": mistake.found, "expected": mistake.expected} for mistake in mistakes]


@rulebooks.command("schema")
def schema() -> None:
    """The JSON Schema of a rulebook, for editors."""
    print_json(rulebook_schema())


@rulebooks.command("show")
def show(as_json: AsJson = False) -> None:
    """The rulebook in force, complete, with what it inherits."""
    settings = ready()
    rulebook = load_rulebook(settings.rulebook)
    if as_json:
        print_json({"version": rulebook.version, "rulebook": yaml.safe_load(rulebook.text)})
        return
    print(f"# {rulebook.version}\n{rulebook.text}")  # as it is: a line that is broken may be another rulebook


def config_command(as_json: AsJson = False) -> None:
    """Every setting, its value, where that came from, and what it means. Exits 2 when one has a mistake."""
    lines = describe_settings()
    wrong = any(line.mistake for line in lines)
    if not wrong:
        ready()  # warns of names that mean nothing
    if as_json:
        print_json([asdict(line) for line in lines])
    else:
        rows = [(s.name, s.value, s.source, f"WRONG: {s.mistake}" if s.mistake else s.meaning) for s in lines]
        table(("setting", "value", "from", "meaning"), rows)
    if wrong:
        raise typer.Exit(2)
