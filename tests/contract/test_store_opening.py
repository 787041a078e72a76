"""Opening a database: made where it is missing, brought to form, closed to others, and clear about what fails."""

import os
import sqlite3
import stat
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, inspect, make_url, text
from structlog.testing import capture_logs

from sync.ports import RetryableError
from sync.records import Change, Seen, State
from sync.store import StoreError, migrations, open_store
from sync.store.database import Database
from sync.store.opening import open_database
from sync.store.tables import metadata
from tests.contract.conftest import SQLITE_AND_POSTGRESQL
from tests.contract.store_processes import said, spawned, tell

on_every_database = pytest.mark.parametrize("new_database_url", SQLITE_AND_POSTGRESQL, indirect=True)

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@on_every_database
def test_the_migrations_make_exactly_what_the_tables_say(new_database_url: str) -> None:
    with closing(open_database(new_database_url)) as database, database.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        assert compare_metadata(context, metadata) == []
        made = {index["name"] for table in metadata.tables for index in inspect(connection).get_indexes(table)}
    assert made == {str(index.name) for table in metadata.tables.values() for index in table.indexes}


def test_on_sqlite_the_migrations_make_the_same_to_the_letter(tmp_path: Path) -> None:
    """Also what is not compared above: conditions of indexes, and ids that are not used again."""
    with closing(open_database(f"sqlite:///{tmp_path}/migrated.db")) as database, database.read() as connection:
        migrated = _definitions(connection)
    engine = create_engine(f"sqlite:///{tmp_path}/made.db")
    with engine.begin() as connection:
        metadata.create_all(connection)
        made = _definitions(connection)
    engine.dispose()
    assert {name: sql for name, sql in migrated.items() if name != "alembic_version"} == made


def _definitions(connection: Connection) -> dict[str, str]:
    rows = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL"))
    return {name: " ".join(sql.replace(" ,", ",").split()) for name, sql in rows}


@on_every_database
def test_a_migration_that_fails_leaves_nothing_behind(new_database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def power_cut(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("alembic.op.create_index", power_cut)
        with pytest.raises(KeyboardInterrupt):
            open_store(new_database_url)
    url = make_url(new_database_url)
    engine = create_engine(url.set(drivername="postgresql+psycopg") if url.host or url.query else url)
    assert inspect(engine).get_table_names() == []
    engine.dispose()
    open_store(new_database_url).close()


@on_every_database
def test_whoever_finds_a_new_database_at_the_same_moment_waits_for_the_other_to_make_it(
    new_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    both_found_it_new = threading.Barrier(2)
    met = threading.local()
    is_current = migrations._is_current

    def look_and_meet(connection: Connection, script: ScriptDirectory) -> bool:
        found = is_current(connection, script)
        if not hasattr(met, "already"):
            met.already = True
            both_found_it_new.wait(timeout=10)
        return found

    monkeypatch.setattr(migrations, "_is_current", look_and_meet)
    with ThreadPoolExecutor() as threads:
        for opened in [threads.submit(open_store, new_database_url) for _ in range(2)]:
            opened.result().close()


@on_every_database
def test_what_was_kept_is_there_when_the_store_is_opened_again(new_database_url: str) -> None:
    with closing(open_store(new_database_url)) as store:
        assert store.portals() == []
        store.portal("20").memory.set_watermark(NOON)
        store.portal("10")
    with closing(open_store(new_database_url)) as store:
        assert store.portals() == ["10", "20"]
        assert store.portal("20").memory.watermark() == NOON


@on_every_database
def test_portals_in_one_database_know_nothing_of_each_other(new_database_url: str) -> None:
    with closing(open_store(new_database_url)) as store:
        one, other = store.portal("1"), store.portal("2")
        run_id = one.journal.start_run("full", rulebook_version="v1", at=NOON)
        one.journal.plan(run_id, [Change(contact_id="7", before={}, after={})])
        for page in one.journal.entries(run_id):
            one.journal.mark(page, State.WRITING)
        one.memory.note_seen([("7", NOON, True)], run_id=1)
        one.memory.set_watermark(NOON)
        one.lease.acquire("worker", wait_s=0)

        other.lease.acquire("worker", wait_s=0)
        assert other.journal.start_run("full", rulebook_version="v1", at=NOON) > run_id
        assert other.journal.run(run_id) is None
        assert list(other.journal.entries(run_id)) == []
        assert other.journal.open_entries() == []
        assert len(other.journal.runs()) == len(other.journal.interrupted()) == 1
        with pytest.raises(LookupError):
            other.journal.finish_run(run_id, "finished", summary={}, at=NOON)
        assert (other.memory.watermark(), other.memory.seen(["7"]), list(other.memory.fading())) == (None, {}, [])
        assert other.journal.latest(["7"], 1) == {}
        other.memory.forget(["7"])
        assert one.memory.seen(["7"]) == {"7": Seen(modified_at=NOON, fades=True)}

        one.lease.release()
        other.lease.check()
        other.lease.release()


@on_every_database
def test_a_database_of_a_newer_version_is_left_alone(new_database_url: str) -> None:
    with closing(open_database(new_database_url)) as database, database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreError, match="newer version of scoreline: its form is 9999"):
        open_store(new_database_url)


@on_every_database
def test_several_processes_may_open_a_new_database_at_the_same_moment(new_database_url: str) -> None:
    with ExitStack() as stack:
        processes = [stack.enter_context(spawned("open_when_told", new_database_url)) for _ in range(4)]
        assert [said(process) for process in processes] == ["ready"] * 4
        for process in processes:
            tell(process)
        assert [said(process) for process in processes] == ["opened"] * 4


@on_every_database
def test_what_was_begun_is_on_record_when_the_process_is_killed(new_database_url: str) -> None:
    with spawned("begin_a_write", new_database_url) as process:
        run_id = int(said(process))
        process.kill()
        process.wait()
    with closing(open_store(new_database_url)) as store:
        journal = store.portal("1").journal
        assert [run.id for run in journal.interrupted()] == [run_id]
        assert [entry.change.contact_id for entry in journal.open_entries()] == ["0", "1"]
        [planned] = [entry for page in journal.entries(run_id, states=[State.PLANNED]) for entry in page]
        assert planned.change == Change(contact_id="2", before={}, after={"lead_score": "5"})


@on_every_database
def test_a_transaction_that_fails_leaves_nothing_behind(new_database_url: str) -> None:
    with closing(open_store(new_database_url)) as store, closing(open_database(new_database_url)) as database:
        store.portal("1").memory.set_watermark(NOON)
        with pytest.raises(StoreError):
            _move_every_watermark_and_fail(database)
        assert store.portal("1").memory.watermark() == NOON


def _move_every_watermark_and_fail(database: Database) -> None:
    with database.write() as connection:
        connection.execute(text("UPDATE portals SET watermark = 0"))
        connection.execute(text("SELECT 1 FROM no_such_table"))


def test_a_new_file_that_another_process_is_at_is_waited_for(tmp_path: Path) -> None:
    with (
        closing(sqlite3.connect(tmp_path / "store.db", isolation_level=None)) as other,
        ThreadPoolExecutor() as threads,
    ):
        other.execute("BEGIN IMMEDIATE")
        opening = threads.submit(open_store, f"sqlite:///{tmp_path}/store.db")
        with pytest.raises(TimeoutError):
            opening.result(timeout=0.2)
        other.execute("ROLLBACK")
        opening.result().close()


def test_a_database_file_and_what_goes_with_it_is_for_its_owner_only(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        with closing(open_store(f"sqlite:///{tmp_path}/store.db")) as store:
            store.portal("1")
            files = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    finally:
        os.umask(before)
    assert files == {"store.db": 0o600, "store.db-wal": 0o600, "store.db-shm": 0o600}


def test_a_file_of_somebody_elses_that_others_may_open_is_said_aloud() -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can make a file that belongs to somebody else")
    with tempfile.TemporaryDirectory() as folder, capture_logs() as said:
        file = Path(folder) / "store.db"
        file.touch()
        file.chmod(0o666)
        Path(folder).chmod(0o777)
        with as_somebody_else():
            open_store(f"sqlite:///{file}").close()
        assert stat.S_IMODE(file.stat().st_mode) == 0o666
    assert [(line["action"], line["file"]) for line in said] == [("store.open_to_others", "store.db")]


def test_sqlite_syncs_every_commit_and_lets_readers_work_meanwhile(tmp_path: Path) -> None:
    with closing(open_database(f"sqlite:///{tmp_path}/store.db")) as database, database.read() as connection:
        settings = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    assert settings == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 30_000}


def test_a_relative_address_is_seen_from_the_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    open_store("sqlite:///here.db").close()
    assert (tmp_path / "here.db").exists()


def message_of(url: str) -> str:
    with pytest.raises(StoreError) as refused:
        open_store(url)
    assert isinstance(refused.value, RetryableError)
    return str(refused.value)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    message = message_of(f"sqlite:///{tmp_path}/absent/store.db")
    assert f"there is no folder {tmp_path}/absent" in message
    assert "DATABASE_URL" in message


def test_a_file_that_is_no_database_is_left_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("not a database, " * 100)
    message = message_of(f"sqlite:///{file}")
    assert f"{file} cannot be opened: file is not a database" in message
    assert file.read_text() == "not a database, " * 100


def test_a_folder_is_no_database(tmp_path: Path) -> None:
    assert "Is a directory" in message_of(f"sqlite:///{tmp_path}")


@contextmanager
def as_somebody_else() -> Iterator[None]:
    """Without root's right to write everywhere, where the tests have it."""
    mine = os.geteuid()
    if mine == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(mine)


def test_a_place_that_may_not_be_written_is_named() -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o555)
        with as_somebody_else():
            message = message_of(f"sqlite:///{folder}/store.db")
        Path(folder).chmod(0o755)
    assert f"{folder}/store.db cannot be opened: Permission denied" in message


def test_a_server_that_does_not_answer_is_named_without_its_password() -> None:
    message = message_of("postgresql://ada:geheim@127.0.0.1:1/leads?sslpassword=geheim2")
    assert "ada:***@127.0.0.1:1/leads" in message
    assert "refused" in message.lower()
    assert "geheim" not in message


@pytest.mark.parametrize("url", ["mysql://ada:geheim@host/leads", "geheim", "postgresql://ada:geheim@host:x/leads"])
def test_an_address_of_no_known_kind_is_refused_with_the_known_ones(url: str) -> None:
    message = message_of(url)
    assert "sqlite:///file.db" in message
    assert "postgresql://" in message
    assert "geheim" not in message


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///", "sqlite:///:memory:"])
def test_a_database_that_would_not_outlive_the_process_is_refused(url: str) -> None:
    assert "must outlive" in message_of(url)


@pytest.mark.postgres
def test_a_server_is_found_under_the_short_scheme_too(postgresql_url: str) -> None:
    open_store(postgresql_url.replace("postgresql://", "postgres://", 1)).close()


def test_a_database_that_fails_later_is_an_error_the_next_run_may_not_meet(tmp_path: Path) -> None:
    with closing(open_store(f"sqlite:///{tmp_path}/store.db")) as store:
        portal = store.portal("1")
        with closing(open_database(f"sqlite:///{tmp_path}/store.db")) as database, database.write() as connection:
            connection.execute(text("DROP TABLE contacts"))
        with pytest.raises(StoreError, match=r"store\.db failed: no such table"):
            portal.memory.seen(["1"])
