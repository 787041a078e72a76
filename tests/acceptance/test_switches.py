"""The worker is right whichever way HubSpot turns out to behave where nobody could verify it."""

from collections.abc import Mapping
from itertools import combinations

import pytest

from sandbox import Fault, Portal
from sandbox.switches import Setting, Switches
from tests.acceptance.conftest import LEFT_OUT, Scoreline
from tests.acceptance.leads import (
    LEAD,
    MQL,
    OURS,
    SQL,
    a_demo_request,
    a_price_request,
    a_subscription,
    catch_up,
    days_ago,
    everything,
    held,
    score,
    stage,
    stage_writes,
    writes,
)
from tests.acceptance.switches import OTHERWISE, clash, groups, in_words
from tests.tables import code_in, defined_in, lines_of


def test_every_switch_is_tried_the_other_way() -> None:
    as_likely = Switches().as_json()
    assert {name for turned in OTHERWISE for name in turned} == as_likely.keys()
    assert not [turned for turned in OTHERWISE if any(to == as_likely[name] for name, to in turned.items())]


def test_together_they_are_turned_in_a_few_groups_that_hold_each_once() -> None:
    grouped = [list(group) for group in groups()]
    assert sorted(in_words(each) for group in grouped for each in group) == sorted(map(in_words, OTHERWISE))
    assert not [pair for group in grouped for pair in combinations(group, 2) if clash(*pair)]
    assert len(grouped) < 7


def test_the_page_names_the_groups_and_every_test_that_is_left_out() -> None:
    listed = [code_in(switches) for _, switches in lines_of("sandbox.md", "| Group | Switches |")]
    assert listed == [",".join(map(in_words, group)).split(",") for group in groups()]
    left_out = lines_of("sandbox.md", "| Left out under | Why | Tests, in `tests/acceptance/` |")
    for switch, why, tests in left_out:
        [reason] = code_in(switch)
        assert f"{reason}: {why}" in LEFT_OUT
        for file, _, test in (named.partition("::") for named in code_in(tests)):
            assert test in defined_in(f"acceptance/{file}")
    assert len(left_out) == len(LEFT_OUT)


@pytest.mark.parametrize("turned", OTHERWISE, ids=in_words)
def test_leads_go_up_and_down_and_come_to_rest(
    portal: Portal, scoreline: Scoreline, turned: Mapping[str, Setting]
) -> None:
    portal.switches.turn(**turned)
    rises, falls, stays = a_demo_request(portal), a_price_request(portal, lifecyclestage=SQL), a_subscription(portal)
    left_alone = a_demo_request(portal, lifecyclestage="customer")
    merged = portal.merge(a_subscription(portal), a_subscription(portal))
    for _ in range(2):
        assert scoreline("provision").status == 0
    catch_up(portal)

    assert scoreline("resync", "--full").status == 0

    assert [stage(portal, each) for each in (rises, falls, stays, merged)] == [SQL, MQL, LEAD, LEAD]
    assert not any(held(portal, left_alone, name) for name in OURS)
    assert stage_writes(portal, falls) == ["", MQL]

    portal.sales_answers(rises, "not_ready")
    portal.hubspot_records(
        stays, recent_conversion_event_name="Request a demo: Demo request", recent_conversion_date=days_ago(0)
    )
    portal.person_sets(stays, "city", "Bonn")  # seen by that, whatever the form itself moves
    merged = portal.merge(merged, a_demo_request(portal, lifecyclestage=MQL))
    catch_up(portal)
    assert scoreline("resync").status == 0
    assert [stage(portal, each) for each in (rises, stays, merged)] == [MQL, SQL, LEAD]
    assert (score(portal, rises), held(portal, rises, "lead_scoring_sales_feedback")) == (50, "mql_not_ready")

    catch_up(portal)
    at_rest = everything(portal)
    portal.requests.clear()
    for selection in ([], ["--full"]):
        assert scoreline("resync", *selection).status == 0
    assert writes(portal) == 0
    assert everything(portal) == at_rest


@pytest.mark.parametrize(
    ("name", "limited", "path"),
    [
        ("burst_limit_tells_wait", Fault.burst_limit(), "batch/update"),
        ("search_limit_tells_policy", Fault.search_limit(), "search"),
    ],
)
def test_a_limit_that_tells_more_is_waited_for_as_well(
    portal: Portal, scoreline: Scoreline, monkeypatch: pytest.MonkeyPatch, name: str, limited: Fault, path: str
) -> None:
    monkeypatch.setattr("sandbox.limits.WINDOW_S", 1.0)
    portal.switches.turn(**{name: True})
    a_subscription(portal)  # in an empty portal there is nothing yet to go on from
    for first in (["provision"], ["resync", "--full"]):
        assert scoreline(*first).status == 0
    lead = a_demo_request(portal)
    portal.faults.add(limited.on("POST", path))
    assert scoreline("resync").status == 0
    assert stage(portal, lead) == SQL
    assert not portal.faults.pending()
