"""Faults on demand: what goes wrong, with which requests, and how often."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from sandbox.errors import Json


@dataclass(slots=True, kw_only=True)
class Fault:
    """One thing that goes wrong with the requests that match `method` and `path` (regular expressions, searched).

    The first `skip` matching requests pass, the next `times` are hit (None: all). A `status` is answered instead of
    doing the request; `drop` cuts the connection before or after it was done; `delay_s` holds it; `act` is called
    just before it is done, so that someone else can change the portal in between. A `body` that is text is sent as
    HTML, anything else as JSON.
    """

    method: str = ""
    path: str = ""
    times: int | None = 1
    skip: int = 0
    status: int | None = None
    body: Json | str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    drop: Literal["before", "after"] | None = None
    delay_s: float = 0.0
    act: Callable[[], object] | None = None

    def hits(self, method: str, path: str) -> bool:
        """Whether this request is one that goes wrong; counts it if so."""
        if self.times == 0 or not re.search(self.method, method) or not re.search(self.path, path):
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        if self.times is not None:
            self.times -= 1
        return True


class Faults:
    """The faults in force, in the order in which they were added."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []

    def add(self, fault: Fault) -> None:
        self._faults.append(fault)

    def clear(self) -> None:
        self._faults.clear()

    def pending(self) -> list[Fault]:
        """Those that have not yet hit as often as they should."""
        return [fault for fault in self._faults if fault.times != 0]

    def next_for(self, method: str, path: str) -> Fault | None:
        """The first fault that hits this request; at most one does."""
        return next((fault for fault in self._faults if fault.hits(method, path)), None)
