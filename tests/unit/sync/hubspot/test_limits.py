"""The limiter, on a clock that only sleeping moves."""

import threading
import time as real_time
from collections.abc import Iterator
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from sync.hubspot.limits import Limits, Window
from tests.fakes.hourglass import Hourglass


def a_window(limit: int, seconds: float, time: Hourglass) -> Window:
    return Window(limit, seconds, clock=time.clock, sleep=time.sleep)


def most_in_any(window_s: float, arrivals: list[float]) -> int:
    return max(sum(first <= other < first + window_s for other in arrivals) for first in arrivals)


@settings(max_examples=200, deadline=None)
@given(
    limit=st.integers(1, 12),
    trips=st.lists(st.tuples(st.floats(0, 3), st.floats(0, 3), st.floats(0, 2)), min_size=1, max_size=60),
)
def test_however_long_requests_travel_hubspot_never_sees_too_many_in_one_window(
    limit: int, trips: list[tuple[float, float, float]]
) -> None:
    time = Hourglass()
    window = a_window(limit, 10.0, time)
    arrivals = []
    for there, back, idle in trips:
        with window.turn():
            time.now += there
            arrivals.append(time.now)
            time.now += back
        time.now += idle
    assert most_in_any(10.0, arrivals) <= limit


def test_the_limit_is_used_in_full() -> None:
    time = Hourglass()
    window = a_window(100, 10.0, time)
    for _ in range(1_000):
        with window.turn():
            pass
    assert time.run < 101, "1,000 requests at 100 in ten seconds: the first hundred at once, then ten a second"


def test_who_wakes_late_each_time_uses_the_limit_in_full_as_well() -> None:
    """As threads do that share a processor: here by a fifth of the pause between two requests."""
    time = Hourglass()
    window = Window(190, 10.0, clock=time.clock, sleep=lambda seconds: time.sleep(seconds + 0.01))
    for _ in range(1_900):
        with window.turn():
            pass
    assert time.run < 101, "1,900 requests at 190 in ten seconds: the first 190 at once, then 19 a second"


def test_who_was_slow_for_long_makes_up_for_half_a_second_of_it() -> None:
    time = Hourglass()
    window = a_window(100, 10.0, time)
    sent = []
    for number in range(400):
        with window.turn():
            sent.append(time.now)
        if 200 <= number < 240:
            time.now += 0.2
    at_once = next(n for n in range(241, 400) if sent[n] - sent[240] > 0.01) - 240
    assert 5 <= at_once <= 7, "ten a second"


def test_after_the_first_window_requests_go_out_evenly() -> None:
    time = Hourglass()
    window = a_window(100, 10.0, time)
    sent = []
    for _ in range(500):
        with window.turn():
            sent.append(time.now)
    assert sent[99] == sent[0]
    pauses = [later - earlier for earlier, later in pairwise(sent[113:])]
    assert 0.099 < min(pauses) <= max(pauses) < 1.5, "no stillness for most of a window"


def test_searches_in_a_row_go_out_evenly_also_where_answers_take_their_time() -> None:
    time = Hourglass()
    window = Limits(daily_reserve=0.0, clock=time.clock, sleep=time.sleep).search
    sent = []
    for _ in range(40):
        with window.turn():
            sent.append(time.now)
            time.now += 0.15
    assert min(later - earlier for earlier, later in pairwise(sent[4:])) > 0.2


def test_after_too_much_one_goes_first() -> None:
    time = Hourglass()
    window = a_window(100, 10.0, time)
    sent = []
    for number in range(500):
        with window.turn():
            sent.append(time.now)
        if number == 400:
            window.close_for(3.0)
    assert sent[401] - sent[400] > 3.0
    assert min(later - earlier for earlier, later in pairwise(sent[401:])) > 0.099


def test_threads_share_one_window() -> None:
    window = Window(5, 0.2)
    sent: list[float] = []

    def ask() -> None:
        for _ in range(5):
            with window.turn():
                sent.append(real_time.monotonic())

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(sent) == 20
    assert most_in_any(0.2, sent) <= 5


def test_the_limit_follows_what_hubspot_says() -> None:
    time = Hourglass()
    limits = Limits(daily_reserve=0.2, clock=time.clock, sleep=time.sleep)
    limits.heard({"X-HubSpot-RateLimit-Max": "190", "X-HubSpot-RateLimit-Interval-Milliseconds": "10000"})
    for _ in range(190):
        with limits.ordinary.turn():
            pass
    assert time.run == 0


def test_what_others_use_with_the_same_token_is_left_to_them() -> None:
    time = Hourglass()
    window = a_window(100, 10.0, time)
    with window.turn():
        pass
    window.heard(limit=100, window_s=10.0, remaining=40)
    sent = []
    for _ in range(40):
        with window.turn():
            sent.append(time.run)
    assert sum(at < 10 for at in sent) == 35, "of the 40 that are left, less the twentieth that is left to others"
    assert min(later - earlier for earlier, later in pairwise(sent[1:35])) > 0.27, "evenly, from the first on"


def test_absurd_or_missing_headers_change_nothing() -> None:
    limits = Limits(daily_reserve=0.2)
    for text in ("", "-5", "many", "0", "1e9"):
        limits.heard({"X-HubSpot-RateLimit-Max": text, "X-HubSpot-RateLimit-Daily-Remaining": text[:0]})
    assert limits.ordinary.limit == 100
    limits.keep_reserve()


def test_searches_have_a_window_of_their_own() -> None:
    time = Hourglass()
    limits = Limits(daily_reserve=0.2, clock=time.clock, sleep=time.sleep)
    sent = list(_searches(limits, time, 20))
    assert most_in_any(1.0, sent) <= 5


def _searches(limits: Limits, time: Hourglass, count: int) -> Iterator[float]:
    for _ in range(count):
        with limits.search.turn():
            yield time.now


def test_a_limit_that_asks_for_an_hour_holds_nobody_up_for_so_long() -> None:
    time = Hourglass()
    window = a_window(100, 10.0, time)
    window.close_for(3_600)
    with window.turn():
        pass
    assert 30 <= time.run < 31
