"""What waits too long between its reading and its sending is not sent, but looked at again."""

from collections.abc import Callable

from sync.moving import LOOKS_MAX
from sync.ports import FRESH_S
from sync.records import STAGE, State
from tests.builders import LEAD, MQL, SQL, SUBSCRIBER
from tests.fakes.portal import nothing
from tests.unit.sync.world import Setting

TOO_LONG_S = FRESH_S + 1


def a_lead_to_move() -> Setting:
    """One SQL whose fifty points make it an MQL."""
    setting = Setting()
    setting.lead("1", 50, stage=SQL)
    return setting


def waits(setting: Setting, *, request: int, times: int = 1, meanwhile: Callable[[], object] = lambda: None) -> None:
    """A request waits too long for its turn, for so many tries, and somebody acts in the meantime."""

    def too_long() -> None:
        setting.portal.steady_s += TOO_LONG_S
        meanwhile()

    for _ in range(request - 1):
        setting.portal.meanwhile("before turn", nothing)
    for _ in range(times):
        setting.portal.meanwhile("before turn", too_long)


def states(setting: Setting, run_id: int) -> list[State]:
    return [entry.state for batch in setting.store.journal.entries(run_id) for entry in batch]


def test_a_clear_that_waited_is_sent_after_another_look() -> None:
    setting = a_lead_to_move()
    waits(setting, request=1)
    summary = setting.resync()
    assert setting.portal.stages_of("1") == [SQL, "", MQL]
    assert states(setting, summary.run_id) == [State.DONE]
    assert summary.tally.failed == []


def test_a_wait_that_is_short_enough_costs_no_other_look() -> None:
    setting = a_lead_to_move()

    def just_in_time() -> None:
        setting.portal.steady_s += FRESH_S

    setting.portal.meanwhile("before turn", just_in_time)
    requests = setting.resync().requests.total
    assert requests == a_lead_to_move().resync().requests.total


def test_what_a_person_did_while_a_clear_waited_is_decided_afresh() -> None:
    setting = a_lead_to_move()
    waits(setting, request=1, meanwhile=lambda: setting.portal.edited("1", feedback="unqualified"))
    summary = setting.resync()
    assert setting.portal.stages_of("1") == [SQL, "", SUBSCRIBER]
    assert summary.as_json()["stage_changes"] == {f"{SQL}->{SUBSCRIBER}": 1}


def test_a_stage_that_a_person_set_while_a_clear_waited_stands() -> None:
    setting = a_lead_to_move()
    waits(setting, request=1, meanwhile=lambda: setting.portal.edited("1", stage="customer"))
    setting.resync()
    assert setting.portal.stages_of("1") == [SQL, "customer"]


def test_a_plan_that_is_applied_leaves_out_what_changed_while_it_waited() -> None:
    setting = a_lead_to_move()
    plan_id = setting.plan().run_id
    waits(setting, request=1, meanwhile=lambda: setting.portal.edited("1", stage=LEAD))
    assert [i for i, _ in setting.apply(plan_id).dropped] == ["1"]
    assert setting.portal.stages_of("1") == [SQL, LEAD]


def test_an_answer_that_sales_gave_while_its_emptying_waited_is_not_emptied() -> None:
    setting = Setting()
    setting.lead("1", 5, stage=LEAD, feedback="true_sql", days_ago=3)
    undisturbed = Setting()
    undisturbed.lead("1", 5, stage=LEAD, feedback="unqualified", days_ago=3)
    undisturbed.resync()
    waits(setting, request=1, meanwhile=lambda: setting.portal.edited("1", feedback="unqualified"))
    setting.resync()
    assert setting.ours("1", "feedback") == undisturbed.ours("1", "feedback")
    assert setting.portal.stage("1") == undisturbed.portal.stage("1")


def test_a_set_that_waited_is_sent_after_another_look_at_the_history() -> None:
    setting = a_lead_to_move()
    waits(setting, request=2)
    summary = setting.resync()
    assert setting.portal.stages_of("1") == [SQL, "", MQL]
    assert summary.tally.failed == []


def test_a_person_who_fills_the_stage_while_a_set_waits_wins() -> None:
    setting = a_lead_to_move()
    waits(setting, request=2, meanwhile=lambda: setting.portal.edited("1", stage=LEAD))
    summary = setting.resync()
    assert setting.portal.stages_of("1") == [SQL, "", LEAD]
    assert [i for i, _ in summary.dropped] == ["1"]


def test_an_answer_between_clear_and_set_is_not_written_over_and_the_next_run_decides_by_it() -> None:
    setting = Setting()
    setting.lead("1", 70, stage=MQL, feedback="mql_not_ready", feedback_points="3")  # earned its way back
    setting.portal.meanwhile("after write", lambda: setting.portal.edited("1", feedback="unqualified"))
    summary = setting.resync()
    assert setting.portal.stages_of("1") == [MQL, "", MQL]
    assert setting.ours("1", "feedback") == "unqualified"
    assert [i for i, _ in summary.dropped] == ["1"]
    setting.resync("incremental")
    assert setting.portal.stage("1") == SUBSCRIBER


def test_a_clear_that_always_comes_too_late_is_left_to_the_next_run_and_told() -> None:
    setting = a_lead_to_move()
    waits(setting, request=1, times=LOOKS_MAX)
    summary = setting.resync()
    ((contact_id, reason),) = summary.tally.failed
    assert contact_id == "1"
    assert "too old to write by" in reason
    assert setting.portal.sent == []
    setting.resync("incremental")
    assert setting.portal.stages_of("1") == [SQL, "", MQL]
    assert setting.store.journal.open_entries() == []


def test_a_set_that_always_comes_too_late_is_told_and_settled_by_the_next_run() -> None:
    setting = a_lead_to_move()
    waits(setting, request=2, times=LOOKS_MAX)
    summary = setting.resync()
    assert "until then it has no stage" in summary.tally.failed[0][1]
    setting.resync("incremental")
    assert setting.portal.stages_of("1") == [SQL, "", MQL]


def test_looks_that_alone_take_too_long_do_not_keep_a_contact_without_a_stage() -> None:
    setting = a_lead_to_move()

    def slow() -> None:
        setting.portal.steady_s += TOO_LONG_S

    for _ in range(LOOKS_MAX):
        setting.portal.meanwhile("before histories", slow)
    assert setting.resync().tally.failed == []
    assert setting.portal.stages_of("1") == [SQL, "", MQL]


def test_a_score_that_waited_is_sent_as_it_is() -> None:
    setting = Setting()
    setting.lead("1", 5, stage=LEAD)
    waits(setting, request=1)
    setting.resync()
    assert setting.ours("1", "score") == "5"
    assert len(setting.portal.sent) == 1


def test_an_old_stage_that_is_put_back_is_looked_at_again_too() -> None:
    setting = a_lead_to_move()
    setting.portal.refuses("1", when=lambda sent: sent.get(STAGE) == MQL)
    waits(setting, request=3, meanwhile=lambda: setting.portal.edited("1", stage=LEAD))
    setting.resync()
    assert setting.portal.stages_of("1") == [SQL, "", LEAD]
