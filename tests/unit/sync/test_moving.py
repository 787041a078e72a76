"""How a stage is changed: cleared, confirmed, set; and what happens when something comes between."""

import pytest

from sync.ports import FatalError, LeaseLost, RetryableError
from sync.records import STAGE, State
from tests.builders import LEAD, MQL, SQL, SUBSCRIBER, a_rulebook
from tests.fakes.portal import answer_lost, nothing
from tests.unit.sync.world import Setting
from workflows import Setter


def a_setting_with_one_move() -> Setting:
    """One SQL whose fifty points make it an MQL."""
    setting = Setting()
    setting.lead("1", 50, stage=SQL)
    return setting


def stages_sent(setting: Setting) -> list[dict[str, str]]:
    """By request: the stage sent to each contact that was sent one."""
    return [{u.contact_id: u.properties[STAGE] for u in sent if STAGE in u.properties} for sent in setting.portal.sent]


def states(setting: Setting, run_id: int) -> list[State]:
    return [entry.state for batch in setting.store.journal.entries(run_id) for entry in batch]


def test_a_stage_is_cleared_in_one_request_and_set_in_another() -> None:
    setting = a_setting_with_one_move()
    summary = setting.resync()
    assert stages_sent(setting) == [{"1": ""}, {"1": MQL}]
    assert setting.portal.stage("1") == MQL
    assert summary.as_json()["stage_changes"] == {f"{SQL}->{MQL}": 1}


def test_the_score_is_written_in_the_same_request_as_the_stage() -> None:
    setting = a_setting_with_one_move()
    setting.resync()
    clear, fill = setting.portal.sent
    assert set(clear[0].properties) == {STAGE}
    assert {STAGE, "lead_score", "lead_grade"} <= set(fill[0].properties)


def test_a_forward_move_clears_first_too() -> None:
    setting = Setting()
    setting.lead("1", 70, stage=LEAD)
    setting.resync()
    assert stages_sent(setting) == [{"1": ""}, {"1": SQL}]


def test_a_lead_without_a_stage_is_not_cleared() -> None:
    setting = Setting()
    setting.lead("1", 70)
    setting.resync()
    assert stages_sent(setting) == [{"1": SQL}]


def test_a_lead_that_need_not_be_cleared_does_not_wait_for_those_that_must() -> None:
    setting = a_setting_with_one_move()
    setting.lead("2", 70)
    setting.resync()
    assert stages_sent(setting) == [{"2": SQL}, {"1": ""}, {"1": MQL}]


def test_never_more_than_one_batch_of_leads_is_without_a_stage() -> None:
    setting = Setting()
    for number in range(250):
        setting.lead(f"{number:03}", 50, stage=SQL)
    blank: list[int] = []
    for _ in range(6):
        setting.portal.meanwhile(
            "after write", lambda: blank.append(sum(not setting.portal.stage(f"{n:03}") for n in range(250)))
        )
    setting.resync()
    assert blank == [100, 0, 100, 0, 50, 0]


def test_where_the_rulebook_clears_only_backward_a_forward_move_is_one_request() -> None:
    setting = Setting(rulebook=a_rulebook(clearing="backward"))
    setting.lead("1", 70, stage=LEAD)
    setting.resync()
    assert stages_sent(setting) == [{"1": SQL}]


def test_a_backward_write_that_was_answered_with_the_old_stage_takes_the_way_through_the_clear() -> None:
    # The rulebook thinks that the portal's order is another than it is.
    setting = Setting(rulebook=a_rulebook(clearing="backward", portal_order=(SQL, MQL, LEAD, SUBSCRIBER)))
    setting.lead("1", 50, stage=SQL)
    setting.resync()
    assert stages_sent(setting) == [{"1": MQL}, {"1": ""}, {"1": MQL}]
    assert setting.portal.stage("1") == MQL


class TestOthersActMeanwhile:
    def test_a_person_who_sets_the_stage_between_read_and_clear_wins(self) -> None:
        setting = a_setting_with_one_move()
        setting.portal.meanwhile("before read", nothing)
        setting.portal.meanwhile("before read", lambda: setting.portal.edited("1", stage=LEAD))
        setting.resync()
        assert setting.portal.stages_of("1") == [SQL, LEAD]
        assert setting.ours("1", "score") == "50"

    def test_a_person_who_sets_the_stage_between_clear_and_set_wins(self) -> None:
        setting = a_setting_with_one_move()
        setting.portal.meanwhile("after write", lambda: setting.portal.edited("1", stage=LEAD))
        summary = setting.resync()
        assert setting.portal.stages_of("1") == [SQL, "", LEAD]
        assert [i for i, _ in summary.dropped] == ["1"]

    def test_a_person_who_sets_the_stage_in_the_moment_before_the_clear_gets_it_back(self) -> None:
        setting = a_setting_with_one_move()
        setting.portal.meanwhile("before write", lambda: setting.portal.edited("1", stage="customer"))
        summary = setting.resync()
        assert setting.portal.stages_of("1") == [SQL, "customer", "", "customer"]
        assert [i for i, _ in summary.dropped] == ["1"]
        assert summary.tally.failed == []

    def test_a_person_who_empties_the_stage_in_the_moment_of_our_clear_cannot_be_told_from_us(self) -> None:
        setting = a_setting_with_one_move()
        setting.portal.meanwhile("before write", lambda: setting.portal.edited("1", stage=""))
        setting.resync()
        assert setting.portal.stages_of("1") == [SQL, "", MQL]

    def test_a_person_who_sets_and_empties_the_stage_between_clear_and_set_is_let_be(self) -> None:
        setting = a_setting_with_one_move()

        def sets_and_empties() -> None:
            setting.portal.edited("1", stage=LEAD)
            setting.portal.edited("1", stage="")

        setting.portal.meanwhile("after write", sets_and_empties)
        summary = setting.resync()
        assert setting.portal.stages_of("1") == [SQL, "", LEAD, ""]
        assert [i for i, _ in summary.dropped] == ["1"]

    def test_a_workflow_that_fills_the_empty_stage_is_not_overwritten_in_the_same_run(self) -> None:
        setting = a_setting_with_one_move()
        setting.portal.meanwhile("after write", lambda: setting.portal.edited("1", by=Setter.OTHER, stage=LEAD))
        setting.resync()
        assert setting.portal.stage("1") == LEAD

    def test_an_answer_that_comes_between_read_and_write_is_decided_afresh(self) -> None:
        setting = a_setting_with_one_move()
        setting.portal.meanwhile("before read", nothing)
        setting.portal.meanwhile("before read", lambda: setting.portal.edited("1", feedback="unqualified"))
        summary = setting.resync()
        assert setting.portal.stage("1") == SUBSCRIBER
        assert summary.as_json()["stage_changes"] == {f"{SQL}->{SUBSCRIBER}": 1}

    def test_a_contact_that_is_deleted_meanwhile_is_dropped_and_the_others_go_on(self) -> None:
        for moment in ("before write", "after write"):
            setting = a_setting_with_one_move()
            setting.lead("2", 50, stage=SQL)
            setting.portal.meanwhile(moment, lambda s=setting: s.portal.deleted("1"))  # type: ignore[misc]
            summary = setting.resync()
            assert setting.portal.stage("2") == MQL
            assert [i for i, _ in summary.dropped] == ["1"]
            assert summary.tally.failed == []


class TestRefusals:
    def test_a_refused_set_puts_the_old_stage_back(self) -> None:
        setting = a_setting_with_one_move()
        setting.portal.refuses("1", when=lambda sent: sent.get(STAGE) == MQL)
        summary = setting.resync()
        assert setting.portal.stages_of("1") == [SQL, "", SQL]
        ((contact_id, reason),) = summary.tally.failed
        assert contact_id == "1"
        assert "its stage is back as it was" in reason

    def test_a_refused_set_is_not_put_back_where_a_workflow_was_quicker(self) -> None:
        setting = a_setting_with_one_move()
        setting.portal.refuses("1", when=lambda sent: sent.get(STAGE) == MQL)
        setting.portal.meanwhile("after write", nothing)
        setting.portal.meanwhile("after write", lambda: setting.portal.edited("1", by=Setter.OTHER, stage=SQL))
        summary = setting.resync()
        assert setting.portal.stages_of("1") == [SQL, "", SQL]
        assert setting.portal.sent_in_vain == []
        assert states(setting, summary.run_id) == [State.REVERSED]

    def test_a_stage_that_was_put_back_is_still_its_setters(self) -> None:
        setting = Setting()
        setting.lead("1", 50, stage=SQL, feedback="mql_not_ready", set_by=Setter.PERSON, days_ago=5)
        setting.portal.refuses("1", when=lambda sent: sent.get(STAGE) == MQL)
        setting.resync()
        setting.portal.edited("1", feedback="")
        setting.portal.refuses("1", when=lambda _: False)
        assert setting.resync().as_json()["contacts_held"] == {"person_stage": 1}

    def test_a_refused_clear_leaves_the_contact_as_it_was_and_the_others_go_on(self) -> None:
        setting = a_setting_with_one_move()
        setting.lead("2", 50, stage=SQL)
        setting.portal.refuses("1")
        summary = setting.resync()
        assert setting.portal.stages_of("1") == [SQL]
        assert setting.portal.stage("2") == MQL
        assert [i for i, _ in summary.tally.failed] == ["1"]

    def test_a_refused_score_is_reported_by_id_and_the_others_go_on(self) -> None:
        setting = Setting()
        setting.lead("1", 5, stage=LEAD)
        setting.lead("2", 5, stage=LEAD)
        setting.portal.refuses("1")
        summary = setting.resync()
        assert setting.ours("2", "score") == "5"
        assert summary.tally.failed == [("1", "HubSpot refused it")]
        assert summary.needs_a_person

    def test_a_set_whose_stage_cannot_even_be_put_back_is_named_and_tried_again_by_the_next_run(self) -> None:
        setting = a_setting_with_one_move()
        setting.portal.refuses("1", when=lambda sent: sent.get(STAGE) != "")
        summary = setting.resync()
        assert "is WITHOUT A STAGE" in summary.tally.failed[0][1]
        setting.portal.refuses("1", when=lambda _: False)
        setting.resync("incremental")
        assert setting.portal.stage("1") == MQL

    @pytest.mark.parametrize("mode", ["incremental", "full", "contacts", "decay"])
    def test_a_contact_left_without_a_stage_is_told_by_every_run_until_it_is_mended(self, mode: str) -> None:
        setting = a_setting_with_one_move()
        setting.portal.refuses("1", when=lambda sent: sent.get(STAGE) != "")
        setting.resync()
        for _ in range(3):
            summary = setting.resync(mode)
            failed = dict(summary.tally.failed)
            assert "set the stage by hand" in failed["1"]
            assert summary.needs_a_person
        setting.portal.refuses("1", when=lambda _: False)
        setting.resync(mode)
        assert setting.portal.stages_of("1") == [SQL, "", MQL]
        setting.resync("incremental")
        assert setting.store.journal.open_entries() == []

    def test_a_contact_left_without_a_stage_that_a_person_then_sets_is_mended(self) -> None:
        setting = a_setting_with_one_move()
        setting.portal.refuses("1", when=lambda sent: sent.get(STAGE) != "")
        setting.resync()
        setting.portal.refuses("1", when=lambda sent: bool(sent.get(STAGE)))
        setting.portal.edited("1", stage=LEAD)
        assert setting.resync("incremental").tally.failed == []
        assert setting.portal.stages_of("1") == [SQL, "", LEAD]

    def test_when_nothing_can_be_written_any_more_the_cleared_get_their_stage_back(self) -> None:
        setting = a_setting_with_one_move()

        def breaks() -> None:
            raise FatalError("The portal has no property lead_score.")

        setting.portal.meanwhile("before write", nothing)
        setting.portal.meanwhile("before write", breaks)
        with pytest.raises(FatalError, match="no property"):
            setting.resync()
        assert setting.portal.stages_of("1") == [SQL, "", SQL]

    def test_what_was_set_before_everything_broke_is_not_put_back(self) -> None:
        setting = a_setting_with_one_move()

        def breaks() -> None:
            raise FatalError("The portal has no property lead_score.")

        setting.portal.meanwhile("after write", nothing)
        setting.portal.meanwhile("after write", breaks)
        with pytest.raises(FatalError, match="no property"):
            setting.resync()
        assert setting.portal.stages_of("1") == [SQL, "", MQL]

    @pytest.mark.parametrize("moment", ["after write", "before histories"])
    @pytest.mark.parametrize("error", [RetryableError("The day is used up."), FatalError("No token.")])
    def test_an_error_between_clear_and_set_goes_on_when_the_cleared_have_their_stage_back(
        self, moment: str, error: Exception
    ) -> None:
        setting = a_setting_with_one_move()
        setting.lead("2", 50, stage=SQL)

        def breaks() -> None:
            raise error

        def half_written() -> None:
            setting.portal.edited("2", stage=LEAD)
            setting.portal.meanwhile(moment, breaks)

        setting.portal.meanwhile("before write", half_written)
        with pytest.raises(type(error), match=str(error)):
            setting.resync()
        assert setting.portal.stages_of("1") == [SQL, "", SQL]

    def test_a_customer_whom_a_broken_off_clear_wiped_out_is_a_customer_again(self) -> None:
        setting = a_setting_with_one_move()

        def breaks() -> None:
            raise RetryableError

        setting.portal.meanwhile("before write", lambda: setting.portal.edited("1", stage="customer"))
        setting.portal.meanwhile("after write", breaks)
        with pytest.raises(RetryableError):
            setting.resync()
        assert setting.portal.stages_of("1") == [SQL, "customer", "", "customer"]


class TestLostAnswers:
    @pytest.mark.parametrize("moment", ["before write", "after write"])
    @pytest.mark.parametrize("request_number", [1, 2])
    def test_unknown_outcomes_are_read_back(self, moment: str, request_number: int) -> None:
        setting = a_setting_with_one_move()
        for _ in range(request_number - 1):
            setting.portal.meanwhile(moment, nothing)
        setting.portal.meanwhile(moment, answer_lost)
        summary = setting.resync()
        assert setting.portal.stages_of("1") == [SQL, "", MQL]
        assert setting.portal.sent_in_vain == []
        assert summary.tally.failed == []
        assert states(setting, summary.run_id) == [State.DONE]

    @pytest.mark.parametrize("moment", ["before write", "after write"])
    def test_a_score_whose_answer_was_lost_is_read_back(self, moment: str) -> None:
        setting = Setting()
        setting.lead("1", 5, stage=LEAD)
        setting.portal.meanwhile(moment, answer_lost)
        summary = setting.resync()
        assert setting.ours("1", "score") == "5"
        assert setting.portal.sent_in_vain == []
        assert states(setting, summary.run_id) == [State.DONE]

    def test_a_forward_move_whose_request_was_lost_is_sent_again_and_not_cleared(self) -> None:
        setting = Setting(rulebook=a_rulebook(clearing="backward"))
        setting.lead("1", 70, stage=LEAD)
        setting.portal.meanwhile("before write", answer_lost)
        setting.resync()
        assert setting.portal.stages_of("1") == [LEAD, SQL]

    def test_what_stays_unknown_is_reported_and_settled_by_the_next_run(self) -> None:
        setting = a_setting_with_one_move()
        setting.portal.meanwhile("before write", nothing)
        for _ in range(3):
            setting.portal.meanwhile("before write", answer_lost)
        summary = setting.resync()
        assert "did not say in 3 tries" in summary.tally.failed[0][1]
        assert setting.portal.stage("1") == ""
        setting.resync("incremental")
        assert setting.portal.stages_of("1") == [SQL, "", MQL]
        assert states(setting, summary.run_id) == [State.SETTLED]

    def test_a_clear_that_never_arrives_leaves_the_stage_as_it_was_and_the_next_run_tries_again(self) -> None:
        setting = a_setting_with_one_move()
        for _ in range(3):
            setting.portal.meanwhile("before write", answer_lost)
        summary = setting.resync()
        assert setting.portal.stages_of("1") == [SQL]
        assert [i for i, _ in summary.tally.failed] == ["1"]
        setting.resync("incremental")
        assert setting.portal.stages_of("1") == [SQL, "", MQL]


@pytest.mark.parametrize("name", list(Setter))
def test_a_lead_that_is_moved_ends_with_a_stage_whatever_hubspot_calls_us(name: Setter) -> None:
    setting = a_setting_with_one_move()
    setting.portal.calls_us = name
    setting.resync()
    assert setting.portal.stages_of("1") == [SQL, "", MQL]


class TestTheLease:
    def test_a_lost_lease_stops_every_write(self) -> None:
        setting = a_setting_with_one_move()
        setting.portal.meanwhile("before read", setting.store.lease.end_process)
        with pytest.raises(LeaseLost):
            setting.resync()
        assert setting.portal.sent == []

    def test_a_run_whose_plan_was_closed_by_another_says_that_it_lost_the_portal(self) -> None:
        setting = a_setting_with_one_move()

        def another_takes_over() -> None:
            setting.store.lease.end_process()
            for batch in setting.store.journal.entries(1):
                setting.store.journal.mark(batch, State.CANCELLED)
            setting.portal.edited("1", by=Setter.OTHER, stage=LEAD)

        setting.portal.meanwhile("before read", another_takes_over)
        with pytest.raises(LeaseLost):
            setting.resync()
        assert setting.portal.sent == []

    def test_a_lease_lost_between_clear_and_set_leaves_the_set_to_the_one_who_took_over(self) -> None:
        setting = a_setting_with_one_move()
        setting.portal.meanwhile("after write", setting.store.lease.end_process)
        with pytest.raises(LeaseLost):
            setting.resync()
        assert setting.portal.stages_of("1") == [SQL, ""]
        setting.resync("incremental")
        assert setting.portal.stages_of("1") == [SQL, "", MQL]


# HubSpot's reads may lag: then they show a contact as it was before what HubSpot has already confirmed.


@pytest.mark.parametrize("tells_stage", [True, False])
def test_a_clear_that_is_not_shown_yet_gets_a_moment_to_be(tells_stage: bool) -> None:
    setting = a_setting_with_one_move()
    setting.portal.tells_stage = tells_stage
    before, pauses = setting.portal.copy(), list[float]()

    def it_is_shown_in_the_end(pause_s: float) -> None:
        pauses.append(pause_s)
        setting.portal.reads_from(before if len(pauses) < 3 else None)

    setting.portal.meanwhile("after write", lambda: setting.portal.reads_from(before))
    summary = setting.resync(sleep=it_is_shown_in_the_end)
    assert setting.portal.stages_of("1") == [SQL, "", MQL]
    assert pauses == [0.5, 1.0, 2.0]
    assert (summary.tally.failed, summary.dropped) == ([], [])


def test_a_set_that_may_have_been_written_gets_a_moment_to_be_shown_before_it_is_sent_again() -> None:
    setting = a_setting_with_one_move()

    def the_set_is_lost_and_not_shown() -> None:
        blank = setting.portal.copy()

        def lost() -> None:
            setting.portal.reads_from(blank)
            answer_lost()

        setting.portal.meanwhile("after write", lost)

    setting.portal.meanwhile("after write", the_set_is_lost_and_not_shown)
    summary = setting.resync(sleep=lambda _: setting.portal.reads_from(None))
    assert stages_sent(setting) == [{"1": ""}, {"1": MQL}]
    assert summary.tally.failed == []


def test_a_lead_that_is_shown_as_it_was_before_our_move_is_not_moved_again() -> None:
    setting = a_setting_with_one_move()
    before = setting.portal.copy()
    setting.resync()
    setting.portal.reads_from(before)
    setting.resync()
    assert setting.portal.stages_of("1") == [SQL, "", MQL]
    assert stages_sent(setting)[2:] == [{}]


def test_a_lead_that_is_deleted_before_its_history_is_read_is_left_out_and_nothing_is_noted_of_it() -> None:
    setting = a_setting_with_one_move()
    setting.portal.meanwhile("before histories", lambda: setting.portal.deleted("1"))
    summary = setting.resync()
    assert setting.portal.sent == []
    assert (summary.tally.failed, setting.store.memory.stage_notes(["1"])) == ([], {})


def test_who_becomes_a_customer_between_two_looks_at_a_lead_is_believed_the_second() -> None:
    setting = a_setting_with_one_move()
    setting.portal.meanwhile("before histories", lambda: setting.portal.edited("1", by=Setter.DEAL, stage="customer"))
    summary = setting.resync()
    assert setting.portal.sent == []
    assert dict(summary.tally.excluded) == {"customer": 1}


def test_a_history_that_is_behind_the_lead_is_not_believed() -> None:
    setting = Setting()
    setting.lead("1", 50, stage=SQL)
    setting.portal.edited("1", by=Setter.DEAL, stage="customer")
    setting.portal.loses_history("1")
    setting.resync()
    assert setting.portal.sent == []
