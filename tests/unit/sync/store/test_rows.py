"""Moments as whole milliseconds, text as both databases take it."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.store.rows import from_ms, in_chunks, storable, to_ms


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


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0")))
def test_text_that_both_databases_take_is_left_as_it_is(text: str) -> None:
    assert storable(text) == text


@given(st.text())
def test_of_other_text_only_what_they_refuse_is_replaced(text: str) -> None:
    kept = storable(text)
    assert "\0" not in kept
    assert kept.encode().decode() == kept
    assert len(kept) == len(text)
    assert all(now in (before, "?") for now, before in zip(kept, text, strict=True))
