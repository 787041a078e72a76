"""What is asked of millions of acts is answered by an index: SQLite's own plan of each statement says so."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

from sync.store import open_store
from sync.traces import Trace

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
WHOLE = re.compile(r"SCAN (traces|links)\b|(traces|links) USING .*\((feed_id|portal_id)=\?\)")
"""A step through all acts, or all of a feed or a portal."""


@contextmanager
def plans() -> Iterator[list[tuple[str, str]]]:
    """Every statement sent meanwhile, with each step of SQLite's plan of it."""
    noted: list[tuple[str, str]] = []

    def _explain(connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, many: bool) -> None:
        if statement.startswith(("SELECT", "UPDATE", "DELETE")):
            asked = connection.connection.cursor()
            given = parameters[0] if many else parameters
            noted.extend((statement, row[3]) for row in asked.execute(f"EXPLAIN QUERY PLAN {statement}", given))

    event.listen(Engine, "before_cursor_execute", _explain)
    try:
        yield noted
    finally:
        event.remove(Engine, "before_cursor_execute", _explain)


def test_no_question_about_acts_walks_through_all_of_them(tmp_path: Path) -> None:
    told = [Trace(feed="calls", key=str(n), who=f"@{n}", act="logged", at=NOON) for n in range(3)]
    with closing(open_store(f"sqlite:///{tmp_path}/store.db")) as store:
        traces = store.portal("1").traces
        with plans() as noted:
            traces.keep(told, walk=1)
            traces.keep(told, walk=2)
            traces.of(["@1", "@2"])
            traces.link([("1", "@1")])
            traces.forget(["1"])
            traces.drop_unlisted("calls", 2)
            traces.drop("calls")
    # That a feed's row may be dropped, because no act refers to it, is found with the first look, not by a walk.
    steps = [(said, step) for said, step in noted if re.search(r"\b(traces|links)\b", said)]
    assert len(steps) > 8
    assert [each for each in steps if WHOLE.search(each[1])] == []


def test_what_is_there_already_is_not_written_again(tmp_path: Path) -> None:
    told = [Trace(feed="calls", key=str(n), who=f"@{n}", act="logged", at=NOON) for n in range(3)]
    file = tmp_path / "store.db"
    with closing(open_store(f"sqlite:///{file}")) as store, closing(sqlite3.connect(file)) as watching:

        def version() -> int:
            """Changes whenever somebody else has written to the file."""
            return int(watching.execute("PRAGMA data_version").fetchone()[0])

        kept = store.portal("1")

        def tell(points: int) -> None:
            kept.traces.keep(told, walk=1)
            kept.traces.link([("1", "@1")])
            kept.memory.note_points([("1", "A", points)])

        tell(30)
        before = version()
        tell(30)
        assert version() == before
        tell(31)
        assert version() != before
