"""The tables. Times are whole milliseconds since 1970 in UTC (HubSpot's own precision), documents are JSON text."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    literal_column,
    text,
)

from sync.records import OPEN_STATES

metadata = MetaData()

portals = Table(
    "portals",
    metadata,
    Column("portal_id", Text, primary_key=True),
    Column("watermark", BigInteger),
)

runs = Table(
    "runs",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("portal_id", Text, ForeignKey("portals.portal_id"), nullable=False),
    Column("mode", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("started_at", BigInteger, nullable=False),
    Column("finished_at", BigInteger),
    Column("rulebook_version", Text, nullable=False),
    Column("summary", Text, nullable=False),
    Column("error", Text, nullable=False),
    Index("runs_of_portal", "portal_id", "id"),
    # A plan is asked for by its run id: an id must never come back after its run was pruned.
    sqlite_autoincrement=True,
)

changes = Table(
    "changes",
    metadata,
    Column("run_id", Integer, ForeignKey("runs.id"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("contact_id", Text, nullable=False),
    Column("before", Text, nullable=False),
    Column("after", Text, nullable=False),
    Column("moves", Boolean, nullable=False),
    Column("stage_from", Text),
    Column("stage_to", Text),
    Column("clears_first", Boolean, nullable=False),
    Column("shared", Boolean, nullable=False),
    Column("quiet", Boolean, nullable=False),
    Column("reason", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("state_at", BigInteger, nullable=False),
    Column("begun", Boolean, nullable=False, server_default=text("false")),  # something of it was sent, or perhaps
    Index("changes_of_contact", "contact_id"),  # to forget one that is gone
    Index("changes_by_time", "state_at"),  # to count what was written today
)

# The values stand in the statement itself: only then do databases see that the index below answers the question.
is_open = changes.c.state.in_([literal_column(f"'{state.value}'") for state in OPEN_STATES])
"""The condition that a change is open. Its index stays tiny, however many closed changes are kept."""

Index("open_changes", changes.c.run_id, changes.c.number, sqlite_where=is_open, postgresql_where=is_open)

contacts = Table(
    "contacts",
    metadata,
    Column("portal_id", Text, ForeignKey("portals.portal_id"), primary_key=True),
    Column("contact_id", Text, primary_key=True),
    Column("seen_modified_at", BigInteger),
    Column("fades", Boolean, nullable=False, server_default=text("false")),
    Column("seen_run", Integer, nullable=False, server_default=text("0")),
    Column("stage", Text),
    Column("stage_since", BigInteger),
    Column("set_by", Text),  # NULL: nothing is remembered of the stage
    Column("set_at", BigInteger),
    Column("company_id", Text),
    Column("points", Integer),
    Index("contacts_of_company", "portal_id", "company_id"),
)

feeds = Table(
    "feeds",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("portal_id", Text, ForeignKey("portals.portal_id"), nullable=False),
    Column("feed", Text, nullable=False),
    Column("state", Text),  # NULL: it has traces, and nobody has noted how it stands
    Column("acts", Text, nullable=False),
    Column("read_up_to", BigInteger),
    Column("checked_at", BigInteger),
    Column("problem", Text, nullable=False),
    Column("ahead", Boolean, nullable=False),
    Index("feeds_of_portal", "portal_id", "feed", unique=True),
)

traces = Table(
    "traces",
    metadata,
    # There may be millions of rows: one number for portal and feed keeps each, and its place in an index, small.
    Column("feed_id", Integer, ForeignKey("feeds.id"), primary_key=True, autoincrement=False),
    Column("key", Text, primary_key=True),
    Column("who", Text, nullable=False),
    Column("act", Text, nullable=False),
    Column("at", BigInteger),
    Column("name", Text, nullable=False),
    Column("ref", Text, nullable=False),
    Column("until", BigInteger),
    Column("by_machine", Text, nullable=False),
    Column("link", Text, nullable=False),
    Column("walk", Integer, nullable=False),  # the last walk through the whole feed that listed it; 0: none
    Index("traces_of_who", "who"),
)

links = Table(
    "links",
    metadata,
    Column("portal_id", Text, ForeignKey("portals.portal_id"), primary_key=True),
    Column("who", Text, primary_key=True),
    Column("contact_id", Text, nullable=False),
    Index("links_of_contact", "portal_id", "contact_id"),
)

headings = Table(
    "headings",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("portal_id", Text, ForeignKey("portals.portal_id"), nullable=False),
    Column("text", Text, nullable=False),
    Index("headings_of_portal", "portal_id"),
)

sheets = Table(
    "sheets",
    metadata,
    # All of a portal are read in one go, in the order of their keys: SQLite then keeps the rows in that order.
    Column("portal_id", Text, ForeignKey("portals.portal_id"), primary_key=True),
    Column("contact_id", Text, primary_key=True),
    Column("heading_id", Integer, ForeignKey("headings.id"), nullable=False),
    Column("told", Text, nullable=False),
    Column("names", Text, nullable=False),
    Column("acts", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)

leases = Table(
    "leases",
    metadata,
    Column("portal_id", Text, ForeignKey("portals.portal_id"), primary_key=True),
    Column("token", Text),  # NULL: free, and the rest tells of the last holder
    Column("epoch", Integer, nullable=False),
    Column("beat", BigInteger, nullable=False),
    Column("command", Text, nullable=False),
    Column("since", BigInteger, nullable=False),
    Column("host", Text, nullable=False),
    Column("pid_space", Text, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("process_started", Text, nullable=False),
)
