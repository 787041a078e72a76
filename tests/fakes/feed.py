"""A feed in memory: what was done is added, and listed by who asks."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sync.ports import Addressed
from sync.traces import Trace, who_has

PORTAL_ID = "1"


class FakeFeed:
    """Fulfils `Feed`."""

    requests_at_rest = 1
    quiet: frozenset[str] = frozenset()
    left_out: Mapping[str, int] = {}
    requests = 0

    def __init__(self, name: str, *acts: str, page: int = 2) -> None:
        self.name = name
        self.acts = frozenset(acts)
        self.page = page
        self.asked: list[datetime | None] = []
        """Since when, each time it was asked."""
        self.fails: Exception | None = None
        """Raised in place of an answer from now on."""
        self.fails_after: int = 0
        """How many pages it gives before it fails."""
        self._listed: dict[str, tuple[datetime, Addressed]] = {}

    def tells(
        self, who: str, act: str, at: datetime, *, listed_at: datetime | None = None, key: str = "", **more: Any
    ) -> str:
        """An act of a contact, by id or address, which the feed shows from `listed_at` on; returns its key.

        One with the key of another takes its place.
        """
        key = key or f"{self.name}{len(self._listed)}"
        address = who if "@" in who else ""
        trace = Trace(feed=self.name, key=key, who=who_has(who, PORTAL_ID) if address else who, act=act, at=at)
        self._listed[key] = (listed_at or at, Addressed(trace=replace(trace, **more), address=address))
        return key

    def also_tells(self, trace: Trace) -> None:
        """Something that is nobody's act."""
        self._listed[trace.key] = (datetime.max.replace(tzinfo=UTC), Addressed(trace=trace))

    def deletes(self, key: str) -> None:
        del self._listed[key]

    def read(self, since: datetime | None) -> Iterator[Sequence[Addressed]]:
        self.asked.append(since)
        told = [told for changed, told in self._listed.values() if since is None or changed >= since]
        for number, start in enumerate(range(0, len(told) or 1, self.page)):
            if self.fails is not None and number == self.fails_after:
                raise self.fails
            self.requests += 1
            yield told[start : start + self.page]
        if self.fails is not None:
            raise self.fails
