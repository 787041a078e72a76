"""Plans: refused when they are too large, shown without writing, applied as shown."""

from dataclasses import replace

import pytest

from sync.ports import FatalError
from sync.selecting import waiting_plan
from sync.world import Knobs
from tests.builders import LEAD, MQL, SQL, a_contact, days_after
from tests.fakes.portal import answer_lost
from tests.unit.sync.world import Setting, a_funnel
from workflows import Setter

LIMITS = Knobs(floor=2, first_share=0.30, share=0.05)


def a_mass_move() -> Setting:
    setting = Setting()
    for number in range(10):
        setting.lead(f"10{number}", 70 if number < 4 else 5, stage=LEAD)
    return setting


class TestLargePlans:
    def test_a_large_plan_is_refused_and_kept(self) -> None:
        setting = a_mass_move()
        summary = setting.resync(knobs=LIMITS)
        assert setting.portal.sent == []
        assert summary.plan_refused is not None
        assert "moves 4 of 10 leads (40.0%); the limit is 30%" in summary.plan_refused
        assert summary.needs_a_person
        kept = setting.store.journal.run(summary.run_id)
        assert kept is not None
        assert kept.state == "refused"

    def test_a_refused_plan_leaves_the_watermark(self) -> None:
        setting = a_mass_move()
        setting.resync(knobs=LIMITS)
        assert setting.store.memory.watermark() is None

    def test_a_large_plan_is_written_when_it_is_accepted(self) -> None:
        setting = a_mass_move()
        summary = setting.resync(knobs=LIMITS, accept_large_plan=True)
        assert summary.plan_refused is None
        assert setting.portal.stage("100") == SQL

    def test_after_the_first_run_the_limit_is_the_narrower_one(self) -> None:
        setting = Setting()
        for number in range(30):
            setting.lead(f"1{number:02}", 5, stage=LEAD)
        setting.resync(knobs=LIMITS)
        for number in range(3):
            setting.portal.does_more(a_contact(f"1{number:02}", 70))
        refused = setting.resync(knobs=LIMITS).plan_refused
        assert refused is not None
        assert "moves 3 of 30 leads (10.0%); the limit is 5%" in refused

    def test_few_moves_are_never_too_many(self) -> None:
        setting = Setting()
        setting.lead("1", 70, stage=LEAD)
        setting.lead("2", 70, stage=LEAD)
        assert setting.resync(knobs=LIMITS).plan_refused is None

    def test_a_small_pass_is_measured_against_all_leads(self) -> None:
        setting = Setting()
        for number in range(100):
            setting.lead(f"1{number:02}", 5, stage=LEAD)
        setting.resync(knobs=LIMITS)
        for number in range(4):
            setting.portal.does_more(a_contact(f"1{number:02}", 70))
        assert setting.resync("incremental", knobs=LIMITS).plan_refused is None


class TestPlans:
    def test_a_plan_writes_nothing_and_says_what_a_resync_would(self) -> None:
        setting = a_funnel()
        planned = setting.plan().as_json()
        assert setting.portal.sent == []
        done = setting.resync().as_json()
        for key in ("contacts_read", "contacts_scored", "contacts_changed", "stage_changes", "contacts_held"):
            assert planned[key] == done[key]

    def test_a_plan_needs_no_lease(self) -> None:
        setting = a_funnel()
        setting.store.lease.acquire("another run", wait_s=0)
        assert setting.plan().tally.changed == 8

    def test_plan_apply_writes_as_shown(self) -> None:
        setting, straight = a_funnel(), a_funnel()
        summary = setting.apply(setting.plan().run_id)
        straight.resync()
        assert setting.portal.texts() == straight.portal.texts()
        assert summary.as_json()["contacts_dropped"] == []

    def test_plan_apply_leaves_out_what_changed_since_and_names_it(self) -> None:
        setting = a_funnel()
        plan_id = setting.plan().run_id
        setting.portal.edited("100", stage="customer")
        setting.portal.does_more(a_contact("102", 50))
        setting.portal.deleted("104")
        summary = setting.apply(plan_id)
        assert {i for i, _ in summary.dropped} == {"100", "102", "104"}
        assert setting.ours("102", "score") == ""
        assert setting.portal.stage("101") == MQL

    def test_plan_apply_gives_a_stage_to_whom_its_own_clear_has_left_without_one(self) -> None:
        setting = Setting()
        setting.lead("1", 50, stage=SQL)
        plan_id = setting.plan().run_id
        before = setting.portal.copy()

        def lost() -> None:
            setting.portal.reads_from(before)
            answer_lost()

        setting.portal.meanwhile("after write", lost)
        setting.apply(plan_id, sleep=lambda _: setting.portal.reads_from(None))
        assert setting.portal.stages_of("1") == [SQL, "", MQL]

    def test_plan_apply_is_by_the_day_of_the_plan_so_that_time_alone_drops_nothing(self) -> None:
        setting = a_funnel()
        plan_id = setting.plan().run_id
        setting.now = days_after(3)
        assert setting.apply(plan_id).as_json()["contacts_dropped"] == []

    def test_a_refused_plan_can_be_applied(self) -> None:
        setting = a_mass_move()
        refused = setting.resync(knobs=LIMITS)
        setting.apply(refused.run_id)
        assert setting.portal.stage("100") == SQL

    @pytest.mark.parametrize("changed_since", [False, True])
    def test_a_refused_pass_waits_no_longer_once_another_plan_has_written_all_of_it(self, changed_since: bool) -> None:
        setting = a_mass_move()
        planned = setting.plan()
        refused = setting.resync(knobs=LIMITS)
        assert refused.plan_refused
        if changed_since:
            setting.portal.does_more(a_contact("102", 50))
        setting.apply(planned.run_id)
        waiting = waiting_plan(setting.world())
        assert (waiting and waiting.id) == (refused.run_id if changed_since else None)
        assert (setting.store.memory.watermark() is None) is changed_since

    def test_what_was_written_before_a_refused_pass_began_is_none_of_its_changes(self) -> None:
        setting = a_mass_move()
        setting.store.journal.now = lambda: setting.now
        planned = setting.plan()
        setting.apply(planned.run_id)
        setting.now = days_after(1)
        for entry in next(setting.store.journal.entries(planned.run_id)):
            before = {
                r: entry.change.before[p] for r, p in setting.rulebook.properties.items() if p in entry.change.before
            }
            back = {"stage": entry.change.stage_from, **before}
            setting.portal.edited(entry.change.contact_id, by=Setter.INTEGRATION, **back)
        refused = setting.resync(knobs=LIMITS)
        assert refused.plan_refused
        setting.apply(planned.run_id)
        waiting = waiting_plan(setting.world())
        assert waiting
        assert waiting.id == refused.run_id

    def test_a_plan_is_applied_once(self) -> None:
        setting = a_funnel()
        plan_id = setting.plan().run_id
        setting.apply(plan_id)
        assert setting.apply(plan_id).tally.changed == 0

    def test_a_plan_that_is_not_there_or_of_another_rulebook_is_refused_with_the_way_out(self) -> None:
        setting = a_funnel()
        plan_id = setting.plan().run_id
        with pytest.raises(FatalError, match="no kept plan 99"):
            setting.apply(99)
        setting.rulebook = replace(setting.rulebook, version="other-1")
        with pytest.raises(FatalError, match="in force is other-1"):
            setting.apply(plan_id)
        assert setting.portal.sent == []
