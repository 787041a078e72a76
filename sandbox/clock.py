"""The portal's clock, which tests may stop and move."""

import time
from datetime import UTC, datetime, timedelta
from typing import Self


class Clock:
    """What time it is in the portal: the system's time, until it is stopped or moved."""

    def __init__(self) -> None:
        self._stopped_at: datetime | None = None
        self._moved = timedelta()
        self._waiting_is_real = True

    @classmethod
    def stopped(cls, at: datetime, *, waiting_is_real: bool = True) -> Self:
        """A clock that stands at the given aware moment and changes only when it is moved.

        Limits and lags pass in real time all the same, for whoever waits for them; unless `waiting_is_real` is False:
        then they, too, pass only when the clock is moved.
        """
        clock = cls()
        clock._stopped_at = at.astimezone(UTC)
        clock._waiting_is_real = waiting_is_real
        return clock

    def now(self) -> datetime:
        """The present moment, aware and in UTC, cut to whole milliseconds as HubSpot stores it."""
        at = (self._stopped_at or datetime.now(UTC)) + self._moved
        return at.replace(microsecond=at.microsecond // 1000 * 1000)

    def elapsed_s(self) -> float:
        """Seconds that have passed since some fixed point, for limits and lags; moving the clock counts as waiting."""
        return (time.monotonic() if self._waiting_is_real else 0.0) + self._moved.total_seconds()

    def move(self, by: timedelta) -> None:
        """Let time pass, or run back."""
        self._moved += by

    def move_to(self, at: datetime) -> None:
        """Make it the given aware moment now."""
        self._moved += at - self.now()
