"""The portal's clock, which tests may stop and move."""

import time
from datetime import UTC, datetime, timedelta
from typing import Self


class Clock:
    """What time it is in the portal: the system's time, until it is stopped or moved."""

    def __init__(self) -> None:
        self._stopped_at: datetime | None = None
        self._moved = timedelta()

    @classmethod
    def stopped(cls, at: datetime) -> Self:
        """A clock that stands at the given aware moment and changes only when it is moved."""
        clock = cls()
        clock._stopped_at = at.astimezone(UTC)
        return clock

    def now(self) -> datetime:
        """The present moment, aware and in UTC, cut to whole milliseconds as HubSpot stores it."""
        at = (self._stopped_at or datetime.now(UTC)) + self._moved
        return at.replace(microsecond=at.microsecond // 1000 * 1000)

    def elapsed_s(self) -> float:
        """Seconds that have passed since some fixed point, for the rate limits.

        Runs on while the clock is stopped, since who waits for a limit waits in real time; moving the clock
        counts as waiting.
        """
        return time.monotonic() + self._moved.total_seconds()

    def move(self, by: timedelta) -> None:
        """Let time pass, or run back."""
        self._moved += by

    def move_to(self, at: datetime) -> None:
        """Make it the given aware moment now."""
        self._moved += at - self.now()
