"""How many requests the portal lets in, and how it says no."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sandbox import Clock, Portal
from sandbox.errors import RefusedError
from sandbox.limits import Limits, TierName
from tests.sandbox.asking import NOW, refused


def a_limit(tier: TierName = "professional", *, at: datetime = NOW) -> tuple[Limits, Clock]:
    clock = Clock.stopped(at, waiting_is_real=False)
    return Limits(tier, clock, "US/Eastern"), clock


def admitted(limits: Limits, *, search: bool = False) -> int:
    """How many requests get in before one is refused."""
    for count in range(1_000):
        try:
            limits.admit(search=search)
        except RefusedError:
            return count
    raise AssertionError("nothing was refused")


@pytest.mark.parametrize(
    ("tier", "burst", "daily"),
    [
        ("free", 100, 250_000),
        ("starter", 100, 250_000),
        ("professional", 190, 625_000),
        ("enterprise", 190, 1_000_000),
    ],
)
def test_each_tier_has_its_limits(tier: TierName, burst: int, daily: int) -> None:
    limits, _ = a_limit(tier)
    assert (admitted(limits), limits.daily) == (burst, daily)


def test_the_burst_window_rolls_over_ten_seconds() -> None:
    limits, clock = a_limit("free")
    limits.admit(search=False)
    clock.move(timedelta(seconds=6))
    assert admitted(limits) == 99
    clock.move(timedelta(seconds=5))
    assert admitted(limits) == 1
    clock.move(timedelta(seconds=6))
    assert admitted(limits) == 99


def test_searches_have_a_limit_of_their_own_of_five_a_second() -> None:
    limits, clock = a_limit()
    assert admitted(limits, search=True) == 5
    assert admitted(limits) == 190
    clock.move(timedelta(seconds=1))
    assert admitted(limits, search=True) == 5


def test_the_day_turns_at_midnight_of_the_account() -> None:
    limits, clock = a_limit(at=datetime(2026, 11, 3, 4, 59, 59, tzinfo=UTC))
    limits.admit(search=False)
    limits.admit(search=True)
    assert limits.used_today == 2
    clock.move(timedelta(seconds=2))
    limits.admit(search=False)
    assert limits.used_today == 1


def test_a_day_that_is_used_up_refuses_everything() -> None:
    limits, _ = a_limit()
    limits.used_today = limits.daily
    for search in (False, True):
        with pytest.raises(RefusedError) as caught:
            limits.admit(search=search)
        assert isinstance(caught.value.body, dict)
        assert caught.value.body["policyName"] == "DAILY"
        assert "requestId" in caught.value.body
        assert bool(caught.value.headers) is not search, "answers of searches carry no rate-limit headers"


def test_limits_can_be_taken_off() -> None:
    limits, _ = a_limit()
    limits.enabled = False
    for _ in range(500):
        limits.admit(search=False)
    assert limits.used_today == 500


def test_a_burst_is_refused_as_recorded(portal: Portal, contacts: Any) -> None:
    api = contacts.basic_api
    for _ in range(190):
        api.get_page(limit=1)
    error = refused(lambda: api.get_page(limit=1))
    body = json.loads(error.body)
    assert error.status == 429
    assert body["message"] == "You have reached your ten_secondly_rolling limit."
    assert (body["errorType"], body["policyName"]) == ("RATE_LIMIT", "TEN_SECONDLY_ROLLING")
    assert "category" not in body
    assert error.headers["X-HubSpot-RateLimit-Remaining"] == "0"
    assert "Retry-After" not in error.headers


def test_a_search_too_many_is_refused_without_any_hint(portal: Portal, contacts: Any) -> None:
    api = contacts.search_api
    for _ in range(5):
        api.do_search({})
    error = refused(lambda: api.do_search({}))
    body = json.loads(error.body)
    assert (body["message"], body["category"]) == ("You have reached your secondly limit.", "RATE_LIMITS")
    assert not {"policyName", "errorType"} & set(body)
    assert not [name for name in error.headers if "ratelimit" in name.lower() or name.lower() == "retry-after"]


def test_ordinary_answers_tell_what_is_left_also_those_that_refuse(contacts: Any) -> None:
    _, _, headers = contacts.basic_api.get_page_with_http_info()
    assert headers["X-HubSpot-RateLimit-Max"] == "190"
    assert headers["X-HubSpot-RateLimit-Remaining"] == "189"
    assert headers["X-HubSpot-RateLimit-Interval-Milliseconds"] == "10000"
    assert headers["X-HubSpot-RateLimit-Daily"] == "625000"
    missing = refused(lambda: contacts.basic_api.get_by_id("99999"))
    assert missing.headers["X-HubSpot-RateLimit-Daily-Remaining"] == "624998"
    assert missing.headers["X-HubSpot-NotFound"] == "true"
