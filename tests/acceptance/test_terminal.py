"""What a person sees: on a terminal, wide or narrow, and in a pipe."""

import os
import pty
import re
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from sandbox import Portal
from tests.acceptance.conftest import Scoreline
from tests.acceptance.leads import a_demo_request, catch_up
from tests.acceptance.processes import Running

pytestmark = pytest.mark.usefixtures("provisioned")

OnTerminal = Callable[..., str]


@pytest.fixture
def on_terminal(environment: Mapping[str, str], portal: Portal, tmp_path: Path) -> OnTerminal:
    """Runs a command whose stdout and stderr are one terminal, and returns what it drew there."""

    def run(*arguments: str, columns: int = 100, out: int | None = None) -> str:
        catch_up(portal)
        ours, theirs = pty.openpty()
        begun = Running(
            arguments,
            cwd=tmp_path,
            env={**os.environ, "COLUMNS": str(columns), "TERM": "xterm"},
            stdout=theirs if out is None else out,
            stderr=theirs,
        )
        os.close(theirs)
        drawn = b""
        try:
            while more := os.read(ours, 65_536):
                drawn += more
        except OSError:  # Linux tells so that the other side has closed a terminal
            pass
        os.close(ours)
        begun.wait(30)
        begun.close()
        return drawn.decode().replace("\r\n", "\n")

    return run


def test_results_follow_the_progress_and_are_not_mixed_into_it(portal: Portal, on_terminal: OnTerminal) -> None:
    a_demo_request(portal)
    drawn = on_terminal("plan", "--full")
    assert "Reading and scoring" in drawn
    assert "Reading and scoring" not in drawn[drawn.index("Plan 1 on portal") :]
    assert "\x1b[?25h" in drawn[: drawn.index("Plan 1 on portal")]  # the cursor is back: the display has ended


def test_on_a_terminal_a_report_is_not_accompanied_by_log_lines(portal: Portal, on_terminal: OnTerminal) -> None:
    a_demo_request(portal)
    assert "Run begins" not in on_terminal("resync", "--full")


def test_results_go_to_a_file_while_progress_is_on_the_terminal(
    portal: Portal, on_terminal: OnTerminal, tmp_path: Path
) -> None:
    a_demo_request(portal)
    with (tmp_path / "plan.txt").open("w") as file:
        drawn = on_terminal("plan", "--full", out=file.fileno())
    assert "Plan 1 on portal" not in drawn
    assert "Plan 1 on portal" in (tmp_path / "plan.txt").read_text()


def test_on_a_narrow_terminal_the_rest_of_a_line_hangs_under_its_last_column(
    portal: Portal, on_terminal: OnTerminal
) -> None:
    a_demo_request(portal)
    drawn = on_terminal("resync", "--full", columns=50)
    assert re.search(r"\n  requests +\d+  read [^\n]+\n {32}\S", drawn), drawn
    assert max(len(line) for line in drawn[drawn.index("Run 1") :].split("\n")) <= 50


@pytest.mark.parametrize("command", ["status", "runs", "doctor", "explain", "plan show"])
def test_on_a_narrow_terminal_every_report_keeps_to_it_and_its_words_stay_whole(
    portal: Portal, scoreline: Scoreline, on_terminal: OnTerminal, command: str
) -> None:
    lead = a_demo_request(portal)
    scoreline("plan", "--full")
    drawn = on_terminal(*command.split(), *{"explain": [lead], "plan show": ["1"]}.get(command, []), columns=60)
    plain = re.sub(r"\x1b\[[0-9;]*m", "", drawn)
    assert max(len(line) for line in plain.split("\n") if "http" not in line) <= 60
    words = {
        "status": ["watermark", "none: the next pass reads everything"],
        "runs": ["run 1, portal", "state finished", "would change 1"],
        "doctor": ["state summed up", "fed by submissions", "Nothing is broken."],
        "explain": ["salesqualifiedlead", "Asked for a demo", "Request a demo"],
        "plan show": ["salesqualifiedlead", "none -> 73"],
    }
    for word in words[command]:
        assert word in plain, plain


@pytest.mark.parametrize("command", ["doctor", "plan", "config"])
def test_in_a_pipe_no_line_ends_in_blanks(portal: Portal, scoreline: Scoreline, command: str) -> None:
    a_demo_request(portal)
    lines = scoreline(command).out.splitlines()
    assert not [line for line in lines if line != line.rstrip()]
