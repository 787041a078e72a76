"""Log lines: a sentence, a stable `action` key and ids; for people on a terminal, JSON elsewhere. Always on stderr."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any, Literal

import structlog


class Redact:
    """Takes the access token out of whatever is about to be logged."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, _logger: object, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        if self._token:
            for key, value in event.items():
                if isinstance(value, str) and self._token in value:
                    event[key] = value.replace(self._token, "(token)")
        return event


def configure_logging(*, form: Literal["auto", "console", "json"], level: str, token: str = "") -> None:
    """Set up structlog for this process; `auto` is JSON unless stderr is a terminal."""
    as_json = form == "json" or (form == "auto" and not sys.stderr.isatty())
    renderer: Any = structlog.processors.JSONRenderer() if as_json else structlog.dev.ConsoleRenderer()
    processors: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    if as_json:
        processors.append(structlog.processors.format_exc_info)
    structlog.configure(
        processors=[*processors, Redact(token), renderer],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        # Looked up for each line: a progress display puts itself in stderr's place, so that lines go above it.
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )
    logging.getLogger("apscheduler").setLevel(logging.WARNING)
