"""Random valid calls through the official client, compared with a model small enough to believe."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from hubspot import HubSpot
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from sandbox import Clock, Portal, SandboxServer
from sandbox.times import to_iso, to_ms
from tests.sandbox.asking import NOW

STAGE, MODIFIED = "lifecyclestage", "lastmodifieddate"
LADDER = ["subscriber", "lead", "marketingqualifiedlead", "salesqualifiedlead", "customer"]
NAMES = ("email", "firstname", "city", STAGE)

Place = st.integers(0, 30)
"""Which contact: that place among the live ones, counted round and round."""
Texts = st.dictionaries(
    st.sampled_from(["firstname", "city"]), st.sampled_from(["", "Ada", "Bonn", "Ñandú; 1"]), max_size=2
)
Stages = st.sampled_from([*LADDER, ""])
Written = st.builds(
    lambda texts, stage: {**texts, **({} if stage is None else {STAGE: stage})}, Texts, st.none() | Stages
)


@dataclass
class Known:
    """What the model knows of one contact: every value it had, oldest first, and when it last changed."""

    had: dict[str, list[str]] = field(default_factory=dict)
    modified: str = ""

    def holds(self, name: str) -> str:
        return self.had[name][-1] if self.had.get(name) else ""

    def write(self, values: dict[str, str], now: str) -> None:
        """What is there already is no change, and an earlier stage leaves the old one."""
        for name, value in values.items():
            old = self.holds(name)
            backward = name == STAGE and value and old and LADDER.index(value) < LADDER.index(old)
            if value != old and not backward:
                self.had.setdefault(name, []).append(value)
                self.modified = now


class Calls(RuleBasedStateMachine):
    """One portal, and what the model believes of it."""

    server: SandboxServer

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock.stopped(NOW)
        self.server.portal = Portal(clock=self.clock)
        self.server.portal.limits.enabled = False
        crm = HubSpot(access_token="pat-sandbox", host=self.server.url).crm
        self.one, self.batch, self.found = crm.contacts.basic_api, crm.contacts.batch_api, crm.contacts.search_api
        self.defining = crm.properties.core_api
        self.live: dict[str, Known] = {}
        self.merged: dict[str, str] = {}
        self.own: list[str] = []
        self.created = 0

    def now(self) -> str:
        """A moment that is later than all before."""
        self.clock.move(timedelta(seconds=1))
        return to_iso(to_ms(self.clock.now()))

    def at(self, place: int) -> str:
        return list(self.live)[place % len(self.live)]

    @rule(values=Written, with_email=st.booleans())
    def create(self, values: dict[str, str], with_email: bool) -> None:
        self.created += 1
        given = {**values, **({"email": f"contact{self.created}@a.example"} if with_email else {})}
        now = self.now()
        answer = self.one.create({"properties": given})
        stored = {STAGE: "lead", **{name: value for name, value in given.items() if value}}
        self.live[answer.id] = Known(had={name: [value] for name, value in stored.items()}, modified=now)

    @precondition(lambda self: self.live)
    @rule(place=Place, values=Written.filter(bool))
    def update(self, place: int, values: dict[str, str]) -> None:
        contact, now = self.at(place), self.now()
        answer = self.one.update(contact, {"properties": values})
        self.live[contact].write(values, now)
        assert (answer.properties[STAGE] or "") == self.live[contact].holds(STAGE)
        assert answer.properties[MODIFIED] == self.live[contact].modified

    @precondition(lambda self: self.live)
    @rule(places=st.sets(Place, min_size=1, max_size=6), values=Written, ghost=st.booleans())
    def update_many(self, places: set[int], values: dict[str, str], ghost: bool) -> None:
        asked, now = {self.at(place) for place in places}, self.now()
        inputs = [{"id": each, "properties": values} for each in [*asked, *(["999999"] if ghost else [])]]
        answer = self.batch.update({"inputs": inputs})
        for each in asked:
            self.live[each].write(values, now)
        assert {each.id for each in answer.results} == asked
        assert getattr(answer, "num_errors", 0) == ghost

    @precondition(lambda self: self.live)
    @rule(place=Place, stage=Stages)
    def move_back_properly(self, place: int, stage: str) -> None:
        """Clear, then set: any stage, whichever it was."""
        contact = self.at(place)
        for value in ("", stage):
            now = self.now()
            self.batch.update({"inputs": [{"id": contact, "properties": {STAGE: value}}]})
            self.live[contact].write({STAGE: value}, now)
        assert self.live[contact].holds(STAGE) == stage

    @precondition(lambda self: len(self.own) < 2)
    @rule()
    def define(self) -> None:
        name = f"own_{len(self.own)}"
        shape = {"name": name, "label": name, "type": "number", "fieldType": "number"}
        self.defining.create("contacts", {**shape, "groupName": "contactinformation"})
        self.own.append(name)

    @precondition(lambda self: self.own and self.live)
    @rule(place=Place, which=Place, value=st.sampled_from(["1", "-2.5", ""]))
    def update_own(self, place: int, which: int, value: str) -> None:
        self.update(place, {self.own[which % len(self.own)]: value})

    @precondition(lambda self: self.live)
    @rule(place=Place)
    def archive(self, place: int) -> None:
        contact = self.at(place)
        self.one.archive(contact)
        del self.live[contact]
        read = self.batch.read({"inputs": [{"id": contact}], "properties": []}, archived=True)
        assert [each.id for each in read.results] == [contact]

    @precondition(lambda self: len(self.live) > 1)
    @rule(place=Place, further=st.integers(1, 30))
    def merge(self, place: int, further: int) -> None:
        primary = self.at(place)
        others = [each for each in self.live if each != primary]
        other = others[further % len(others)]
        now = self.now()
        answer = HubSpot(access_token="pat-sandbox", host=self.server.url).crm.contacts.basic_api.merge(
            {"primaryObjectId": primary, "objectIdToMerge": other}
        )
        kept, gone = self.live.pop(primary), self.live.pop(other)
        kept.write({name: gone.holds(name) for name in gone.had if not kept.holds(name) and gone.holds(name)}, now)
        kept.modified = now
        self.live[answer.id] = kept
        self.merged |= dict.fromkeys((primary, other), answer.id)

    @precondition(lambda self: self.merged)
    @rule(which=Place)
    def follow_a_merge(self, which: int) -> None:
        old = list(self.merged)[which % len(self.merged)]
        leads_to = old
        while leads_to in self.merged:
            leads_to = self.merged[leads_to]
        if leads_to in self.live:
            assert self.one.get_by_id(old).id == leads_to

    @precondition(lambda self: self.live)
    @rule(places=st.sets(Place, min_size=1, max_size=6))
    def read_histories(self, places: set[int]) -> None:
        asked, names = {self.at(place) for place in places}, [*NAMES, *self.own]
        inputs = [{"id": each} for each in asked]
        answer = self.batch.read({"inputs": inputs, "properties": names, "propertiesWithHistory": names})
        assert {each.id for each in answer.results} == asked
        for each in answer.results:
            told = {name: [version.value for version in each.properties_with_history[name]][::-1] for name in names}
            assert told == {name: self.live[each.id].had.get(name, []) for name in names}

    @invariant()
    def walking_the_list_shows_the_model(self) -> None:
        names, after = [*NAMES, *self.own, MODIFIED], ""
        seen: dict[str, dict[str, str]] = {}
        while True:
            page = self.one.get_page(limit=3, properties=names, **({"after": after} if after else {}))
            seen |= {each.id: self.values(each.properties, names) for each in page.results}
            if page.paging is None:
                break
            after = page.paging.next.after
        assert list(seen) == sorted(seen, key=int)
        assert seen == self.expected()

    @invariant()
    def searching_shows_the_model(self) -> None:
        names = [*NAMES, *self.own, MODIFIED]
        sorts = [{"propertyName": MODIFIED, "direction": "ASCENDING"}]
        answer = self.found.do_search({"limit": 100, "properties": names, "sorts": sorts})
        shown = {each.id: self.values(each.properties, names) for each in answer.results}
        assert (shown, answer.total) == (self.expected(), len(self.live))
        dates = [each.properties[MODIFIED] for each in answer.results]
        assert dates == sorted(dates)

    def values(self, properties: dict[str, Any], names: list[str]) -> dict[str, str]:
        return {name: properties.get(name) or "" for name in names}

    def expected(self) -> dict[str, dict[str, str]]:
        return {
            contact: {**{name: known.holds(name) for name in (*NAMES, *self.own)}, MODIFIED: known.modified}
            for contact, known in self.live.items()
        }


@pytest.mark.parametrize("steps", [12, 40])
def test_whatever_is_called_the_portal_agrees_with_the_model(shared_server: SandboxServer, steps: int) -> None:
    class OnTheSharedServer(Calls):
        server = shared_server

    run_state_machine_as_test(
        OnTheSharedServer,
        settings=settings(
            max_examples=240 // steps,
            stateful_step_count=steps,
            deadline=None,
            derandomize=True,  # the same calls in every run: what fails is the change's doing
            suppress_health_check=list(HealthCheck),
        ),
    )
