"""The table of what is known of HubSpot is held to the code: every switch is in it, every test it names exists."""

import ast
import re
from collections.abc import Iterator
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import NamedTuple, get_args

from sandbox.api.app import ENDPOINTS
from sandbox.api.control import Who
from sandbox.switches import Switches

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "sandbox.md"
HEADER = "| What is known | What the portal does | Switch | Shown by |"


class Row(NamedTuple):
    """One fact of the table."""

    known: str
    does: str
    switch: str
    shown_by: str


def rows() -> Iterator[Row]:
    """The table's facts, without the headings between them."""
    table = PAGE.read_text(encoding="utf-8").partition(f"{HEADER}\n")[2].partition("\n\n")[0]
    for line in table.splitlines()[1:]:
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        row = Row(*(cell.strip(" |") for cell in (*cells, "", "", "")[:4]))
        if not row.known.startswith("**"):
            yield row


@cache
def named_in(file: str) -> frozenset[str]:
    path = ROOT / "tests" / (file if "/" in file else f"sandbox/{file}")
    return frozenset(node.name for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.FunctionDef))


def code_in(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def test_every_fact_names_its_source_what_the_portal_does_and_a_test() -> None:
    listed = list(rows())
    assert len(listed) > 80
    for row in listed:
        assert row.does, row.known
        assert code_in(row.shown_by), row.known


def test_every_test_that_the_table_names_exists() -> None:
    for row in rows():
        for named in code_in(row.shown_by):
            file, _, test = named.partition("::")
            assert test in named_in(file), named


def test_every_switch_is_in_the_table_once_and_the_table_names_no_other() -> None:
    named = [name for row in rows() for name in code_in(row.switch)]
    assert sorted(named) == sorted(each.name for each in fields(Switches))


def test_every_switch_of_the_table_is_turned_by_a_test_it_names() -> None:
    for row in rows():
        for switch in code_in(row.switch):
            files = {named.partition("::")[0] for named in code_in(row.shown_by)}
            texts = [(ROOT / "tests" / (f if "/" in f else f"sandbox/{f}")).read_text() for f in files]
            assert any(switch in text for text in texts), switch


def first_cells(header: str) -> list[str]:
    """What stands as code in the first column of the page's table with that header."""
    table = PAGE.read_text(encoding="utf-8").partition(f"{header}\n")[2].partition("\n\n")[0]
    return [code_in(line)[0] for line in table.splitlines()[1:]]


def test_every_request_to_the_control_endpoint_is_on_the_page() -> None:
    listed = first_cells("| Request | Body | What it does |")
    assert sorted(listed) == sorted(f"{each.method} {each.path}" for each in ENDPOINTS if each.control)


def test_everybody_whom_the_control_endpoint_plays_is_on_the_page() -> None:
    assert first_cells("| `as` | Who edits | `property` | `value` |") == list(get_args(Who))
