"""What was read of each contact, as far as the rulebook asks: by it another rulebook is tried without HubSpot."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "headings",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("portal_id", sa.Text, sa.ForeignKey("portals.portal_id"), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
    )
    op.create_index("headings_of_portal", "headings", ["portal_id"])
    op.create_table(
        "sheets",
        sa.Column("portal_id", sa.Text, sa.ForeignKey("portals.portal_id"), primary_key=True),
        sa.Column("contact_id", sa.Text, primary_key=True),
        sa.Column("heading_id", sa.Integer, sa.ForeignKey("headings.id"), nullable=False),
        sa.Column("told", sa.Text, nullable=False),
        sa.Column("names", sa.Text, nullable=False),
        sa.Column("acts", sa.LargeBinary, nullable=False),
        sqlite_with_rowid=False,
    )
