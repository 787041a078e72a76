"""Log lines: a sentence, a stable `action` key and ids; for people on a terminal, JSON elsewhere. Always on stderr."""

import logging
import sys
from typing import Any, Literal

import structlog


class Redact:
    """Takes the access token out of a line that is about to be written, wherever in it that stands."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, _logger: object, _name: str, line: str) -> str:
        return line.replace(self._token, "(token)") if self._token else line


def configure_logging(*, form: Literal["auto", "console", "json"], level: str, token: str = "") -> None:
    """Set up structlog for this process; `auto` is JSON unless stderr is a terminal."""
    as_json = form == "json" or (form == "auto" and not sys.stderr.isatty())
    # The other way to show a traceback prints the variables of every function: the token, and what contacts hold.
    on_console = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    renderer: Any = structlog.processors.JSONRenderer() if as_json else on_console
    processors: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    if as_json:
        processors.append(structlog.processors.format_exc_info)
    processors += [renderer, Redact(token)]
    structlog.configure(
        processors=processors,
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        # Looked up for each line: a progress display puts itself in stderr's place, so that lines go above it.
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )
    logging.getLogger("apscheduler").setLevel(logging.WARNING)
