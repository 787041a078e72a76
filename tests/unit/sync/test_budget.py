"""The daily write budget: so many contacts a day, and what is left over stays owed."""

from dataclasses import replace
from datetime import timedelta

import pytest

from config import AccountScore
from sync.ports import RetryableError
from sync.records import STAGE
from sync.world import Knobs
from tests.builders import LEAD, MQL, NOW, SQL, a_contact
from tests.fakes.death import Fate, KilledError
from tests.unit.sync.test_accounts import FakeCompanies
from tests.unit.sync.world import ANY_SIZE, Setting

TEN_A_DAY = replace(ANY_SIZE, daily_writes_max=10)


def leads(count: int, **differences: str) -> Setting:
    """So many whose score is to be written, on a day in the portal's time zone."""
    setting = Setting()
    for number in range(count):
        setting.lead(f"{number:03}", 5, stage=LEAD, **differences)
    setting.store.journal.now = lambda: setting.now
    return setting


def written(setting: Setting) -> int:
    return sum("lead_score" in texts for texts in setting.portal.texts().values())


def a_day_later(setting: Setting) -> None:
    setting.now += timedelta(days=1)


def test_no_more_contacts_are_written_in_a_day_than_allowed_and_the_rest_the_days_after() -> None:
    setting = leads(25)
    for done in (10, 20):
        with pytest.raises(RetryableError):
            setting.resync(knobs=TEN_A_DAY)
        assert written(setting) == done
        a_day_later(setting)
    setting.resync("incremental", knobs=TEN_A_DAY)
    assert written(setting) == 25
    assert setting.store.journal.interrupted() == []


def test_a_run_whose_budget_is_used_up_says_how_many_were_left_untouched_and_the_way_out() -> None:
    with pytest.raises(RetryableError, match=r"10 contacts .* 15 changes of plan 1 .*raise SCORELINE_DAILY_WRITES_MAX"):
        leads(25).resync(knobs=TEN_A_DAY)


def test_what_was_written_before_the_budget_was_used_up_is_in_the_runs_report() -> None:
    setting = leads(25)
    with pytest.raises(RetryableError):
        setting.resync(knobs=TEN_A_DAY)
    run = setting.store.journal.run(1)
    assert run is not None
    assert run.summary["contacts_changed"] == 10


def test_a_later_pass_of_that_day_reads_nothing() -> None:
    setting = leads(25)
    with pytest.raises(RetryableError):
        setting.resync(knobs=TEN_A_DAY)
    read = setting.portal.requests.read
    with pytest.raises(RetryableError, match="Nothing was read"):
        setting.resync("incremental", knobs=TEN_A_DAY)
    assert setting.portal.requests.read == read
    assert len(setting.store.journal.runs()) == 1


def test_a_plan_is_still_made_that_day_but_not_applied() -> None:
    setting = leads(25)
    with pytest.raises(RetryableError):
        setting.resync(knobs=TEN_A_DAY)
    assert setting.plan(knobs=TEN_A_DAY).tally.changed == 15


def accounts(setting: Setting, *companies: str) -> FakeCompanies:
    """Each lead works for one of these companies, which hold the sum of their contacts' points."""
    setting.rulebook = replace(setting.rulebook, account=AccountScore(label="A", property="account_score", of="sum"))
    for number, company in enumerate(companies):
        setting.portal.works_for(f"{number:03}", company)
    return FakeCompanies(**dict.fromkeys(companies, ""))


def test_companies_count_in_what_is_written_in_a_day_and_those_left_are_the_next_full_passes() -> None:
    setting = leads(7)
    companies = accounts(setting, "a", "b", "c", "d", "e")

    summary = setting.resync(knobs=TEN_A_DAY, companies=companies)
    assert summary.accounts is not None
    assert (summary.tally.changed, summary.accounts.changed, summary.needs_a_person) == (7, 3, True)
    assert "SCORELINE_DAILY_WRITES_MAX" in summary.accounts.problem
    with pytest.raises(RetryableError, match="Nothing was read"):
        setting.resync("incremental", knobs=TEN_A_DAY, companies=companies)

    a_day_later(setting)
    setting.resync(knobs=TEN_A_DAY, companies=companies)
    assert set(companies.holds.values()) == {"5"}


def test_exactly_as_many_as_allowed_is_no_failure() -> None:
    setting = leads(10)
    setting.resync(knobs=TEN_A_DAY)
    assert written(setting) == 10


def test_a_run_that_was_killed_counts_too() -> None:
    setting = leads(10)
    fate = Fate()
    setting.portal.meanwhile("after write", fate.strike)
    with pytest.raises(KilledError):
        setting.resync(fate=fate, knobs=TEN_A_DAY)
    setting.store.lease.end_process()
    for number in range(10, 20):
        setting.lead(f"{number:03}", 5, stage=LEAD)
    with pytest.raises(RetryableError, match="Nothing was read"):
        setting.resync(knobs=TEN_A_DAY)
    assert written(setting) == 10


def test_a_batch_is_never_cut_between_clear_and_set() -> None:
    setting = Setting()
    for number in range(25):
        setting.lead(f"{number:03}", 50, stage=SQL)
    with pytest.raises(RetryableError):
        setting.resync(knobs=TEN_A_DAY)
    stages = [setting.portal.stage(f"{number:03}") for number in range(25)]
    assert (stages.count(MQL), stages.count(SQL)) == (10, 15)


def test_a_contact_that_was_left_without_a_stage_gets_it_whatever_is_left_of_the_budget() -> None:
    setting = Setting()
    for number in range(12):
        setting.lead(f"{number:03}", 50, stage=SQL)
    fate = Fate()
    setting.portal.meanwhile("after write", fate.strike)
    with pytest.raises(KilledError):
        setting.resync(fate=fate)
    setting.store.lease.end_process()
    with pytest.raises(RetryableError, match="Nothing was read"):
        setting.resync(knobs=TEN_A_DAY)
    assert all(STAGE in texts for texts in setting.portal.texts().values())


def test_the_day_begins_at_midnight_of_the_portal_also_in_the_middle_of_a_run() -> None:
    setting = leads(250)
    knobs = replace(ANY_SIZE, daily_writes_max=100)
    setting.now = NOW.replace(hour=23, minute=59)

    def midnight(what: str, _more: int) -> None:
        if what == "Writing":
            setting.now = NOW.replace(hour=0, minute=1) + timedelta(days=1)

    with pytest.raises(RetryableError):
        setting.resync(knobs=knobs, progress=midnight)
    assert written(setting) == 200


def a_large_plan(accepted: int) -> tuple[Setting, Knobs]:
    """So many leads of ten that move, more than may without being asked; a person has let them, for three a day."""
    setting = Setting()
    setting.store.journal.now = lambda: setting.now
    for number in range(10):
        setting.lead(f"{number:03}", 70 if number < accepted else 5, stage=LEAD)
    knobs = Knobs(floor=0, first_share=0.3, share=0.3, daily_writes_max=3)
    with pytest.raises(RetryableError):
        setting.resync(knobs=knobs, accept_large_plan=True)
    a_day_later(setting)
    return setting, knobs


def test_what_a_person_has_let_through_goes_on_the_days_after() -> None:
    setting, knobs = a_large_plan(8)
    for _ in range(2):
        with pytest.raises(RetryableError):
            setting.resync("incremental", knobs=knobs)
        a_day_later(setting)
    assert setting.resync("incremental", knobs=knobs).plan_refused is None
    assert [setting.portal.stage(f"{number:03}") for number in range(10)] == [SQL] * 8 + [LEAD] * 2


def test_a_larger_plan_than_was_let_through_is_refused_on_the_second_day() -> None:
    setting, knobs = a_large_plan(4)
    for number in range(4, 10):
        setting.portal.does_more(a_contact(f"{number:03}", 70))
    refused = setting.resync("incremental", knobs=knobs)
    assert "moves 7 of 10" in str(refused.plan_refused)


def test_what_was_let_through_with_one_rulebook_is_refused_with_another() -> None:
    setting, knobs = a_large_plan(8)
    setting.rulebook = replace(setting.rulebook, version="another")
    assert setting.resync("incremental", knobs=knobs).plan_refused


def test_a_run_that_is_killed_while_it_writes_keeps_what_was_let_through() -> None:
    setting = Setting()
    for number in range(10):
        setting.lead(f"{number:03}", 70, stage=LEAD)
    knobs, fate = Knobs(floor=0, first_share=0.3), Fate()
    setting.portal.meanwhile("before write", fate.strike)
    with pytest.raises(KilledError):
        setting.resync(knobs=knobs, accept_large_plan=True, fate=fate)
    setting.store.lease.end_process()
    assert setting.resync("incremental", knobs=knobs).plan_refused is None
    assert setting.portal.stage("009") == SQL
