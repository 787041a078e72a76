"""HubSpot's limits, kept from our side: so many requests in any few seconds, and a share of the day for others."""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from sync.ports import RetryableError

BURST = 100
"""Requests in any ten seconds that every portal allows, whatever its tier (HubSpot usage guidelines)."""

BURST_WINDOW_S = 10.0

SEARCHES = 4
"""Searches in any second: the account has five, for all its integrations together (HubSpot search guide)."""

SEARCH_WINDOW_S = 1.0

DAILY_NEWS_LASTS_S = 60.0
"""For how long the daily figures of the last answer are believed: after that one request may ask again, so that a
worker that waits over midnight notices the new day."""

CLOSED_MAX_S = 30.0
"""How long everybody is held up at most: none of HubSpot's limits but the day's lasts longer than ten seconds."""

SHARED_MARGIN = 20
"""One request in so many is left unsent where others use the limit, too: what they sent since our last answer is not
known, and they would be refused for it as often as we."""

CATCH_UP_S = 0.5
"""By how much requests may be behind their even pace and still make up for it, in a window of ten seconds or more; a
twentieth of a shorter one. Threads wake a little late, each time, and if each counted from when the one before really
went, a tenth of what the limit allows would go unused."""

_MARGIN_S = 0.02
"""Clocks tick in steps; two machines' windows of ten seconds are not equal to the microsecond."""


class Window:
    """At most `limit` requests in any window of the given seconds, however many threads ask.

    A request may reach HubSpot at any moment between its sending and its answer. So it counts from the start,
    and leaves the window only when that long has passed since its *answer*: then HubSpot, too, has forgotten it.

    A run that needs no more than one window has it at once, unless others use it, too. Whoever goes on sends evenly
    from then on: by windows, all would go in their first seconds, and who had looked at a contact by then would wait
    for most of the next one with what was seen.
    """

    def __init__(
        self,
        limit: int,
        window_s: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.limit = limit
        self.window_s = window_s
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._answered: deque[tuple[float, bool]] = deque()
        """When each request in the window was answered, and whether it was ours."""
        self._others = 0
        self._under_way = 0
        self._sent = 0
        self._due_at = float("-inf")
        """When the last one was due."""
        self._closed_until = 0.0

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait until a request may be sent, and hold its place while the block sends it."""
        while (delay := self._take()) > 0:
            self._sleep(delay)
        try:
            yield
        finally:
            with self._lock:
                self._under_way -= 1
                self._answered.append((self._clock(), True))

    def close_for(self, seconds: float) -> None:
        """Let no request out for so long, CLOSED_MAX_S at most: HubSpot has said that it is too much."""
        with self._lock:
            self._closed_until = max(self._closed_until, self._clock() + min(seconds, CLOSED_MAX_S) + _MARGIN_S)

    def heard(self, *, limit: int | None, window_s: float | None, remaining: int | None) -> None:
        """Believe HubSpot about its limit, and about what others have used of it with the same token."""
        with self._lock:
            self.limit = limit or self.limit
            self.window_s = window_s or self.window_s
            if remaining is not None:
                used_by_others = max(0, self.limit - remaining - self._under_way - len(self._answered))
                self._answered.extend([(self._clock(), False)] * used_by_others)
                self._others += used_by_others

    def _take(self) -> float:
        """Take a place and return 0, or return the seconds after which to ask again."""
        with self._lock:
            now = self._clock()
            while self._answered and self._answered[0][0] + self.window_s + _MARGIN_S <= now:
                self._others -= not self._answered.popleft()[1]
            used = self._under_way + len(self._answered)
            margin = self.limit // SHARED_MARGIN
            is_shared = self._others > margin
            limit = self.limit - margin if is_shared else self.limit
            pause = self.window_s / max(1, limit - self._others)
            if now < self._closed_until:
                return self._closed(now, self._closed_until, pause)
            if used >= limit:
                oldest = self._answered[0][0] if self._answered else now
                return self._closed(now, max(oldest + self.window_s, now) + _MARGIN_S, pause)
            evenly_at = self._due_at + pause
            is_paced = is_shared or (self._sent >= self.limit and used >= self.limit / 8)
            if is_paced and now < evenly_at:
                return evenly_at - now
            self._under_way += 1
            self._sent += 1
            self._due_at = min(now, max(evenly_at, now - min(CATCH_UP_S, self.window_s / 20)))
            return 0.0

    def _closed(self, now: float, until: float, pause: float) -> float:
        """The seconds until a moment before which nothing may go. Who waits for it is not late: one goes then, and the
        next one after a pause."""
        self._due_at = max(self._due_at, until - pause)
        return until - now


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What HubSpot last said of its limits; None where it has not said."""

    daily_limit: int | None = None
    """Requests of all the account's private apps together, from midnight to midnight of the portal's time zone."""
    daily_remaining: int | None = None
    burst_limit: int | None = None
    burst_window_s: float | None = None


class Limits:
    """Both windows and the day, fed by the headers of every answer."""

    def __init__(
        self,
        *,
        daily_reserve: float,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.ordinary = Window(BURST, BURST_WINDOW_S, clock=clock, sleep=sleep)
        self.search = Window(SEARCHES, SEARCH_WINDOW_S, clock=clock, sleep=sleep)
        self.budget = Budget()
        self.daily_reserve = daily_reserve
        self._clock = clock
        self._daily_heard_at = float("-inf")

    def heard(self, headers: Mapping[str, str]) -> None:
        """Take in an answer's headers; those that are missing or absurd change nothing."""
        limit = _whole(headers, "X-HubSpot-RateLimit-Max")
        interval_ms = _whole(headers, "X-HubSpot-RateLimit-Interval-Milliseconds")
        window_s = interval_ms / 1000 if interval_ms else None
        if limit:
            remaining = _whole(headers, "X-HubSpot-RateLimit-Remaining")
            self.ordinary.heard(limit=limit, window_s=window_s, remaining=remaining)
        daily_limit = _whole(headers, "X-HubSpot-RateLimit-Daily")
        daily_remaining = _whole(headers, "X-HubSpot-RateLimit-Daily-Remaining")
        if daily_limit and daily_remaining is not None:
            self._daily_heard_at = self._clock()
        self.budget = Budget(
            daily_limit=daily_limit or self.budget.daily_limit,
            daily_remaining=self.budget.daily_remaining if daily_remaining is None else daily_remaining,
            burst_limit=limit or self.budget.burst_limit,
            burst_window_s=window_s or self.budget.burst_window_s,
        )

    def keep_reserve(self) -> None:
        """RetryableError when only the share of the day that is left to other integrations remains."""
        limit, remaining = self.budget.daily_limit, self.budget.daily_remaining
        if limit is None or remaining is None or self._clock() - self._daily_heard_at > DAILY_NEWS_LASTS_S:
            return
        if remaining < self.daily_reserve * limit:
            raise RetryableError(
                f"{remaining:,} of the account's {limit:,} HubSpot requests a day are left; the last "
                f"{self.daily_reserve:.0%} are for its other integrations. Nothing more is read or begun today: the "
                "count starts afresh at midnight in the portal's time zone. To use more of the day, lower "
                "SCORELINE_DAILY_RESERVE."
            )


def _whole(headers: Mapping[str, str], name: str) -> int | None:
    text = headers.get(name, "").strip()
    return int(text) if text.isascii() and text.isdigit() else None
