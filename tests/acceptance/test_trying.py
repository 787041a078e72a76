"""`demo` and `sandbox`: the whole thing without an account."""

import json
import signal
import socket
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from sync.cli.trying import portal_id_for
from tests.acceptance.conftest import Process, Scoreline, not_where_reads_lag, until
from tests.acceptance.processes import Running

ENDS_S = 30


@not_where_reads_lag
def test_the_demo_does_the_whole_job_and_its_second_resync_writes_nothing(scoreline: Scoreline, tmp_path: Path) -> None:
    ended = scoreline("demo", "--contacts", "60", "--json", HUBSPOT_ACCESS_TOKEN="", HUBSPOT_BASE_URL="")
    assert ended.status == 0, ended.err
    document = ended.document
    assert document["resync"]["contacts_changed"] == document["plan"]["contacts_changed"] > 0
    assert document["resync"]["stage_changes"] == document["plan"]["stage_changes"]
    assert document["second_resync"]["requests"]["write"] == 0
    assert document["second_resync_wrote_nothing"] is True
    assert document["sales_see"][0]["reasons"]
    assert list(tmp_path.iterdir()) == []


@not_where_reads_lag
def test_the_demo_tells_people_what_it_does(scoreline: Scoreline) -> None:
    told = scoreline("demo", "--contacts", "40", "--seed", "3").out
    for step in ("1. ", "2. ", "3. ", "4. ", "5. ", "6. "):
        assert f"\n{step}" in f"\n{told}"
    assert "The second resync wrote nothing: done." in told


def test_the_demo_is_the_same_for_the_same_seed(scoreline: Scoreline) -> None:
    runs = [scoreline("demo", "--contacts", "30", "--seed", "7", "--json").document for _ in range(2)]
    assert runs[0]["sales_see"] == runs[1]["sales_see"]
    assert runs[0]["resync"]["stage_changes"] == runs[1]["resync"]["stage_changes"]


@pytest.fixture
def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answering(sandbox: Running, url: str) -> str:
    """Wait until the sandbox answers; returns what it announced."""

    def answers() -> bool:
        assert sandbox.poll() is None
        try:
            urlopen(f"{url}/_sandbox/clock", timeout=5).close()
        except OSError:
            return False
        return True

    until(answers)
    assert sandbox.stdout is not None
    return "".join(sandbox.stdout.readline() for _ in range(4))


def contacts_of(url: str, token: str) -> list[dict[str, str]]:
    asked = Request(
        f"{url}/crm/v3/objects/contacts?limit=100&properties=email,createdate,favourite_colour,lifecyclestage",
        headers={"Authorization": f"Bearer {token}"},
    )
    with urlopen(asked, timeout=5) as answer:
        return [each["properties"] for each in json.load(answer)["results"]]


def test_the_sandbox_serves_a_file_on_its_port_until_it_is_told_to_end(
    process: Process, scoreline: Scoreline, tmp_path: Path, free_port: int
) -> None:
    (tmp_path / "people.csv").write_text(
        "email,createdate,lifecyclestage,favourite_colour,recent_conversion_event_name,recent_conversion_date\n"
        "ann@prospect.example,1420070400000,lead,red,Request a demo,1451606400000\n"
        "bob@prospect.example,1420070400000,customer,blue,,\n"
    )
    url = f"http://127.0.0.1:{free_port}"
    sandbox = process("sandbox", "--port", str(free_port), "--csv", "people.csv", "--shift-to-now")
    announced = answering(sandbox, url)
    assert "2 contacts answers at" in announced
    token = announced.split("HUBSPOT_ACCESS_TOKEN=")[1].split()[0]
    assert {each["favourite_colour"] for each in contacts_of(url, token)} == {"red", "blue"}

    there = {"HUBSPOT_BASE_URL": url, "HUBSPOT_ACCESS_TOKEN": token}
    assert scoreline("provision", **there).status == 0
    document = scoreline("resync", "--json", **there).document
    assert document["stage_changes"] == {"lead->salesqualifiedlead": 1}  # the newest time of the file became now
    assert document["contacts_excluded"] == {"customer": 1}

    sandbox.send_signal(signal.SIGTERM)
    assert sandbox.wait(ENDS_S) == 0
    assert sandbox.stdout is not None
    assert "no property of HubSpot's became custom ones: favourite_colour." in sandbox.stdout.read()


def test_the_sandbox_makes_people_up_and_ends_on_ctrl_c(process: Process, free_port: int) -> None:
    url = f"http://127.0.0.1:{free_port}"
    sandbox = process("sandbox", "--port", str(free_port), "--contacts", "12", "--seed", "4", "--latency-ms", "5")
    token = answering(sandbox, url).split("HUBSPOT_ACCESS_TOKEN=")[1].split()[0]
    assert len(contacts_of(url, token)) == 12
    sandbox.send_signal(signal.SIGINT)
    assert sandbox.wait(ENDS_S) == 0


def test_portals_with_other_contacts_are_other_portals() -> None:
    ids = [portal_id_for(500, 1), portal_id_for(500, 1), portal_id_for(500, 2), portal_id_for("people.csv", 12, 34)]
    assert ids[0] == ids[1]
    assert len(set(ids)) == 3
    assert all(10_000_000 <= each < 100_000_000 for each in ids)


def test_a_port_that_is_taken_is_said(scoreline: Scoreline) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        ended = scoreline("sandbox", "--port", port, "--contacts", "1")
    assert ended.status == 2
    assert port in ended.err
    assert "Traceback" not in ended.err


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "it has no header"),
        ("email,city\n", "it has a header, but no contacts below it"),
        ("email\na@b.example,too,many\n", "line 2 has 3"),
        ("email;createdate\na@b.example;1\n", "separated by semicolons"),
        ("E-Mail,Name\na@b.example,Ann\n", "no column bears the internal name or the English label"),
    ],
)
def test_a_file_that_is_no_export_is_said_and_named_once(
    scoreline: Scoreline, tmp_path: Path, text: str, says: str
) -> None:
    (tmp_path / "odd.csv").write_text(text)
    ended = scoreline("sandbox", "--csv", "odd.csv", "--port", "0")
    assert ended.status == 2
    assert ended.err.count("odd.csv") == 1
    assert says in ended.err
    assert "Traceback" not in ended.err


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--csv", "people.csv", "--contacts", "5"], "--contacts cannot be combined with --csv"),
        (["--csv", "people.csv", "--contacts", "500", "--seed", "1"], "--contacts and --seed cannot be combined"),
        (["--shift-to-now"], "Name the file with --csv"),
    ],
)
def test_options_that_would_mean_nothing_together_are_wrong_usage(
    scoreline: Scoreline, tmp_path: Path, options: list[str], says: str
) -> None:
    (tmp_path / "people.csv").write_text("email\na@b.example\n")
    ended = scoreline("sandbox", "--port", "0", *options)
    assert ended.status == 2
    assert says in ended.err


def told_by(sandbox: Running) -> str:
    """All that a sandbox said until it was told to end."""
    assert sandbox.stdout is not None
    first = sandbox.stdout.readline()
    sandbox.send_signal(signal.SIGTERM)
    assert sandbox.wait(ENDS_S) == 0
    return first + sandbox.stdout.read()


def test_what_became_of_a_file_is_told_without_anything_personal(process: Process, tmp_path: Path) -> None:
    (tmp_path / "export.csv").write_text(
        "Record ID,Email,Lifecycle Stage,Last Contacted,Create Date,Shoe Size\n"
        "101,ann@prospect.example,Lead,2024-05-01 10:00,2024-03-12 09:14,38\n"
        "102,ANN@prospect.example,Churned,,03/12/2024,\n"
        "103,secret.example,Lead,,03/13/2024,\n"
    )
    told = told_by(process("sandbox", "--port", "0", "--csv", "export.csv", "--shift-to-now"))
    for line in (
        "Contacts have the ids that the file gives them.",
        'became custom ones: shoe_size ("Shoe Size").',
        "Lifecycle stages that only the file knows were added after HubSpot's: Churned.",
        'the newest one, line 2, column "Last Contacted", is now.',
        "Cells left out, since their property cannot hold them: 4.",
        '  the address of a contact above: 1 in column "Email", line 3',
        '  not a time in ISO or milliseconds: 2 in column "Create Date", line 3, 4',
        '  not an email address: 1 in column "Email", line 4',
    ):
        assert line in told
    for personal in ("prospect", "secret", "03/1"):
        assert personal not in told


def test_new_ids_are_told(process: Process, tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text("email\nann@prospect.example\n")
    assert "Contacts have new ids" in told_by(process("sandbox", "--port", "0", "--csv", "people.csv"))
