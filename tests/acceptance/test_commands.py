"""What every command says: one document for programs, words for people, and help for both."""

import json
import re
import time
from pathlib import Path

import pytest

from sandbox import Fault, Portal
from tests.acceptance.conftest import Process, Scoreline
from tests.acceptance.leads import MQL, a_contact, a_demo_request

COMMANDS = (
    "demo",
    "sandbox",
    "doctor",
    "provision",
    "plan",
    "resync",
    "worker",
    "explain",
    "runs",
    "status",
    "rulebook",
    "config",
)
INSIDE = (("plan", "show"), ("plan", "apply"), ("rulebook", "check"), ("rulebook", "schema"), ("rulebook", "show"))


@pytest.mark.parametrize(
    "arguments",
    [
        ["resync", "--full", "--json"],
        ["resync", "--json"],
        ["plan", "--full", "--json"],
        ["plan", "show", "1", "--json"],
        ["explain", "1", "--json"],
        ["runs", "--json"],
        ["status", "--json"],
        ["doctor", "--json"],
        ["provision", "--json"],
        ["rulebook", "check", "default", "--json"],
        ["rulebook", "check", "classic", "--json"],
        ["rulebook", "schema"],
        ["rulebook", "show", "--json"],
        ["config", "--json"],
    ],
)
@pytest.mark.usefixtures("provisioned")
def test_json_is_one_document_and_logs_go_elsewhere(portal: Portal, scoreline: Scoreline, arguments: list[str]) -> None:
    lead = a_demo_request(portal)
    scoreline("plan", "--full")
    scoreline("resync", "--full")
    arguments = [lead if part == "1" and "explain" in arguments else part for part in arguments]
    ended = scoreline(*arguments, SCORELINE_LOG_LEVEL="debug")
    assert ended.status == 0, ended
    assert ended.document
    for line in ended.err.splitlines():
        assert json.loads(line)["action"]


def test_a_log_line_is_a_sentence_with_an_action_and_ids(portal: Portal, scoreline: Scoreline) -> None:
    scoreline("provision")
    a_demo_request(portal)
    lines = [json.loads(line) for line in scoreline("resync", "--full").err.splitlines()]
    assert [line["action"] for line in lines] == ["run.begin", "run.end"]
    assert all(line["event"].endswith(".") for line in lines)
    assert {line["run_id"] for line in lines} == {1}
    assert lines[-1]["changed"] == 1


def test_the_log_of_a_plan_does_not_say_that_anything_was_changed(portal: Portal, scoreline: Scoreline) -> None:
    a_demo_request(portal)
    end = json.loads(scoreline("plan").err.splitlines()[-1])
    assert (end["action"], end["planned"], "changed" in end) == ("run.end", 1, False)


def test_logs_can_be_for_people(portal: Portal, scoreline: Scoreline) -> None:
    scoreline("provision")
    ended = scoreline("resync", "--full", SCORELINE_LOG_FORMAT="console")
    assert "Run begins." in ended.err
    assert not ended.err.startswith("{")


def test_logs_can_be_silenced(portal: Portal, scoreline: Scoreline) -> None:
    scoreline("provision")
    assert scoreline("resync", "--full", SCORELINE_LOG_LEVEL="error").err == ""


@pytest.mark.parametrize("way", [["--help"], ["-h"]])
def test_the_help_lists_every_command(scoreline: Scoreline, way: list[str]) -> None:
    ended = scoreline(*way)
    assert ended.status == 0
    listed = re.findall(r"^│ (\w+) ", ended.out, re.MULTILINE)
    assert [name for name in listed if name in COMMANDS] == list(COMMANDS)


def test_the_module_is_the_command(process: Process) -> None:
    begun = process("--help")
    out, _ = begun.communicate(timeout=30)
    assert begun.returncode == 0
    assert "Usage: scoreline" in out
    assert all(name in out for name in COMMANDS)


@pytest.mark.parametrize("command", [*((name,) for name in COMMANDS), *INSIDE], ids=" ".join)
def test_every_command_has_help_that_says_what_it_does(scoreline: Scoreline, command: tuple[str, ...]) -> None:
    ended = scoreline(*command, "--help")
    assert ended.status == 0
    assert f"Usage: scoreline {' '.join(command)}" in ended.out
    says = [line.strip() for line in ended.out.splitlines() if line.startswith(" ") and "Usage" not in line]
    assert any(len(line.split()) >= 3 for line in says), ended.out
    for option in re.findall(r"^│ +\*? +(--[\w-]+.*)│$", ended.out, re.MULTILINE):
        assert len(option.split()) > 2, option


@pytest.mark.parametrize("command", ["doctor", "provision", "plan", "resync", "explain", "runs", "status", "config"])
def test_every_command_that_reports_takes_json(scoreline: Scoreline, command: str) -> None:
    assert "--json" in scoreline(command, "--help").out


def test_settings_say_where_their_value_came_from(scoreline: Scoreline, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("SCORELINE_TRIES=9\nSCORELINE_MOVE_FLOOR=7\nHUBSPOT_ACCESS_TOKEN=pat-5ecret\n")
    ended = scoreline("config", "--json", SCORELINE_MOVE_FLOOR="8", SCORELINE_TRIES="")
    lines = {line["name"]: line for line in ended.document}
    assert (lines["SCORELINE_TRIES"]["value"], lines["SCORELINE_TRIES"]["source"]) == ("9", ".env")
    assert (lines["SCORELINE_MOVE_FLOOR"]["value"], lines["SCORELINE_MOVE_FLOOR"]["source"]) == ("8", "environment")
    assert lines["DATABASE_URL"]["source"] == "default"
    assert lines["HUBSPOT_ACCESS_TOKEN"]["value"] == "(set)"
    assert all(line["meaning"] for line in lines.values())
    assert "5ecret" not in ended.out


def test_a_rulebook_without_mistakes_is_told_so(scoreline: Scoreline, tmp_path: Path) -> None:
    for name in ("default", "classic"):
        ended = scoreline("rulebook", "check", name)
        assert (ended.status, ended.out.startswith(f"{name}: no mistakes.")) == (0, True)


def test_the_mistakes_of_a_rulebook_are_listed_with_path_and_expectation(scoreline: Scoreline, tmp_path: Path) -> None:
    file = tmp_path / "broken.yaml"
    file.write_text("extends: default\nname: broken\nrules: {G05: {points: many}}\npolicy: {moves: sideways}\n")
    ended = scoreline("rulebook", "check", str(file), "--json")
    assert (ended.status, ended.document["ok"]) == (2, False)
    assert {mistake["path"] for mistake in ended.document["mistakes"]} == {"rules.G05.points", "policy.moves"}
    assert all(mistake["expected"] for mistake in ended.document["mistakes"])
    plain = scoreline("rulebook", "check", str(file))
    assert (plain.status, plain.out) == (2, "")
    assert "policy.moves" in plain.err


def test_the_schema_is_json_schema_for_editors(scoreline: Scoreline) -> None:
    schema = scoreline("rulebook", "schema").document
    assert schema["type"] == "object"
    assert {"rules", "policy", "properties"} <= schema["properties"].keys()


def test_the_rulebook_in_force_is_shown_complete(scoreline: Scoreline, tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("extends: default\nname: mine\nrules: {G05: {points: 61}}\n")
    shown = scoreline("rulebook", "show", "--json", SCORELINE_RULEBOOK=str(file)).document
    assert shown["version"].startswith("mine-")
    assert shown["rulebook"]["rules"]["G05"]["points"] == 61
    assert "G04" in shown["rulebook"]["rules"]
    again = tmp_path / "again.yaml"
    again.write_text(scoreline("rulebook", "show", SCORELINE_RULEBOOK=str(file)).out)
    assert scoreline("rulebook", "check", str(again)).status == 0


def test_a_contact_is_explained_rule_by_rule(portal: Portal, scoreline: Scoreline) -> None:
    lead = a_demo_request(portal, email="ann@prospect.example")
    before = portal.contact(lead).history
    for who in (lead, "ANN@prospect.example"):
        document = scoreline("explain", who, "--json").document
        assert (document["contact"], document["score"], document["grade"]) == (lead, 73, "D4")
        assert sum(line["points"] for line in document["lines"]) == 73
        met = {line["key"]: line["points"] for line in document["lines"] if line["met"]}
        assert met == {"F06": 3, "G05": 70}
        assert document["decision"] == "move to salesqualifiedlead"
        assert document["reason"] == "73 points reach the entry line of 65"
    assert portal.contact(lead).history == before == {}
    told = scoreline("explain", lead).out
    assert "73 points, grade D4" in told
    assert "Asked for a demo" in told
    assert "Not met: " in told
    assert "Unknown, counted as 0: " in told


def test_an_excluded_contact_is_explained_with_the_reason(portal: Portal, scoreline: Scoreline) -> None:
    customer = a_demo_request(portal, lifecyclestage="customer")
    document = scoreline("explain", customer, "--json").document
    assert (document["exclusion"], document["decision"], document["would_write"]) == ("customer", "leave alone", None)


def test_an_answer_of_sales_is_explained(portal: Portal, scoreline: Scoreline) -> None:
    scoreline("provision")
    lead = a_demo_request(portal, lifecyclestage="salesqualifiedlead")
    portal.sales_answers(lead, "not_ready", at=None)
    document = scoreline("explain", lead, "--json").document
    assert document["feedback"]["answer"] == "mql_not_ready"
    assert document["feedback"]["points_taken"] == 23
    assert document["would_write"]["lifecyclestage"] == MQL
    assert "Sales' answer: MQL: Not ready for sales" in scoreline("explain", lead).out


@pytest.mark.usefixtures("provisioned")
def test_an_explanation_names_each_thing_once_and_shows_what_makes_up_the_total(
    portal: Portal, scoreline: Scoreline
) -> None:
    lead = a_demo_request(portal)
    portal.person_sets(lead, "lead_scoring_hold", "true")
    portal.sales_answers(lead, "unqualified", at=None)
    told = scoreline("explain", lead).out
    assert "-27 points, grade D4 (fit 3, engagement 70, adjustments -100)" in told
    assert re.search(r"Unknown, counted as 0: .*K04 \w+", told)
    held = a_demo_request(portal, lead_scoring_hold="true")
    assert "Decision: held: somebody ticked the hold box." in scoreline("explain", held).out


def test_a_contact_that_is_not_there_cannot_be_explained(scoreline: Scoreline) -> None:
    ended = scoreline("explain", "999999")
    assert (ended.status, ended.out) == (1, "")
    assert "no contact with this id or email address" in ended.err


ABSURD = {
    "hs_analytics_num_visits": "many",
    "hs_analytics_num_page_views": "-4",
    "hs_analytics_last_visit_timestamp": "yesterday",
    "recent_conversion_date": "2999-01-01T00:00:00Z",
    "numemployees": "a lot",
    "annualrevenue": "NaN",
    "hs_email_open": "1e999",
    "hs_email_last_open_date": "0000-00-00",
    "hs_email_optout": "perhaps",
    "engagements_last_meeting_booked": "99999999999999999999",
}


@pytest.mark.usefixtures("provisioned")
def test_a_contact_with_absurd_values_is_scored_on_what_can_be_read(portal: Portal, scoreline: Scoreline) -> None:
    odd = a_contact(portal, **ABSURD, jobtitle="Chief Executive Officer", recent_conversion_event_name="Request a demo")
    other = a_demo_request(portal)
    assert scoreline("resync", "--full").status == 0
    assert portal.contact(odd).properties["lead_score"] == "18"  # 15 for the role, 3 for the mailbox
    assert portal.contact(other).properties["lead_score"] == "73"

    document = scoreline("explain", odd, "--json").document
    named = {bad["property"] for bad in document["bad_values"]}
    assert named >= ABSURD.keys() - {"hs_email_optout"}
    told = scoreline("explain", odd).out
    assert "Unreadable, counted as unknown: hs_analytics_num_visits" in told


@pytest.mark.usefixtures("provisioned")
@pytest.mark.parametrize(
    "value",
    ["\x00", "🦄" * 2000, "[bold]x[/bold]", "'; DROP TABLE contacts; --", "a\r\nb", "\u202eevil", "   ", "=1+1"],
)
def test_odd_text_harms_nobody(portal: Portal, scoreline: Scoreline, value: str) -> None:
    odd = a_demo_request(portal, jobtitle=value, firstname=value, country=value)
    assert scoreline("resync", "--full").status == 0
    assert portal.contact(odd).properties["lead_score"] == "73"
    assert scoreline("explain", odd).status == 0
    assert scoreline("resync", "--full", "--json").document["requests"]["write"] == 0


@pytest.mark.usefixtures("provisioned")
def test_runs_are_listed_newest_first(portal: Portal, scoreline: Scoreline) -> None:
    assert "No run yet" in scoreline("runs").out
    assert scoreline("runs", "--json").document == []
    a_demo_request(portal)
    scoreline("plan", "--full")
    scoreline("resync", "--full")
    scoreline("resync")
    listed = scoreline("runs", "--json").document
    assert [run["mode"] for run in listed] == ["incremental", "full", "plan"]
    assert {run["state"] for run in listed} == {"finished"}
    assert listed[1]["summary"]["contacts_changed"] == 1
    assert [run["mode"] for run in scoreline("runs", "--limit", "1", "--json").document] == ["incremental"]
    told = scoreline("runs").out
    assert re.search(r"incremental +finished .* +- +0 +0 +0 +-$", told, re.MULTILINE)
    assert re.search(r"plan +finished .* +1 +- +0 +0 +-$", told, re.MULTILINE)


def test_looking_at_runs_makes_no_database(scoreline: Scoreline, tmp_path: Path) -> None:
    assert scoreline("runs", "--json").document == []
    assert list(tmp_path.iterdir()) == []


def test_the_version_is_told(scoreline: Scoreline) -> None:
    assert re.fullmatch(r"scoreline \d+\.\d+\.\d+\n", scoreline("--version").out)


@pytest.mark.usefixtures("provisioned")
def test_status_is_ill_before_any_pass_and_well_right_after_one(portal: Portal, scoreline: Scoreline) -> None:
    a_contact(portal)
    before = scoreline("status", "--json")
    assert (before.status, before.document["healthy"], before.document["watermark"]) == (1, False, None)
    told = scoreline("status").out
    assert "LATE" in told
    assert 'no pass has begun yet. "scoreline worker" makes one every 0:05:00.' in told

    scoreline("resync", "--full")

    after = scoreline("status", "--json")
    assert (after.status, after.document["healthy"]) == (0, True)
    assert after.document["watermark"]
    assert after.document["budget"]["daily_limit"] == portal.limits.daily
    assert "no pass is late" in scoreline("status").out


@pytest.mark.usefixtures("provisioned")
def test_status_is_ill_when_no_pass_ended_within_twice_its_interval(portal: Portal, scoreline: Scoreline) -> None:
    scoreline("resync", "--full", SCORELINE_INCREMENTAL_EVERY_S="1")
    time.sleep(2.1)
    late = scoreline("status", SCORELINE_INCREMENTAL_EVERY_S="1")
    assert late.status == 1
    assert "No worker is running, it seems: no pass has begun since 20" in late.out
    well = scoreline("status")
    assert well.status == 0
    assert "No worker" not in well.out


@pytest.mark.usefixtures("provisioned")
def test_status_shows_what_the_database_knows_where_the_rulebook_is_broken(
    portal: Portal, scoreline: Scoreline, tmp_path: Path
) -> None:
    a_demo_request(portal)
    scoreline("resync", "--full")
    (tmp_path / "broken.yaml").write_text("extends: default\nrules: {E2: off}\n")
    told = scoreline("status", SCORELINE_RULEBOOK="broken.yaml")
    assert told.status == 2
    assert "no pass is late" in told.out
    assert "there is no such rule to turn off; expected E02, perhaps" in told.err
    document = scoreline("status", "--json", SCORELINE_RULEBOOK="broken.yaml").document
    assert "rules.E2" in document["rulebook_problem"]
    assert scoreline("status", "--json").document["rulebook_problem"] is None


@pytest.mark.usefixtures("provisioned")
def test_status_tells_of_the_last_errors(portal: Portal, scoreline: Scoreline) -> None:
    portal.faults.add(Fault(path=r"objects/contacts/?$", status=503, times=None))
    assert scoreline("resync", "--full", SCORELINE_TRIES="1").status == 3
    portal.faults.clear()
    errors = scoreline("status", "--json").document["last_errors"]
    assert [error["run_id"] for error in errors] == [1]
    assert "503" in errors[0]["error"]
