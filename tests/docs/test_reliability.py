"""The page on reliability is held to the code: every test it names exists, every column of the database is listed."""

import re

import pytest

from sync.store.tables import metadata
from tests.tables import DOCS, code_in, defined_in, lines_of

PAGE = "reliability.md"
PROMISES = "| Promise | How it is kept | Held by |"
FAULTS = "| Fault | What the worker does | Held by |"
KEPT = "| Table | Columns | What stands there |"


def test_every_promise_is_on_the_page_once() -> None:
    assert [cells[0].partition(".")[0] for cells in lines_of(PAGE, PROMISES)] == [str(n) for n in range(1, 11)]


def test_every_fault_is_on_the_page_once() -> None:
    assert [cells[0].partition(" ")[0] for cells in lines_of(PAGE, FAULTS)] == [f"F{n:02}" for n in range(1, 35)]


@pytest.mark.parametrize("header", [PROMISES, FAULTS])
def test_every_line_says_what_is_done_and_names_a_test(header: str) -> None:
    for said, done, held_by in lines_of(PAGE, header):
        assert done, said
        assert code_in(held_by), said


def test_every_test_that_the_page_names_exists() -> None:
    named = re.findall(r"`([\w/]+\.py)::(\w+)`", (DOCS / PAGE).read_text(encoding="utf-8"))
    assert len(named) > 80
    for file, test in named:
        assert test in defined_in(file), f"{file}::{test}"


def test_every_column_of_the_database_is_on_the_page_and_no_other() -> None:
    listed = {code_in(table)[0]: code_in(columns) for table, columns, _ in lines_of(PAGE, KEPT)}
    assert listed == {name: [column.name for column in table.columns] for name, table in metadata.tables.items()}
