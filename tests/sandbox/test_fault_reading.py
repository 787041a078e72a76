"""Faults that somebody wrote down."""

from collections.abc import Callable
from pathlib import Path

import pytest

from sandbox.fault_reading import FaultMistakesError, fault_from, read_faults
from sandbox.faults import PRESETS


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


@pytest.mark.parametrize("text", ["", "faults: 3", "- {fault: locked}", "faults: [", "\t"])
def test_a_file_that_holds_no_list_of_faults_is_refused(written: Callable[[str], Path], text: str) -> None:
    with pytest.raises(FaultMistakesError):
        read_faults(written(text))


@pytest.mark.parametrize(
    "said",
    [
        {"status": 99},
        {"status": True},
        {"fault": "slow", "seconds": -1},
        {"fault": "migration", "retry_after_s": "soon"},
        {"headers": {"X": 1}},
        {"body": 3},
        {"spoil": "milk"},
        {"applied": "yes"},
        {"rows": -1},
        {"fault": ["locked"]},
    ],
)
def test_a_value_that_makes_no_sense_is_refused(said: dict[str, object]) -> None:
    with pytest.raises(FaultMistakesError):
        fault_from(said)
