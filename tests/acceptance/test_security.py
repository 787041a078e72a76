"""Secrets and personal data stay where they belong: every command is run, and all that it leaves behind is searched."""

import json
import os
import pickle
import re
import signal
import sqlite3
import stat
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path

import pytest
import structlog

from config import configure_logging, load_settings
from sandbox import Fault, Portal
from sync.bootstrap import connection_of
from tests.acceptance.conftest import Ended, Process, Scoreline, Sent, until
from tests.acceptance.leads import OURS, SQL, a_contact, a_demo_request, stage

TOKEN, PASSWORD = "pat-eu1-5ecre7-a1b2c3", "geh31m/zu"
ZOE = {
    "email": "zoe.wiesengrund@privat-zoe.example",
    "firstname": "Zoe-Annabel",
    "lastname": "Wiesengrundstein",
    "phone": "+491715550199",
    "company": "Zoes Zauberladen",
    "jobtitle": "Zoologin",
    "city": "Zschopau",
}
SECRET = ("5ecre7", "geh31m")
NO_RULE_READS = ("wiesengrund", "zoe-annabel")
RULES_READ = ("privat-zoe", "zoologin")
KEPT_NOWHERE = (*NO_RULE_READS, "5550199", "zauberladen", "zschopau")
"""A phone number is read, too; but no rule asks more of it than whether there is one."""
PERSONAL = (*KEPT_NOWHERE, *RULES_READ)

QUOTING = {
    "status": "error",
    "message": f"Property values were not valid: {json.dumps([{'name': 'lead_grade', 'message': ZOE['email']}])}",
    "correlationId": "11111111-2222-3333-4444-555555555555",
    "category": "VALIDATION_ERROR",
    "context": {"email": [ZOE["email"]], "propertyName": ["lead_grade", f"{ZOE['lastname']} {ZOE['phone']}"]},
    "errors": [{"message": f"{ZOE['firstname']} of {ZOE['company']}", "context": {"value": [ZOE["city"]]}}],
}
"""As HubSpot puts it: the values that it does not like are in the message, and here in every other place too."""

COMMANDS = (
    ["doctor"],
    ["provision", "--json"],
    ["plan", "--full"],
    ["plan", "--json"],
    ["plan", "show", "1", "--json"],
    ["resync", "--full", "--accept-large-plan"],
    ["resync", "--contact", ZOE["email"], "--contact", "zoe@privat-zoe.example", "--json"],
    ["explain", ZOE["email"]],
    ["explain", "her id", "--json"],
    ["runs", "--json"],
    ["status"],
    ["config", "--json"],
)


def token_refused(portal: Portal) -> None:
    portal.token = "another"


def scopes_removed(portal: Portal) -> None:
    portal.scopes.clear()


def everywhere(fault: Fault) -> Callable[[Portal], object]:
    return lambda portal: portal.faults.add(fault.on(times=None))


WEATHERS: Mapping[str, Callable[[Portal], object]] = {
    "all is well": lambda _: None,
    "the token is refused": token_refused,
    "no scope is left": scopes_removed,
    "every answer is a 500 that quotes": everywhere(Fault(status=500, body=QUOTING)),
    "every answer is a 400 that quotes": everywhere(Fault(status=400, body=QUOTING)),
    "every write is refused with a quote": lambda portal: portal.faults.add(
        Fault(path="batch/update", status=400, body=QUOTING, times=None)
    ),
    "every answer is cut": everywhere(Fault.json_cut()),
    "every answer is a page": everywhere(Fault.gateway_page(status=502)),
}


@pytest.fixture
def zoe(portal: Portal, scoreline: Scoreline, monkeypatch: pytest.MonkeyPatch) -> str:
    """A portal that knows its token and one person well; waits take no time."""
    portal.token = TOKEN
    monkeypatch.setenv("HUBSPOT_ACCESS_TOKEN", TOKEN)
    monkeypatch.setenv("SCORELINE_LOG_LEVEL", "debug")
    monkeypatch.setattr("sync.hubspot.connection.PAUSE_FIRST_S", 0.001)
    assert scoreline("provision").status == 0
    return a_demo_request(portal, **ZOE)


def left_behind(folder: Path) -> str:
    """What all files in the working directory hold, the database's own among them."""
    return b"".join(file.read_bytes() for file in folder.iterdir()).decode("utf-8", "replace")


def has_none(of: tuple[str, ...], text: str) -> None:
    for word in of:
        assert word not in text.lower(), text


def keeps_quiet(ended: Ended, command: list[str]) -> None:
    has_none((*SECRET, *PERSONAL), ended.err)
    # Who asks for an explanation is told the fact behind each rule, on stdout; what no rule reads is not told.
    has_none((*SECRET, *(NO_RULE_READS if command[0] == "explain" else PERSONAL)), ended.out)


@pytest.mark.parametrize("form", ["json", "console"])
@pytest.mark.parametrize("weather", WEATHERS)
def test_no_command_shows_or_keeps_a_secret_or_a_person_whatever_hubspot_answers(
    portal: Portal, scoreline: Scoreline, zoe: str, tmp_path: Path, wire: list[Sent], weather: str, form: str
) -> None:
    a_contact(portal, lead_score="7", lifecyclestage="customer")
    WEATHERS[weather](portal)
    for command in COMMANDS:
        ended = scoreline(*[zoe if word == "her id" else word for word in command], SCORELINE_LOG_FORMAT=form)
        assert ended.status in (0, 1, 2, 3), (command, ended)
        assert (weather != "all is well") or ended.status < 2, (command, ended)
        keeps_quiet(ended, command)
    has_none((*SECRET, *KEPT_NOWHERE), left_behind(tmp_path))
    assert wire
    for sent in wire:
        assert {name for name, value in sent.headers.items() if TOKEN in value} == {"Authorization"}
        assert sent.headers["Authorization"] == f"Bearer {TOKEN}"
        has_none(SECRET, sent.url + sent.body)
        has_none(PERSONAL, sent.url)  # addresses of requests end up in logs on the way


@pytest.mark.parametrize("form", ["json", "console"])
def test_a_crash_says_where_it_happened_and_not_what_was_said(
    scoreline: Scoreline, zoe: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    def crash(*_: object) -> Iterator[object]:
        raise ValueError(f"cannot read {ZOE['email']} of {ZOE['company']}") from KeyError(TOKEN)

    monkeypatch.setattr("sync.hubspot.reading.HubSpotReader.every", crash)
    ended = scoreline("resync", "--full", SCORELINE_LOG_FORMAT=form)
    assert ended.status == 1
    keeps_quiet(ended, ["resync"])
    assert "test_security.py" in ended.err
    assert "a mistake in the program (ValueError)" in ended.err
    [crashed] = [run for run in scoreline("runs", "--json").document if run["state"] == "failed"]
    assert crashed["error"] == "a mistake in the program (ValueError)"
    keeps_quiet(scoreline("status"), ["status"])
    has_none((*SECRET, *KEPT_NOWHERE), left_behind(tmp_path))


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("DATABASE_URL", f"postgresql://ada:{PASSWORD}@127.0.0.1:1/leads"),
        ("DATABASE_URL", f"postgresql://ada:12{PASSWORD}@127.0.0.1:1/leads"),
        ("DATABASE_URL", f"postgresql://ada@127.0.0.1:1/leads?sslpassword={PASSWORD}&connect_timeout=2"),
        ("DATABASE_URL", f"postgresql://ada:{PASSWORD}@[::1/leads"),
        ("DATABASE_URL", f"mysql://ada:{PASSWORD}@db.example/leads"),
        ("HUBSPOT_BASE_URL", f"http://ada:{PASSWORD}@127.0.0.1:1"),
        ("HUBSPOT_BASE_URL", f"ftp://ada:{PASSWORD}@127.0.0.1:1"),
    ],
)
@pytest.mark.usefixtures("zoe")
def test_a_password_in_an_address_is_never_repeated(scoreline: Scoreline, name: str, address: str) -> None:
    for command in COMMANDS:
        ended = scoreline(*command, **{name: address})
        ends = (1, 2) if command[0] == "doctor" and name == "DATABASE_URL" else (0, 2, 3)  # it goes on without one
        assert ended.status in ends, (command, ended)
        has_none(SECRET, ended.out + ended.err)


def test_a_plan_that_is_not_there_is_missed_without_the_password_of_the_database(
    scoreline: Scoreline, tmp_path: Path
) -> None:
    ended = scoreline("plan", "show", "77", DATABASE_URL=f"sqlite:///{tmp_path}/password=geh31m.db")
    assert ended.status == 2
    has_none(SECRET, ended.out + ended.err)


def test_a_worker_shows_its_token_nowhere(portal: Portal, zoe: str, process: Process, tmp_path: Path) -> None:
    portal.faults.add(Fault(path="batch/update", status=500, body=QUOTING))
    worker = process("worker", SCORELINE_INCREMENTAL_EVERY_S="1")
    until(lambda: stage(portal, zoe) == SQL)
    shown = b"".join(Path(f"/proc/{worker.pid}/{name}").read_bytes() for name in ("cmdline", "comm", "stat"))
    worker.send_signal(signal.SIGTERM)
    out, err = worker.communicate(timeout=30)
    has_none((*SECRET, *PERSONAL), shown.decode() + out + err)
    has_none((*SECRET, *KEPT_NOWHERE), left_behind(tmp_path))
    assert "worker.end" in err


@pytest.mark.usefixtures("zoe")
def test_what_holds_the_token_neither_shows_it_nor_can_be_written_anywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", f"postgresql://ada:{PASSWORD}@db.example/leads")
    settings = load_settings()
    connection = connection_of(settings)
    assert settings.token == TOKEN
    shown = [repr(settings), str(settings), f"{settings!r:>5}", repr(connection), repr(connection.api)]
    has_none(SECRET, " ".join(shown))
    has_none(("5ecre7",), repr(settings.model_dump()) + settings.model_dump_json())
    for holder in (settings, connection):
        with pytest.raises(TypeError):
            pickle.dumps(holder)


@pytest.mark.parametrize("form", ["json", "console"])
def test_the_token_is_taken_out_of_a_log_line_wherever_it_stands(form: str, capfd: pytest.CaptureFixture[str]) -> None:
    configure_logging(form="json" if form == "json" else "console", level="debug", token=TOKEN)
    log = structlog.get_logger()
    try:
        log.debug("nested", headers={"Authorization": [f"Bearer {TOKEN}"]}, **{f"key {TOKEN}": 1})
        log.error("failed", exc_info=KeyError(f"no {TOKEN}"))
    finally:
        structlog.reset_defaults()
    said = capfd.readouterr().err
    assert "KeyError" in said
    assert "5ecre7" not in said


@pytest.mark.usefixtures("zoe")
def test_the_database_is_for_its_owner_only_whatever_the_umask_and_the_past(
    scoreline: Scoreline, tmp_path: Path
) -> None:
    before = os.umask(0)
    try:
        for _ in range(2):
            assert scoreline("resync", "--full", "--accept-large-plan").status == 0
            for file in tmp_path.glob("scoreline.db*"):
                assert stat.S_IMODE(file.stat().st_mode) == 0o600
                file.chmod(0o644)
    finally:
        os.umask(before)


# What is kept of a contact, and until when.


def kept(database: Path) -> Mapping[tuple[str, str], list[object]]:
    """Everything in the database, by table and column."""
    with closing(sqlite3.connect(database)) as connection:
        connection.row_factory = sqlite3.Row
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        rows = [(name, row) for name in names for row in connection.execute(f"SELECT * FROM {name}")]
    columns: dict[tuple[str, str], list[object]] = defaultdict(list)
    for name, row in rows:
        for column in row.keys():  # noqa: SIM118 - a row's own way to name its columns
            columns[name, column].append(row[column])
    return columns


def where_named(database: Path, contact: str) -> set[tuple[str, str]]:
    """The columns in which a contact's id stands, alone or within a document."""
    mention = re.compile(rf'(^|"){contact}($|")')
    return {column for column, cells in kept(database).items() if any(mention.search(str(cell)) for cell in cells)}


def test_of_what_a_contact_holds_only_our_own_properties_its_stage_and_what_rules_read_are_kept(
    portal: Portal, scoreline: Scoreline, zoe: str, tmp_path: Path
) -> None:
    portal.sales_answers(zoe, "not_ready")
    assert scoreline("plan", "--full").status == 0
    assert scoreline("resync", "--full").status == 0
    columns = kept(tmp_path / "scoreline.db")
    written = columns["changes", "before"] + columns["changes", "after"]
    names = {name for document in written for name in json.loads(str(document))}
    assert {"lead_score", "lead_scoring_feedback_points"} <= names <= set(OURS)
    stages = {*columns["changes", "stage_from"], *columns["changes", "stage_to"], *columns["contacts", "stage"]}
    assert stages <= {None, *(each.id for each in portal.stages)}
    assert {*columns["contacts", "set_by"]} <= {None, "person", "deal", "integration", "other"}
    assert where_named(tmp_path / "scoreline.db", zoe) == {
        ("changes", "contact_id"),
        ("contacts", "contact_id"),
        ("sheets", "contact_id"),
    }
    [told] = columns["sheets", "told"]
    assert [word for word in PERSONAL if word in str(told).lower()] == list(RULES_READ)
    assert not any(word in str(columns["sheets", "names"]).lower() for word in PERSONAL)


def test_nothing_of_what_rules_read_is_kept_of_somebody_who_is_left_alone(
    portal: Portal, scoreline: Scoreline, zoe: str, tmp_path: Path
) -> None:
    assert scoreline("resync", "--full").status == 0
    assert "zoologin" in left_behind(tmp_path).lower()
    portal.person_sets(zoe, "lifecyclestage", "customer")
    assert scoreline("resync", "--full").status == 0
    has_none(PERSONAL, left_behind(tmp_path))


def test_who_is_deleted_for_privacy_is_gone_here_with_the_next_full_pass(
    portal: Portal, scoreline: Scoreline, zoe: str, tmp_path: Path
) -> None:
    """Also who was only ever planned for, and who stands in the report of a run because something failed."""
    failing, planned = a_demo_request(portal, jobtitle="Tester of tests"), a_contact(portal)
    portal.faults.add(Fault(path="batch/update", status=400, body=QUOTING, times=None))
    assert scoreline("resync", "--contact", failing).status == 1
    portal.faults.clear()
    assert scoreline("plan", "--full").status == 1  # names the one that was refused
    database = tmp_path / "scoreline.db"
    assert ("runs", "summary") in where_named(database, failing)
    assert ("changes", "contact_id") in where_named(database, planned)
    for contact in (failing, planned):
        portal.delete(contact, for_privacy=True)

    assert scoreline("resync", "--full").status == 0

    assert (where_named(database, failing), where_named(database, planned)) == (set(), set())
    has_none(("tester of tests",), left_behind(tmp_path))
    assert where_named(database, zoe) != set()


# SCORELINE_PORTAL_ID


@pytest.mark.parametrize(
    "command", [["doctor"], ["provision"], ["plan"], ["resync", "--full"], ["worker"], ["explain", "1"], ["status"]]
)
def test_a_token_of_another_portal_than_the_one_named_does_nothing(
    portal: Portal, scoreline: Scoreline, tmp_path: Path, command: list[str]
) -> None:
    a_demo_request(portal)
    ended = scoreline(*command, SCORELINE_PORTAL_ID="77")
    assert ended.status == 2
    assert f"belongs to portal {portal.portal_id}, and SCORELINE_PORTAL_ID is 77" in ended.err
    assert [(sent.method, sent.path) for sent in portal.requests] == [("GET", "/account-info/v3/details")]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("provisioned")
def test_a_token_of_the_portal_that_is_named_works(portal: Portal, scoreline: Scoreline) -> None:
    lead = a_demo_request(portal)
    assert scoreline("resync", "--full", SCORELINE_PORTAL_ID=str(portal.portal_id)).status == 0
    assert stage(portal, lead) == SQL


def test_a_portal_id_that_is_none_is_a_mistake_of_the_settings(scoreline: Scoreline) -> None:
    ended = scoreline("plan", SCORELINE_PORTAL_ID="acme")
    assert ended.status == 2
    assert "SCORELINE_PORTAL_ID: found 'acme'; expected the number of a HubSpot account" in ended.err
