"""`sandbox --live` and `--faults`: a portal in which things happen, and go wrong."""

import json
import signal
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from tests.acceptance.conftest import Process, Scoreline, until

ENDS_S = 30


def announced_by(sandbox: Any) -> str:
    """The address that a sandbox announces once it answers."""
    return str(sandbox.stdout.readline()).partition(" answers at ")[2].partition(" as portal ")[0]


def test_life_goes_on_in_a_sandbox_that_is_served_live_and_is_counted_at_its_end(process: Process) -> None:
    sandbox = process("sandbox", "--port", "0", "--contacts", "20", "--live", "200")
    url = announced_by(sandbox)

    def modified() -> set[str]:
        with urlopen(f"{url}/_sandbox/contacts/751", timeout=5) as answer:
            return {version["timestamp"] for name in json.load(answer)["history"].values() for version in name}

    before = modified()
    until(lambda: modified() != before)
    sandbox.send_signal(signal.SIGTERM)
    out, _ = sandbox.communicate(timeout=ENDS_S)
    assert sandbox.returncode == 0
    assert out.splitlines()[-1].endswith("events happened in the contacts' lives.")
    assert int(out.splitlines()[-1].split()[0].replace(",", "")) > 0


def test_a_file_of_faults_goes_wrong_as_it_says(process: Process, tmp_path: Path) -> None:
    (tmp_path / "bad_day.yaml").write_text("faults: [{fault: gateway_page, status: 502, method: GET, path: owners}]\n")
    sandbox = process("sandbox", "--port", "0", "--contacts", "1", "--faults", "bad_day.yaml")
    url = announced_by(sandbox)
    for status in (502, 401):
        with pytest.raises(HTTPError) as caught:
            urlopen(f"{url}/crm/v3/owners", timeout=5)
        assert caught.value.code == status
        caught.value.close()


def test_the_start_tells_how_the_sandbox_is_set_up_and_the_end_what_went_wrong_with_nothing(
    process: Process, tmp_path: Path
) -> None:
    (tmp_path / "bad_day.yaml").write_text(
        "faults: [{fault: gateway_page, method: GET, path: owners, times: 2}, {drop: after, path: ownrs, times: null}]"
    )
    options = ("--faults", "bad_day.yaml", "--live", "0.01", "--tier", "free", "--latency-ms", "5")
    sandbox: Any = process("sandbox", "--port", "0", "--contacts", "1", *options, "--switch", "index_lag_s=30")
    with pytest.raises(HTTPError) as caught:
        urlopen(f"{announced_by(sandbox)}/crm/v3/owners", timeout=5)
    caught.value.close()
    sandbox.send_signal(signal.SIGTERM)
    assert sandbox.wait(ENDS_S) == 0
    told = sandbox.stdout.read().splitlines()
    for line in (
        "Tier free: 100 requests in ten seconds, 250,000 a day.",
        "Every answer takes 5 ms longer.",
        "Life goes on: 0.01 events a second, to any of the contacts.",
        "  gateway_page: GET, owners, 2 times",
        "  drop after: any method, ownrs, always",
        "No request met: drop after: any method, ownrs, always.",
    ):
        assert line in told
    assert any(line.startswith("Switches turned: ") and "index_lag_s=30.0" in line for line in told)


def test_every_mistake_in_a_file_of_faults_is_told_with_its_path(scoreline: Scoreline, tmp_path: Path) -> None:
    (tmp_path / "odd.yaml").write_text("faults: [{fault: flood}, {fault: locked, times: -1}]\n")
    ended = scoreline("sandbox", "--port", "0", "--faults", "odd.yaml")
    assert ended.status == 2
    for told in ("odd.yaml", "faults[0].fault", "'flood'", "faults[1].times"):
        assert told in ended.err
    assert "Traceback" not in ended.err


@pytest.mark.parametrize("rate", ["-1", "100000"])
def test_a_rate_that_makes_no_sense_is_wrong_usage(scoreline: Scoreline, rate: str) -> None:
    assert scoreline("sandbox", "--port", "0", "--live", rate).status == 2


def test_a_switch_is_turned_before_the_sandbox_is_served(process: Process) -> None:
    turned = ("--switch", "index_lag_s=30", "--switch", "merge_gives_new_id=false")
    sandbox = process("sandbox", "--port", "0", "--contacts", "1", *turned)
    with urlopen(f"{announced_by(sandbox)}/_sandbox/switches", timeout=5) as answer:
        switches = json.load(answer)["switches"]
    assert (switches["index_lag_s"], switches["merge_gives_new_id"]) == (30, False)


@pytest.mark.parametrize("wrong", ["index_lag=30", "index_lag_s", "merge_gives_new_id=perhaps"])
def test_a_switch_that_cannot_be_turned_is_told(scoreline: Scoreline, wrong: str) -> None:
    ended = scoreline("sandbox", "--port", "0", "--switch", wrong)
    assert ended.status == 2
    assert wrong.partition("=")[0] in ended.err
    assert "NAME=VALUE" in ended.err
