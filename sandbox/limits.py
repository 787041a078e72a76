"""How many requests the portal answers, by tier (HubSpot usage guidelines; search guide)."""

import uuid
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from sandbox.clock import Clock
from sandbox.errors import RefusedError
from sandbox.switches import Switches

WINDOW_S = 10.0
SEARCHES_PER_SECOND = 5

TierName = Literal["free", "starter", "professional", "enterprise"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """Requests per app in any ten seconds, and per account in its day."""

    burst: int
    daily: int


TIERS: Mapping[TierName, Tier] = {
    "free": Tier(burst=100, daily=250_000),
    "starter": Tier(burst=100, daily=250_000),
    "professional": Tier(burst=190, daily=625_000),
    "enterprise": Tier(burst=190, daily=1_000_000),
}


class Limits:
    """Counts requests and refuses those above the portal's limits; on until `enabled` is set to False."""

    def __init__(self, tier: TierName, clock: Clock, time_zone: str, switches: Switches | None = None) -> None:
        self.enabled = True
        self.tier: Tier = TIERS[tier]
        self._switches = switches or Switches()
        self.used_today = 0
        self._clock = clock
        self.zone = ZoneInfo(time_zone)
        self._today = self._local_now().date()
        self._recent: deque[float] = deque()
        self._searches: deque[float] = deque()

    @property
    def daily(self) -> int:
        """Requests that the account may send in its day."""
        # The usage guidelines and the changelog of 2024 disagree on this one tier.
        return self._switches.professional_daily_max if self.tier is TIERS["professional"] else self.tier.daily

    def admit(self, *, search: bool) -> dict[str, str]:
        """Count one request and return the rate-limit headers of its answer; raises a 429 where a limit is reached.

        Searches have their own limit and carry no headers, but count into the day.
        """
        self._turn_day()
        if self.enabled and self.used_today >= self.daily:
            raise self.day_refusal(search=search)
        recent, width, most = (
            (self._searches, 1.0, SEARCHES_PER_SECOND) if search else (self._recent, WINDOW_S, self.tier.burst)
        )
        now = self._clock.elapsed_s()
        while recent and recent[0] <= now - width:
            recent.popleft()
        if self.enabled and len(recent) >= most:
            raise self.search_refusal() if search else self.burst_refusal()
        recent.append(now)
        self.used_today += 1
        return {} if search else self._headers()

    def burst_refusal(self) -> RefusedError:
        """The 429 for too many requests in ten seconds, as recorded (hubspot-api-python#117)."""
        headers = self._headers()
        if self._switches.burst_limit_tells_wait:
            headers["Retry-After"] = str(int(WINDOW_S))
        return RefusedError(429, self._policy_body("ten_secondly_rolling", "TEN_SECONDLY_ROLLING"), headers)

    def day_refusal(self, *, search: bool = False) -> RefusedError:
        """The 429 for too many requests in the account's day (HubSpot usage guidelines)."""
        return RefusedError(429, self._policy_body("daily", "DAILY"), {} if search else self._headers())

    def search_refusal(self) -> RefusedError:
        """The 429 of a search, as recorded (grouparoo): no policy, no error type, no header tells how long to wait."""
        if self._switches.search_limit_tells_policy:
            return RefusedError(429, self._policy_body("secondly", "SECONDLY"))
        return RefusedError(429, _search_body())

    def use_up_day(self) -> None:
        """Let the account have spent its requests of today, whether or not limits were in force."""
        self._turn_day()
        self.enabled, self.used_today = True, self.daily

    def resets_at(self) -> datetime:
        """The next midnight in the account's time zone."""
        tomorrow = self._local_now().date() + timedelta(days=1)
        return datetime(tomorrow.year, tomorrow.month, tomorrow.day, tzinfo=self.zone)

    def _headers(self) -> dict[str, str]:
        left = max(0, self.tier.burst - len(self._recent))
        per_second = self.tier.burst // 10
        return {
            "X-HubSpot-RateLimit-Daily": str(self.daily),
            "X-HubSpot-RateLimit-Daily-Remaining": str(max(0, self.daily - self.used_today)),
            "X-HubSpot-RateLimit-Interval-Milliseconds": str(int(WINDOW_S * 1000)),
            "X-HubSpot-RateLimit-Max": str(self.tier.burst),
            "X-HubSpot-RateLimit-Remaining": str(left),
            "X-HubSpot-RateLimit-Secondly": str(per_second),
            "X-HubSpot-RateLimit-Secondly-Remaining": str(min(per_second, left)),
        }

    def _policy_body(self, name: str, policy: str) -> dict[str, str]:
        body = {
            "status": "error",
            "message": f"You have reached your {name} limit.",
            "errorType": "RATE_LIMIT",
            "correlationId": str(uuid.uuid4()),
            "policyName": policy,
            "groupName": "publicapi:private-apps-api-calls",
        }
        return {**body, "requestId": str(uuid.uuid4())} if policy == "DAILY" else body

    def _turn_day(self) -> None:
        today = self._local_now().date()
        if today != self._today:
            self._today, self.used_today = today, 0

    def _local_now(self) -> datetime:
        return self._clock.now().astimezone(self.zone)


def _search_body() -> dict[str, str]:
    return {
        "status": "error",
        "message": "You have reached your secondly limit.",
        "correlationId": str(uuid.uuid4()),
        "category": "RATE_LIMITS",
    }
