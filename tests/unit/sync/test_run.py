"""One run: what it reads, when it writes, what it remembers, and what it owes to the next."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from scoring import Contact
from sync.explaining import explain
from sync.ports import LeaseHeld, RetryableError
from sync.world import Knobs
from tests.builders import LEAD, MQL, NOW, SQL, a_contact, a_rulebook, days_after, days_before
from tests.fakes.portal import nothing
from tests.fakes.store import FakeStore
from tests.unit.sync.world import Setting, a_funnel
from workflows import LeaveAlone, Setter


class TestWhatIsWritten:
    def test_every_lead_ends_where_it_belongs(self) -> None:
        setting = a_funnel()
        document = setting.resync().as_json()
        stages = {i: setting.portal.stage(i) for i in ("100", "101", "102", "103", "104", "110", "120", "121")}
        assert stages == {
            "100": SQL,
            "101": MQL,
            "102": LEAD,
            "103": "",
            "104": SQL,
            "110": "customer",
            "120": LEAD,
            "121": LEAD,
        }
        assert document["contacts_read"] == 10
        assert document["contacts_scored"] == 7
        assert document["contacts_excluded"] == {"customer": 2, "opted_out": 1}
        assert document["contacts_held"] == {"lead_scoring_hold": 1, "person_stage": 1}
        assert document["contacts_changed"] == 8
        assert document["stage_changes"] == {f"{LEAD}->{SQL}": 1, f"{SQL}->{MQL}": 1, f"none->{SQL}": 1}

    def test_a_second_resync_sends_no_write(self) -> None:
        setting = a_funnel()
        setting.resync()
        before = len(setting.portal.sent)
        assert setting.resync().as_json()["contacts_changed"] == 0
        assert len(setting.portal.sent) == before

    def test_a_second_resync_with_an_empty_database_sends_no_write(self) -> None:
        setting = a_funnel()
        setting.resync()
        before = len(setting.portal.sent)
        setting.store = FakeStore()
        setting.resync()
        assert len(setting.portal.sent) == before

    def test_no_value_that_is_already_there_is_sent(self) -> None:
        setting = a_funnel()
        setting.lead("130", 50, stage=MQL, score="50", fit="0", grade="D1")
        setting.resync()
        assert setting.portal.sent_in_vain == []

    def test_a_lead_without_points_is_scored_zero_and_stays_without_a_stage(self) -> None:
        setting = a_funnel()
        setting.resync()
        assert setting.ours("103", "score") == "0"

    def test_an_excluded_contact_that_was_never_scored_is_not_touched(self) -> None:
        setting = a_funnel()
        setting.resync()
        assert {u.contact_id for sent in setting.portal.sent for u in sent}.isdisjoint({"110", "112"})

    def test_an_excluded_contact_that_was_scored_is_blanked_with_the_reason(self) -> None:
        setting = a_funnel()
        setting.resync()
        assert (setting.ours("111", "score"), setting.ours("111", "grade")) == ("", "")
        assert setting.ours("111", "exclusion") == "customer"
        assert setting.portal.stages_of("111") == ["customer"]

    def test_the_box_that_asks_for_a_new_score_is_cleared_when_done(self) -> None:
        setting = a_funnel()
        setting.resync()
        setting.portal.edited("102", resync="true")
        setting.resync("incremental")
        assert setting.ours("102", "resync") == ""

    def test_a_run_with_moves_off_writes_scores_and_no_stage(self) -> None:
        setting = Setting(rulebook=a_rulebook(moves="none"))
        setting.lead("1", 70, stage=LEAD)
        document = setting.resync().as_json()
        assert (setting.portal.stages_of("1"), setting.ours("1", "score")) == ([LEAD], "70")
        assert document["contacts_held"] == {"moves": 1}

    def test_one_contact_that_cannot_be_scored_is_reported_and_the_others_go_on(self) -> None:
        setting = Setting()
        unreadable: Contact = replace(a_contact("1", 70), engagements=None)  # type: ignore[arg-type]
        setting.portal.holds(unreadable, stage=LEAD)
        setting.lead("2", 70, stage=LEAD)
        summary = setting.resync()
        assert [i for i, _ in summary.tally.failed] == ["1"]
        assert summary.tally.read == 2
        assert (setting.portal.stages_of("1"), setting.portal.stage("2")) == ([LEAD], SQL)


class TestFeedbackInARun:
    def test_not_ready_takes_its_points_with_the_stage_in_one_request(self) -> None:
        setting = Setting()
        setting.lead("1", 70, stage=SQL, feedback="mql_not_ready")
        setting.resync()
        assert setting.portal.stage("1") == MQL
        assert (setting.ours("1", "score"), setting.ours("1", "feedback_points")) == ("50", "20")
        _, fill = setting.portal.sent
        assert {"lifecyclestage", "lead_scoring_feedback_points"} <= set(fill[0].properties)

    def test_unqualified_cleared_gives_the_hundred_back_in_one_move(self) -> None:
        setting = Setting()
        setting.lead("1", 70, stage=SQL, feedback="unqualified")
        setting.resync()
        assert (setting.portal.stage("1"), setting.ours("1", "score")) == ("subscriber", "-30")
        setting.portal.edited("1", feedback="")
        summary = setting.resync("incremental")
        assert summary.as_json()["stage_changes"] == {f"subscriber->{SQL}": 1}
        assert setting.ours("1", "score") == "70"

    def test_back_at_sql_the_answer_is_cleared_in_hubspot_and_the_points_stay(self) -> None:
        setting = Setting()
        setting.lead("1", 70, stage=MQL, feedback="mql_not_ready", feedback_points="2")
        setting.resync()
        assert (setting.portal.stage("1"), setting.ours("1", "feedback")) == (SQL, "")
        assert setting.ours("1", "feedback_points") == "2"

    def test_an_exclusion_leaves_the_points_taken_where_they_are(self) -> None:
        setting = Setting()
        setting.lead("1", 70, stage="customer", score="50", feedback_points="20")
        setting.resync()
        assert (setting.ours("1", "score"), setting.ours("1", "feedback_points")) == ("", "20")


class TestHistory:
    def test_history_is_read_only_for_leads_whose_stage_would_change(self) -> None:
        setting = Setting()
        setting.lead("1", 70, stage=LEAD)
        setting.lead("2", 5, stage=LEAD)
        setting.resync()
        assert set(setting.portal.histories_read) == {"1"}

    def test_history_is_read_once_per_stage(self) -> None:
        setting = Setting()
        setting.lead("1", 70, stage=LEAD, set_by=Setter.PERSON, days_ago=5)
        setting.resync()
        assert setting.portal.histories_read == ["1"]
        setting.resync()
        assert setting.portal.histories_read == ["1"]

    def test_our_own_set_needs_no_reading(self) -> None:
        setting = Setting()
        setting.lead("1", 70)
        setting.resync()
        setting.portal.does_more(a_contact("1", 50))
        setting.portal.histories_read.clear()
        setting.plan()
        assert setting.portal.histories_read == []
        setting.resync()
        assert setting.portal.stage("1") == MQL

    def test_a_contact_that_never_had_a_stage_is_not_asked_about_again(self) -> None:
        setting = Setting()
        setting.lead("1")
        setting.resync()
        setting.resync()
        assert setting.portal.histories_read == []


class TestWhichContacts:
    def test_without_a_watermark_an_incremental_pass_reads_everything(self) -> None:
        setting = a_funnel()
        summary = setting.resync("incremental")
        assert (summary.mode, summary.tally.read) == ("full", 10)

    def test_an_incremental_pass_reads_what_changed(self) -> None:
        setting = a_funnel()
        setting.resync()
        setting.resync("incremental")
        setting.now = days_after(1)
        setting.portal.time = setting.now
        setting.portal.does_more(a_contact("103", 50))
        assert setting.resync("incremental").tally.read == 1
        assert setting.portal.stage("103") == MQL

    def test_our_own_writes_come_back_once_and_are_then_known(self) -> None:
        setting = a_funnel()
        written = setting.resync().tally.changed
        assert setting.resync("incremental").tally.read == written
        assert setting.resync("incremental").tally.read == 0

    def test_the_watermark_never_passes_the_moment_the_run_began(self) -> None:
        setting = a_funnel()
        setting.portal.does_more(a_contact("103", 50))
        setting.portal.meanwhile("before write", lambda: setattr(setting, "now", days_after(1)))
        setting.resync(facts=replace(setting.portal.facts(), server_time=NOW - timedelta(minutes=3)))
        assert setting.store.memory.watermark() == NOW - timedelta(minutes=3)

    @pytest.mark.parametrize("told", [None, NOW + timedelta(hours=3)])
    def test_neither_our_clock_nor_hubspots_header_carries_the_watermark_past_what_was_seen(
        self, told: datetime | None
    ) -> None:
        setting = a_funnel()
        setting.now = NOW + timedelta(hours=3)
        facts = replace(setting.portal.facts(), server_time=told)
        for mode in ("full", "incremental", "incremental"):
            setting.resync(mode, facts=facts)
        setting.portal.time += timedelta(minutes=30)
        setting.portal.does_more(a_contact("103", 50))
        assert setting.resync("incremental", facts=facts).tally.read == 1
        assert setting.portal.stage("103") == MQL

    def test_what_changes_while_a_pass_reads_is_found_by_the_next_though_later_dates_were_read(self) -> None:
        setting = a_funnel()
        setting.now = NOW + timedelta(hours=9)

        def hours_pass() -> None:
            setting.portal.does_more(a_contact("103", 50))
            setting.portal.steady_s += 3 * 3600
            setting.portal.time += timedelta(hours=3)
            setting.portal.does_more(a_contact("100", 70))

        for number in range(200, 300):
            setting.lead(str(number))
        setting.portal.meanwhile("before read", nothing)
        setting.portal.meanwhile("before read", hours_pass)
        setting.resync()
        assert setting.ours("103", "score") == "0"
        setting.resync("incremental")
        assert setting.portal.stage("103") == MQL

    def test_an_incremental_pass_that_finds_nothing_leaves_the_watermark_and_a_full_one_sets_it_afresh(self) -> None:
        setting = a_funnel()
        setting.resync()
        setting.store.memory.set_watermark(days_after(2))
        setting.resync("incremental")
        assert setting.store.memory.watermark() == days_after(2)
        setting.resync()
        assert setting.store.memory.watermark() == NOW

    @pytest.mark.parametrize("mode", ["contacts", "list", "since", "decay"])
    def test_a_pass_over_some_contacts_leaves_the_watermark(self, mode: str) -> None:
        setting = a_funnel()
        setting.store.memory.set_watermark(days_before(3))
        setting.portal.lists["7"] = ["100"]
        setting.resync(mode, contact_ids=["100"], list_id="7", since=days_before(1))
        assert setting.store.memory.watermark() == days_before(3)

    def test_a_contact_whose_change_was_not_written_is_read_again(self) -> None:
        setting = a_funnel()
        setting.resync()
        for number in ("102", "103"):
            setting.portal.does_more(a_contact(number, 70))
        narrow = Knobs(floor=1, share=0.1)
        assert setting.resync("incremental", knobs=narrow).plan_refused is not None
        setting.resync("incremental")
        assert (setting.portal.stage("102"), setting.portal.stage("103")) == (SQL, SQL)

    def test_a_list_limits_a_pilot_to_its_members(self) -> None:
        setting = a_funnel()
        setting.portal.lists["7"] = ["100", "102"]
        assert setting.resync("list", list_id="7").tally.read == 2
        assert (setting.portal.stage("100"), setting.portal.stage("101")) == (SQL, SQL)

    def test_contacts_named_twice_are_read_once(self) -> None:
        setting = a_funnel()
        assert setting.resync("contacts", contact_ids=["100", "102", "100"]).tally.read == 2

    def test_a_decay_pass_reads_those_whom_time_alone_changes(self) -> None:
        setting = a_funnel()
        setting.resync()
        setting.now = days_after(100)
        document = setting.resync("decay").as_json()
        assert document["contacts_read"] == 6
        assert setting.ours("102", "score") == "2"

    def test_a_decay_pass_moves_a_lead_whose_hold_is_over(self) -> None:
        setting = Setting()
        setting.lead("1", 70, stage=LEAD, set_by=Setter.PERSON, days_ago=5)
        setting.resync()
        setting.now = days_after(26)
        setting.resync("decay")
        assert setting.portal.stage("1") == SQL

    def test_a_deleted_contact_is_forgotten(self) -> None:
        setting = a_funnel()
        setting.resync()
        setting.portal.deleted("100")
        setting.resync("contacts", contact_ids=["100"])
        assert setting.store.memory.stage_notes(["100"]) == {}
        assert setting.store.memory.seen(["100"]) == {}


class TestStopping:
    def test_a_stop_is_obeyed_between_batches_and_leaves_no_half_written_contact(self) -> None:
        setting = Setting()
        for number in range(250):
            setting.lead(f"{number:03}", 50, stage=SQL)
        summary = setting.resync(stop=lambda: len(setting.portal.sent) >= 2)
        stages = [setting.portal.stage(f"{number:03}") for number in range(250)]
        assert (stages.count(MQL), stages.count(SQL)) == (100, 150)
        assert summary.interrupted
        assert setting.store.memory.watermark() is None

    def test_what_a_stopped_run_left_is_done_by_the_next(self) -> None:
        setting = Setting()
        for number in range(250):
            setting.lead(f"{number:03}", 50, stage=SQL)
        setting.resync(stop=lambda: len(setting.portal.sent) >= 2)
        setting.resync("incremental")
        assert {setting.portal.stage(f"{number:03}") for number in range(250)} == {MQL}

    def test_a_stop_while_reading_writes_nothing(self) -> None:
        setting = a_funnel()
        assert setting.resync(stop=lambda: True).interrupted
        assert setting.portal.sent == []


class TestWhatIsOwed:
    def test_a_full_pass_that_failed_is_owed_by_the_next_incremental_one(self) -> None:
        setting = a_funnel()
        setting.resync()

        def unreachable() -> None:
            raise RetryableError("HubSpot did not answer.")

        setting.portal.meanwhile("before read", unreachable)
        with pytest.raises(RetryableError):
            setting.resync()
        assert setting.resync("incremental").mode == "full"
        assert setting.resync("incremental").mode == "incremental"

    def test_a_run_over_some_contacts_does_not_make_a_failed_full_pass_forgotten(self) -> None:
        setting = a_funnel()
        setting.resync()
        setting.resync(stop=lambda: True)
        setting.resync("contacts", contact_ids=["100"])
        assert setting.resync("incremental").mode == "full"

    def test_a_plan_is_no_run_that_owes_anything(self) -> None:
        setting = a_funnel()
        setting.resync()
        setting.plan()
        assert setting.resync("incremental").mode == "incremental"

    def test_a_pass_over_some_contacts_that_was_stopped_is_gone_on_with(self) -> None:
        setting = a_funnel()
        setting.store.memory.set_watermark(days_after(1))
        ids = ["100", "101"]
        setting.resync("contacts", contact_ids=ids, stop=iter([False, True, True]).__next__)
        assert setting.portal.stages_of("100") == [LEAD]
        setting.resync("incremental")
        assert (setting.portal.stage("100"), setting.portal.stage("101")) == (SQL, MQL)

    def test_a_failed_run_is_on_record_with_its_error(self) -> None:
        setting = a_funnel()

        def unreachable() -> None:
            raise RetryableError("HubSpot did not answer.")

        setting.portal.meanwhile("before read", nothing)
        setting.portal.meanwhile("before read", unreachable)
        with pytest.raises(RetryableError):
            setting.resync()
        (run,) = setting.store.journal.runs()
        assert (run.state, run.error) == ("failed", "HubSpot did not answer.")

    def test_another_run_that_holds_the_portal_is_named_and_nothing_is_read(self) -> None:
        setting = a_funnel()
        setting.store.lease.acquire("scoreline worker", wait_s=0)
        other = setting.store.lease.rival()
        with pytest.raises(LeaseHeld, match="scoreline worker"):
            setting.resync(lease=other)
        assert setting.portal.requests.total == 0


class TestExplaining:
    def test_a_contact_is_explained_and_nothing_is_written(self) -> None:
        setting = a_funnel()
        explained = explain(setting.world(), "110")
        assert isinstance(explained.evaluation.decision.outcome, LeaveAlone)
        assert explained.score.total == 70
        assert setting.portal.sent == []
