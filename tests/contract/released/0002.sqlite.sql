-- The tables in form 0002, after release 0.1.0.
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
    PRIMARY KEY (portal_id, contact_id),
    FOREIGN KEY(portal_id) REFERENCES portals (portal_id)
);
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
CREATE TABLE alembic_version (
    version_num VARCHAR(32) NOT NULL,
    CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
