"""What a run that was killed between clear and set leaves, and how the next one makes it good."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from sync.records import State
from sync.summary import Summary
from tests.builders import LEAD, MQL, SQL, SUBSCRIBER, a_contact, a_rulebook
from tests.fakes.death import Fate, KilledError
from tests.fakes.portal import nothing
from tests.unit.sync.world import ANY_SIZE, Setting
from workflows import Setter


def a_lead_without_its_stage(**lead: str) -> Setting:
    """One SQL on its way to MQL; the process was killed when HubSpot had cleared the stage."""
    setting = Setting()
    setting.lead("1", 50, stage=SQL, **lead)
    fate = Fate()
    setting.portal.meanwhile("after write", fate.strike)
    with pytest.raises(KilledError):
        setting.resync(fate=fate)
    setting.store.lease.end_process()
    assert setting.portal.stages_of("1") == [SQL, ""]
    return setting


def test_the_next_start_sets_the_stage() -> None:
    setting = a_lead_without_its_stage()
    setting.resync("incremental")
    assert setting.portal.stages_of("1") == [SQL, "", MQL]


@pytest.mark.parametrize("name", [Setter.OTHER, Setter.PERSON, Setter.DEAL])
@pytest.mark.parametrize("points", [50, 0])
def test_the_next_start_sets_a_stage_whatever_hubspot_calls_us(points: int, name: Setter) -> None:
    setting = Setting()
    setting.portal.calls_us = name
    setting.lead("1", points, stage=SQL)
    fate = Fate()
    setting.portal.meanwhile("after write", fate.strike)
    with pytest.raises(KilledError):
        setting.resync(fate=fate)
    setting.store.lease.end_process()
    setting.resync("incremental")
    assert setting.portal.stages_of("1") == [SQL, "", MQL if points else LEAD]


def test_a_stage_that_a_person_set_under_the_clear_is_put_back_by_the_next_start() -> None:
    setting = Setting()
    setting.lead("1", 50, stage=SQL)
    fate = Fate()
    setting.portal.meanwhile("before write", lambda: setting.portal.edited("1", stage="customer"))
    setting.portal.meanwhile("after write", fate.strike)
    with pytest.raises(KilledError):
        setting.resync(fate=fate)
    setting.store.lease.end_process()
    setting.resync("incremental")
    assert setting.portal.stages_of("1") == [SQL, "customer", "", "customer"]


def test_a_stage_that_a_run_has_set_and_that_is_not_shown_yet_is_not_set_again() -> None:
    setting = a_lead_without_its_stage()
    blank = setting.portal.copy()
    fate = Fate()
    setting.portal.meanwhile("before turn", nothing)
    setting.portal.meanwhile("before turn", fate.strike)
    setting.lead("2", 5, stage=LEAD)
    with pytest.raises(KilledError):
        setting.resync("full", fate=fate)
    setting.store.lease.end_process()
    setting.portal.reads_from(blank)
    setting.portal.sent.clear()
    setting.resync("incremental")
    assert [u.contact_id for sent in setting.portal.sent for u in sent if "lifecyclestage" in u.properties] == []
    assert setting.portal.stages_of("1") == [SQL, "", MQL]


def test_a_stage_is_not_cleared_again() -> None:
    setting = a_lead_without_its_stage()
    setting.resync("incremental")
    assert setting.portal.sent_in_vain == []


def test_the_stage_is_set_whatever_the_next_run_is_for() -> None:
    setting = a_lead_without_its_stage()
    setting.lead("2", 5, stage=LEAD)
    setting.resync("contacts", contact_ids=["2"])
    assert setting.portal.stage("1") == MQL


def test_a_stage_that_a_person_set_meanwhile_stands() -> None:
    setting = a_lead_without_its_stage()
    setting.portal.edited("1", stage=LEAD)
    setting.resync("incremental")
    assert setting.portal.stages_of("1") == [SQL, "", LEAD]
    assert setting.ours("1", "score") == "50"


def test_a_stage_that_a_person_set_and_cleared_meanwhile_stays_cleared() -> None:
    setting = a_lead_without_its_stage()
    setting.portal.edited("1", stage=LEAD)
    setting.portal.edited("1", stage="")
    setting.resync("incremental")
    assert setting.portal.stages_of("1") == [SQL, "", LEAD, ""]


@pytest.mark.parametrize("by", [Setter.PERSON, Setter.INTEGRATION])
def test_a_stage_that_somebody_set_and_emptied_later_was_not_under_our_clear(by: Setter) -> None:
    setting = Setting()
    setting.lead("1", 50, stage=SQL)
    fate = Fate()
    setting.portal.meanwhile("before write", fate.strike)
    with pytest.raises(KilledError):
        setting.resync(fate=fate)
    setting.store.lease.end_process()
    setting.portal.edited("1", stage="customer", by=by)
    setting.portal.time += timedelta(hours=2)
    setting.portal.edited("1", stage="", by=by)
    setting.resync("incremental")
    assert setting.portal.stages_of("1") == [SQL, "customer", "", *([MQL] if by is Setter.INTEGRATION else [])]


def test_the_lead_is_decided_afresh_from_the_stage_it_had() -> None:
    setting = a_lead_without_its_stage()
    setting.portal.edited("1", feedback="unqualified")
    setting.resync("incremental")
    assert setting.portal.stages_of("1") == [SQL, "", SUBSCRIBER]


@pytest.mark.parametrize("change", [{"hold": "true"}, {"feedback": "true_sql"}])
def test_where_nothing_moves_the_lead_any_more_the_old_stage_comes_back(change: dict[str, Any]) -> None:
    setting = a_lead_without_its_stage()
    setting.portal.edited("1", **change)
    setting.resync("incremental")
    assert setting.portal.stages_of("1") == [SQL, "", SQL]


def test_where_the_rulebook_moves_nobody_any_more_the_old_stage_comes_back() -> None:
    setting = a_lead_without_its_stage()
    setting.rulebook = a_rulebook(moves="none")
    setting.resync("incremental")
    assert setting.portal.stages_of("1") == [SQL, "", SQL]


def test_a_contact_that_cannot_be_scored_any_more_gets_its_old_stage_back() -> None:
    setting = a_lead_without_its_stage()
    setting.portal.does_more(replace(a_contact("1"), engagements=None))  # type: ignore[arg-type]
    setting.resync("incremental")
    assert setting.portal.stages_of("1") == [SQL, "", SQL]


def test_where_hubspot_kept_no_history_the_journal_knows_the_old_stage() -> None:
    setting = a_lead_without_its_stage()
    setting.portal.loses_history("1")
    setting.portal.edited("1", hold="true")
    setting.resync("incremental")
    assert setting.portal.stage("1") == SQL


def test_an_old_stage_that_the_portal_no_longer_has_is_not_put_back() -> None:
    setting = a_lead_without_its_stage()
    setting.portal.loses_history("1")
    setting.rulebook = a_rulebook(portal_order=(SUBSCRIBER, LEAD, MQL))
    setting.resync("incremental")
    assert setting.portal.stage("1") == MQL


def test_a_contact_that_was_deleted_meanwhile_is_closed() -> None:
    setting = a_lead_without_its_stage()
    setting.portal.deleted("1")
    setting.resync("incremental")
    assert setting.store.journal.open_entries() == []


@pytest.mark.parametrize("mode", ["incremental", "full"])
def test_a_contact_that_was_merged_meanwhile_has_a_stage_under_its_new_id(mode: str) -> None:
    setting = a_lead_without_its_stage()
    setting.portal.merged("1", becomes="2")
    setting.resync(mode)
    assert setting.portal.stages_of("2") == [SQL, "", MQL]
    assert setting.store.journal.open_entries() == []


def test_a_refused_set_while_settling_puts_the_old_stage_back() -> None:
    setting = a_lead_without_its_stage()
    setting.portal.refuses("1", when=lambda sent: sent.get("lifecyclestage") == MQL)
    summary = setting.resync("incremental")
    assert setting.portal.stage("1") == SQL
    ((contact_id, reason),) = [(each["id"], each["reason"]) for each in failed_of(summary)]
    assert contact_id == "1"
    assert "its stage is back as it was" in reason


def failed_of(summary: Summary) -> Any:
    return summary.as_json()["contacts_failed"]


def test_what_could_not_be_settled_is_reported_also_where_nothing_else_is_written() -> None:
    setting = a_lead_without_its_stage()
    setting.portal.refuses("1")
    for number in range(10, 20):
        setting.lead(str(number), 50, stage=SQL)
    summary = setting.resync("incremental", knobs=replace(ANY_SIZE, floor=0, first_share=0.1, share=0.1))
    assert summary.plan_refused is not None
    assert "is WITHOUT A STAGE" in failed_of(summary)[0]["reason"]


def test_the_run_that_was_killed_is_closed_by_the_one_that_made_it_good() -> None:
    setting = a_lead_without_its_stage()
    setting.lead("2", 5, stage=LEAD)
    done = setting.resync("incremental")
    killed = setting.store.journal.run(1)
    assert killed is not None
    assert (killed.state, killed.error) == ("closed", "cut off before its end")
    ((entry,),) = setting.store.journal.entries(1)
    assert (entry.state, entry.detail) == (State.SETTLED, f"settled by run {done.run_id}")


def test_of_a_run_that_was_killed_it_is_told_what_it_had_written() -> None:
    setting = Setting()
    for number in range(250):
        setting.lead(str(1_000 + number), 50, stage=LEAD)
    fate = Fate()
    for happens in (nothing, nothing, fate.strike):  # a batch is cleared and set; the next is about to be cleared
        setting.portal.meanwhile("before write", happens)
    with pytest.raises(KilledError):
        setting.resync(fate=fate)
    setting.store.lease.end_process()
    setting.resync()
    killed = setting.store.journal.run(1)
    assert killed is not None
    assert killed.summary["contacts_changed"] == 100


def test_what_was_planned_and_never_begun_is_cancelled_and_decided_again() -> None:
    setting = Setting()
    setting.lead("1", 5, stage=LEAD)
    setting.store.memory.set_watermark(setting.now)
    fate = Fate()
    setting.portal.meanwhile("before write", fate.strike)
    with pytest.raises(KilledError):
        setting.resync("contacts", contact_ids=["1"], fate=fate)
    setting.store.lease.end_process()
    setting.resync("incremental")
    assert setting.ours("1", "score") == "5"


def test_a_plan_that_is_applied_settles_too_and_leaves_the_rest_owed() -> None:
    setting = a_lead_without_its_stage()
    setting.lead("2", 5, stage=LEAD)
    setting.apply(setting.plan().run_id)
    assert (setting.portal.stage("1"), setting.ours("2", "score")) == (MQL, "5")
    assert setting.resync("incremental").mode == "full"


def test_a_large_plan_that_is_refused_still_leaves_nobody_without_a_stage() -> None:
    setting = a_lead_without_its_stage()
    for number in range(10, 20):
        setting.lead(str(number), 50, stage=SQL)
    summary = setting.resync("incremental", knobs=replace(ANY_SIZE, floor=0, first_share=0.1, share=0.1))
    assert summary.plan_refused is not None
    assert setting.portal.stage("1") == MQL
    assert setting.resync("incremental").mode == "full"


def test_a_stage_is_settled_before_anything_else_is_read() -> None:
    setting = a_lead_without_its_stage()

    def unreachable() -> None:
        raise KilledError

    setting.portal.meanwhile("before read", nothing)
    setting.portal.meanwhile("before read", unreachable)
    with pytest.raises(KilledError):
        setting.resync("full")
    assert setting.portal.stage("1") == MQL
