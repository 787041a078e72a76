"""`demo`, `sandbox`: the whole thing without a HubSpot account."""

import tempfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from csv import Error as FormatError
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from config import ConfigError, Rulebook, Settings, configure_logging
from sandbox import (
    RATE_MAX,
    Fault,
    FaultMistakesError,
    Life,
    Portal,
    SandboxServer,
    generate,
    living,
    load_csv,
    read_faults,
    serve_forever,
)
from sync.bootstrap import connection_of, knobs_of, opened_world, rulebook_of
from sync.cli.options import AsJson, ready
from sync.cli.output import ShownProgress, print_json, print_summary, say, table
from sync.hubspot import provision
from sync.run import Summary, plan, resync
from sync.selecting import Selection

Tier = Literal["free", "starter", "professional", "enterprise"]
ContactCount = Annotated[int, typer.Option("--contacts", min=1, help="How many contacts to make up.")]
Seed = Annotated[int, typer.Option("--seed", help="The same seed makes up the same people.")]


def add_to(app: typer.Typer) -> None:
    app.command("demo")(demo_command)
    app.command("sandbox")(sandbox_command)


def demo_command(contacts: ContactCount = 500, seed: Seed = 1, as_json: AsJson = False) -> None:
    """The whole main job against an embedded sandbox portal; no account needed, nothing is kept."""
    portal = generate(contacts=contacts, seed=seed)
    with SandboxServer(portal) as server, _own_settings(portal, server.url) as settings:
        configure_logging(form=settings.log_format, level="warning")
        rulebook = rulebook_of(settings)
        talk = (lambda _text="": None) if as_json else say
        talk(f"1. A sandbox portal with {contacts:,} made-up contacts answers at {server.url}")
        made = provision(connection_of(settings), rulebook)
        talk(f"2. Provisioned {len(made) - 1} properties of ours in it, and their group")
        talk("3. The plan: what a resync would write. Nothing is written yet.")
        planned = _run(settings, "plan", as_json)
        talk("4. The resync. It is the first one and moves many leads, so the large plan is accepted on purpose.")
        first = _run(settings, "resync", as_json)
        talk("5. A second resync: nothing has changed, so it must not send a single write.")
        second = _run(settings, "resync", as_json)
        seen = list(_as_sales_see_it(portal, rulebook))
        calm = second.requests.write == 0
        if as_json:
            runs = {"plan": planned.as_json(), "resync": first.as_json(), "second_resync": second.as_json()}
            print_json(runs | {"second_resync_wrote_nothing": calm, "sales_see": seen})
        else:
            talk("6. What a salesperson sees in HubSpot now, the five highest scores:")
            table(
                ("contact", "stage", "grade", "score", "why"),
                [(s["name"], s["stage"], s["grade"], s["score"], s["reasons"].replace("\n", "; ")) for s in seen],
                right=("score",),
            )
            talk("The second resync wrote nothing: done." if calm else "The second resync WROTE something: a fault.")
    if not calm or first.tally.failed:
        raise typer.Exit(1)


def _run(settings: Settings, what: Literal["plan", "resync"], as_json: bool) -> Summary:
    progress = ShownProgress()
    with progress, opened_world(settings, writes=True, progress=progress) as world:
        selection, knobs = Selection(mode="full"), knobs_of(settings)
        if what == "plan":
            summary = plan(world, selection, knobs)
        else:
            summary = resync(world, selection, knobs, command="demo", accept_large_plan=True)
    if not as_json:
        print_summary(summary, wrote=what == "resync")
    return summary


@contextmanager
def _own_settings(portal: Portal, url: str) -> Iterator[Settings]:
    """Settings for an embedded portal: a database of its own that goes away, nothing from `.env`."""
    with tempfile.TemporaryDirectory(prefix="scoreline-demo-") as folder:
        given: Mapping[str, Any] = {
            "HUBSPOT_ACCESS_TOKEN": portal.token,
            "HUBSPOT_BASE_URL": url,
            "DATABASE_URL": f"sqlite:///{Path(folder) / 'demo.db'}",
        }
        yield Settings(_env_file=None, **given)  # type: ignore[call-arg] # the base class takes it


def _as_sales_see_it(portal: Portal, rulebook: Rulebook) -> Iterator[dict[str, str]]:
    """The properties of the five contacts with the highest scores, as HubSpot would show them."""
    names = rulebook.properties
    scored = [r.properties for r in portal.contacts.live.values() if r.properties.get(names["score"])]
    scored.sort(key=lambda held: -float(held[names["score"]]))
    for held in scored[:5]:
        yield {
            "name": f"{held.get('firstname', '')} {held.get('lastname', '')}".strip(),
            "stage": held.get("lifecyclestage") or "none",
            "grade": held.get(names["grade"]) or "",
            "score": held.get(names["score"]) or "",
            "reasons": held.get(names["reasons"]) or "",
        }


def sandbox_command(
    *,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: any free port.")] = 8025,
    contacts: ContactCount = 500,
    seed: Seed = 1,
    latency_ms: Annotated[float, typer.Option("--latency-ms", min=0, help="Added to every answer.")] = 0,
    tier: Annotated[Tier, typer.Option("--tier", help="Whose limits apply.")] = "professional",
    csv: Annotated[
        Path | None, typer.Option("--csv", exists=True, dir_okay=False, help="Contacts from a HubSpot-style export.")
    ] = None,
    shift_to_now: Annotated[
        bool, typer.Option("--shift-to-now", help="The newest time of the file becomes now.")
    ] = False,
    live: Annotated[
        float,
        typer.Option("--live", metavar="RATE", min=0, max=RATE_MAX, help="Events a second in the contacts' lives."),
    ] = 0,
    faults: Annotated[
        Path | None,
        typer.Option("--faults", exists=True, dir_okay=False, help="What goes wrong, in YAML: see docs/sandbox.md."),
    ] = None,
    switches: Annotated[
        list[str] | None,
        typer.Option("--switch", metavar="NAME=VALUE", help="Turn a switch of the portal; repeatable."),
    ] = None,
) -> None:
    """Serve a sandbox portal on this machine until SIGINT or SIGTERM."""
    ready()
    if csv:
        portal = _from_file(csv, shift_to_now, tier)
    else:
        portal = generate(contacts=contacts, seed=seed, tier=tier, portal_id=portal_id_for(contacts, seed))
    _turn(portal, switches or ())
    life = Life(portal, seed)
    for fault in _faults_of(faults) if faults else ():
        portal.faults.add(fault)

    def announce(url: str) -> None:
        how_many, named = len(portal.contacts), portal.portal_id
        say(f"A sandbox portal with {how_many:,} contacts answers at {url} as portal {named}. In another terminal:")
        say(f"  export HUBSPOT_BASE_URL={url} HUBSPOT_ACCESS_TOKEN={portal.token}")
        say("  scoreline provision && scoreline plan")
        say(
            "Ctrl-C ends it, and nothing of it is kept. What scoreline knows of it is in the database that DATABASE_URL"
        )
        say("names, or scoreline.db where scoreline runs: delete that before you serve the same portal again.")
        if csv:
            made = [each.name for each in portal.contacts.definitions.list() if not each.hubspot_defined]
            say(f"Columns that are no property of HubSpot's became custom ones: {', '.join(made) or 'none'}.")

    try:
        with living(life, live) if live else nullcontext():
            serve_forever(portal, port=port, latency_ms=latency_ms, on_ready=announce)
    except OSError as error:
        raise ConfigError(
            f"Port {port} cannot be served: {error.strerror}. Name another with --port; 0 takes any free one."
        ) from error
    if live:
        say(f"{life.counts.total():,} events happened in the contacts' lives.")


def portal_id_for(*content: object) -> int:
    """An id of eight digits for a portal with this content, so that one database can tell two portals apart."""
    return 10_000_000 + zlib.crc32(repr(content).encode()) % 90_000_000


def _turn(portal: Portal, switches: Sequence[str]) -> None:
    named = dict(each.partition("=")[::2] for each in switches)
    try:
        portal.switches.turn(**named)
    except ValueError as error:
        raise ConfigError(f"A switch of the sandbox cannot be turned: {error}. Turn it with NAME=VALUE.") from error


def _faults_of(file: Path) -> Sequence[Fault]:
    try:
        return read_faults(file)
    except FaultMistakesError as error:
        listed = "\n".join(f"  {mistake}" for mistake in error.mistakes)
        raise ConfigError(f"{file} does not say what goes wrong in a way that can be played:\n{listed}") from error


def _from_file(csv: Path, shift_to_now: bool, tier: Tier) -> Portal:
    try:
        at = csv.stat()
        portal_id = portal_id_for(str(csv.resolve()), at.st_mtime_ns, at.st_size)
        return load_csv(csv, shift_to_now=shift_to_now, tier=tier, portal_id=portal_id)
    except (ValueError, FormatError) as error:
        raise ConfigError(
            f"{csv} is not an export that can be served: {error}. It must be CSV in UTF-8, whose first row names "
            "HubSpot properties."
        ) from error
