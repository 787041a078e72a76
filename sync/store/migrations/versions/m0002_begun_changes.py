"""Which changes were ever begun, and an index by time: a cancelled change that was never sent tells nothing."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("changes", sa.Column("begun", sa.Boolean, nullable=False, server_default=sa.text("false")))
    # Of a change that was cancelled before, it is not on record whether anything was sent. As a rule nothing was.
    op.execute("UPDATE changes SET begun = true WHERE state NOT IN ('planned', 'cancelled')")
    op.create_index("changes_by_time", "changes", ["state_at"])
