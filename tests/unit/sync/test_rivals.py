"""Somebody else who writes our properties or stages: recognised after two reversals, reported, left alone."""

from collections.abc import Callable
from typing import Any

import pytest

from sync.explaining import explain
from sync.records import STAGE, Change, JournalEntry, State
from sync.rivals import reversed_twice
from sync.summary import Summary
from tests.builders import LEAD, MQL, SQL, a_contact, days_after
from tests.fakes.death import Fate, KilledError
from tests.fakes.portal import answer_lost
from tests.unit.sync.world import Setting
from workflows import Contested, Hold, Setter

Fight = Callable[[Setting], None]


def puts_a_score(setting: Setting) -> None:
    setting.portal.edited("1", by=Setter.INTEGRATION, score="5")


def puts_the_stage_back(setting: Setting) -> None:
    setting.portal.edited("1", by=Setter.INTEGRATION, stage="")
    setting.portal.edited("1", by=Setter.INTEGRATION, stage=LEAD)


def fought_over(fight: Fight, times: int) -> tuple[Setting, Summary]:
    """One lead at SQL; so many times somebody writes over what we wrote, and an incremental pass follows."""
    setting = Setting()
    setting.store.journal.now = lambda: setting.now
    setting.lead("1", 70, stage=LEAD)
    summary = setting.resync()
    for _ in range(times):
        fight(setting)
        summary = setting.resync("incremental")
    return setting, summary


def test_a_value_that_was_put_back_once_is_written_again() -> None:
    setting, summary = fought_over(puts_a_score, 1)
    assert setting.ours("1", "score") == "70"
    assert not summary.needs_a_person


def test_a_value_that_was_put_back_twice_in_a_row_is_left_alone_and_reported() -> None:
    setting, summary = fought_over(puts_a_score, 2)
    assert setting.ours("1", "score") == "5"
    ((contact_id, reason),) = summary.tally.contested
    assert contact_id == "1"
    assert "put back lead_score;" in reason
    assert "--contact 1" in reason
    assert summary.as_json()["contacts_contested"] == [{"id": contact_id, "reason": reason}]
    assert summary.needs_a_person
    sent = len(setting.portal.sent)
    assert setting.resync().needs_a_person
    assert len(setting.portal.sent) == sent


def test_what_nobody_else_writes_is_still_written() -> None:
    setting, _ = fought_over(puts_a_score, 2)
    setting.portal.does_more(a_contact("1", 50))
    setting.resync("incremental")
    assert (setting.ours("1", "score"), setting.ours("1", "engagement")) == ("5", "50")
    assert setting.portal.stage("1") == MQL


def test_a_stage_that_a_program_put_back_twice_is_held_and_the_score_goes_on() -> None:
    setting, summary = fought_over(puts_the_stage_back, 2)
    assert setting.portal.stages_of("1") == [LEAD, *["", SQL, "", LEAD] * 2]
    assert summary.as_json()["contacts_held"] == {"contested": 1}
    assert [i for i, reason in summary.tally.contested if STAGE in reason] == ["1"]
    setting.lead("2", 5)
    setting.portal.does_more(a_contact("1", 50))
    setting.resync("incremental")
    assert (setting.ours("1", "score"), setting.portal.stage("1")) == ("50", LEAD)


@pytest.mark.parametrize("by", [Setter.PERSON, Setter.DEAL])
def test_a_stage_that_people_had_a_hand_in_is_the_policys_matter(by: Setter) -> None:
    setting, _ = fought_over(puts_the_stage_back, 1)
    setting.portal.time = days_after(1)
    setting.portal.edited("1", by=by, stage=LEAD)
    setting.now = days_after(40)
    setting.portal.does_more(a_contact("1", 70, days_ago=-40))
    assert setting.resync().as_json()["stage_changes"] == {f"{LEAD}->{SQL}": 1}
    setting.portal.time = days_after(41)
    puts_the_stage_back(setting)
    summary = setting.resync()
    assert summary.as_json()["stage_changes"] == {f"{LEAD}->{SQL}": 1}
    assert not summary.needs_a_person


def days_later(setting: Setting, days: float) -> None:
    setting.now = setting.portal.time = days_after(days)
    setting.portal.does_more(a_contact("1", 70, days_ago=-days))


@pytest.mark.parametrize("fight", [puts_a_score, puts_the_stage_back])
def test_a_rival_that_went_quiet_is_found_out_by_a_full_pass_a_week_later(fight: Fight) -> None:
    setting, _ = fought_over(fight, 2)
    days_later(setting, 5.9)
    assert setting.resync().tally.contested
    days_later(setting, 6.1)
    assert setting.resync("incremental").tally.contested
    assert not setting.resync().needs_a_person
    assert (setting.ours("1", "score"), setting.portal.stage("1")) == ("70", SQL)
    days_later(setting, 7)
    assert not setting.resync("incremental").needs_a_person


def test_a_rival_that_goes_on_is_written_over_once_a_week_and_not_more() -> None:
    setting, _ = fought_over(puts_a_score, 2)
    sent = len(setting.portal.sent)
    for day in range(1, 23):
        days_later(setting, day)
        setting.resync()
        puts_a_score(setting)
        setting.resync("incremental")
    scores = [day for batch in setting.portal.sent[sent:] for update in batch if "lead_score" in update.properties]
    assert len(scores) == 3


@pytest.mark.parametrize("asks", [{"mode": "contacts", "contact_ids": ["1"]}, {"mode": "list", "list_id": "7"}])
def test_what_is_asked_for_by_name_or_list_is_written_once_more(asks: dict[str, Any]) -> None:
    setting, _ = fought_over(puts_a_score, 2)
    setting.portal.lists["7"] = ["1"]
    setting.resync(**asks)
    assert setting.ours("1", "score") == "70"
    assert not setting.resync().needs_a_person

    puts_a_score(setting)
    assert setting.resync("incremental").tally.contested


def test_a_contested_stage_that_is_asked_for_by_name_is_moved_once_more() -> None:
    setting, _ = fought_over(puts_the_stage_back, 2)
    setting.resync("contacts", contact_ids=["1"])
    assert setting.portal.stage("1") == SQL


def test_a_plan_for_a_contact_by_name_is_applied_as_shown() -> None:
    setting, _ = fought_over(puts_a_score, 2)
    shown = setting.plan("contacts", contact_ids=["1"])
    assert setting.apply(shown.run_id).tally.changed == 1
    assert setting.ours("1", "score") == "70"


def test_a_plan_without_what_is_contested_is_applied_as_shown() -> None:
    setting, _ = fought_over(puts_a_score, 2)
    setting.portal.does_more(a_contact("1", 50))
    applied = setting.apply(setting.plan().run_id)
    assert (applied.tally.changed, applied.dropped) == (1, [])
    assert (setting.ours("1", "score"), setting.ours("1", "engagement")) == ("5", "50")


def test_it_is_over_when_the_other_writes_what_we_would_write() -> None:
    setting, _ = fought_over(puts_a_score, 2)
    setting.portal.edited("1", by=Setter.INTEGRATION, score="70")
    assert not setting.resync("incremental").needs_a_person


def test_a_write_of_which_it_is_not_certain_what_became_proves_nothing() -> None:
    setting, _ = fought_over(puts_a_score, 0)
    puts_a_score(setting)
    fate = Fate()
    setting.portal.meanwhile("after write", fate.strike)
    with pytest.raises(KilledError):
        setting.resync("incremental", fate=fate)
    setting.store.lease.end_process()
    puts_a_score(setting)
    setting.resync("incremental")
    assert setting.ours("1", "score") == "70"


def test_a_lost_answer_that_reading_cleared_up_is_as_certain_as_any() -> None:
    setting, _ = fought_over(puts_a_score, 1)
    puts_a_score(setting)
    setting.portal.meanwhile("after write", answer_lost)
    assert setting.resync("incremental").tally.contested


def test_the_box_and_the_answer_are_peoples_however_often_they_set_them() -> None:
    setting = Setting()
    setting.lead("1", 70, stage=LEAD)
    setting.resync()
    for _ in range(4):
        setting.portal.edited("1", resync="true")
        assert not setting.resync("incremental").needs_a_person
        assert setting.ours("1", "resync") == ""


def test_a_contact_that_is_contested_is_explained_so() -> None:
    setting, _ = fought_over(puts_the_stage_back, 2)
    puts_a_score(setting)
    evaluation = explain(setting.world(), "1").evaluation
    assert evaluation.decision.outcome == Hold(Contested(SQL))
    assert evaluation.contested == {STAGE}
    assert evaluation.change is not None
    assert not evaluation.change.moves


def test_one_who_was_not_ready_keeps_the_points_that_a_held_move_would_have_taken() -> None:
    setting, _ = fought_over(puts_the_stage_back, 0)

    def at_sql_again(setting: Setting) -> None:
        setting.portal.edited("1", by=Setter.INTEGRATION, stage=SQL)

    setting.portal.does_more(a_contact("1", 50))
    setting.resync("incremental")
    for _ in range(2):
        at_sql_again(setting)
        setting.resync("incremental")
    assert setting.portal.stage("1") == SQL
    setting.portal.edited("1", feedback="mql_not_ready")
    setting.resync("incremental")
    assert (setting.portal.stage("1"), setting.ours("1", "feedback_points")) == (SQL, "")


def a_write(before: str, after: str, state: State = State.DONE) -> JournalEntry:
    return JournalEntry(run_id=1, number=1, change=a_change(before, after), state=state)


def a_change(before: str, after: str, **more: Any) -> Change:
    return Change(contact_id="1", before={"p": before}, after={"p": after}, **more)


def newest_first(*writes: JournalEntry) -> list[JournalEntry]:
    return list(reversed(writes))


@pytest.mark.parametrize(
    ("writes", "now", "contested"),
    [
        ([a_write("", "1"), a_write("9", "1")], "9", True),
        ([a_write("", "1"), a_write("9", "2")], "8", True),
        ([a_write("", "1"), a_write("9", "1")], "1", False),
        ([a_write("", "1"), a_write("1", "2")], "9", False),
        ([a_write("", "1")], "9", False),
        ([], "9", False),
        ([a_write("9", "1", State.REVERSED), a_write("9", "1", State.REVERSED)], "9", False),
        ([a_write("", "1"), a_write("9", "1", State.SETTLED)], "9", False),
        ([a_write("", "1", State.CANCELLED), a_write("9", "1")], "9", False),
        ([a_write("", "1"), a_write("9", "1"), a_write("9", "1", State.REFUSED)], "9", False),
    ],
)
def test_two_differences_in_a_row_and_only_certain_ones_make_a_rival(
    writes: list[JournalEntry], now: str, contested: bool
) -> None:
    assert reversed_twice(a_change(now, "3"), newest_first(*writes), ["p"]) == (frozenset("p") if contested else set())


def a_move(state: State) -> JournalEntry:
    change = Change(
        contact_id="1", before={"p": ""}, after={"p": "1"}, moves=True, stage_from=LEAD, stage_to=SQL, clears_first=True
    )
    return JournalEntry(run_id=1, number=1, change=change, state=state)


@pytest.mark.parametrize("earlier", [State.DONE, State.REVERSED])
def test_a_move_that_ended_at_our_clear_tells_of_the_stage_and_of_nothing_else(earlier: State) -> None:
    newest = a_move(State.REVERSED)
    assert reversed_twice(newest.change, [newest, a_move(earlier)], [STAGE, "p"]) == {STAGE}


def test_changes_of_other_properties_lie_between_without_harm() -> None:
    other = JournalEntry(
        run_id=1, number=1, change=Change(contact_id="1", before={"q": ""}, after={"q": "x"}), state=State.SETTLED
    )
    past = newest_first(a_write("", "1"), other, a_write("9", "1"), other)
    assert reversed_twice(a_change("9", "1"), past, ["p", "q"]) == {"p"}
    assert reversed_twice(a_change("9", "1"), past, ["q"]) == set()
