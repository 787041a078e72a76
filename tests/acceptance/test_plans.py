"""A plan shows what a resync would write, is kept, and is written only when told to, as it was shown."""

import re
import signal
from pathlib import Path

import pytest

from sandbox import Fault, Portal
from tests.acceptance.conftest import Process, Scoreline, until
from tests.acceptance.leads import (
    LEAD,
    MQL,
    SQL,
    a_contact,
    a_demo_request,
    a_price_request,
    a_rulebook,
    a_subscription,
    days_ago,
    everything,
    held,
    moment,
    score,
    stage,
    stage_writes,
    writes,
)


def test_a_plan_names_every_change_with_its_reason_and_writes_nothing(portal: Portal, scoreline: Scoreline) -> None:
    scoreline("provision")
    sql, lead = a_demo_request(portal), a_subscription(portal)
    before = everything(portal)
    portal.requests.clear()

    ended = scoreline("plan", "--full", "--json")

    assert ended.status == 0
    assert writes(portal) == ended.document["requests"]["write"] == 0
    assert everything(portal) == before
    changes = {change["contact"]: change for change in ended.document["changes"]}
    assert changes.keys() == {sql, lead}
    assert changes[sql]["stage"] == {"from": LEAD, "to": SQL}
    assert changes[sql]["properties"]["lead_score"] == {"from": "", "to": "73"}
    assert changes[sql]["reason"] == "73 points reach the entry line of 65"
    assert changes[lead]["stage"] is None


def test_a_plan_works_before_our_properties_are_there(portal: Portal, scoreline: Scoreline) -> None:
    a_demo_request(portal)
    ended = scoreline("plan", "--json")
    assert ended.status == 0
    assert ended.document["stage_changes"] == {"lead->salesqualifiedlead": 1}
    assert writes(portal) == 0


def test_a_plan_is_what_the_resync_then_does(portal: Portal, scoreline: Scoreline) -> None:
    scoreline("provision")
    for came_from in ("", LEAD, MQL, SQL):
        a_demo_request(portal, lifecyclestage=came_from)
        a_subscription(portal, lifecyclestage=came_from)
    planned = scoreline("plan", "--full", "--json").document
    done = scoreline("resync", "--full", "--json").document
    for key in ("contacts_read", "contacts_scored", "contacts_changed", "stage_changes", "contacts_held"):
        assert planned[key] == done[key]
    for change in planned["changes"]:
        for name, text in change["properties"].items():
            assert held(portal, change["contact"], name) == text["to"]


def test_a_kept_plan_can_be_shown_again_without_asking_hubspot(portal: Portal, scoreline: Scoreline) -> None:
    lead = a_demo_request(portal)
    made = scoreline("plan", "--full", "--json").document
    portal.requests.clear()

    shown = scoreline("plan", "show", str(made["run_id"]), "--json")
    told = scoreline("plan", "show", str(made["run_id"]))
    moves = sum(made["stage_changes"].values())
    assert f"In all {made['contacts_changed']} changes, {moves} of them with a move:" in told.out

    assert shown.status == told.status == 0
    assert shown.document["changes"] == made["changes"]
    assert shown.document["stage_changes"] == made["stage_changes"]
    assert f"{lead}" in told.out
    assert "lead -> salesqualifiedlead" in told.out
    assert portal.requests.totals == {}


def test_a_plan_for_people_says_that_nothing_was_written_and_how_to_write_it(
    portal: Portal, scoreline: Scoreline
) -> None:
    a_demo_request(portal)
    ended = scoreline("plan")
    assert ended.status == 0
    assert "lead -> salesqualifiedlead" in ended.out
    assert 'Nothing was written. "scoreline plan show 1" lists everything' in ended.out
    assert '"scoreline plan apply 1" writes it' in ended.out


def test_a_plan_shows_moves_first_then_the_largest_changes_then_the_lowest_ids(
    portal: Portal, scoreline: Scoreline
) -> None:
    quiet = a_contact(portal)
    small = [a_subscription(portal) for _ in range(2)]
    moving = [a_price_request(portal), a_demo_request(portal), a_demo_request(portal)]
    in_order = [*sorted(moving[1:], key=int), moving[0], *sorted(small, key=int), quiet]
    for told in (scoreline("plan"), scoreline("plan", "show", "1")):
        assert re.findall(r"^(\d+) .* points? ", told.out, re.MULTILINE) == in_order


@pytest.mark.parametrize("number", ["x", "0", "-1", "99999999999"])
def test_what_is_no_plans_number_is_told_so(scoreline: Scoreline, number: str) -> None:
    ended = scoreline("plan", "show", "--", number)
    assert ended.status == 2
    assert f"'{number}' is no plan's number" in " ".join(ended.err.replace("│", " ").split())


def test_applying_a_plan_writes_it_as_shown(portal: Portal, scoreline: Scoreline) -> None:
    scoreline("provision")
    lead = a_demo_request(portal)
    plan = scoreline("plan", "--full", "--json").document

    ended = scoreline("plan", "apply", str(plan["run_id"]), "--json")

    assert ended.status == 0
    assert (stage(portal, lead), score(portal, lead)) == (SQL, 73)
    assert ended.document["contacts_changed"] == 1
    assert stage_writes(portal, lead) == ["", SQL]
    assert scoreline("resync", "--full", "--json").document["requests"]["write"] == 0


def test_applying_a_plan_leaves_out_what_changed_since_and_names_it(portal: Portal, scoreline: Scoreline) -> None:
    scoreline("provision")
    as_shown, moved, busier, gone = (a_demo_request(portal) for _ in range(4))
    plan = str(scoreline("plan", "--full", "--json").document["run_id"])
    portal.person_sets(moved, "lifecyclestage", "customer")
    portal.hubspot_records(busier, engagements_last_meeting_booked=days_ago(0))
    portal.delete(gone)

    ended = scoreline("plan", "apply", plan, "--json")

    assert stage(portal, as_shown) == SQL
    assert (stage(portal, moved), held(portal, moved, "lead_score")) == ("customer", "")
    assert (stage(portal, busier), held(portal, busier, "lead_score")) == (LEAD, "")
    dropped = {each["id"]: each["reason"] for each in ended.document["contacts_dropped"]}
    assert dropped.keys() == {moved, busier, gone}
    assert "gone" in dropped[gone]
    assert "changed since" in dropped[busier]
    assert ended.document["contacts_changed"] == 1


def test_a_plan_is_applied_once(portal: Portal, scoreline: Scoreline) -> None:
    scoreline("provision")
    lead = a_price_request(portal)
    plan = str(scoreline("plan", "--full", "--json").document["run_id"])
    scoreline("plan", "apply", plan)
    portal.person_sets(lead, "lifecyclestage", LEAD, at=moment(40))
    portal.requests.clear()
    assert scoreline("plan", "apply", plan, "--json").document["contacts_changed"] == 0
    assert f"Plan {plan} was applied already: 1 of its 1 changes were written." in scoreline("plan", "apply", plan).out
    assert writes(portal) == 0


def test_a_plan_that_is_not_there_is_named(portal: Portal, scoreline: Scoreline) -> None:
    scoreline("provision")
    for what in ("show", "apply"):
        ended = scoreline("plan", what, "41")
        assert ended.status == 2
        assert "41" in ended.err
        assert "scoreline runs" in ended.err


def test_a_plan_of_another_rulebook_is_not_applied(portal: Portal, scoreline: Scoreline, tmp_path: Path) -> None:
    scoreline("provision")
    lead = a_demo_request(portal)
    plan = str(scoreline("plan", "--full", "--json").document["run_id"])
    other = a_rulebook(tmp_path / "other.yaml", "rules: {G05: {points: 20}}")
    ended = scoreline("plan", "apply", plan, SCORELINE_RULEBOOK=other)
    assert ended.status == 2
    assert "was made with rulebook default" in ended.err
    assert stage(portal, lead) == LEAD


def test_a_plan_can_be_for_one_contact(portal: Portal, scoreline: Scoreline) -> None:
    lead, _ = a_demo_request(portal), a_demo_request(portal)
    a_contact(portal)
    document = scoreline("plan", "--contact", lead, "--json").document
    assert [change["contact"] for change in document["changes"]] == [lead]


@pytest.mark.usefixtures("provisioned")
def test_what_applying_drops_is_told_reason_by_reason_with_a_few_ids(portal: Portal, scoreline: Scoreline) -> None:
    busier = [a_subscription(portal) for _ in range(5)]
    plan = str(scoreline("plan", "--full", "--json").document["run_id"])
    for lead in busier:
        portal.hubspot_records(lead, engagements_last_meeting_booked=days_ago(0))
    portal.delete(busier.pop())

    told = scoreline("plan", "apply", plan).out

    assert re.search(rf"not written +4  it changed since the plan was made \({', '.join(busier[:3])}, …\)", told), told
    assert re.search(r"not written +1  the contact is gone", told), told
    assert "contacts read" not in told


def test_a_plan_says_when_our_properties_must_be_created_first(portal: Portal, scoreline: Scoreline) -> None:
    a_demo_request(portal)
    assert 'Before it can be written: "scoreline provision".' in scoreline("plan").out
    scoreline("provision")
    assert "Before it can be written" not in scoreline("plan").out


@pytest.mark.usefixtures("provisioned")
def test_a_plan_without_a_change_offers_nothing_to_apply(portal: Portal, scoreline: Scoreline) -> None:
    a_demo_request(portal)
    scoreline("resync", "--full")
    told = scoreline("plan", "--full").out
    assert "Nothing would be written" in told
    assert "plan apply" not in told


@pytest.mark.usefixtures("provisioned")
def test_the_state_of_a_change_is_shown_once_it_has_one(portal: Portal, scoreline: Scoreline) -> None:
    a_demo_request(portal)
    scoreline("plan", "--full")
    assert "state" not in scoreline("plan", "show", "1").out
    scoreline("plan", "apply", "1")
    assert re.search(r"state\n.*done\n", scoreline("plan", "show", "1").out)


@pytest.mark.usefixtures("provisioned")
def test_ctrl_c_ends_a_plan_in_good_order(portal: Portal, scoreline: Scoreline, process: Process) -> None:
    for _ in range(3):
        a_demo_request(portal)
    slow = Fault(path=r"objects/contacts/?$", delay_s=2.0)
    portal.faults.add(slow)
    planning = process("plan", "--full")
    until(lambda: slow.times == 0)
    planning.send_signal(signal.SIGINT)
    out, err = planning.communicate(timeout=30)
    assert planning.returncode == 1, err
    assert "Stopped before the end, as asked" in out
    assert "plan apply" not in out
    assert "Traceback" not in err
    assert scoreline("runs", "--json").document[0]["state"] == "interrupted"
