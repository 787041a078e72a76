"""`what-if`: who would move by another rulebook, without asking HubSpot."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox import Portal
from tests.acceptance.conftest import Scoreline, Sent
from tests.acceptance.leads import LEAD, MQL, SQL, a_contact, a_demo_request, a_price_request, catch_up, moment, stage

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
    assert said["movers"]["contacts"] == 1
    [mover] = said["movers"]["listed"]
    assert (mover["id"], mover["stage_before"], mover["stage_after"]) == (leads["prices"], MQL, SQL)
    assert mover["before"] == mover["after"]
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
    assert "  points change             1  1 rise, 0 fall; +5.0 on average of these\n" in out
    assert "Facts that this rulebook reads and the last passes did not: town." in out
    assert f"          1  {MQL} -> {SQL}\n" in out
    assert "boss" not in out
    assert "director" not in out


def test_who_would_move_is_named_before_whose_points_change(
    portal: Portal, scoreline: Scoreline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sync.cli.what_if._MOVERS_SHOWN", 2)
    (tmp_path / "keen.yaml").write_text(KEEN)
    leads = [some_leads(portal), *(some_leads(portal) for _ in range(2))]
    assert scoreline("provision").status == 0
    assert scoreline("resync", "--full", "--accept-large-plan").status == 0
    out = scoreline("what-if", "keen.yaml").out
    named = re.findall(r"^(\d+) +\d+ +marketingqualifiedlead -> salesqualifiedlead$", out, re.MULTILINE)
    assert named == [each["prices"] for each in leads[:2]]
    assert "… and 1 more that would move; --json lists them all\n" in out
    assert out.index("would move  ") < out.index("points change most  ")
    assert f"          1  {MQL} -> {SQL}" not in out


def test_whether_a_person_set_a_stage_is_known_once_a_plan_has_asked(
    portal: Portal, scoreline: Scoreline, tmp_path: Path
) -> None:
    (tmp_path / "keen.yaml").write_text(KEEN)
    by_hand = a_price_request(portal)
    portal.person_sets(by_hand, "lifecyclestage", MQL, at=moment(10))
    assert scoreline("provision").status == 0
    assert scoreline("resync", "--full").status == 0
    movers = scoreline("what-if", "keen.yaml", "--json").document["movers"]
    assert (movers["contacts"], movers["setter_unknown"], movers["listed"][0]["setter_known"]) == (1, 1, False)
    said = "1 would move; of 1 of them it is not known whether a person set their stage, which may hold it: "
    assert f'{said}"scoreline plan" with this rulebook asks HubSpot.\n' in scoreline("what-if", "keen.yaml").out

    planned = scoreline("plan", "--json", SCORELINE_RULEBOOK="keen.yaml").document

    told = scoreline("what-if", "keen.yaml", "--json").document
    assert (told["movers"]["contacts"], told["movers"]["setter_unknown"]) == (0, 0)
    assert told["held"] == [{"reason": "person_stage", "before": 0, "after": 1}]
    assert planned["contacts_held"] == {"person_stage": 1}
    out = scoreline("what-if", "keen.yaml").out
    assert re.search(r"^held because of +by the one in force +by this one .*\na person's stage +0 +1 +\+1$", out, re.M)


def test_each_value_of_the_document_has_the_type_of_what_it_says(
    portal: Portal, scoreline: Scoreline, tmp_path: Path
) -> None:
    (tmp_path / "keen.yaml").write_text(
        KEEN + "scores: {forms: {label: Forms, property: forms, of: leads, groups: [forms]}}\n"
    )
    some_leads(portal)
    by_hand = a_price_request(portal)
    portal.person_sets(by_hand, "lifecyclestage", MQL, at=moment(10))
    assert scoreline("provision").status == 0
    assert scoreline("resync", "--full", "--accept-large-plan").status == 0
    scoreline("plan", SCORELINE_RULEBOOK="keen.yaml")

    said = scoreline("what-if", "keen.yaml", "--json").document

    texts = {path for path, value in leaves(said) if isinstance(value, str)}
    named = {"id", "key", "label", "reason", "stage", "stage_before", "stage_after"}
    assert {path.rpartition(".")[2] for path in texts} <= named | {
        *("rulebook", "rulebook_in_force", "portal_id", "at", "full", "newest")
    }
    assert said["held"]
    assert all(isinstance(row["before"], int) and isinstance(row["after"], int) for row in said["held"])
    assert said["further_scores"] == {"forms": 3}


def leaves(value: object, path: str = "") -> Iterator[tuple[str, object]]:
    """The values of a document that hold no others, each under its path."""
    if isinstance(value, dict):
        for key, each in value.items():
            yield from leaves(each, f"{path}.{key}")
    elif isinstance(value, list):
        for each in value:
            yield from leaves(each, path)
    else:
        yield path, value


def test_before_anything_was_kept_it_says_what_keeps(portal: Portal, scoreline: Scoreline) -> None:
    some_leads(portal)
    scoreline("provision")
    for told in (scoreline("what-if", "classic"), scoreline("plan") and scoreline("what-if", "classic")):
        assert (told.status, told.out) == (2, "")
        assert "Nothing is kept of" in told.err
        assert '"scoreline resync --full" keeps what it reads' in told.err
        assert "A plan keeps nothing." in told.err


def test_after_a_pass_whose_plan_was_refused_all_contacts_are_there(portal: Portal, scoreline: Scoreline) -> None:
    some_leads(portal)
    scoreline("provision")
    plan = str(scoreline("plan", "--json").document["run_id"])
    refused = scoreline("resync", "--full", SCORELINE_FIRST_MOVE_LIMIT="0", SCORELINE_MOVE_FLOOR="0")
    assert refused.status == 1
    for told in (scoreline("what-if", "classic"), scoreline("plan", "apply", plan) and scoreline("what-if", "classic")):
        assert told.status == 0
        assert "  contacts kept             3  as the full pass of 20" in told.out


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
