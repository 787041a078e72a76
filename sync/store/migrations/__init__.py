"""The steps by which a database gets from any older form to the present one, each a file in `versions`.

A step commits together with the record that it was made. Steps stand on their own, without `tables`: they
tell what was right at their time. A test proves that all of them together make what `tables` says.
"""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

from sync.store.database import begin_writing

_HERE = Path(__file__).parent
_MIGRATION_LOCK = 5_226_051_311_973_021_440
"""Any number that no other program takes for an advisory lock in the same PostgreSQL database."""


class TooNew(Exception):
    """The database has a form that this program does not know."""

    def __init__(self, *, found: str, known: str) -> None:
        super().__init__(f"{found} is not among the migrations up to {known}")
        self.found = found
        self.known = known


def upgrade(engine: Engine) -> None:
    """Bring the database to the present form, in one transaction. TooNew when it is beyond that already.

    Of several processes that try at the same moment one does it, and the others wait and find it done.
    """
    config = Config()
    config.set_main_option("script_location", str(_HERE).replace("%", "%%"))
    script = ScriptDirectory.from_config(config)
    with engine.connect() as connection:
        if _is_current(connection, script):
            return
    with begin_writing(engine) as connection:
        if engine.dialect.name == "postgresql":  # SQLite took its one write lock when the transaction began
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _MIGRATION_LOCK})
        config.attributes["connection"] = connection
        command.upgrade(config, "head")  # looks again, now that nobody else can be at it


def _is_current(connection: Connection, script: ScriptDirectory) -> bool:
    newest = str(script.get_current_head())
    found = MigrationContext.configure(connection).get_current_revision()
    if found is not None and found not in {step.revision for step in script.walk_revisions()}:
        raise TooNew(found=found, known=newest)
    return found == newest
