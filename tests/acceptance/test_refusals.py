"""What cannot be done is said once, by name, with the way out; the exit status tells whose turn it is."""

import socket
from dataclasses import replace
from pathlib import Path

import pytest

from sandbox import Fault, Portal
from sandbox.stages import DEFAULT_STAGES
from tests.acceptance.conftest import Ended, Scoreline
from tests.acceptance.leads import a_demo_request, a_rulebook, everything, stage_writes, writes

ON_THE_PORTAL = [["resync", "--full"], ["plan"], ["provision"], ["doctor"], ["explain", "1"], ["status"], ["worker"]]


def refuses(ended: Ended, status: int, *says: str) -> None:
    """The command ended with this status and one message that says all this; nothing is on stdout."""
    assert ended.status == status, ended
    assert ended.out == ""
    told = " ".join(ended.err.split())
    for words in says:
        assert words in told, ended.err
    assert "Traceback" not in ended.err


@pytest.mark.parametrize(
    "arguments",
    [
        ["resynk"],
        ["resync", "--ful"],
        ["resync", "--contact"],
        ["resync", "everything"],
        ["plan", "show"],
        ["plan", "show", "first"],
        ["plan", "show", "99999999999999999999"],
        ["plan", "apply", "0"],
        ["explain"],
        ["runs", "--limit", "0"],
        ["rulebook", "check"],
        ["sandbox", "--tier", "golden"],
        ["sandbox", "--csv", "no-such-file.csv"],
        ["demo", "--contacts", "0"],
    ],
)
def test_wrong_usage_ends_with_2_and_sends_nothing(portal: Portal, scoreline: Scoreline, arguments: list[str]) -> None:
    refuses(scoreline(*arguments), 2, "Error")
    assert portal.requests.totals == {}


@pytest.mark.parametrize("command", ["plan", "resync"])
@pytest.mark.parametrize(
    ("selection", "says"),
    [
        (["--full", "--contact", "1"], "--full and --contact cannot be combined"),
        (["--list", "1", "--since", "7d"], "--list and --since cannot be combined"),
        (["--since", "last week"], "--since 'last week' is neither a time nor a span"),
        (["--since", "2999-01-01"], "--since '2999-01-01' is in the future"),
        (["--list", ""], "--list is empty"),
        (["--contact", ""], "--contact is empty"),
        (["--since", ""], "--since is empty"),
        (["--since", "2026-13-45"], "Write 2026-11-01, 2026-11-01T08:00:00Z, 7d or 12h"),
    ],
)
def test_a_selection_that_means_nothing_ends_with_2_and_sends_nothing(
    portal: Portal, scoreline: Scoreline, command: str, selection: list[str], says: str
) -> None:
    refuses(scoreline(command, *selection), 2, says, "nothing was done")
    assert portal.requests.totals == {}


@pytest.mark.parametrize("arguments", ON_THE_PORTAL)
def test_a_missing_token_is_named_before_anything_is_sent(
    portal: Portal, scoreline: Scoreline, arguments: list[str]
) -> None:
    refuses(scoreline(*arguments, HUBSPOT_ACCESS_TOKEN=""), 2, "HUBSPOT_ACCESS_TOKEN is not set", "scoreline demo")
    assert portal.requests.totals == {}


@pytest.mark.parametrize("arguments", ON_THE_PORTAL)
def test_a_token_that_hubspot_does_not_know_ends_with_3(
    portal: Portal, scoreline: Scoreline, arguments: list[str]
) -> None:
    ended = scoreline(*arguments, HUBSPOT_ACCESS_TOKEN="pat-wrong-5ecret")
    refuses(ended, 3, "does not know this token (401", "HUBSPOT_ACCESS_TOKEN")
    assert "5ecret" not in ended.err
    assert writes(portal) == 0


@pytest.mark.parametrize(
    ("revoked", "told"),
    [
        (Fault.token_revoked().on("GET", r"objects/contacts/?$"), "Nothing was written."),
        (Fault.token_revoked().on("POST", "batch/update", skip=1), "What was written stays written, and nothing more"),
    ],
)
@pytest.mark.usefixtures("provisioned")
def test_a_token_that_is_revoked_in_the_middle_of_a_run_does_not_unsay_what_was_written(
    portal: Portal, scoreline: Scoreline, revoked: Fault, told: str
) -> None:
    a_demo_request(portal)
    portal.requests.clear()
    portal.faults.add(replace(revoked))
    refuses(scoreline("resync", "--full"), 3, "does not know this token (401", told)
    assert bool(writes(portal)) is (revoked.skip == 1)


def test_a_token_that_cannot_be_one_is_not_sent(portal: Portal, scoreline: Scoreline) -> None:
    ended = scoreline("plan", HUBSPOT_ACCESS_TOKEN="pat-5ecret with-a-space")
    refuses(ended, 3, "HUBSPOT_ACCESS_TOKEN", "Nothing was sent")
    assert "5ecret" not in ended.err
    assert portal.requests.totals == {}


@pytest.mark.parametrize(
    ("scope", "arguments"),
    [
        ("crm.objects.contacts.read", ["plan", "--full"]),
        ("crm.objects.owners.read", ["plan", "--full"]),
        ("crm.objects.companies.read", ["plan", "--full"]),
        ("crm.objects.contacts.write", ["resync", "--full"]),
        ("crm.schemas.contacts.write", ["provision"]),
    ],
)
def test_a_missing_scope_is_named_and_ends_with_3(
    portal: Portal, scoreline: Scoreline, scope: str, arguments: list[str]
) -> None:
    if arguments != ["provision"]:
        assert scoreline("provision").status == 0
    lead = a_demo_request(portal, associatedcompanyid=portal.add_company(name="Prospect"))
    before = everything(portal)
    portal.scopes.discard(scope)

    refuses(scoreline(*arguments), 3, scope, "403", "scoreline doctor")

    assert everything(portal) == before
    assert stage_writes(portal, lead) == []


@pytest.mark.parametrize("arguments", [["resync", "--full"], ["plan"], ["doctor"], ["provision"], ["status"]])
def test_a_host_that_does_not_answer_is_named_and_ends_with_3(scoreline: Scoreline, arguments: list[str]) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{unused.getsockname()[1]}"
        ended = scoreline(*arguments, HUBSPOT_BASE_URL=address, SCORELINE_TRIES="2")
    refuses(ended, 3, f"could not be reached at {address} in 2 attempts", "HUBSPOT_BASE_URL")


def test_a_name_that_is_no_host_ends_with_3(scoreline: Scoreline) -> None:
    ended = scoreline("plan", HUBSPOT_BASE_URL="http://hubspot.invalid", SCORELINE_TRIES="1")
    refuses(ended, 3, "could not be reached at http://hubspot.invalid")


def test_a_server_that_only_fails_ends_with_3(portal: Portal, scoreline: Scoreline) -> None:
    portal.faults.add(Fault(path="account-info", status=503, body="<html>busy</html>", times=None))
    refuses(scoreline("plan", SCORELINE_TRIES="2"), 3, "no usable answer in 2 attempts", "503")


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("HUBSPOT_BASE_URL", "hubspot", "expected an address such as https://api.hubapi.com"),
        ("HUBSPOT_BASE_URL", "http://127.0.0.1:99999", "expected an address"),
        ("HUBSPOT_BASE_URL", "http://two words", "expected an address"),
        ("SCORELINE_LOOKBACK_S", "1e300", "found '1e300'; expected 2,678,400 or less"),
        ("SCORELINE_LEASE_WAIT_S", "inf", "found 'inf'; expected 86,400 or less"),
        ("SCORELINE_READ_TIMEOUT_S", "nan", "found 'nan'; expected"),
        ("SCORELINE_KEEP_RUNS_DAYS", "99999999999", "expected 3,650 or less"),
        ("SCORELINE_LEASE_WAIT_S", "soon", "found 'soon'; expected a number"),
        ("SCORELINE_MOVE_LIMIT", "30", "found '30'; expected 1 or less"),
        ("SCORELINE_FULL_AT", "25:00", "found '25:00'; expected a time of day such as 01:30"),
        ("SCORELINE_LOG_LEVEL", "loud", "found 'loud'; expected 'debug', 'info', 'warning' or 'error'"),
        ("DATABASE_URL", "sqlite:///:memory:", "expected sqlite:///file.db"),
        ("DATABASE_URL", "sqlite:///", "expected sqlite:///file.db"),
        ("DATABASE_URL", "mysql://localhost/scoreline", "or postgresql://user:password@host/name"),
        ("DATABASE_URL", "scoreline.db", "expected sqlite:///file.db"),
    ],
)
def test_a_setting_with_a_mistake_is_named_with_what_was_expected(
    portal: Portal, scoreline: Scoreline, name: str, value: str, expected: str
) -> None:
    refuses(scoreline("resync", **{name: value}), 2, name, "nothing was done", expected)
    assert portal.requests.totals == {}


def test_all_mistakes_of_the_settings_are_told_at_once(scoreline: Scoreline) -> None:
    wrong = {"SCORELINE_TRIES": "none", "SCORELINE_FULL_ON": "someday"}
    refuses(scoreline("runs", **wrong), 2, "SCORELINE_TRIES", "SCORELINE_FULL_ON", "`scoreline config` shows them")
    listed = scoreline("config", "--json", **wrong)
    assert listed.status == 2
    assert {line["name"] for line in listed.document if line["mistake"]} == set(wrong)
    told = scoreline("config", **wrong)
    assert told.status == 2
    assert "WRONG: found 'none'; expected a whole number" in told.out


def test_a_setting_that_does_not_exist_is_said_aloud_but_stops_nothing(scoreline: Scoreline) -> None:
    ended = scoreline("config", SCORELINE_LEASE_WAIT="5")
    assert ended.status == 0
    assert "SCORELINE_LEASE_WAIT is not a setting and is ignored. Did you mean SCORELINE_LEASE_WAIT_S?" in ended.err


def test_a_file_of_settings_that_is_no_text_is_named(scoreline: Scoreline, tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"\xff\xfe=1\n")
    refuses(scoreline("config"), 2, ".env is not UTF-8 text")


@pytest.mark.parametrize("arguments", [["plan", "--json", "show", "1"], ["plan", "--full", "apply", "1"]])
def test_an_option_that_would_be_passed_over_is_refused(scoreline: Scoreline, arguments: list[str]) -> None:
    refuses(scoreline(*arguments), 2, f'stand after "plan {arguments[2]}"')


@pytest.mark.parametrize(
    "content", ["[" * 5000, "extends: default\nname: x\nrules: &r {G05: *r}\n", "", "- a", "extends: odd.yaml", "\x07"]
)
def test_a_rulebook_of_any_odd_form_is_refused(scoreline: Scoreline, tmp_path: Path, content: str) -> None:
    (tmp_path / "odd.yaml").write_text(content)
    refuses(scoreline("rulebook", "check", "odd.yaml"), 2, "The rulebook odd.yaml has 1 mistake")


def test_all_mistakes_of_a_rulebook_are_told_at_once(portal: Portal, scoreline: Scoreline, tmp_path: Path) -> None:
    broken = a_rulebook(
        tmp_path / "broken.yaml", "rules: {G05: {points: many}, G99: {label: Nothing}}\npolicy: {moves: sideways}"
    )
    for arguments in (["resync", "--full"], ["plan"], ["explain", "1"], ["rulebook", "show"]):
        ended = scoreline(*arguments, SCORELINE_RULEBOOK=broken)
        refuses(ended, 2, "broken.yaml", "rules.G05.points", "rules.G99", "policy.moves")
    assert portal.requests.totals == {}


def test_a_rulebook_that_is_not_there_is_named(scoreline: Scoreline) -> None:
    refuses(scoreline("plan", SCORELINE_RULEBOOK="nowhere.yaml"), 2, "nowhere.yaml")


@pytest.mark.parametrize("command", ["plan", "resync"])
def test_a_rulebook_with_a_stage_that_the_portal_lacks_writes_nothing(
    portal: Portal, scoreline: Scoreline, tmp_path: Path, command: str
) -> None:
    assert scoreline("provision").status == 0
    a_demo_request(portal)
    portal.requests.clear()
    other = a_rulebook(tmp_path / "other.yaml", "policy: {stages: {sql: {stage: hot_lead}}}")

    ended = scoreline(command, "--full", SCORELINE_RULEBOOK=other)

    refuses(ended, 2, "'hot_lead'", "salesqualifiedlead", "policy.stages")
    assert writes(portal) == 0


def test_a_stage_that_was_deleted_in_hubspot_stops_the_run_before_it_writes(
    portal: Portal, scoreline: Scoreline
) -> None:
    assert scoreline("provision").status == 0
    a_demo_request(portal)
    portal.set_stages([stage for stage in DEFAULT_STAGES if stage.id != "marketingqualifiedlead"])
    portal.requests.clear()
    refuses(scoreline("resync", "--full"), 2, "'marketingqualifiedlead'")
    assert writes(portal) == 0


def test_a_portal_without_our_properties_is_told_to_be_provisioned(portal: Portal, scoreline: Scoreline) -> None:
    a_demo_request(portal)
    ended = scoreline("resync", "--full")
    refuses(ended, 2, "lacks 11 properties of ours", "lead_score", 'Run "scoreline provision" once')
    assert writes(portal) == 0


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("sqlite:///.", "cannot be opened"),
        ("sqlite:///nowhere/state.db", "there is no folder nowhere"),
        ("sqlite:///not-a-database.db", "cannot be opened"),
        ("sqlite:////sys/state.db", "cannot be opened"),
    ],
)
def test_a_database_that_cannot_be_opened_ends_with_3_before_anything_is_written(
    portal: Portal, scoreline: Scoreline, tmp_path: Path, url: str, says: str
) -> None:
    assert scoreline("provision").status == 0
    a_demo_request(portal)
    portal.requests.clear()
    (tmp_path / "not-a-database.db").write_text("A shopping list: milk, bread.\n" * 500)

    for arguments in (["resync", "--full"], ["runs"]):
        ended = scoreline(*arguments, DATABASE_URL=url)
        refuses(ended, 3, says)

    assert writes(portal) == 0


def test_a_password_in_the_databases_address_is_never_shown(scoreline: Scoreline) -> None:
    for url in ("postgresql://worker:5ecret@127.0.0.1:1/leads", "postgresql//worker:5ecret@host", "my://a:5ecret@b/c"):
        for arguments in (["runs"], ["config"]):
            ended = scoreline(*arguments, DATABASE_URL=url)
            assert "5ecret" not in ended.out + ended.err
            assert "Traceback" not in ended.err


def test_a_list_that_does_not_exist_is_named(portal: Portal, scoreline: Scoreline) -> None:
    assert scoreline("provision").status == 0
    portal.requests.clear()
    ended = scoreline("resync", "--list", "77")
    refuses(ended, 2, "77")
    assert writes(portal) == 0
