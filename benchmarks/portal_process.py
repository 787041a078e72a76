"""A sandbox portal in a process of its own, so that what it costs is not taken for what its users cost."""

import multiprocessing
import os
import resource
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from multiprocessing.connection import Connection
from typing import Any

from sandbox import Portal, generate, serve_forever

# macOS counts bytes, everybody else kibibytes.
RSS_UNIT = 1 if sys.platform == "darwin" else 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What the portal's process has used so far."""

    cpu_s: float
    peak_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A portal that is served; its methods ask its process."""

    url: str
    _pipe: Connection

    def usage(self) -> Usage:
        used: Usage = self._ask("usage")
        return used

    def requests(self) -> Mapping[tuple[str, str, int | None], int]:
        """How many requests came since they were last asked for, by method, path and status."""
        counted: Mapping[tuple[str, str, int | None], int] = self._ask("requests")
        return counted

    def edit(self, contacts: int) -> None:
        """Let a person change the job title of so many contacts."""
        self._ask("edit", contacts)

    def _ask(self, what: str, *more: object) -> Any:
        self._pipe.send((what, *more))
        return self._pipe.recv()


@contextmanager
def served(
    contacts: int, *, now: datetime | None = None, latency_ms: float = 0.0, limited: bool = False, **made: Any
) -> Iterator[Served]:
    """Generate and serve a portal of that many contacts; `made` is passed to the generator.

    `limited`: it refuses what is more than its tier allows.
    """
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(
        target=_serve, args=(theirs, latency_ms, limited, {"contacts": contacts, "seed": 1, "now": now, **made})
    )
    process.start()
    theirs.close()
    try:
        yield Served(url=ours.recv(), _pipe=ours)
    finally:
        ours.close()  # the portal's process ends when nobody is left to ask it
        process.join(30)


def _serve(asked: Connection, latency_ms: float, limited: bool, made: dict[str, Any]) -> None:
    portal = generate(**made)
    portal.limits.enabled = limited
    threading.Thread(target=_answer, args=(portal, asked), daemon=True).start()
    serve_forever(portal, port=0, latency_ms=latency_ms, on_ready=asked.send)


def _answer(portal: Portal, asked: Connection) -> None:
    """Answer whatever is asked; end the process when nobody is left to ask."""
    try:
        while True:
            match asked.recv():
                case ("usage",):
                    peak_bytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * RSS_UNIT
                    asked.send(Usage(cpu_s=time.process_time(), peak_bytes=peak_bytes))
                case ("requests",):
                    with portal.lock:
                        asked.send(Counter((r.method, r.path, r.status) for r in portal.requests))
                        portal.requests.clear()
                case ("edit", int(contacts)):
                    with portal.lock:
                        wanted = [str(each) for each, _ in zip(portal.contacts.live, range(contacts), strict=False)]
                    for each in wanted:
                        portal.person_sets(each, "jobtitle", "Head of Sales")
                    asked.send(None)
    except EOFError:
        os.kill(os.getpid(), signal.SIGTERM)
