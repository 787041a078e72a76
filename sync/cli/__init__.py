"""The command line: one thin file per group of commands, and what an error means for the exit status."""

import sys
import traceback
from importlib import metadata
from typing import Any, NoReturn

import structlog
import typer
from typer.core import TyperGroup

from config import ConfigError
from sync.cli import explaining, looking, portal, rulebook, running, trying, what_if
from sync.ports import ContactError, FatalError, LeaseHeld, LeaseLost, RetryableError, TokenRefused

DONE, NEEDS_A_PERSON, WRONG_USAGE, NOT_REACHED = 0, 1, 2, 3

_ORDER = (
    *("demo", "sandbox", "doctor", "provision", "plan", "resync", "worker"),
    *("explain", "what-if", "runs", "status", "rulebook", "config"),
)


class _InOrder(TyperGroup):
    """Lists the commands in the order in which a newcomer meets them."""

    def list_commands(self, ctx: Any) -> list[str]:
        return sorted(super().list_commands(ctx), key=_ORDER.index)


app = typer.Typer(
    name="scoreline",
    cls=_InOrder,
    help="Score the leads of a HubSpot portal, and keep their lifecycle stages true.",
    invoke_without_command=True,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def _main(
    version: bool = typer.Option(False, "--version", help="Show the version and exit.", is_eager=True),
) -> None:
    if version:
        typer.echo(f"scoreline {metadata.version('scoreline')}")
        raise typer.Exit


for group in (trying, portal, running, explaining, what_if, looking, rulebook):
    group.add_to(app)


def main() -> NoReturn:
    """Run a command and exit with the status that the contract gives its outcome."""
    sys.exit(status_of(sys.argv[1:]))


def status_of(arguments: list[str]) -> int:
    """Run a command; 0 done, 1 a person is needed, 2 wrong usage or settings, 3 not reached or refused."""
    try:
        app(args=arguments, prog_name="scoreline")
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else DONE
    except (LeaseHeld, LeaseLost, ContactError) as error:
        return _failed(error, NEEDS_A_PERSON)
    except (TokenRefused, RetryableError) as error:
        return _failed(error, NOT_REACHED)
    except (ConfigError, FatalError) as error:
        return _failed(error, WRONG_USAGE)
    except Exception as error:  # noqa: BLE001 - a mistake of ours is told in our way, too
        return _crashed(error)
    finally:
        structlog.reset_defaults()
    return DONE


def _failed(error: Exception, status: int) -> int:
    print(f"scoreline: {error}", file=sys.stderr)
    return status


def _crashed(error: Exception) -> int:
    """Where it happened, for whoever mends it; what was said is left out, since it may quote a contact or the token."""
    chain = [error]
    while (before := chain[-1].__cause__ or chain[-1].__context__) and isinstance(before, Exception):
        chain.append(before)
    for each in reversed(chain):
        print(type(each).__name__, *traceback.format_tb(each.__traceback__), sep="\n", end="", file=sys.stderr)
    print(
        f"scoreline: a mistake in the program ({type(error).__name__}). What was written stays written, and what was "
        "begun is settled by the next run. Please report it with the lines above.",
        file=sys.stderr,
    )
    return NEEDS_A_PERSON
