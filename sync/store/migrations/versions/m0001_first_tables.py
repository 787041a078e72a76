"""The first tables: portals, runs with their changes, what is remembered of contacts, and leases."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "portals",
        sa.Column("portal_id", sa.Text, primary_key=True),
        sa.Column("watermark", sa.BigInteger),
    )
    _create_runs()
    _create_changes()
    op.create_table(
        "contacts",
        sa.Column("portal_id", sa.Text, sa.ForeignKey("portals.portal_id"), primary_key=True),
        sa.Column("contact_id", sa.Text, primary_key=True),
        sa.Column("seen_modified_at", sa.BigInteger),
        sa.Column("fades", sa.Boolean, nullable=False, server_default=sa.text("false")),
        sa.Column("seen_run", sa.Integer, nullable=False, server_default=sa.text("0")),
        sa.Column("stage", sa.Text),
        sa.Column("stage_since", sa.BigInteger),
        sa.Column("set_by", sa.Text),
        sa.Column("set_at", sa.BigInteger),
    )
    op.create_table(
        "leases",
        sa.Column("portal_id", sa.Text, sa.ForeignKey("portals.portal_id"), primary_key=True),
        sa.Column("token", sa.Text),
        sa.Column("epoch", sa.Integer, nullable=False),
        sa.Column("beat", sa.BigInteger, nullable=False),
        sa.Column("command", sa.Text, nullable=False),
        sa.Column("since", sa.BigInteger, nullable=False),
        sa.Column("host", sa.Text, nullable=False),
        sa.Column("pid_space", sa.Text, nullable=False),
        sa.Column("pid", sa.Integer, nullable=False),
        sa.Column("process_started", sa.Text, nullable=False),
    )


def _create_runs() -> None:
    op.create_table(
        "runs",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("portal_id", sa.Text, sa.ForeignKey("portals.portal_id"), nullable=False),
        sa.Column("mode", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("started_at", sa.BigInteger, nullable=False),
        sa.Column("finished_at", sa.BigInteger),
        sa.Column("rulebook_version", sa.Text, nullable=False),
        sa.Column("summary", sa.Text, nullable=False),
        sa.Column("error", sa.Text, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("runs_of_portal", "runs", ["portal_id", "id"])


def _create_changes() -> None:
    op.create_table(
        "changes",
        sa.Column("run_id", sa.Integer, sa.ForeignKey("runs.id"), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("contact_id", sa.Text, nullable=False),
        sa.Column("before", sa.Text, nullable=False),
        sa.Column("after", sa.Text, nullable=False),
        sa.Column("moves", sa.Boolean, nullable=False),
        sa.Column("stage_from", sa.Text),
        sa.Column("stage_to", sa.Text),
        sa.Column("clears_first", sa.Boolean, nullable=False),
        sa.Column("shared", sa.Boolean, nullable=False),
        sa.Column("quiet", sa.Boolean, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("state_at", sa.BigInteger, nullable=False),
    )
    op.create_index("changes_of_contact", "changes", ["contact_id"])
    still_open = sa.text("state IN ('clearing', 'cleared', 'writing')")
    op.create_index(
        "open_changes", "changes", ["run_id", "number"], sqlite_where=still_open, postgresql_where=still_open
    )
