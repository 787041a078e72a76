"""A database of any released version is brought to the present form, with all that was in it."""

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect

from sync.records import StageNote, State
from sync.store import migrations, open_store
from sync.store.opening import open_database
from sync.store.tables import metadata
from tests.contract.conftest import SQLITE_AND_POSTGRESQL
from workflows import Setter

RELEASED = Path(__file__).parent / "released"
FORMS = sorted({file.name.partition(".")[0] for file in RELEASED.glob("*.sql")})

on_every_database = pytest.mark.parametrize("new_database_url", SQLITE_AND_POSTGRESQL, indirect=True)
of_every_release = pytest.mark.parametrize("form", FORMS)


def as_left_by(form: str, url: str) -> None:
    """Make the database as a worker of that release made and left it."""
    kind = "sqlite" if url.startswith("sqlite") else "postgresql"
    script = "".join((RELEASED / f"{form}.{part}.sql").read_text() for part in (kind, "data"))
    if kind == "sqlite":
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
            connection.executescript(script)
    else:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(script.encode())


def shape(connection: Connection) -> Mapping[str, object]:
    """Tables, columns, keys and indexes, in a form that two databases can be compared by."""
    asked = inspect(connection)
    return {
        name: (
            [(c["name"], str(c["type"]), c["nullable"], c["default"]) for c in asked.get_columns(name)],
            asked.get_pk_constraint(name)["constrained_columns"],
            sorted(str(key["constrained_columns"]) for key in asked.get_foreign_keys(name)),
            sorted((str(index["name"]), str(index["column_names"])) for index in asked.get_indexes(name)),
        )
        for name in asked.get_table_names()
    }


def test_every_form_that_a_migration_leads_to_is_kept_as_it_was_released() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    steps = {step.revision for step in ScriptDirectory.from_config(config).walk_revisions()}
    assert set(FORMS) == steps, "a release that brings a migration keeps its tables in tests/contract/released"
    for form in FORMS:
        assert {file.name for file in RELEASED.glob(f"{form}.*")} == {
            f"{form}.{part}.sql" for part in ("sqlite", "postgresql", "data")
        }


@on_every_database
@of_every_release
def test_its_tables_become_those_of_a_new_database(new_database_url: str, form: str, tmp_path: Path) -> None:
    as_left_by(form, new_database_url)
    with closing(open_database(new_database_url)) as upgraded, upgraded.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        assert compare_metadata(context, metadata) == []
        upgraded_shape = shape(connection)
    if new_database_url.startswith("sqlite"):
        with closing(open_database(f"sqlite:///{tmp_path}/new.db")) as new, new.read() as connection:
            assert upgraded_shape == shape(connection)


@on_every_database
@of_every_release
def test_what_was_kept_is_kept(new_database_url: str, form: str) -> None:
    as_left_by(form, new_database_url)
    with closing(open_store(new_database_url)) as store:
        assert store.portals() == ["4711001", "4711002"]
        kept, other = store.portal("4711001"), store.portal("4711002")
        assert kept.memory.watermark() == datetime(2026, 3, 1, 12, tzinfo=UTC)
        assert other.memory.watermark() is None
        assert [(run.id, run.mode, run.state) for run in kept.journal.runs()] == [
            (4, "incremental", "running"),
            (2, "plan", "finished"),
            (1, "full", "finished"),
        ]
        assert [run.error for run in other.journal.interrupted()] == ["HubSpot could not be reached"]
        assert [(e.change.contact_id, e.state) for e in kept.journal.open_entries()] == [
            ("7", State.CLEARED),
            ("9", State.WRITING),
        ]
        latest = kept.journal.latest(["7", "8", "9"], 5)
        assert {i: [e.state for e in entries] for i, entries in latest.items()} == {
            "7": [State.CLEARED, State.DONE],
            "9": [State.WRITING],
        }
        [planned] = [entry for page in kept.journal.entries(2) for entry in page]
        assert planned.change.after == {"lead_score": "2"}
        since = datetime.fromtimestamp(1_772_000_000, UTC)
        note = StageNote(contact_id="7", stage="lead", since=since, set_by=Setter.INTEGRATION, set_at=since)
        assert kept.memory.stage_notes(["7", "8"]) == {"7": note}
        assert [list(page) for page in kept.memory.fading()] == [["7"]]


@on_every_database
@pytest.mark.parametrize("form", [form for form in FORMS if form >= "0003"])
def test_acts_that_were_kept_are_kept(new_database_url: str, form: str) -> None:
    as_left_by(form, new_database_url)
    address = "@0011223344556677889900aa"
    with closing(open_store(new_database_url)) as store:
        kept, other = store.portal("4711001"), store.portal("4711002")
        notes = kept.traces.notes()
        assert {feed: (note.state, note.ahead) for feed, note in notes.items()} == {
            "submissions": ("current", False),
            "meetings": ("stale", True),
        }
        assert notes["submissions"].acts == {"sent"}
        told = kept.traces.of(["7", address])
        assert {who: [trace.name for trace in theirs] for who, theirs in told.items()} == {
            "7": ["Appointment"],
            address: ["Demo request"],
        }
        assert kept.memory.points_of_companies(["77"]) == {"77": [70]}
        assert not other.traces.of(["7", address])
        kept.traces.forget(["7"])
        assert not kept.traces.of(["7", address])


@on_every_database
@of_every_release
def test_it_can_be_worked_with(new_database_url: str, form: str) -> None:
    as_left_by(form, new_database_url)
    now = datetime(2026, 3, 2, tzinfo=UTC)
    with closing(open_store(new_database_url)) as store:
        kept = store.portal("4711001")
        run_id = kept.journal.start_run("full", rulebook_version="default-2", at=now)
        assert run_id == 5
        kept.journal.mark(kept.journal.open_entries(), State.SETTLED)
        kept.journal.finish_run(run_id, "finished", summary={}, at=now)
        kept.memory.note_seen([("9", now, False)], run_id=run_id)
        kept.memory.set_watermark(now)
        assert kept.journal.open_entries() == []
