"""`what-if`: who would move by another rulebook, without asking HubSpot."""

from pathlib import Path

from sandbox import Portal
from tests.acceptance.conftest import Scoreline, Sent
from tests.acceptance.leads import LEAD, MQL, SQL, a_contact, a_demo_request, a_price_request, catch_up, stage

KEEN = """
extends: default
name: keen
policy: {stages: {sql: {enter: 40, exit: 36}}}
rules:
  F04: {cases: [{phrases: decision_makers, points: 20, label: decision maker}]}
"""


def some_leads(portal: Portal) -> dict[str, str]:
    return {
        "asks": a_demo_request(portal),
        "boss": a_contact(portal, lifecyclestage=LEAD, jobtitle="Managing director", email="boss@acme.example"),
        "prices": a_price_request(portal),
        "customer": a_contact(portal, lifecyclestage="customer", jobtitle="Owner"),
    }


def test_it_says_what_a_pass_with_that_rulebook_then_does(
    portal: Portal, scoreline: Scoreline, tmp_path: Path, wire: list[Sent]
) -> None:
    (tmp_path / "keen.yaml").write_text(KEEN)
    leads = some_leads(portal)
    assert scoreline("provision").status == 0
    assert scoreline("resync", "--full", "--accept-large-plan").status == 0
    catch_up(portal)
    wire.clear()

    told = scoreline("what-if", "keen.yaml", "--json")

    assert (told.status, wire) == (0, [])
    said = told.document
    assert (said["contacts"], said["points"]["changed"], said["points"]["mean"]) == (3, 1, 5)
    assert [(rule["key"], rule["contacts"], rule["points"]) for rule in said["rules"]] == [("F04", 1, 5)]
    [most] = said["most"]
    assert (most["id"], most["after"] - most["before"]) == (leads["boss"], 5)
    planned = scoreline("plan", "--full", "--json", SCORELINE_RULEBOOK="keen.yaml").document
    assert said["moves"] == planned["stage_changes"] == {f"{MQL}->{SQL}": 1}
    assert (stage(portal, leads["asks"]), stage(portal, leads["prices"])) == (SQL, MQL)


def test_it_shows_the_stages_and_what_it_cannot_tell(portal: Portal, scoreline: Scoreline, tmp_path: Path) -> None:
    (tmp_path / "keen.yaml").write_text(
        KEEN + "  A01: {label: City, group: fit, fact: town, cases: [{given: true, points: 1}]}\n"
        "sources: {facts: {town: {from: [city], type: text, tier: free}}}\n"
    )
    some_leads(portal)
    assert scoreline("provision").status == 0
    assert scoreline("resync", "--full", "--accept-large-plan").status == 0
    out = scoreline("what-if", "keen.yaml").out
    assert "  points change             1  1 rise, 0 fall, +5.0 on average\n" in out
    assert "Facts that this rulebook reads and the last passes did not: town." in out
    assert f"          1  {MQL} -> {SQL}\n" in out
    assert "boss" not in out
    assert "director" not in out


def test_before_anything_was_read_it_says_so(scoreline: Scoreline) -> None:
    told = scoreline("what-if", "classic")
    assert (told.status, told.out) == (2, "")
    assert "Nothing has been read yet" in told.err


def test_a_mistake_in_the_rulebook_is_told_with_its_path(scoreline: Scoreline, tmp_path: Path) -> None:
    (tmp_path / "keen.yaml").write_text("extends: default\nrules: {F04: {points: many}}\n")
    told = scoreline("what-if", "keen.yaml")
    assert told.status == 2
    assert "rules.F04.points" in told.err


def test_after_a_pass_with_the_new_rulebook_nothing_differs_from_it(
    portal: Portal, scoreline: Scoreline, tmp_path: Path
) -> None:
    (tmp_path / "keen.yaml").write_text(KEEN)
    some_leads(portal)
    assert scoreline("provision").status == 0
    assert scoreline("resync", "--full", "--accept-large-plan", SCORELINE_RULEBOOK="keen.yaml").status == 0
    said = scoreline("what-if", "keen.yaml", "--json", SCORELINE_RULEBOOK="keen.yaml").document
    assert (said["points"]["changed"], said["moves"], said["rules"], said["most"]) == (0, {}, [], [])
