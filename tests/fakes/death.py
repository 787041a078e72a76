"""Death at a chosen step: before or after any call that crosses a port."""

from collections.abc import Iterator
from typing import Any

from sync.ports import RetryableError


class KilledError(BaseException):
    """The process is gone: nothing that would still run afterwards runs."""


class Fate:
    """Counts the steps of a process, and ends it at one of them; never when `at` is None."""

    def __init__(self, at: int | None = None) -> None:
        self.steps = 0
        self._at = at
        self._dead = False

    def step(self) -> None:
        self.steps += 1
        if self._dead or self.steps == self._at:
            self.strike()

    def strike(self) -> None:
        """End the process now."""
        self._dead = True
        raise KilledError


class Outage(Fate):
    """Counts the steps to a database, and takes it away at one of them: every later call fails too."""

    def begins(self) -> None:
        """Take the database away from the next step on."""
        self._dead = True

    def strike(self) -> None:
        self.begins()
        raise RetryableError("The database is away.")


class Mortal:
    """Stands before a port; every call is two steps, one before it and one after."""

    def __init__(self, port: Any, fate: Fate) -> None:
        self._port = port
        self._fate = fate

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._port, name)
        if not callable(found):
            return found

        def call(*args: Any, **named: Any) -> Any:
            self._fate.step()
            answer = found(*args, **named)
            if isinstance(answer, Iterator):
                return self._page_by_page(answer)
            self._fate.step()
            return answer

        return call

    def _page_by_page(self, pages: Iterator[Any]) -> Iterator[Any]:
        for page in pages:
            self._fate.step()
            yield page
