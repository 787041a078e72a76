"""A stage that others put back where our clear took it: theirs stands, and it stops nobody else."""

from collections.abc import Callable
from typing import Any

import pytest

from sync.clears import was_filled, with_our_clear
from sync.records import Change, History, State
from tests.builders import LEAD, MQL, NOW, SQL, days_after
from tests.fakes.portal import answer_lost
from tests.unit.sync.world import Setting
from workflows import HistoryEntry, Setter


def a_lead_that_a_workflow_fills(stage: str = SQL, *, at_once: bool = True) -> Setting:
    """One SQL whose fifty points make it an MQL, in a portal where a workflow allows no lead without a stage."""
    setting = Setting()
    setting.lead("1", 50, stage=SQL)
    setting.portal.fills_with, setting.portal.fills_before_it_answers = stage, at_once
    return setting


def not_slept(_: float) -> None:
    raise AssertionError("nothing is to be waited for")


def states(setting: Setting, run_id: int) -> list[State]:
    return [entry.state for batch in setting.store.journal.entries(run_id) for entry in batch]


@pytest.mark.parametrize("tells_stage", [True, False])
@pytest.mark.parametrize("at_once", [True, False])
@pytest.mark.parametrize("stage", [SQL, LEAD])
def test_what_a_workflow_puts_into_the_empty_stage_stands(stage: str, at_once: bool, tells_stage: bool) -> None:
    setting = a_lead_that_a_workflow_fills(stage, at_once=at_once)
    setting.portal.tells_stage = tells_stage
    summary = setting.resync(sleep=not_slept)
    assert setting.portal.stages_of("1") == [SQL, "", stage]
    assert [i for i, _ in summary.dropped] == ["1"]
    assert summary.tally.failed == []
    assert states(setting, summary.run_id) == [State.REVERSED]


@pytest.mark.parametrize("at_once", [True, False])
@pytest.mark.parametrize("stage", [SQL, LEAD])
def test_after_two_times_the_workflow_is_left_alone_and_reported(stage: str, at_once: bool) -> None:
    setting = a_lead_that_a_workflow_fills(stage, at_once=at_once)
    for mode in ("full", "incremental"):
        assert not setting.resync(mode, sleep=not_slept).needs_a_person
    stages = setting.portal.stages_of("1")
    summary = setting.resync("incremental", sleep=not_slept)
    assert setting.portal.stages_of("1") == stages
    assert summary.as_json()["contacts_held"] == {"contested": 1}
    assert [i for i, _ in summary.tally.contested] == ["1"]
    assert setting.ours("1", "score") == "50"


@pytest.mark.parametrize("at_once", [True, False])
def test_however_many_leads_a_workflow_fills_every_other_contact_gets_its_score(at_once: bool) -> None:
    setting = Setting()
    for number in range(450):
        setting.lead(f"{number:03}", 50, stage=SQL)
    for number in range(900, 905):
        setting.lead(str(number), 5, stage=LEAD)
    setting.portal.fills_with, setting.portal.fills_before_it_answers = SQL, at_once
    setting.resync(sleep=not_slept)
    assert [setting.ours(str(number), "score") for number in range(900, 905)] == ["5"] * 5
    assert setting.store.journal.open_entries() == []


def test_a_person_who_puts_the_stage_back_at_once_has_set_it() -> None:
    setting = Setting()
    setting.lead("1", 50, stage=SQL)
    setting.portal.meanwhile("after write", lambda: setting.portal.edited("1", stage=SQL))
    summary = setting.resync(sleep=not_slept)
    assert setting.portal.stages_of("1") == [SQL, "", SQL]
    assert states(setting, summary.run_id) == [State.CANCELLED]
    assert setting.resync().as_json()["contacts_held"] == {"person_stage": 1}


def test_a_person_who_puts_back_at_once_what_a_program_had_set_at_once_has_set_it() -> None:
    setting = Setting()
    setting.lead("1", 50, stage=LEAD)
    setting.portal.edited("1", stage=SQL, by=Setter.INTEGRATION)
    setting.portal.meanwhile("after write", lambda: setting.portal.edited("1", stage=SQL))
    setting.resync(sleep=not_slept)
    setting.resync(sleep=not_slept)
    assert setting.portal.stages_of("1") == [LEAD, SQL, "", SQL]
    assert setting.resync().as_json()["contacts_held"] == {"person_stage": 1}


def test_an_edit_under_our_clear_that_a_copy_behind_shows_is_not_taken_for_a_later_one() -> None:
    setting = Setting()
    setting.lead("1", 50, stage=SQL)

    def customer() -> None:
        setting.portal.edited("1", stage="customer")
        copy = setting.portal.copy()
        setting.portal.meanwhile("after write", lambda: setting.portal.reads_from(copy))

    setting.portal.meanwhile("before write", customer)
    setting.resync(sleep=lambda _: setting.portal.reads_from(None))
    assert setting.portal.stages_of("1") == [SQL, "customer", "", "customer"]


def a_program_moves_it_just_before_us(setting: Setting) -> Callable[[], None]:
    """In the moment before our clear another program clears the lead and sets it back, and reads do not show more yet.

    What is returned makes them so once more.
    """
    copies: list[Any] = []

    def behind() -> None:
        setting.portal.reads_from(copies[0])

    def moved() -> None:
        for stage in ("", SQL):
            setting.portal.edited("1", stage=stage, by=Setter.INTEGRATION)
        copies.append(setting.portal.copy())
        setting.portal.meanwhile("after write", behind)

    setting.portal.meanwhile("before write", moved)
    return behind


@pytest.mark.parametrize("tells_stage", [True, False])
def test_a_program_that_moved_a_lead_just_before_us_is_not_taken_for_one_that_fills_it_after_us(
    tells_stage: bool,
) -> None:
    setting = Setting()
    setting.lead("1", 50, stage=SQL)
    setting.portal.tells_stage = tells_stage
    a_program_moves_it_just_before_us(setting)
    setting.resync(sleep=lambda _: setting.portal.reads_from(None))
    assert setting.portal.stages_of("1") == [SQL, "", SQL, "", MQL]


def test_nor_is_it_where_the_set_is_refused_and_the_old_stage_goes_back() -> None:
    setting = Setting()
    setting.lead("1", 50, stage=SQL)
    behind = a_program_moves_it_just_before_us(setting)
    setting.portal.refuses("1", when=lambda values: values.get("lifecyclestage") == MQL)

    def shown(_: float) -> None:
        setting.portal.reads_from(None)
        setting.portal.meanwhile("before write", behind)

    setting.resync(sleep=shown)
    assert setting.portal.stages_of("1") == [SQL, "", SQL, "", SQL]


def test_an_edit_that_a_copy_behind_shows_after_a_clear_whose_answer_was_lost_comes_back() -> None:
    setting = Setting()
    setting.lead("1", 50, stage=SQL)

    def customer() -> None:
        setting.portal.edited("1", stage="customer")
        copy = setting.portal.copy()

        def lost() -> None:
            setting.portal.reads_from(copy)
            answer_lost()

        setting.portal.meanwhile("after write", lost)

    setting.portal.meanwhile("before write", customer)
    setting.resync(sleep=lambda _: setting.portal.reads_from(None))
    assert setting.portal.stages_of("1") == [SQL, "customer", "", "customer"]


# Which of the empty entries is ours.


def a_history(*entries: tuple[float, str, Setter]) -> History:
    """Newest first: seconds after NOW, stage and setter."""
    stage = [HistoryEntry(value=value or None, at=days_after(s / 86_400), by=by) for s, value, by in entries]
    return History(stage_now=stage[0].value, stage=stage)


def setters(history: History) -> list[Setter]:
    return [entry.by for entry in history.stage]


A_MOVE = Change(contact_id="1", before={}, after={}, moves=True, stage_from=SQL, stage_to=MQL, clears_first=True)
PERSON, OURS, OTHER = Setter.PERSON, Setter.INTEGRATION, Setter.OTHER


@pytest.mark.parametrize(
    ("told", "cleared_s", "setters_then"),
    [
        ([(0, "", PERSON), (-9, SQL, OTHER)], 0, [OURS, OTHER]),
        ([(0, "", PERSON), (-9, SQL, OTHER)], None, [OURS, OTHER]),
        ([(1, "", PERSON), (-9, SQL, OTHER)], 0, [OURS, OTHER]),
        ([(0, "", PERSON), (-9, SQL, OTHER)], 5, [PERSON, OTHER]),
        ([(9, "", PERSON), (8, LEAD, PERSON), (0, "", PERSON), (-9, SQL, OTHER)], 0, [PERSON, PERSON, OURS, OTHER]),
        ([(9, "", PERSON), (8, LEAD, PERSON), (0, "", PERSON), (-9, SQL, OTHER)], None, [PERSON, PERSON, OURS, OTHER]),
        ([(9, "", PERSON), (8, SQL, PERSON), (0, "", PERSON), (-9, SQL, OTHER)], 0, [PERSON, PERSON, OURS, OTHER]),
        ([(0, "", PERSON), (-0.1, MQL, PERSON), (-9, SQL, OTHER)], None, [OURS, PERSON, OTHER]),
        ([(0, "", PERSON), (-0.1, LEAD, OTHER), (-0.2, "", PERSON)], 0, [OURS, OTHER, PERSON]),
        ([(0, SQL, OTHER), (-9, "", PERSON)], None, [OTHER, PERSON]),
        ([(0, "", PERSON)], None, [OURS]),
        ([(9, "", PERSON), (8, MQL, OURS)], None, [PERSON, OURS]),
        ([(0, "", OTHER), (-0.1, MQL, PERSON)], None, [OURS, PERSON]),
    ],
)
def test_ours_is_the_empty_entry_next_to_our_answer_or_else_the_first_after_the_stage_we_cleared(
    told: list[Any], cleared_s: float | None, setters_then: list[Setter]
) -> None:
    cleared_at = None if cleared_s is None else days_after(cleared_s / 86_400)
    assert setters(with_our_clear(a_history(*told), A_MOVE, cleared_at)) == setters_then


@pytest.mark.parametrize(
    ("told", "filled"),
    [
        ([(1, SQL, OTHER), (0, "", OURS), (-9, SQL, OTHER)], True),
        ([(1, SQL, OTHER)], True),
        ([(-9, SQL, OTHER), (-20, "", OURS), (-30, SQL, OTHER)], False),
        ([(-0.1, LEAD, PERSON), (-9, SQL, OTHER)], False),
        ([(0, "", OURS), (-9, SQL, OTHER)], False),
    ],
)
def test_a_history_without_anything_since_our_clear_is_a_copy_behind(told: list[Any], filled: bool) -> None:
    assert was_filled(a_history(*told), A_MOVE, NOW) is filled
