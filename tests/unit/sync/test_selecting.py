"""Which contacts a run reads, and when a small pass becomes a full one."""

from dataclasses import replace
from typing import Any

import pytest

from sync.ports import RetryableError
from sync.run import PlanWaits, apply_plan
from sync.selecting import overdue, waiting_plan
from sync.world import Knobs
from tests.builders import LEAD, MQL, SQL, a_contact, days_after, days_before
from tests.fakes.death import Fate, KilledError
from tests.fakes.portal import nothing
from tests.unit.sync.world import Setting, a_funnel

TIGHT = Knobs(first_share=0.01, share=0.01, floor=0)


def with_another_rulebook(setting: Setting) -> None:
    setting.rulebook = replace(setting.rulebook, version="another")


def test_a_new_rulebook_makes_the_next_incremental_pass_a_full_one() -> None:
    setting = a_funnel()
    setting.resync()
    assert setting.resync("incremental").mode == "incremental"
    with_another_rulebook(setting)
    assert setting.resync("incremental").mode == "full"
    assert setting.resync("incremental").mode == "incremental"


def test_a_new_rulebook_whose_plan_waits_for_a_person_is_not_planned_again_and_again() -> None:
    setting = a_funnel()
    setting.resync()
    with_another_rulebook(setting)
    setting.lead("200", 70, stage=LEAD)
    assert setting.resync("incremental", knobs=TIGHT).plan_refused
    assert setting.resync("incremental", knobs=TIGHT).mode == "incremental"


def test_the_first_plan_that_was_refused_is_known_to_wait_until_it_is_applied() -> None:
    setting = a_funnel()
    assert waiting_plan(setting.world()) is None
    refused = setting.resync("incremental", knobs=TIGHT)
    waiting = waiting_plan(setting.world())
    assert waiting is not None
    assert waiting.id == refused.run_id

    setting.apply(refused.run_id)

    assert waiting_plan(setting.world()) is None
    assert setting.portal.stage("100") == SQL
    assert setting.resync("incremental").mode == "incremental"


def test_a_contact_to_whom_two_ids_lead_since_a_merge_is_planned_once() -> None:
    setting = Setting()
    ids = [f"{number:03}" for number in range(300)]
    for contact_id in ids:
        setting.lead(contact_id, 50, stage=SQL if contact_id in ("000", "299") else MQL)
    setting.portal.merged("000", becomes="300")
    setting.portal.merged("299", becomes="300")
    setting.resync("contacts", contact_ids=ids)
    assert setting.portal.stages_of("300") == [SQL, "", MQL]


def test_a_contact_that_a_full_pass_no_longer_finds_is_forgotten_with_its_changes() -> None:
    setting = a_funnel()
    first = setting.resync()
    setting.portal.deleted("100")
    setting.now = days_after(1)
    setting.resync()
    left = {e.change.contact_id for batch in setting.store.journal.entries(first.run_id) for e in batch}
    assert "100" not in left
    assert "101" in left
    assert not setting.store.memory.stage_notes(["100"])
    assert not setting.store.memory.seen(["100"])


def test_a_pass_whose_time_went_by_while_no_worker_ran_is_caught_up() -> None:
    setting = a_funnel()
    assert overdue(setting.world()) is None, "the first pass is a full one anyway"
    setting.resync()
    assert overdue(setting.world()) is None
    setting.now = days_after(1.2)
    assert overdue(setting.world()) == "decay"
    setting.resync("decay")
    assert overdue(setting.world()) is None
    setting.now = days_after(7.2)
    assert overdue(setting.world()) == "full"


def killed_before_reading(setting: Setting, mode: str, **selection: object) -> None:
    fate = Fate()
    setting.portal.meanwhile("before read", fate.strike)
    with pytest.raises(KilledError):
        setting.resync(mode, fate=fate, **selection)
    setting.store.lease.end_process()


def test_a_decay_pass_that_was_cut_off_is_made_good_by_the_next_incremental_one() -> None:
    setting = Setting()
    setting.lead("1", 70, stage=LEAD)
    setting.resync()
    setting.now = days_after(150)
    killed_before_reading(setting, "decay")
    setting.resync("incremental")
    assert int(setting.ours("1", "score")) < 70
    assert setting.resync("incremental").tally.read == 1, "our own write comes back once"
    assert setting.resync("incremental").tally.read == 0


@pytest.mark.parametrize("selection", [{"mode": "list", "list_id": "7"}, {"mode": "since", "since": days_before(1)}])
def test_a_selection_that_was_cut_off_is_made_good_by_a_full_pass(selection: dict[str, Any]) -> None:
    setting = Setting()
    setting.portal.lists["7"] = ["1"]
    setting.lead("1", 5, stage=LEAD)
    setting.resync()
    setting.portal.does_more(a_contact("1", 70))
    killed_before_reading(setting, **selection)
    assert setting.resync("incremental").mode == "full"
    assert setting.portal.stage("1") == SQL
    assert setting.resync("incremental").mode == "incremental"


def test_contacts_that_were_asked_for_by_name_when_the_run_was_cut_off_are_read_by_the_next_and_no_others() -> None:
    setting = a_funnel()
    setting.resync()
    setting.resync("incremental")
    setting.portal.becomes(a_contact("102", 70))
    killed_before_reading(setting, "contacts", contact_ids=["102"])
    setting.portal.meanwhile("before read", unreachable)
    with pytest.raises(RetryableError):
        setting.resync("incremental")
    made_good = setting.resync("incremental")
    assert (made_good.mode, made_good.tally.read, setting.portal.stage("102")) == ("incremental", 1, SQL)
    setting.resync("incremental")
    assert setting.resync("incremental").tally.read == 0
    assert setting.store.journal.interrupted() == []


def unreachable() -> None:
    raise RetryableError("HubSpot could not be reached")


def test_a_plan_that_was_killed_is_closed_by_a_run_the_day_after_and_one_under_way_is_let_be() -> None:
    setting = a_funnel()
    killed, under_way = (
        setting.store.journal.start_run("plan", rulebook_version="v", at=at)
        for at in (days_before(2), days_before(0.9))
    )
    assert setting.resync("incremental").mode == "full", "as it is without a watermark"
    assert setting.resync("incremental").mode == "incremental"
    states = {run.id: run.state for run in setting.store.journal.runs()}
    assert (states[killed], states[under_way]) == ("closed", "running")


def test_a_pass_that_waited_while_a_plan_was_refused_writes_no_part_of_it() -> None:
    setting = a_funnel()
    refused = setting.resync("incremental", knobs=TIGHT)
    with pytest.raises(PlanWaits, match=f"plan of run {refused.run_id} was refused"):
        setting.resync("incremental", unless_a_plan_waits=True)
    assert setting.portal.sent == []
    assert setting.store.lease.holder() is None


def test_who_was_left_without_a_stage_gets_it_though_a_plan_waits() -> None:
    setting = a_funnel()
    refused = setting.resync("incremental", knobs=TIGHT)
    fate = Fate()
    setting.portal.meanwhile("after write", nothing)
    setting.portal.meanwhile("after write", fate.strike)
    with pytest.raises(KilledError):
        apply_plan(setting.world(fate), refused.run_id, Knobs(), command="test")
    setting.store.lease.end_process()
    assert "" in {setting.portal.stage("100"), setting.portal.stage("101")}
    with pytest.raises(PlanWaits):
        setting.resync("incremental", unless_a_plan_waits=True)
    assert "" not in {setting.portal.stage("100"), setting.portal.stage("101")}


def test_a_contact_that_is_asked_for_and_not_there_is_reported_and_the_others_go_on() -> None:
    setting = Setting()
    setting.lead("1", 70, stage=LEAD)
    summary = setting.resync("contacts", contact_ids=["1"], unknown=["999"])
    assert setting.portal.stage("1") == SQL
    assert [i for i, _ in summary.tally.failed] == ["999"]


def test_a_contact_that_any_pass_asks_for_and_does_not_find_is_forgotten_with_its_changes() -> None:
    setting = a_funnel()
    first = setting.resync()
    setting.portal.deleted("100")
    setting.resync("contacts", contact_ids=["100"])
    left = {e.change.contact_id for batch in setting.store.journal.entries(first.run_id) for e in batch}
    assert "100" not in left
    assert "100" not in setting.store.memory.seen(["100"])
