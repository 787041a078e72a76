"""What feeds tell of single acts, how far each was read, whose addresses those are; and points, by company."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "feeds",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("portal_id", sa.Text, sa.ForeignKey("portals.portal_id"), nullable=False),
        sa.Column("feed", sa.Text, nullable=False),
        sa.Column("state", sa.Text),
        sa.Column("acts", sa.Text, nullable=False),
        sa.Column("read_up_to", sa.BigInteger),
        sa.Column("checked_at", sa.BigInteger),
        sa.Column("problem", sa.Text, nullable=False),
        sa.Column("ahead", sa.Boolean, nullable=False),
    )
    op.create_index("feeds_of_portal", "feeds", ["portal_id", "feed"], unique=True)
    op.create_table(
        "traces",
        sa.Column("feed_id", sa.Integer, sa.ForeignKey("feeds.id"), primary_key=True, autoincrement=False),
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("act", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("ref", sa.Text, nullable=False),
        sa.Column("until", sa.BigInteger),
        sa.Column("by_machine", sa.Text, nullable=False),
        sa.Column("link", sa.Text, nullable=False),
        sa.Column("walk", sa.Integer, nullable=False),
    )
    op.create_index("traces_of_who", "traces", ["who"])
    op.create_table(
        "links",
        sa.Column("portal_id", sa.Text, sa.ForeignKey("portals.portal_id"), primary_key=True),
        sa.Column("who", sa.Text, primary_key=True),
        sa.Column("contact_id", sa.Text, nullable=False),
    )
    op.create_index("links_of_contact", "links", ["portal_id", "contact_id"])
    op.add_column("contacts", sa.Column("company_id", sa.Text))
    op.add_column("contacts", sa.Column("points", sa.Integer))
    op.create_index("contacts_of_company", "contacts", ["portal_id", "company_id"])
