"""`demo`, `sandbox`: the whole thing without a HubSpot account."""

import tempfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from config import ConfigError, Rulebook, Settings, configure_logging
from sandbox import (
    RATE_MAX,
    Fault,
    FaultMistakesError,
    Life,
    Loaded,
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
from sync.cli.rehearsal import ending, of_faults, of_file, of_portal, opening
from sync.hubspot import provision
from sync.run import plan, resync
from sync.selecting import Selection
from sync.summary import Summary

Tier = Literal["free", "starter", "professional", "enterprise"]
ContactCount = Annotated[int, typer.Option("--contacts", min=1, help="How many contacts to make up.")]
Seed = Annotated[int, typer.Option("--seed", help="The same seed makes up the same people.")]
CONTACTS, SEED = 500, 1
"""How many people are made up, and which, unless said otherwise."""


def add_to(app: typer.Typer) -> None:
    app.command("demo")(demo_command)
    app.command("sandbox")(sandbox_command)


def demo_command(contacts: ContactCount = CONTACTS, seed: Seed = SEED, as_json: AsJson = False) -> None:
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
            talk(
                "This portal and its database are gone now. To try the commands named above, serve the same people with"
            )
            talk(f'"scoreline sandbox --contacts {contacts} --seed {seed}", and do what that says.')
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
            "SCORELINE_PORTAL_ID": str(portal.portal_id),
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
    contacts: Annotated[
        int | None,
        typer.Option("--contacts", min=1, help=f"How many contacts to make up: {CONTACTS}, unless told."),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(
            "--seed", help=f"The same seed makes up the same people, and the same --live; {SEED}, unless told."
        ),
    ] = None,
    latency_ms: Annotated[float, typer.Option("--latency-ms", min=0, help="Added to every answer.")] = 0,
    tier: Annotated[Tier, typer.Option("--tier", help="Whose limits apply, and what it lists.")] = "professional",
    csv: Annotated[
        Path | None, typer.Option("--csv", exists=True, dir_okay=False, help="Contacts from an export of HubSpot's.")
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
    _one_source(csv, shift_to_now=shift_to_now, contacts=contacts, seed=None if live else seed)
    how_many, chance = contacts or CONTACTS, SEED if seed is None else seed
    loaded = _from_file(csv, shift_to_now, tier) if csv else None
    named = portal_id_for(how_many, chance)
    portal = loaded.portal if loaded else generate(contacts=how_many, seed=chance, tier=tier, portal_id=named)
    turned = _turn(portal, switches or ())
    for fault in _faults_of(faults) if faults else ():
        portal.faults.add(fault)
    life = Life(portal, chance)
    _serve(life, live, port, latency_ms, (*of_file(loaded), *of_portal(portal, turned, latency_ms, live)))


def _serve(life: Life, live: float, port: int, latency_ms: float, told: Sequence[str]) -> None:
    """Serve the portal of a life, which goes on meanwhile; `told` is what the start says beside the address."""
    portal = life.portal

    def announce(url: str) -> None:
        for line in (*opening(portal, url), *told, *of_faults(portal.faults.pending(), url)):
            say(line)

    try:
        with living(life, live) if live else nullcontext():
            serve_forever(portal, port=port, latency_ms=latency_ms, on_ready=announce)
    except OSError as error:
        raise ConfigError(
            f"Port {port} cannot be served: {error.strerror}. Name another with --port; 0 takes any free one."
        ) from error
    for line in ending(life, live):
        say(line)


def portal_id_for(*content: object) -> int:
    """An id of eight digits for a portal with this content, so that one database can tell two portals apart."""
    return 10_000_000 + zlib.crc32(repr(content).encode()) % 90_000_000


def _one_source(csv: Path | None, *, shift_to_now: bool, contacts: int | None, seed: int | None) -> None:
    """Contacts come from a file or are made up. ConfigError for what would mean nothing with the one or the other."""
    given = {"--contacts": contacts is not None, "--seed": seed is not None}
    if csv and (useless := [name for name, is_given in given.items() if is_given]):
        raise ConfigError(
            f"{' and '.join(useless)} cannot be combined with --csv, whose contacts are not made up; nothing is "
            "served. Choose one."
        )
    if shift_to_now and not csv:
        raise ConfigError("--shift-to-now moves the times of a file; nothing is served. Name the file with --csv.")


def _turn(portal: Portal, switches: Sequence[str]) -> Sequence[str]:
    """Turn the switches; their names."""
    named = dict(each.partition("=")[::2] for each in switches)
    try:
        portal.switches.turn(**named)
    except ValueError as error:
        raise ConfigError(f"A switch of the sandbox cannot be turned: {error}. Turn it with NAME=VALUE.") from error
    return list(named)


def _faults_of(file: Path) -> Sequence[Fault]:
    try:
        return read_faults(file)
    except FaultMistakesError as error:
        listed = "\n".join(f"  {mistake}" for mistake in error.mistakes)
        raise ConfigError(f"{file} does not say what goes wrong in a way that can be played:\n{listed}") from error


def _from_file(csv: Path, shift_to_now: bool, tier: Tier) -> Loaded:
    try:
        at = csv.stat()
        portal_id = portal_id_for(str(csv.resolve()), at.st_mtime_ns, at.st_size)
        return load_csv(csv, shift_to_now=shift_to_now, tier=tier, portal_id=portal_id)
    except ValueError as error:
        raise ConfigError(f"{csv} is not an export that can be served: {error}.") from error
