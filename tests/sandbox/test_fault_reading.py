"""Faults that somebody wrote down."""

import inspect
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from sandbox.fault_reading import OWN_FIELDS, REQUEST_FIELDS, FaultMistakesError, fault_from, read_faults
from sandbox.faults import PRESETS

PAGE = Path(__file__).parents[2] / "docs" / "sandbox.md"


@pytest.fixture
def written(tmp_path: Path) -> Callable[[str], Path]:
    def write(text: str) -> Path:
        file = tmp_path / "faults.yaml"
        file.write_text(text, encoding="utf-8")
        return file

    return write


def test_a_file_names_known_faults_and_describes_others(written: Callable[[str], Path]) -> None:
    file = written("""
        faults:
          - {fault: burst_limit, method: POST, path: batch/update, times: 2}
          - {fault: gateway_page, status: 504, applied: true, path: contacts, times: null, skip: 3}
          - {status: 418, body: {message: short and stout}, headers: {X-Pot: tea}, delay_s: 0.5}
    """)
    limit, gateway, teapot = read_faults(file)
    assert (limit.name, limit.method, limit.path, limit.times) == ("burst_limit", "POST", "batch/update", 2)
    assert (gateway.status, gateway.applied, gateway.times, gateway.skip) == (504, True, None, 3)
    assert (teapot.name, teapot.body, teapot.headers) == ("own", {"message": "short and stout"}, {"X-Pot": "tea"})
    assert (teapot.times, teapot.delay_s) == (1, 0.5)


@pytest.mark.parametrize("name", PRESETS)
def test_every_known_fault_can_be_named_and_shows_its_name(name: str) -> None:
    assert fault_from({"fault": name, "path": "search$"}).name == name


def test_all_mistakes_of_a_file_are_told_at_once_each_with_its_path(written: Callable[[str], Path]) -> None:
    file = written("""
        faults:
          - {fault: earthquake}
          - {fault: locked, times: often, status: 423}
          - tea
          - {path: "(", drop: sometimes}
        more: 1
    """)
    with pytest.raises(FaultMistakesError) as caught:
        read_faults(file)
    paths = [mistake.partition(":")[0] for mistake in caught.value.mistakes]
    assert paths == [
        *("more", "faults[0].fault", "faults[1].times", "faults[1].status", "faults[2]"),
        *("faults[3].path", "faults[3].drop"),
    ]


@pytest.mark.parametrize("text", ["", "faults: 3", "faults: []", "- {fault: locked}", "faults: [", "\t"])
def test_a_file_that_holds_no_list_of_faults_is_refused(written: Callable[[str], Path], text: str) -> None:
    with pytest.raises(FaultMistakesError):
        read_faults(written(text))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("faults:\n  - {fault: locked\n", "line 3, column 1: it is no YAML: "),
        ("faults:\n\t- x\n", "line 2, column 1: it is no YAML: "),
        ("faults: \x01", "it is no YAML: it holds characters that YAML does not allow"),
    ],
)
def test_a_file_that_is_no_yaml_says_where(written: Callable[[str], Path], text: str, told: str) -> None:
    with pytest.raises(FaultMistakesError) as caught:
        read_faults(written(text))
    (mistake,) = caught.value.mistakes
    assert mistake.startswith(told)
    assert "<unicode string>" not in mistake
    assert "\n" not in mistake


def test_a_file_that_is_no_text_says_which_byte(tmp_path: Path) -> None:
    (tmp_path / "faults.yaml").write_bytes(b"faults: \xff")
    with pytest.raises(FaultMistakesError, match="byte 8 "):
        read_faults(tmp_path / "faults.yaml")


@pytest.mark.parametrize(
    ("said", "mistake"),
    [
        ({"status": 99}, "status: 99 is not a status from 200 to 599"),
        ({"status": True}, "status: True is not"),
        ({"fault": "slow", "seconds": -1}, "seconds: -1 is not"),
        ({"fault": "migration", "retry_after_s": "soon"}, "retry_after_s: 'soon' is not"),
        ({"status": 503, "headers": {"X": 1}}, "headers: "),
        ({"status": 503, "headers": {"X": "a\r\nY: b"}}, "headers: "),
        ({"status": 503, "headers": {"X Y": "a"}}, "headers: "),
        ({"status": 503, "headers": {"Content-Length": "0"}}, "headers: "),
        ({"status": 503, "body": 3}, "body: 3 is not"),
        ({"status": 503, "body": {"at": {1, 2}}}, "body: "),
        ({"status": 204, "body": "gone"}, "an answer with status 204 has no body"),
        ({"status": 503, "drop": "before"}, "give it a status, or drop it"),
        ({"status": 503, "drop": "after", "applied": True}, "give it a status, or drop it"),
        ({"spoil": "milk"}, "spoil: 'milk' is not"),
        ({"drop": None}, "drop: None is not"),
        ({"status": 503, "applied": "yes"}, "applied: 'yes' is not"),
        ({"rows": -1}, "rows: -1 is not"),
        ({"delay_s": float("inf")}, "delay_s: inf is not"),
        ({"fault": ["locked"]}, "fault: ['locked'] is none of"),
        ({"fault": None}, "fault: None is none of"),
        ({"fault": "locked", "method": "("}, "method: '(' is not"),
        ({"fault": "gateway_page", "status": 200}, "status: 200 is not a status from 500 to 599"),
        ({"fault": "unexpected_success", "status": 404}, "status: 404 is not a status from 200 to 299"),
        ({"fault": "scope_removed", "scope": "crm.contacts"}, "scope: 'crm.contacts' is not one of the token's scopes"),
    ],
)
def test_a_value_that_makes_no_sense_is_refused(said: dict[str, object], mistake: str) -> None:
    assert only_mistake(said).startswith(mistake) or mistake in only_mistake(said)


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"path": "contacts", "times": 3},
        {"body": "<html>", "headers": {"X": "1"}},
        {"drop": "after", "applied": True},
        {"rows": 0},
        {"delay_s": 0},
        {"fault": "slow", "seconds": 0},
        {"fault": "rows_failed", "rows": 0},
    ],
)
def test_a_fault_that_would_do_nothing_is_refused(said: dict[str, object]) -> None:
    assert only_mistake(said)


@pytest.mark.parametrize("never", [{"times": 0}, {"method": "FETCH"}, {"method": "get"}])
def test_a_fault_that_can_hit_no_request_is_refused(never: dict[str, object]) -> None:
    assert only_mistake({"fault": "locked", **never})


def only_mistake(said: object) -> str:
    with pytest.raises(FaultMistakesError) as caught:
        fault_from(said)
    (mistake,) = caught.value.mistakes
    return mistake


def rows_below(header: str) -> Iterator[list[str]]:
    table = PAGE.read_text(encoding="utf-8").partition(f"{header}\n")[2].partition("\n\n")[0]
    for line in table.splitlines()[1:]:
        yield [cell.strip() for cell in line.strip("|").split(" |")]


def test_the_page_lists_every_known_fault_with_what_it_may_be_told() -> None:
    listed = {row[0].strip("`"): row for row in rows_below("| `fault` | What it does | May be told |")}
    assert list(listed) == list(PRESETS)
    for name, (_, does, told) in listed.items():
        assert does, name
        defaults = {each: value.default for each, value in inspect.signature(PRESETS[name]).parameters.items()}
        assert {k: v for said in re.findall(r"`([^`]+)`", told) for k, v in yaml.safe_load(said).items()} == defaults


def test_the_page_lists_every_field_of_a_fault() -> None:
    listed = [row[0].strip("`") for row in rows_below("| Field | What it says | Without it |")]
    assert sorted(listed) == sorted({**REQUEST_FIELDS, **OWN_FIELDS})


def test_the_faults_shown_on_the_page_are_faults() -> None:
    shown = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert [len([fault_from(each) for each in yaml.safe_load(block)["faults"]]) for block in shown] == [3]
