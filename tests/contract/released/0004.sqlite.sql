-- The tables in form 0004, after release 0.1.0.
CREATE TABLE portals (
    portal_id TEXT NOT NULL,
    watermark BIGINT,
    PRIMARY KEY (portal_id)
);
CREATE TABLE runs (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    portal_id TEXT NOT NULL,
    mode TEXT NOT NULL,
    state TEXT NOT NULL,
    started_at BIGINT NOT NULL,
    finished_at BIGINT,
    rulebook_version TEXT NOT NULL,
    summary TEXT NOT NULL,
    error TEXT NOT NULL,
    FOREIGN KEY(portal_id) REFERENCES portals (portal_id)
);
CREATE INDEX runs_of_portal ON runs (portal_id, id);
CREATE TABLE contacts (
    portal_id TEXT NOT NULL,
    contact_id TEXT NOT NULL,
    seen_modified_at BIGINT,
    fades BOOLEAN DEFAULT false NOT NULL,
    seen_run INTEGER DEFAULT 0 NOT NULL,
    stage TEXT,
    stage_since BIGINT,
    set_by TEXT,
    set_at BIGINT,
    company_id TEXT,
    points INTEGER,
    PRIMARY KEY (portal_id, contact_id),
    FOREIGN KEY(portal_id) REFERENCES portals (portal_id)
);
CREATE INDEX contacts_of_company ON contacts (portal_id, company_id);
CREATE TABLE leases (
    portal_id TEXT NOT NULL,
    token TEXT,
    epoch INTEGER NOT NULL,
    beat BIGINT NOT NULL,
    command TEXT NOT NULL,
    since BIGINT NOT NULL,
    host TEXT NOT NULL,
    pid_space TEXT NOT NULL,
    pid INTEGER NOT NULL,
    process_started TEXT NOT NULL,
    PRIMARY KEY (portal_id),
    FOREIGN KEY(portal_id) REFERENCES portals (portal_id)
);
CREATE TABLE changes (
    run_id INTEGER NOT NULL,
    number INTEGER NOT NULL,
    contact_id TEXT NOT NULL,
    "before" TEXT NOT NULL,
    "after" TEXT NOT NULL,
    moves BOOLEAN NOT NULL,
    stage_from TEXT,
    stage_to TEXT,
    clears_first BOOLEAN NOT NULL,
    shared BOOLEAN NOT NULL,
    quiet BOOLEAN NOT NULL,
    reason TEXT NOT NULL,
    state TEXT NOT NULL,
    detail TEXT NOT NULL,
    state_at BIGINT NOT NULL,
    begun BOOLEAN DEFAULT false NOT NULL,
    PRIMARY KEY (run_id, number),
    FOREIGN KEY(run_id) REFERENCES runs (id)
);
CREATE INDEX changes_of_contact ON changes (contact_id);
CREATE INDEX changes_by_time ON changes (state_at);
CREATE INDEX open_changes ON changes (run_id, number) WHERE state IN ('clearing', 'cleared', 'writing');
CREATE TABLE feeds (
    id INTEGER NOT NULL,
    portal_id TEXT NOT NULL,
    feed TEXT NOT NULL,
    state TEXT,
    acts TEXT NOT NULL,
    read_up_to BIGINT,
    checked_at BIGINT,
    problem TEXT NOT NULL,
    ahead BOOLEAN NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY(portal_id) REFERENCES portals (portal_id)
);
CREATE UNIQUE INDEX feeds_of_portal ON feeds (portal_id, feed);
CREATE TABLE traces (
    feed_id INTEGER NOT NULL,
    "key" TEXT NOT NULL,
    who TEXT NOT NULL,
    act TEXT NOT NULL,
    at BIGINT,
    name TEXT NOT NULL,
    ref TEXT NOT NULL,
    until BIGINT,
    by_machine TEXT NOT NULL,
    link TEXT NOT NULL,
    walk INTEGER NOT NULL,
    PRIMARY KEY (feed_id, "key"),
    FOREIGN KEY(feed_id) REFERENCES feeds (id)
);
CREATE INDEX traces_of_who ON traces (who);
CREATE TABLE links (
    portal_id TEXT NOT NULL,
    who TEXT NOT NULL,
    contact_id TEXT NOT NULL,
    PRIMARY KEY (portal_id, who),
    FOREIGN KEY(portal_id) REFERENCES portals (portal_id)
);
CREATE INDEX links_of_contact ON links (portal_id, contact_id);
CREATE TABLE headings (
    id INTEGER NOT NULL,
    portal_id TEXT NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY(portal_id) REFERENCES portals (portal_id)
);
CREATE INDEX headings_of_portal ON headings (portal_id);
CREATE TABLE sheets (
    portal_id TEXT NOT NULL,
    contact_id TEXT NOT NULL,
    heading_id INTEGER NOT NULL,
    told TEXT NOT NULL,
    names TEXT NOT NULL,
    acts BLOB NOT NULL,
    PRIMARY KEY (portal_id, contact_id),
    FOREIGN KEY(portal_id) REFERENCES portals (portal_id),
    FOREIGN KEY(heading_id) REFERENCES headings (id)
) WITHOUT ROWID;
CREATE TABLE alembic_version (
    version_num VARCHAR(32) NOT NULL,
    CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
