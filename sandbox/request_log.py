"""What the portal was asked, for counting and asserting."""

import re
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass

from sandbox.errors import Json

KEPT = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedRequest:
    """One request: `inputs` is how many records it named; `status` is None where the connection was dropped.

    `at_ms`: when it was done, by the portal's clock, in epoch milliseconds. `history`: whether it asked for what
    properties once held.
    """

    method: str
    path: str
    query: str
    status: int | None
    inputs: int
    write: bool
    at_ms: int
    history: bool = False

    def as_json(self) -> Json:
        return {name: getattr(self, name) for name in self.__slots__}


class RequestLog:
    """The requests so far: the last 100,000 one by one, and the totals of all."""

    def __init__(self) -> None:
        self._kept: deque[LoggedRequest] = deque(maxlen=KEPT)
        self.totals: Counter[str] = Counter()

    def __iter__(self) -> Iterator[LoggedRequest]:
        return iter(list(self._kept))

    def add(self, request: LoggedRequest) -> None:
        self._kept.append(request)
        self.totals["write" if request.write else "read"] += 1
        self.totals["total"] += 1
        self.totals[f"status_{request.status or 'dropped'}"] += 1

    def clear(self) -> None:
        self._kept.clear()
        self.totals.clear()

    def matching(self, method: str = "", path: str = "") -> list[LoggedRequest]:
        """Requests whose method and path match the regular expressions (searched); `re.error` where they are none."""
        methods, paths = re.compile(method), re.compile(path)
        return [r for r in self if methods.search(r.method) and paths.search(r.path)]

    def writes(self) -> list[LoggedRequest]:
        """Requests that change the portal."""
        return [request for request in self if request.write]
