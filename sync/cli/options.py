"""Options that several commands share, and what they mean."""

import re
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from types import FrameType
from typing import Annotated

import typer

from config import ConfigError, Settings, configure_logging, load_settings, unknown_settings
from sync.selecting import Selection
from sync.world import World

AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on stdout; logs stay on stderr.")]
Full = Annotated[bool, typer.Option("--full", help="Every contact.")]
Contacts = Annotated[
    list[str] | None, typer.Option("--contact", metavar="ID-OR-EMAIL", help="Only this contact; may be repeated.")
]
List = Annotated[str | None, typer.Option("--list", metavar="ID", help="Only the members of this HubSpot list.")]
Since = Annotated[
    str | None, typer.Option("--since", metavar="WHEN", help="Only what changed since: 2026-11-01, an ISO time, or 7d.")
]
AcceptLarge = Annotated[
    bool, typer.Option("--accept-large-plan", help="Write also a plan that the safety limit would refuse.")
]


def _run_id(text: str) -> int:
    if not re.fullmatch("[0-9]{1,10}", text) or not 1 <= int(text) < 2**31:
        raise typer.BadParameter(f"{text!r} is no plan's number; `scoreline runs` lists them.")
    return int(text)


RunId = Annotated[int, typer.Argument(metavar="ID", parser=_run_id, help="The number of the plan's run.")]


def ready(*, talks: bool = False) -> Settings:
    """Settings read, logging set up; a setting that means nothing is said aloud.

    On a terminal a command that does one thing and reports it logs only what is amiss, unless SCORELINE_LOG_LEVEL is
    given; one that `talks` has nothing but its log.
    """
    import structlog

    settings = load_settings()
    token = settings.access_token.get_secret_value() if settings.access_token else ""
    watched = sys.stderr.isatty() and not talks and "log_level" not in settings.model_fields_set
    configure_logging(form=settings.log_format, level="warning" if watched else settings.log_level, token=token)
    for sentence in unknown_settings():
        structlog.get_logger().warning(sentence, action="settings.unknown")
    return settings


def selection_from(
    world: World, *, full: bool, contacts: list[str] | None, list_id: str | None, since: str | None
) -> Selection:
    """What the options select; without any, what changed since the watermark."""
    if contacts is not None:
        return _selected_contacts(world, contacts)
    if list_id is not None:
        return Selection(mode="list", list_id=list_id)
    if since is not None:
        return Selection(mode="since", since=moment(since, world.now()))
    return Selection(mode="full" if full else "incremental")


def one_selection(*, full: bool, contacts: list[str] | None, list_id: str | None, since: str | None) -> None:
    """At most one way to select. ConfigError otherwise, before anything is asked or written."""
    asked = {"--full": full or None, "--contact": contacts, "--list": list_id, "--since": since}
    given = [name for name, value in asked.items() if value is not None]
    if len(given) > 1:
        raise ConfigError(f"{' and '.join(given)} cannot be combined; nothing was done. Choose one.")
    # An empty variable in a script must not widen one list to the whole portal.
    if empty := [name for name in given if asked[name] in ("", [""])]:
        raise ConfigError(f"{empty[0]} is empty; nothing was done. Say which, or leave it out.")
    if since is not None:
        moment(since, datetime.now(UTC))


def _selected_contacts(world: World, asked: list[str]) -> Selection:
    """The contacts asked for; those that HubSpot does not have are named by id, an address only by its place."""
    found = [(who, world.reader.find(who)) for who in asked]
    unknown = [
        who if who.strip().isdecimal() else f"the address given as --contact number {place}"
        for place, (who, contact_id) in enumerate(found, 1)
        if contact_id is None
    ]
    return Selection(mode="contacts", contact_ids=[i for _, i in found if i is not None], unknown=unknown)


def moment(text: str, now: datetime) -> datetime:
    """A point in time from `7d`, `12h`, a date, or an ISO time; a date alone begins in the zone of `now`."""
    if span := re.fullmatch(r"(\d{1,5})([dh])", text.strip()):
        size = timedelta(days=1) if span[2] == "d" else timedelta(hours=1)
        return now - int(span[1]) * size
    try:
        then = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ConfigError(
            f"--since {text!r} is neither a time nor a span; nothing was done. Write 2026-11-01, "
            "2026-11-01T08:00:00Z, 7d or 12h."
        ) from None
    then = then if then.tzinfo else then.replace(tzinfo=now.tzinfo)
    if then > now + timedelta(days=1):  # today's date may have begun elsewhere
        raise ConfigError(f"--since {text!r} is in the future, where nothing has changed yet; nothing was done.")
    return then


@contextmanager
def stop_on_signal() -> Iterator[threading.Event]:
    """SIGTERM and SIGINT ask for a stop between two batches; a second SIGINT ends at once."""
    asked = threading.Event()

    def handle(number: int, frame: FrameType | None) -> None:
        if asked.is_set() and number == signal.SIGINT:
            signal.default_int_handler(number, frame)
        asked.set()

    before = {number: signal.signal(number, handle) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
