"""Death at every step: the next start leaves every contact as an uninterrupted run would have."""

import random
from collections.abc import Iterator
from functools import cache

import pytest

from sync.records import STAGE
from sync.run import apply_plan
from sync.world import Knobs
from tests.builders import LEAD, MQL, NOW, SQL, SUBSCRIBER
from tests.fakes.death import Fate, KilledError
from tests.fakes.store import FakeStore
from tests.unit.sync.world import ANY_SIZE, Setting
from workflows import Setter

pytestmark = pytest.mark.usefixtures("scored_once")


def a_busy_portal() -> Setting:
    """Every kind of change: moves up, down, from nowhere, by each answer, back from an exclusion; scores alone."""
    setting = Setting()
    setting.lead("10", 70, stage=LEAD)
    setting.lead("11", 50, stage=SQL)
    setting.lead("12", 70)
    setting.lead("13", 5, stage=LEAD)
    setting.lead("14", 70, stage=SQL, feedback="mql_not_ready")
    setting.lead("15", 70, stage=MQL, feedback="unqualified", set_by=Setter.PERSON, days_ago=3)
    setting.lead("16", 5, stage=LEAD, feedback="true_sql", days_ago=3)
    setting.lead("17", 70, stage=MQL, feedback="mql_not_ready", feedback_points="3")
    setting.lead("18", 70, stage=LEAD, set_by=Setter.PERSON, days_ago=5)
    setting.lead("19", 70, stage="customer", score="70", grade="D4")
    setting.lead("20", 0)
    setting.lead("21", 0, stage=SQL, resync="true")
    return setting


@cache
def steps_of_a_run() -> int:
    fate = Fate()
    a_busy_portal().resync(fate=fate)
    return fate.steps


@cache
def undisturbed() -> dict[str, dict[str, str]]:
    setting = a_busy_portal()
    setting.resync()
    return setting.portal.texts()


def killed(setting: Setting, step: int, mode: str = "full") -> None:
    with pytest.raises(KilledError):
        setting.resync(mode, fate=Fate(step))
    setting.store.lease.end_process()


def ends_well(setting: Setting) -> None:
    """The portal is as an undisturbed run leaves it, and stays so."""
    assert setting.portal.texts() == undisturbed()
    sent = len(setting.portal.sent)
    setting.resync()
    assert len(setting.portal.sent) == sent
    assert setting.store.journal.open_entries() == []
    assert setting.store.journal.interrupted() == []


def every_step() -> Iterator[int]:
    """Each step of an undisturbed run; shown by pytest where one fails."""
    yield from range(1, steps_of_a_run() + 1)


def test_the_busy_portal_is_busy() -> None:
    stages = {i: texts.get("lifecyclestage", "") for i, texts in undisturbed().items()}
    assert stages == {
        "10": SQL,
        "11": MQL,
        "12": SQL,
        "13": LEAD,
        "14": MQL,
        "15": SUBSCRIBER,
        "16": SQL,
        "17": SQL,
        "18": LEAD,
        "19": "customer",
        "20": "",
        "21": LEAD,
    }
    assert steps_of_a_run() > 50


def test_a_crash_at_any_step_is_made_good_by_the_next_start() -> None:
    for step in every_step():
        setting = a_busy_portal()
        killed(setting, step)
        setting.resync("incremental")
        ends_well(setting)


def test_a_crash_at_any_step_is_made_good_without_the_database() -> None:
    for step in every_step():
        setting = a_busy_portal()
        killed(setting, step)
        setting.store = FakeStore()
        setting.resync()
        ends_well(setting)


def test_a_crash_leaves_nobody_without_a_stage_though_the_database_is_lost_and_the_plan_refused() -> None:
    nobody = Knobs(share=0, first_share=0, floor=0)
    for step in every_step():
        setting = a_busy_portal()
        killed(setting, step)
        setting.store = FakeStore()
        refused = setting.resync(knobs=nobody)
        blank = {i for i, texts in setting.portal.texts().items() if "lifecyclestage" not in texts}
        assert blank <= {"12", "20"}  # those who had none to begin with
        if refused.plan_refused:
            setting.apply(refused.run_id)  # less those who have their stage back: they changed since
        setting.resync("incremental")
        ends_well(setting)


def test_a_pass_over_some_contacts_gives_every_lead_a_stage_that_a_crash_left_without_one() -> None:
    for step in every_step():
        setting = a_busy_portal()
        killed(setting, step)
        setting.resync("contacts", contact_ids=["13"])
        blank = {i for i, texts in setting.portal.texts().items() if "lifecyclestage" not in texts}
        assert blank <= {"12", "20"}  # those who had none to begin with
        setting.resync("incremental")
        ends_well(setting)


def test_a_crash_of_the_run_that_makes_a_crash_good_is_made_good_too() -> None:
    chosen = random.Random(7)
    for step in every_step():
        setting = a_busy_portal()
        killed(setting, step)
        try:
            setting.resync("incremental", fate=Fate(chosen.randint(1, steps_of_a_run())))
        except KilledError:
            setting.store.lease.end_process()
        setting.resync("incremental")
        ends_well(setting)


@pytest.mark.parametrize("name", [Setter.PERSON, Setter.DEAL])
def test_a_crash_leaves_nobody_without_a_stage_even_where_hubspot_calls_us_a_person(name: Setter) -> None:
    chosen = random.Random(3)
    for step in every_step():
        setting = a_busy_portal()
        setting.portal.calls_us = name
        killed(setting, step)
        try:
            setting.resync("incremental", fate=Fate(chosen.randint(1, steps_of_a_run())))
        except KilledError:
            setting.store.lease.end_process()
        setting.resync("incremental")
        assert stages(setting) == {i: texts.get(STAGE, "") for i, texts in undisturbed().items()}


def stages(setting: Setting) -> dict[str, str]:
    return {i: texts.get(STAGE, "") for i, texts in setting.portal.texts().items()}


def test_a_crash_between_batches_is_made_good_however_many_there_are() -> None:
    def three_batches() -> Setting:
        setting = Setting()
        for number in range(250):
            setting.lead(f"{number:03}", (50, 5)[number % 2], stage=SQL if number % 3 else "")
        return setting

    counted = Fate()
    whole = three_batches()
    whole.resync(fate=counted)
    for step in range(1, counted.steps + 1, 13):
        setting = three_batches()
        killed(setting, step)
        assert sum(not setting.portal.stage(f"{number:03}") for number in range(250) if number % 3) <= 100
        setting.resync("incremental")
        assert setting.portal.texts() == whole.portal.texts()


def test_nothing_is_put_back_for_a_lead_that_never_had_a_stage() -> None:
    counted = Fate()
    a_lead_without_a_stage().resync(fate=counted)
    for step in range(1, counted.steps + 1):
        setting = a_lead_without_a_stage()
        killed(setting, step)
        setting.portal.refuses("1", lambda values: bool(values.get(STAGE)))
        setting.resync("incremental")
        assert [u for sent in setting.portal.sent for u in sent if u.properties.get(STAGE) == ""] == []


def a_lead_without_a_stage() -> Setting:
    setting = Setting()
    setting.lead("1", 70)
    return setting


def test_many_crashes_in_a_row_are_made_good() -> None:
    chosen = random.Random(11)
    for _ in range(60):
        setting = a_busy_portal()
        for _ in range(5):
            try:
                setting.resync(chosen.choice(["incremental", "full"]), fate=Fate(chosen.randint(5, 60)))
            except KilledError:
                setting.store.lease.end_process()
            if chosen.random() < 0.2:
                setting.store = FakeStore()
        setting.resync("incremental")
        ends_well(setting)


def test_a_crash_of_a_later_full_pass_is_made_good_by_the_incremental_one_after_it() -> None:
    for step in every_step():
        setting = a_busy_portal()
        setting.store.memory.set_watermark(NOW)
        killed(setting, step)
        on_record = bool(setting.store.journal.runs())
        setting.resync("incremental" if on_record else "full")
        ends_well(setting)


def test_a_crash_while_a_plan_is_applied_is_made_good_by_applying_it_again() -> None:
    counted = Fate()
    setting = a_busy_portal()
    apply(setting, setting.plan().run_id, counted)
    for step in range(1, counted.steps + 1):
        setting = a_busy_portal()
        plan_id = setting.plan().run_id
        with pytest.raises(KilledError):
            apply(setting, plan_id, Fate(step))
        setting.store.lease.end_process()
        apply(setting, plan_id, Fate())
        setting.resync("incremental")
        ends_well(setting)


def apply(setting: Setting, plan_id: int, fate: Fate) -> None:
    apply_plan(setting.world(fate), plan_id, ANY_SIZE, command="test")
