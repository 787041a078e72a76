"""A run in a world of fakes."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from config import Rulebook
from sync.engaged import EngagedReader
from sync.ports import Feed
from sync.records import Role
from sync.run import apply_plan, plan, resync
from sync.selecting import Selection
from sync.summary import Summary
from sync.world import Knobs, World
from tests.builders import LEAD, NOW, SQL, a_contact, a_quick_rulebook
from tests.fakes.death import Fate, Mortal
from tests.fakes.portal import FakePortal
from tests.fakes.store import FakeStore
from workflows import Setter

ANY_SIZE = Knobs(floor=1_000_000)
"""No plan is too large."""


@dataclass
class Setting:
    """A portal, a store, and runs on them."""

    rulebook: Rulebook = field(default_factory=a_quick_rulebook)
    portal: FakePortal = field(init=False)
    store: FakeStore = field(default_factory=FakeStore)
    now: datetime = NOW
    feeds: Sequence[Feed] = ()
    dated: bool = False
    """Whether HubSpot's answers tell its time, which is then ours."""

    def __post_init__(self) -> None:
        self.portal = FakePortal(self.rulebook)

    def lead(self, contact_id: str, points: int = 0, **rest: Any) -> None:
        """Put a contact into the portal who sent one form today, worth so many points."""
        self.portal.holds(a_contact(contact_id, points), **rest)

    def world(self, fate: Fate | None = None, **differences: Any) -> World:
        fate = fate or Fate()
        portal: Any = Mortal(self.portal, fate)
        journal: Any = Mortal(self.store.journal, fate)
        memory: Any = Mortal(self.store.memory, fate)
        traces: Any = Mortal(self.store.traces, fate)
        sheets: Any = Mortal(self.store.sheets, fate)
        sources = self.rulebook.sources
        world = World(
            portal=portal,
            facts=replace(self.portal.facts(), server_time=self.now if self.dated else None),
            reader=EngagedReader(portal, traces=traces, sources=sources, portal_id="1"),
            writer=portal,
            journal=journal,
            memory=memory,
            traces=traces,
            sheets=sheets,
            feeds=self.feeds,
            lease=self.store.lease,
            rulebook=self.rulebook,
            now=lambda: self.now,
            steady=lambda: self.portal.steady_s,
            sleep=lambda _: None,
        )
        return replace(world, **differences)

    def resync(self, mode: str = "full", *, fate: Fate | None = None, **rest: Any) -> Summary:
        """One run; `rest` differs the world, the selection or the knobs."""
        knobs = rest.pop("knobs", ANY_SIZE)
        how = {key: rest.pop(key) for key in ("accept_large_plan", "unless_a_plan_waits") if key in rest}
        chosen = {key: rest.pop(key) for key in ("contact_ids", "list_id", "since", "unknown") if key in rest}
        selection = Selection(mode=mode, **chosen)  # type: ignore[arg-type] # tests name modes as text
        world = self.world(fate, **rest)
        return resync(world, selection, knobs, command="test", **how)

    def plan(self, mode: str = "full", *, knobs: Knobs = ANY_SIZE, **chosen: Any) -> Summary:
        return plan(self.world(), Selection(mode=mode, **chosen), knobs)  # type: ignore[arg-type] # likewise

    def apply(self, plan_id: int, **differences: Any) -> Summary:
        return apply_plan(self.world(**differences), plan_id, ANY_SIZE, command="test")

    def ours(self, contact_id: str, role: Role) -> str:
        return self.portal.ours(contact_id, role)


def a_funnel() -> Setting:
    """Some of everything: moved up and down, scored only, left alone, held."""
    setting = Setting()
    setting.lead("100", 70, stage=LEAD)
    setting.lead("101", 50, stage=SQL)
    setting.lead("102", 5, stage=LEAD)
    setting.lead("103", 0)
    setting.lead("104", 70)
    setting.lead("110", 70, stage="customer")
    setting.lead("111", 70, stage="customer", score="70", grade="D4")
    setting.lead("112", 70, stage=LEAD, opted_out=True)
    setting.lead("120", 70, stage=LEAD, set_by=Setter.PERSON, days_ago=5)
    setting.lead("121", 70, stage=LEAD, hold="true")
    return setting
