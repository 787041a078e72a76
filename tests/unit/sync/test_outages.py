"""The database fails at every step of a run: no contact is left without a stage, and the next run ends well."""

from typing import Any

import pytest

from sync.ports import RetryableError
from sync.records import STAGE, State
from tests.builders import MQL, SQL
from tests.fakes.death import Mortal, Outage
from tests.fakes.portal import answer_lost, nothing
from tests.unit.sync.test_crashes import a_busy_portal, ends_well, every_step, killed
from tests.unit.sync.world import Setting

pytestmark = pytest.mark.usefixtures("scored_once")

NEVER_HAD_ONE = {"12", "20"}
"""Contacts of the busy portal that begin without a stage."""


def failing(setting: Setting, outage: Outage) -> dict[str, Any]:
    """The parts of the world that fail with the database."""
    return {"journal": Mortal(setting.store.journal, outage), "memory": Mortal(setting.store.memory, outage)}


def steps_to_the_database() -> int:
    counted, setting = Outage(), a_busy_portal()
    setting.resync(**failing(setting, counted))
    return counted.steps


def blank(setting: Setting) -> set[str]:
    return {i for i, texts in setting.portal.texts().items() if STAGE not in texts}


def test_a_database_that_is_gone_from_any_step_on_leaves_no_contact_without_a_stage() -> None:
    for step in range(1, steps_to_the_database() + 1):
        setting = a_busy_portal()
        with pytest.raises(RetryableError, match="database is away"):
            setting.resync(**failing(setting, Outage(step)))
        assert blank(setting) <= NEVER_HAD_ONE, step
        setting.resync("incremental")
        ends_well(setting)


def test_a_database_that_fails_the_run_which_settles_is_made_good_too() -> None:
    outages = range(1, steps_to_the_database() + 1, 5)
    for step in [step for step in every_step() if step % 3 == 0]:
        for outage in outages:
            setting = a_busy_portal()
            killed(setting, step)
            try:
                setting.resync("incremental", **failing(setting, Outage(outage)))
            except RetryableError:
                assert blank(setting) <= NEVER_HAD_ONE or setting.store.journal.open_entries()
            setting.resync("incremental")
            ends_well(setting)


def test_nothing_new_is_begun_after_an_outcome_could_not_be_put_on_record() -> None:
    setting = Setting()
    for number in range(250):
        setting.lead(f"{number:03}", 50, stage=SQL)
    outage = Outage()
    setting.portal.meanwhile("after write", outage.begins)
    with pytest.raises(RetryableError, match="database is away"):
        setting.resync(**failing(setting, outage))
    assert len(setting.portal.sent) == 2
    assert sum(setting.portal.stage(f"{number:03}") == MQL for number in range(250)) == 100


def test_a_lost_answer_while_the_database_is_away_is_read_back_and_sent_again() -> None:
    setting = Setting()
    setting.lead("1", 50, stage=SQL)
    outage = Outage()
    setting.portal.meanwhile("after write", outage.begins)
    setting.portal.meanwhile("before write", nothing)
    setting.portal.meanwhile("before write", answer_lost)
    with pytest.raises(RetryableError, match="database is away"):
        setting.resync(**failing(setting, outage))
    assert setting.portal.stages_of("1") == [SQL, "", MQL]


def test_a_refused_set_while_the_database_is_away_puts_the_old_stage_back() -> None:
    setting = Setting()
    setting.lead("1", 50, stage=SQL)
    setting.portal.refuses("1", when=lambda sent: sent.get(STAGE) == MQL)
    outage = Outage()
    setting.portal.meanwhile("after write", outage.begins)
    with pytest.raises(RetryableError, match="database is away"):
        setting.resync(**failing(setting, outage))
    assert setting.portal.stages_of("1") == [SQL, "", SQL]
    assert [entry.state for entry in setting.store.journal.open_entries()] == [State.CLEARING]
