"""A sandbox portal in a process of its own, so that what it costs is not taken for what its users cost."""

import multiprocessing
import os
import resource
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from multiprocessing.connection import Connection
from typing import Any, Concatenate, ParamSpec, TypeVar

from sandbox import Portal, generate, serve_forever
from sandbox.request_log import KEPT

Given = ParamSpec("Given")
Told = TypeVar("Told")

# macOS counts bytes, everybody else kibibytes.
RSS_UNIT = 1 if sys.platform == "darwin" else 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What the portal's process has used so far."""

    cpu_s: float
    peak_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Requests that were alike in all but what they named."""

    method: str
    path: str
    status: int | None
    history: bool
    """Whether they asked for what properties once held."""
    count: int = 0
    inputs: int = 0
    """How many records they named together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A portal that is served; its methods ask its process."""

    url: str
    _pipe: Connection

    def do(self, act: Callable[Concatenate[Portal, Given], Told], *args: Given.args, **kwargs: Given.kwargs) -> Told:
        """Call a function of a module with the portal, in its process, while nobody else touches it."""
        self._pipe.send((act, args, kwargs))
        told: Told | Exception = self._pipe.recv()
        if isinstance(told, Exception):
            raise told
        return told

    def usage(self) -> Usage:
        return self.do(_usage)

    def requests(self) -> Sequence[Asked]:
        """The requests that came since they were last asked for; RuntimeError if they were more than a portal keeps."""
        asked = self.do(_requests)
        if sum(each.count for each in asked) >= KEPT:
            raise RuntimeError(f"The portal counts no more than {KEPT:,} requests of a pass")
        return asked


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
    """Do whatever is asked; end the process when nobody is left to ask."""
    try:
        while True:
            act, args, kwargs = asked.recv()
            try:
                with portal.lock:
                    told = act(portal, *args, **kwargs)
            except Exception as failure:  # noqa: BLE001 - raised again by whoever asked
                told = failure
            asked.send(told)
    except EOFError:
        os.kill(os.getpid(), signal.SIGTERM)


def _usage(_: Portal) -> Usage:
    peak_bytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * RSS_UNIT
    return Usage(cpu_s=time.process_time(), peak_bytes=peak_bytes)


def _requests(portal: Portal) -> list[Asked]:
    counted: dict[Asked, Asked] = {}
    for each in portal.requests:
        alike = Asked(method=each.method, path=each.path, status=each.status, history=each.history)
        so_far = counted.get(alike, alike)
        counted[alike] = replace(so_far, count=so_far.count + 1, inputs=so_far.inputs + each.inputs)
    portal.requests.clear()
    return list(counted.values())
