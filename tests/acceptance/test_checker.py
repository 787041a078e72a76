"""The checker notices every kind of broken promise, or it proves nothing."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from sandbox import Clock, Portal
from tests.acceptance.checker import broken_promises
from tests.acceptance.leads import LEAD, MQL, SQL

STAGE = "lifecyclestage"
Acts = Callable[["Told"], None]


class Told:
    """One contact of a portal to which things are done, an hour apart."""

    def __init__(self) -> None:
        self.portal = Portal(clock=Clock.stopped(datetime(2026, 6, 1, tzinfo=UTC)))
        for name in ("lead_score", "lead_grade", "lead_scoring_exclusion", "lead_scoring_hold", "lead_scoring_resync"):
            self.portal.define(name, "string", "text")
        self.portal.define("lead_scoring_sales_feedback", "string", "text")
        self.portal.define("lead_scoring_feedback_points", "number", "number")
        self.portal.add_owner("rep@ours.example")
        self.contact = self.portal.add_contact(email="ada@prospect.example", lifecyclestage=LEAD)
        self.wait(hours=1)

    def wait(self, **how_long: float) -> None:
        self.portal.clock.move(timedelta(**how_long))

    def worker(self, value: str, name: str = STAGE) -> None:
        self.wait(hours=1)
        self.portal.integration_sets(self.contact, name, value, app_id=self.portal.app_id)

    def person(self, value: str, name: str = STAGE) -> None:
        self.wait(hours=1)
        self.portal.person_sets(self.contact, name, value)


def clear_only(told: Told) -> None:
    told.worker("")


def clear_and_set_at_once(told: Told) -> None:
    told.worker("")
    told.portal.integration_sets(told.contact, STAGE, MQL, app_id=told.portal.app_id)


def set_without_clear(told: Told) -> None:
    told.worker(MQL)


def customer_moved(told: Told) -> None:
    told.person("customer")
    told.worker("")
    told.worker(SQL)


def customer_made(told: Told) -> None:
    told.worker("")
    told.worker("customer")


def customer_scored(told: Told) -> None:
    told.worker("5", "lead_score")
    told.person("customer")
    told.worker("6", "lead_score")


def customer_touched(told: Told) -> None:
    told.person("customer")
    told.worker("customer", "lead_scoring_exclusion")


def opted_out_scored(told: Told) -> None:
    told.person("true", "hs_email_optout")
    told.worker("6", "lead_score")


def employee_scored(told: Told) -> None:
    told.person("rep@ours.example", "email")
    told.worker("6", "lead_score")


def partner_scored(told: Told) -> None:
    told.person(told.portal.add_company(name="Reseller", type="PARTNER"), "associatedcompanyid")
    told.worker("6", "lead_score")


def persons_stage_overwritten(told: Told) -> None:
    told.person(MQL)
    told.wait(days=29)
    told.worker("")
    told.worker(SQL)


def persons_empty_stage_filled(told: Told) -> None:
    told.person("")
    told.worker(SQL)


def deals_stage_overwritten(told: Told) -> None:
    told.portal.deal_sync_sets(told.contact, MQL)
    told.worker("")
    told.worker(SQL)


def persons_stage_lowered_later(told: Told) -> None:
    told.person(SQL)
    told.wait(days=31)
    told.worker("")
    told.worker(LEAD)


def held_stage_moved(told: Told) -> None:
    told.person("true", "lead_scoring_hold")
    told.worker("")
    told.worker(MQL)


def others_property_written(told: Told) -> None:
    told.person("CFO", "jobtitle")
    told.worker("CEO", "jobtitle")


def answer_given(told: Told) -> None:
    told.worker("true_sql", "lead_scoring_sales_feedback")


def box_ticked(told: Told) -> None:
    told.worker("true", "lead_scoring_resync")


@pytest.mark.parametrize(
    "broken",
    [
        *(clear_only, clear_and_set_at_once, set_without_clear, customer_moved, customer_made, customer_scored),
        *(customer_touched, opted_out_scored, employee_scored, partner_scored, persons_stage_overwritten),
        *(persons_empty_stage_filled, deals_stage_overwritten, persons_stage_lowered_later, held_stage_moved),
        *(others_property_written, answer_given, box_ticked),
    ],
)
def test_a_broken_promise_is_noticed(broken: Acts) -> None:
    told = Told()
    broken(told)
    assert [each for each in broken_promises(told.portal) if each.startswith(f"contact {told.contact}: ")]


def moved_by_points(told: Told) -> None:
    told.worker("40", "lead_score")
    told.worker("")
    told.worker(MQL)


def raised_after_thirty_days(told: Told) -> None:
    told.person(LEAD)
    told.wait(days=31)
    moved_by_points(told)


def answered_after_the_persons_stage(told: Told) -> None:
    told.person(SQL)
    told.person("mql_not_ready", "lead_scoring_sales_feedback")
    moved_by_points(told)


def disqualified(told: Told) -> None:
    told.person("unqualified", "lead_scoring_sales_feedback")
    told.person(SQL)
    told.worker("")
    told.worker("subscriber")


def left_after_its_score(told: Told) -> None:
    told.worker("5", "lead_score")
    told.person("customer")
    told.worker("", "lead_score")
    told.worker("customer", "lead_scoring_exclusion")


def cleared_and_taken_back(told: Told) -> None:
    told.worker("")
    told.worker(LEAD)


def cleared_by_a_person_meanwhile(told: Told) -> None:
    told.worker("")
    told.person(MQL)
    told.person("")


@pytest.mark.parametrize(
    "kept",
    [
        *(moved_by_points, raised_after_thirty_days, answered_after_the_persons_stage, disqualified),
        *(left_after_its_score, cleared_and_taken_back, cleared_by_a_person_meanwhile),
    ],
)
def test_what_the_worker_may_do_is_no_broken_promise(kept: Acts) -> None:
    told = Told()
    kept(told)
    assert broken_promises(told.portal) == []


def test_what_a_person_did_in_the_last_moment_may_be_lost() -> None:
    told = Told()
    told.worker("")
    told.person(MQL)
    told.portal.clock.move(timedelta(milliseconds=300))
    told.portal.integration_sets(told.contact, STAGE, SQL, app_id=told.portal.app_id)
    assert broken_promises(told.portal) != []
    assert broken_promises(told.portal, window_ms=1_000) == []


@pytest.mark.parametrize("answered", [True, False])
def test_a_stage_that_a_person_set_is_no_reason_to_take_points(answered: bool) -> None:
    told = Told()
    if answered:
        told.person("mql_not_ready", "lead_scoring_sales_feedback")
        told.worker("3", "lead_scoring_feedback_points")
    told.person(SQL)
    told.worker("5", "lead_scoring_feedback_points")
    assert any("points were taken" in each and "reasons" in each for each in broken_promises(told.portal))


def test_a_program_that_puts_a_lead_back_to_sql_has_a_standing_answer_counted_again() -> None:
    told = Told()
    told.person("mql_not_ready", "lead_scoring_sales_feedback")
    told.worker("3", "lead_scoring_feedback_points")
    told.portal.workflow_sets(told.contact, STAGE, SQL)
    told.worker("5", "lead_scoring_feedback_points")
    assert not any("reasons" in each for each in broken_promises(told.portal))
