"""Whatever is told, linked, dropped and forgotten in whatever order: SQLite and the fake keep the same."""

import tempfile
import uuid
from collections.abc import Collection
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from sync.store import Store, open_store
from sync.traces import Trace
from tests.fakes.store import FakeTraces

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
FEEDS = ("calls", "mail")
CONTACTS = ("1", "2", "3")
WHOS = (*CONTACTS, "@x", "@y")

moments = st.integers(0, 3).map(lambda days: NOON + timedelta(days=days))
acts = st.builds(
    Trace,
    feed=st.sampled_from(FEEDS),
    key=st.sampled_from("AbC é"),
    who=st.sampled_from(WHOS),
    act=st.just("open"),
    at=st.none() | moments,
    until=st.none() | moments,
    name=st.sampled_from(["", "Demo", "\0"]),
)


class Told(RuleBasedStateMachine):
    """One after the other, to both."""

    store: Store

    @initialize()
    def begin(self) -> None:
        self.real = self.store.portal(uuid.uuid4().hex).traces
        self.fake = FakeTraces()

    @rule(told=st.lists(acts, max_size=6), walk=st.integers(0, 2))
    def keep(self, told: list[Trace], walk: int) -> None:
        self.same(self.real.keep(told, walk=walk), self.fake.keep(told, walk=walk))

    @rule(feed=st.sampled_from(FEEDS), walk=st.integers(1, 2))
    def drop_unlisted(self, feed: str, walk: int) -> None:
        self.same(self.real.drop_unlisted(feed, walk), self.fake.drop_unlisted(feed, walk))

    @rule(feed=st.sampled_from(FEEDS))
    def drop(self, feed: str) -> None:
        self.real.drop(feed)
        self.fake.drop(feed)

    @rule(links=st.lists(st.tuples(st.sampled_from(CONTACTS), st.sampled_from(WHOS)), max_size=3))
    def link(self, links: list[tuple[str, str]]) -> None:
        self.real.link(links)
        self.fake.link(links)

    @rule(ids=st.lists(st.sampled_from(CONTACTS), max_size=2))
    def forget(self, ids: list[str]) -> None:
        self.real.forget(ids)
        self.fake.forget(ids)

    @rule(ids=st.lists(st.sampled_from(CONTACTS), max_size=3))
    def of_whom(self, ids: list[str]) -> None:
        self.same(self.real.of_whom(ids), self.fake.of_whom(ids))

    @invariant()
    def agree(self) -> None:
        real, fake = self.real.of(WHOS), self.fake.of(WHOS)
        assert {who: set(theirs) for who, theirs in real.items()} == {who: set(theirs) for who, theirs in fake.items()}

    def same(self, real: Collection[str], fake: Collection[str]) -> None:
        assert set(real) == set(fake)


def test_the_store_and_the_fake_keep_the_same_acts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sync.store.traces._AT_ONCE", 2)
    with (
        tempfile.TemporaryDirectory() as folder,
        closing(open_store(f"sqlite:///{Path(folder)}/store.db")) as store,
    ):
        machine = type("ToldToBoth", (Told,), {"store": store})
        run_state_machine_as_test(machine, settings=settings(max_examples=25, stateful_step_count=12, deadline=None))
