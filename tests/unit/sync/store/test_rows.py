"""Moments as whole milliseconds."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.store.rows import from_ms, in_chunks, to_ms


@given(
    st.integers(min_value=to_ms(datetime(1900, 1, 1, tzinfo=UTC)), max_value=to_ms(datetime(2999, 1, 1, tzinfo=UTC)))
)
def test_every_millisecond_comes_back_exactly(ms: int) -> None:
    assert to_ms(from_ms(ms)) == ms


def test_a_moment_is_the_same_in_whatever_zone_it_was_given() -> None:
    assert to_ms(datetime(1970, 1, 1, 2, tzinfo=timezone(timedelta(hours=2)))) == 0


def test_parts_of_a_millisecond_are_dropped() -> None:
    assert to_ms(datetime(1970, 1, 1, 0, 0, 0, 1_999, tzinfo=UTC)) == 1


def test_a_moment_that_does_not_know_its_zone_is_refused() -> None:
    with pytest.raises(TypeError):
        to_ms(datetime(2026, 1, 1))  # noqa: DTZ001 - that is the point


def test_chunks_hold_everything_once_and_are_never_empty() -> None:
    assert list(in_chunks(range(5), 2)) == [[0, 1], [2, 3], [4]]
    assert list(in_chunks([], 2)) == []
