"""Long lists of what happened, walked from several moments at once."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.hubspot import timeline as timeline_module
from sync.hubspot.timeline import Timeline

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
PAGE = 4


@dataclass
class AList:
    """A portal's list of what happened at so many milliseconds before now."""

    ago_ms: Sequence[int]
    newest_first: bool
    keeps_to: str = "both"
    """Which of the ends that it is asked for it keeps to: both, both but not what happened right then, none."""
    in_order: bool = True
    """Whether it begins where it is said to."""
    asked: list[tuple[datetime | None, datetime | None]] = field(default_factory=list)
    pages: int = 0

    def asks(self, start: datetime | None, end: datetime | None) -> Iterator[Sequence[Mapping[str, Any]]]:
        self.asked.append((start, end))
        rows: list[dict[str, Any]] = [
            {"id": n, "at": NOW - timedelta(milliseconds=ms)} for n, ms in enumerate(self.ago_ms)
        ]
        rows.sort(key=lambda row: row["at"], reverse=self.newest_first == self.in_order)
        for page in _pages([row for row in rows if self._is_within(row["at"], start, end)]):
            self.pages += 1
            yield page

    def _is_within(self, at: Any, start: datetime | None, end: datetime | None) -> bool:
        match self.keeps_to:
            case "both":
                return (start is None or at >= start) and (end is None or at <= end)
            case "open":
                return (start is None or at > start) and (end is None or at < end)
        return True

    def walked(self, since: datetime | None = None, threads: int = 4) -> list[int]:
        timeline = Timeline(
            asks=self.asks, at=lambda row: row["at"], threads=threads, now=None if self.newest_first else NOW
        )
        return [row["id"] for page in timeline.pages(since) for row in page]


def _pages(rows: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(rows), PAGE):
        yield rows[start : start + PAGE]


@pytest.fixture(autouse=True)
def _soon_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timeline_module, "BEGINS_AFTER", 3)


BOTH_WAYS = pytest.mark.parametrize("newest_first", [True, False])


@BOTH_WAYS
def test_a_short_list_is_asked_for_once(newest_first: bool) -> None:
    short = AList(range(2 * PAGE), newest_first)
    assert sorted(short.walked()) == list(range(2 * PAGE))
    assert short.asked == [(None, None)]


@BOTH_WAYS
def test_a_long_list_is_asked_for_in_parts_that_cost_little_more(newest_first: bool) -> None:
    long = AList([n * 1_000 for n in range(400)], newest_first)
    assert sorted(set(long.walked())) == list(range(400))
    parts = timeline_module.PARTS_BACK if newest_first else timeline_module.PARTS
    assert len(long.asked) == 1 + parts
    assert long.pages <= 400 / PAGE + parts + 1


@BOTH_WAYS
def test_by_one_thread_it_is_walked_from_its_beginning_to_its_end(newest_first: bool) -> None:
    long = AList([n * 1_000 for n in range(400)], newest_first)
    assert sorted(long.walked(threads=1)) == list(range(400))
    assert long.asked == [(None, None)]


@BOTH_WAYS
def test_a_list_that_keeps_to_no_ends_is_left_where_it_is_beyond_them(newest_first: bool) -> None:
    long = AList([n * 1_000 for n in range(400)], newest_first, keeps_to="none")
    assert sorted(set(long.walked())) == list(range(400))


@BOTH_WAYS
@pytest.mark.parametrize("keeps_to", ["both", "open", "none"])
@pytest.mark.parametrize("in_order", [True, False])
@given(
    ago_ms=st.lists(st.integers(0, 10**9) | st.integers(0, 5), max_size=120), since_ms=st.none() | st.integers(0, 10**9)
)
def test_nothing_that_happened_is_left_out_whatever_the_list_is_like(
    newest_first: bool, keeps_to: str, in_order: bool, ago_ms: list[int], since_ms: int | None
) -> None:
    listed = AList(ago_ms, newest_first, keeps_to, in_order)
    since = None if since_ms is None else NOW - timedelta(milliseconds=since_ms)
    wanted = {n for n, ms in enumerate(ago_ms) if since_ms is None or ms < since_ms}
    assert wanted <= set(listed.walked(since))
