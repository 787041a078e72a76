"""What scoreline promises, each promise held to real requests."""

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from sandbox import Fault, Portal
from sandbox.limits import Tier
from sandbox.stages import DEFAULT_STAGES, Stage
from tests.acceptance.conftest import (
    READS_LAG,
    Scoreline,
    not_where_histories_hold_one_entry,
    not_where_reads_lag,
)
from tests.acceptance.conftest import Sent as Request
from tests.acceptance.leads import (
    LEAD,
    MQL,
    SQL,
    a_contact,
    a_demo_request,
    a_price_request,
    a_subscription,
    everything,
    held,
    moment,
    score,
    stage,
    stage_writes,
    writes,
)

pytestmark = pytest.mark.usefixtures("provisioned")

UPDATE = r"contacts/batch/update$"
READ_AGAIN = r"contacts/batch/read$"
CUSTOM = "98765"

SCORES = ("lead_score", "lead_score_fit", "lead_score_engagement", "lead_grade", "lead_score_reasons")


def somebody_of_every_exclusion(portal: Portal) -> dict[str, str]:
    """A demo request from each kind of contact that is left alone: id → the reason."""
    portal.set_stages([*DEFAULT_STAGES, Stage(CUSTOM, "Churned")])
    portal.add_owner("rep@ours.example")
    partner = portal.add_company(name="Reseller", type="PARTNER")
    return {
        a_demo_request(portal, lifecyclestage="customer"): "customer",
        a_demo_request(portal, lifecyclestage="opportunity"): "opportunity",
        a_demo_request(portal, lifecyclestage="evangelist"): "evangelist",
        a_demo_request(portal, lifecyclestage="other"): "other_stage",
        a_demo_request(portal, lifecyclestage=CUSTOM): "other_stage",
        a_demo_request(portal, hs_email_optout="true"): "opted_out",
        a_demo_request(portal, email="rep@ours.example"): "employee",
        a_demo_request(portal, associatedcompanyid=partner): "partner",
    }


# 1. Only leads ever get a stage, or a score.


def test_who_is_excluded_and_was_never_scored_is_not_touched_at_all(portal: Portal, scoreline: Scoreline) -> None:
    excluded = somebody_of_every_exclusion(portal)
    lead = a_demo_request(portal)

    document = scoreline("resync", "--full", "--json").document

    assert stage(portal, lead) == SQL
    assert [portal.contact(contact).history for contact in excluded] == [{}] * len(excluded)
    assert document["contacts_excluded"] == {
        "customer": 1,
        "opportunity": 1,
        "evangelist": 1,
        "other_stage": 2,
        "opted_out": 1,
        "employee": 1,
        "partner": 1,
    }
    assert (document["contacts_read"], document["contacts_scored"]) == (9, 1)


def test_the_first_reason_that_applies_is_the_one_counted(portal: Portal, scoreline: Scoreline) -> None:
    portal.add_owner("rep@ours.example")
    a_demo_request(portal, lifecyclestage="customer", hs_email_optout="true", email="rep@ours.example")
    assert scoreline("resync", "--full", "--json").document["contacts_excluded"] == {"customer": 1}


@pytest.mark.parametrize(
    ("name", "value", "reason"), [("lifecyclestage", "customer", "customer"), ("hs_email_optout", "true", "opted_out")]
)
def test_who_was_scored_and_is_excluded_now_has_its_score_blanked_with_the_reason(
    portal: Portal, scoreline: Scoreline, name: str, value: str, reason: str
) -> None:
    lead = a_demo_request(portal)
    scoreline("resync", "--full")
    portal.sales_answers(lead, "not_ready")
    scoreline("resync", "--full")
    taken = held(portal, lead, "lead_scoring_feedback_points")
    portal.person_sets(lead, name, value)
    stage_before, stages_written = stage(portal, lead), stage_writes(portal, lead)

    scoreline("resync")

    assert [held(portal, lead, each) for each in SCORES] == [""] * len(SCORES)
    assert held(portal, lead, "lead_scoring_exclusion") == reason
    assert held(portal, lead, "lead_scoring_feedback_points") == taken == "23"
    assert (stage(portal, lead), stage_writes(portal, lead)) == (stage_before, stages_written)


def test_who_comes_back_from_an_exclusion_is_scored_again(portal: Portal, scoreline: Scoreline) -> None:
    lead = a_demo_request(portal)
    scoreline("resync", "--full")
    portal.hubspot_records(lead, hs_email_optout="true")
    scoreline("resync", "--full")
    assert held(portal, lead, "lead_score") == ""
    portal.hubspot_records(lead, hs_email_optout="false")
    scoreline("resync", "--full")
    assert (score(portal, lead), held(portal, lead, "lead_scoring_exclusion")) == (73, "")


# 2. A stage is changed by two requests.


def test_the_clear_is_there_before_the_set_is_sent(portal: Portal, scoreline: Scoreline) -> None:
    lead = a_demo_request(portal)
    met: list[tuple[str, str]] = []
    portal.faults.add(
        Fault(path=UPDATE, times=None, act=lambda: met.append((stage(portal, lead), held(portal, lead, "lead_score"))))
    )
    scoreline("resync", "--full")
    assert stage_writes(portal, lead) == ["", SQL]
    assert met == [(LEAD, ""), ("", "")]  # what the portal held when each write request came


def test_an_answer_without_the_cleared_value_is_not_taken_for_a_clear(portal: Portal, scoreline: Scoreline) -> None:
    lead = a_demo_request(portal)
    nothing = {"status": "COMPLETE", "results": []}
    portal.faults.add(Fault(path=UPDATE, status=200, body=nothing, times=2))
    scoreline("resync", "--full")
    assert stage_writes(portal, lead) == ["", SQL]


# 4. Nothing is sent that is there already: see also every test that ends with a second resync.


def test_only_what_differs_is_sent(portal: Portal, scoreline: Scoreline) -> None:
    lead = a_contact(portal)
    scoreline("resync", "--full")
    portal.hubspot_records(lead, hs_email_open="2", hs_email_last_open_date=moment(100).isoformat())
    scoreline("resync", "--full")
    versions = {name: len(portal.contact(lead).versions(name)) for name in SCORES}
    assert versions["lead_score_fit"] == 1
    assert versions["lead_score_reasons"] == 2
    assert stage_writes(portal, lead) == []


@dataclass(frozen=True)
class Sent:
    """One contact's part of a batch, and what the contact held when it came."""

    contact: str
    properties: Mapping[str, str]
    held: Mapping[str, str]


@pytest.fixture
def batches(portal: Portal, wire: list[Request], monkeypatch: pytest.MonkeyPatch) -> list[list[Sent]]:
    """The batches of updates that the portal has been sent, noted as they come: one after another, so that the newest
    request is the one that comes."""
    monkeypatch.setenv("SCORELINE_REQUESTS_AT_ONCE", "1")
    noted: list[list[Sent]] = []

    def note() -> None:
        inputs = json.loads(wire[-1].body)["inputs"]
        noted.append([Sent(i["id"], i["properties"], dict(portal.contact(i["id"]).properties)) for i in inputs])

    portal.faults.add(Fault(path=UPDATE, times=None, act=note))
    return noted


def test_no_value_is_sent_that_is_there_and_no_batch_both_clears_and_sets(
    portal: Portal, scoreline: Scoreline, batches: list[list[Sent]]
) -> None:
    a_portal_that_has_seen_everything(portal, scoreline)
    assert len(batches) > 5
    for batch in batches:
        assert len({sent.contact for sent in batch}) == len(batch) <= 100
        stages = [sent.properties["lifecyclestage"] for sent in batch if "lifecyclestage" in sent.properties]
        assert all(stages) or not any(stages)
        for sent in batch:
            assert sent.properties
            assert {name: sent.held.get(name, "") for name in sent.properties}.items().isdisjoint(
                sent.properties.items()
            )
            if sent.properties.get("lifecyclestage") == "":
                assert sent.properties.keys() == {"lifecyclestage"}
            elif sent.properties.get("lifecyclestage"):
                assert sent.held.get("lifecyclestage", "") == ""


# 5. What a person changed after we read it is never overwritten.


@pytest.mark.parametrize(
    ("reads_before", "written"), [(1, []), pytest.param(2, [], marks=not_where_histories_hold_one_entry), (3, [""])]
)
def test_a_stage_that_a_person_sets_while_we_work_stands(
    portal: Portal, scoreline: Scoreline, reads_before: int, written: list[str]
) -> None:
    """Between deciding and the two looks before the clear, and between clearing and setting."""
    if READS_LAG and not written:
        written = ["", "opportunity"]  # seen only when the clear is, and put back
    lead = a_demo_request(portal)
    by_a_person = Fault(
        path=READ_AGAIN,
        skip=reads_before,
        act=lambda: portal.person_sets(lead, "lifecyclestage", "opportunity"),
    )
    portal.faults.add(by_a_person)

    ended = scoreline("resync", "--full", "--json")

    assert portal.faults.pending() == []
    assert (stage(portal, lead), stage_writes(portal, lead)) == ("opportunity", written)
    assert [each["id"] for each in ended.document["contacts_dropped"]] == [lead]
    assert ended.status == 0
    assert scoreline("resync", "--full").status == 0
    assert (stage(portal, lead), stage_writes(portal, lead)) == ("opportunity", written)


@not_where_reads_lag
@pytest.mark.parametrize("name", ["lead_scoring_hold", "lead_scoring_resync"])
def test_a_box_that_a_person_ticks_while_we_work_stays_ticked(portal: Portal, scoreline: Scoreline, name: str) -> None:
    lead = a_demo_request(portal)
    portal.faults.add(Fault(path=READ_AGAIN, act=lambda: portal.person_sets(lead, "lead_scoring_hold", "true")))
    portal.faults.add(Fault(path=UPDATE, act=lambda: portal.person_sets(lead, name, "true")))
    scoreline("resync", "--full")
    assert held(portal, lead, "lead_scoring_hold") == "true"
    assert stage(portal, lead) == LEAD
    scoreline("resync")
    assert held(portal, lead, "lead_scoring_resync") == ""
    assert held(portal, lead, "lead_scoring_hold") == "true"


@not_where_reads_lag
def test_an_answer_that_sales_give_while_we_work_is_obeyed(portal: Portal, scoreline: Scoreline) -> None:
    lead = a_demo_request(portal)
    portal.faults.add(Fault(path=READ_AGAIN, act=lambda: portal.sales_answers(lead, "unqualified")))
    scoreline("resync", "--full")
    assert (stage(portal, lead), held(portal, lead, "lead_scoring_sales_feedback")) == ("subscriber", "unqualified")
    assert SQL not in stage_writes(portal, lead)


# 6. One bad contact never stops the others.


def test_a_contact_that_hubspot_refuses_is_reported_by_id_and_the_others_are_written(
    portal: Portal, scoreline: Scoreline
) -> None:
    others = [a_demo_request(portal) for _ in range(5)]
    refused = a_subscription(portal)
    others += [a_price_request(portal) for _ in range(5)]

    def forbid_its_grade() -> None:
        grade = portal.contacts.definitions.get("lead_grade")
        assert grade is not None
        without = tuple(option for option in grade.options if option.value != "D1")
        portal.contacts.definitions.put(replace(grade, options=without))

    portal.faults.add(Fault(path=UPDATE, act=forbid_its_grade))

    ended = scoreline("resync", "--full", "--json")

    assert ended.status == 1
    assert [each["id"] for each in ended.document["contacts_failed"]] == [refused]
    assert "lead_grade" in ended.document["contacts_failed"][0]["reason"]
    assert held(portal, refused, "lead_score") == ""
    assert {stage(portal, lead) for lead in others} == {SQL, MQL}
    assert all(held(portal, lead, "lead_score") for lead in others)


def test_a_contact_that_is_deleted_while_we_work_stops_nothing(portal: Portal, scoreline: Scoreline) -> None:
    gone, other = a_demo_request(portal), a_demo_request(portal)
    portal.faults.add(Fault(path=UPDATE, act=lambda: portal.delete(gone)))
    ended = scoreline("resync", "--full", "--json")
    assert ended.status == 0
    assert [each["id"] for each in ended.document["contacts_dropped"]] == [gone]
    assert stage(portal, other) == SQL


# 7. The portal's limits are obeyed.


def test_no_request_is_above_the_portals_burst_limit(
    portal: Portal, scoreline: Scoreline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sandbox.limits.WINDOW_S", 1.0)
    portal.limits.enabled = True
    portal.limits.tier = Tier(burst=4, daily=250_000)
    lead = a_demo_request(portal)
    portal.clock.move(timedelta(seconds=5))  # what was sent so far counts no more
    portal.requests.clear()
    ended = scoreline("resync", "--full", "--json")
    assert stage(portal, lead) == SQL
    assert ended.document["requests"]["total"] > 2 * 4
    assert ended.document["duration_s"] > 1.0
    assert portal.requests.totals["status_429"] == ended.document["requests"]["rate_limited"] == 0


def test_when_hubspot_says_wait_the_run_waits_and_goes_on(portal: Portal, scoreline: Scoreline) -> None:
    lead = a_demo_request(portal)
    busy = {"status": "error", "errorType": "RATE_LIMIT", "policyName": "TEN_SECONDLY_ROLLING"}
    portal.faults.add(Fault(path=UPDATE, status=429, body=busy, headers={"Retry-After": "1"}))
    document = scoreline("resync", "--full", "--json").document
    assert stage_writes(portal, lead) == ["", SQL]
    assert document["requests"]["rate_limited"] == 1
    assert document["duration_s"] > 1.0


def test_a_share_of_the_day_is_left_to_the_portals_other_integrations(portal: Portal, scoreline: Scoreline) -> None:
    lead = a_demo_request(portal)
    portal.limits.tier = Tier(burst=100, daily=1000)
    portal.limits.used_today = 850
    ended = scoreline("resync", "--full")
    assert ended.status == 3
    assert "of the account's 1,000 HubSpot requests a day are left" in ended.err
    assert "SCORELINE_DAILY_RESERVE" in ended.err
    assert stage(portal, lead) == LEAD
    assert scoreline("resync", "--full", SCORELINE_DAILY_RESERVE="0.1").status == 0
    assert stage(portal, lead) == SQL


def test_a_day_that_is_used_up_ends_the_run_at_once(portal: Portal, scoreline: Scoreline) -> None:
    a_demo_request(portal)
    portal.requests.clear()
    portal.limits.enabled = True
    portal.limits.used_today = portal.limits.daily
    ended = scoreline("resync", "--full")
    assert ended.status == 3
    assert "used up its HubSpot requests of today" in ended.err
    assert writes(portal) == 0


# 9. HubSpot alone can rebuild the worker.


def a_portal_that_has_seen_everything(portal: Portal, scoreline: Scoreline) -> None:
    """All answers, holds, exclusions, persons' stages, and leads that simply are where they belong."""
    leads = {name: a_demo_request(portal) for name in ("sql", "true", "not_ready", "unqualified", "forgiven", "left")}
    for build in (a_contact, a_subscription, a_price_request):
        build(portal)
        build(portal, lifecyclestage="")
        build(portal, lifecyclestage=SQL)
    by_hand = a_contact(portal)
    on_hold = a_demo_request(portal, lead_scoring_hold="true")
    portal.person_sets(by_hand, "lifecyclestage", MQL)
    scoreline("resync", "--full")
    for name in ("not_ready", "unqualified"):
        portal.sales_answers(leads[name], name)
    portal.sales_answers(leads["true"], "true_sql")
    portal.sales_answers(leads["forgiven"], "unqualified")
    portal.person_sets(leads["left"], "lifecyclestage", "customer")
    portal.person_sets(leads["sql"], "lifecyclestage", "")
    scoreline("resync", "--full")
    portal.sales_answers(leads["forgiven"], None)
    scoreline("resync", "--full")
    assert (stage(portal, by_hand), stage(portal, on_hold)) == (MQL, LEAD)
    assert stage(portal, leads["forgiven"]) == SQL


def test_without_its_database_the_next_full_resync_changes_nothing(
    portal: Portal, scoreline: Scoreline, tmp_path: Path
) -> None:
    a_portal_that_has_seen_everything(portal, scoreline)
    before = everything(portal)
    for kept in (True, False):
        if not kept:
            for file in tmp_path.glob("scoreline.db*"):
                file.unlink()
        document = scoreline("resync", "--full", "--json").document
        assert (document["requests"]["write"], document["contacts_changed"]) == (0, 0)
        assert everything(portal) == before


# 10. Tokens are never printed, logged or stored; personal data is not logged.


def test_neither_token_nor_address_is_printed_logged_or_stored(
    portal: Portal, scoreline: Scoreline, tmp_path: Path
) -> None:
    portal.token, address = "pat-sandbox-5ecret", "ann.smith@prospect.example"
    token = portal.token
    lead = a_demo_request(portal, email=address, firstname="Annabel")
    portal.faults.add(Fault(path=UPDATE, status=500, body={"message": f"cannot store {address}"}))
    every = [
        ["resync", "--full"],
        ["resync", "--contact", address],
        ["plan", "--full", "--json"],
        ["plan", "show", "1"],
        ["explain", lead],
        ["explain", address, "--json"],
        ["runs", "--json"],
        ["status"],
        ["config", "--json"],
        ["doctor"],
    ]
    for arguments in every:
        ended = scoreline(*arguments, HUBSPOT_ACCESS_TOKEN=token, SCORELINE_LOG_LEVEL="debug")
        assert ended.status == 0, ended
        assert "5ecret" not in ended.out + ended.err
        assert address not in ended.err
        assert "Annabel" not in ended.err
    stored = b"".join(file.read_bytes() for file in tmp_path.glob("scoreline.db*"))
    assert lead.encode() in stored
    for secret in (b"5ecret", b"ann.smith", b"Annabel"):
        assert secret not in stored


def test_what_hubspot_complains_of_is_told_without_the_values_that_it_quotes(
    portal: Portal, scoreline: Scoreline, tmp_path: Path
) -> None:
    lead = a_contact(portal)
    quoting = {"status": "error", "category": "VALIDATION_ERROR", "message": "Ann Smith ann@prospect.example is bad"}
    portal.faults.add(Fault(path=UPDATE, status=400, body=quoting, times=None))
    ended = scoreline("resync", "--full", "--json")
    assert ended.status == 1
    assert [each["id"] for each in ended.document["contacts_failed"]] == [lead]
    stored = b"".join(file.read_bytes() for file in tmp_path.glob("scoreline.db*"))
    assert "ann@" not in (ended.out + ended.err).lower()
    assert b"ann@" not in stored.lower()


def test_who_is_deleted_for_privacy_is_gone_here_too(portal: Portal, scoreline: Scoreline, tmp_path: Path) -> None:
    lead, other = a_demo_request(portal), a_demo_request(portal)
    scoreline("resync", "--full")
    scoreline("resync", "--full")
    portal.delete(lead, for_privacy=True)

    assert scoreline("resync", "--full").status == 0

    assert rows_about(tmp_path / "scoreline.db", other) != []
    assert rows_about(tmp_path / "scoreline.db", lead) == []


def rows_about(database: Path, contact: str) -> list[str]:
    """The tables with a row in which the contact's id stands."""
    connection = sqlite3.connect(database)
    try:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return [
            table
            for table in tables
            for row in connection.execute(f"SELECT * FROM {table}")
            if any(str(cell) == contact for cell in row)
        ]
    finally:
        connection.close()
