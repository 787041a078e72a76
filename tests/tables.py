"""Tables of the docs that say of each line which test holds it; and whether that test exists."""

import ast
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path

TESTS = Path(__file__).parent
DOCS = TESTS.parent / "docs"


def lines_of(page: str, header: str) -> list[Sequence[str]]:
    """The cells of each line of the table with this header on a page of the docs; empty where a line has too few."""
    table = (DOCS / page).read_text(encoding="utf-8").partition(f"{header}\n")[2].partition("\n\n")[0]
    width = header.count("|") - 1
    split = ([cell.strip(" |") for cell in line.strip("|").split(" | ")] for line in table.splitlines()[1:])
    return [(*cells, *[""] * width)[:width] for cells in split]


def code_in(cell: str) -> list[str]:
    """What stands in backticks."""
    return re.findall(r"`([^`]+)`", cell)


@cache
def defined_in(file: str) -> frozenset[str]:
    """The tests, and other functions, of a file given by its path below `tests`."""
    tree = ast.parse((TESTS / file).read_text(encoding="utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))
