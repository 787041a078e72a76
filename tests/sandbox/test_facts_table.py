"""The table of what is known of HubSpot is held to the code: every switch is in it, every test it names exists."""

import ast
from collections.abc import Iterator
from dataclasses import fields
from typing import NamedTuple, get_args

from sandbox.api.app import ENDPOINTS
from sandbox.api.control import Who
from sandbox.switches import Switches
from tests.tables import TESTS, code_in, defined_in, lines_of

PAGE = "sandbox.md"
HEADER = "| What is known | What the portal does | Switch | Shown by |"


class Row(NamedTuple):
    """One fact of the table."""

    known: str
    does: str
    switch: str
    shown_by: str


def rows() -> Iterator[Row]:
    """The table's facts, without the headings between them."""
    for line in lines_of(PAGE, HEADER):
        row = Row(*line)
        if not row.known.startswith("**"):
            yield row


def place(named: str) -> tuple[str, str]:
    """The file below `tests` and the test in it; a name without a folder stands for one of the sandbox's own."""
    file, _, test = named.partition("::")
    return (file if "/" in file else f"sandbox/{file}"), test


def test_every_fact_names_its_source_what_the_portal_does_and_a_test() -> None:
    listed = list(rows())
    assert len(listed) > 80
    for row in listed:
        assert row.does, row.known
        assert code_in(row.shown_by), row.known


def test_every_test_that_the_table_names_exists() -> None:
    for row in rows():
        for named in code_in(row.shown_by):
            file, test = place(named)
            assert test in defined_in(file), named


def test_every_switch_is_in_the_table_once_and_the_table_names_no_other() -> None:
    named = [name for row in rows() for name in code_in(row.switch)]
    assert sorted(named) == sorted(each.name for each in fields(Switches))


def said_in(file: str) -> set[str]:
    """The attributes, keywords and whole texts in the code of a test file: wherever a switch may be turned."""
    tree = ast.walk(ast.parse((TESTS / file).read_text(encoding="utf-8")))
    said = {
        getattr(node, "attr", None) or getattr(node, "arg", None) or getattr(node, "value", None)
        for node in tree
        if isinstance(node, ast.Attribute | ast.keyword | ast.Constant)
    }
    return {each for each in said if isinstance(each, str)}


def test_every_switch_of_the_table_is_turned_by_a_test_it_names() -> None:
    for row in rows():
        for switch in code_in(row.switch):
            files = {place(named)[0] for named in code_in(row.shown_by)}
            assert any(switch in said_in(file) for file in files), switch


def first_cells(header: str) -> list[str]:
    """What stands as code in the first column of the page's table with that header."""
    return [code_in(cells[0])[0] for cells in lines_of(PAGE, header)]


def test_every_request_to_the_control_endpoint_is_on_the_page() -> None:
    listed = first_cells("| Request | Body | What it does |")
    assert sorted(listed) == sorted(f"{each.method} {each.path}" for each in ENDPOINTS if each.control)


def test_everybody_whom_the_control_endpoint_plays_is_on_the_page() -> None:
    assert first_cells("| `as` | Who edits | `property` | `value` |") == list(get_args(Who))
