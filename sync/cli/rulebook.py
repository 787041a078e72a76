"""`rulebook check`, `schema`, `show`, and `config`: what is decided where."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
import yaml

from config import RulebookError, describe_settings, load_rulebook, rulebook_schema
from sync.cli.options import AsJson, ready
from sync.cli.output import print_json, say, table

rulebooks = typer.Typer(help="The rubric and the policy, as a YAML file.", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    app.add_typer(rulebooks, name="rulebook")
    app.command("config")(config_command)


@rulebooks.command("check")
def check(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A rulebook; or `default`, `classic`.")],
    as_json: AsJson = False,
) -> None:
    """All mistakes of a rulebook at once, each with its path and what was expected. Exits 2 when there are any."""
    try:
        rulebook = load_rulebook(file)
    except RulebookError as error:
        if not as_json:
            raise
        rows = [{"path": m.path, "found": m.found, "expected": m.expected} for m in error.mistakes]
        print_json({"ok": False, "mistakes": rows})
        raise typer.Exit(2) from None
    if as_json:
        print_json({"ok": True, "version": rulebook.version, "mistakes": []})
    else:
        say(f"{file}: no mistakes. Version {rulebook.version}, {len(rulebook.rubric.rules)} rules.")


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
