-- The register, findings and their history, runs, reports, and the logs.
-- Ids are UUIDv7 text, instants milliseconds since 1970 in UTC, days ISO text, truth values 0 and 1.

-- Tells this file from the databases of other programs ("SPST").
PRAGMA application_id = 1397773140;

CREATE TABLE units (
    id TEXT NOT NULL PRIMARY KEY,
    code TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    parent TEXT REFERENCES units (id) DEFERRABLE INITIALLY DEFERRED,
    region TEXT,
    region_from TEXT,
    region_until TEXT,
    valid_from TEXT,
    valid_until TEXT
) STRICT;

CREATE TABLE people (
    id TEXT NOT NULL PRIMARY KEY,
    unit TEXT NOT NULL REFERENCES units (id) DEFERRABLE INITIALLY DEFERRED,
    name TEXT NOT NULL,
    post TEXT,
    phone TEXT,
    email TEXT
) STRICT;
CREATE INDEX people_by_unit ON people (unit);

CREATE TABLE systems (
    id TEXT NOT NULL PRIMARY KEY,
    unit TEXT NOT NULL REFERENCES units (id) DEFERRABLE INITIALLY DEFERRED,
    name TEXT NOT NULL,
    level INTEGER CHECK (level BETWEEN 1 AND 5),
    in_charge TEXT REFERENCES people (id) DEFERRABLE INITIALLY DEFERRED,
    operated_by TEXT REFERENCES people (id) DEFERRABLE INITIALLY DEFERRED,
    used_by TEXT REFERENCES people (id) DEFERRABLE INITIALLY DEFERRED
) STRICT;
CREATE INDEX systems_by_unit ON systems (unit);

CREATE TABLE assets (
    id TEXT NOT NULL PRIMARY KEY,
    unit TEXT NOT NULL REFERENCES units (id) DEFERRABLE INITIALLY DEFERRED,
    system TEXT REFERENCES systems (id) DEFERRABLE INITIALLY DEFERRED,
    target TEXT NOT NULL,
    owned_from TEXT,
    owned_until TEXT,
    approver TEXT,
    authorised_from TEXT,
    authorised_until TEXT,
    in_charge TEXT REFERENCES people (id) DEFERRABLE INITIALLY DEFERRED,
    operated_by TEXT REFERENCES people (id) DEFERRABLE INITIALLY DEFERRED,
    used_by TEXT REFERENCES people (id) DEFERRABLE INITIALLY DEFERRED,
    note TEXT,
    -- An authorisation has an approver and an end, or isn't one.
    CHECK ((approver IS NULL) = (authorised_until IS NULL))
) STRICT;
CREATE INDEX assets_by_unit ON assets (unit);

CREATE TABLE exclusions (
    id TEXT NOT NULL PRIMARY KEY,
    unit TEXT NOT NULL REFERENCES units (id) DEFERRABLE INITIALLY DEFERRED,
    target TEXT NOT NULL,
    reason TEXT NOT NULL,
    until_day TEXT NOT NULL
) STRICT;

CREATE TABLE declared_services (
    id TEXT NOT NULL PRIMARY KEY,
    unit TEXT NOT NULL REFERENCES units (id) DEFERRABLE INITIALLY DEFERRED,
    target TEXT NOT NULL,
    port INTEGER NOT NULL CHECK (port BETWEEN 1 AND 65535),
    transport TEXT NOT NULL,
    service TEXT NOT NULL,
    purpose TEXT NOT NULL,
    approver TEXT NOT NULL,
    declared_on TEXT,
    until_day TEXT NOT NULL
) STRICT;
CREATE INDEX declared_services_by_unit ON declared_services (unit);

-- Written by scans; what people register is in declared_services.
CREATE TABLE declared_service_seen (
    service TEXT NOT NULL PRIMARY KEY REFERENCES declared_services (id) DEFERRABLE INITIALLY DEFERRED,
    last_seen_at INTEGER NOT NULL
) STRICT;

CREATE TABLE findings (
    id TEXT NOT NULL PRIMARY KEY,
    check_id TEXT NOT NULL,
    target TEXT NOT NULL,
    transport TEXT NOT NULL,
    port INTEGER NOT NULL CHECK (port BETWEEN 0 AND 65535),
    severity TEXT NOT NULL,
    unit TEXT NOT NULL REFERENCES units (id) DEFERRABLE INITIALLY DEFERRED,
    system TEXT REFERENCES systems (id) DEFERRABLE INITIALLY DEFERRED,
    asset TEXT NOT NULL REFERENCES assets (id) DEFERRABLE INITIALLY DEFERRED,
    state TEXT NOT NULL CHECK (state IN ('open', 'missing', 'closed')),
    -- With 'missing' since when and in how many runs, with 'closed' when; with both by which proof.
    state_at INTEGER,
    missing_runs INTEGER,
    proof TEXT,
    first_seen_at INTEGER NOT NULL,
    last_seen_at INTEGER NOT NULL,
    last_run TEXT NOT NULL,
    n_recurrences INTEGER NOT NULL,
    unverifiable_since INTEGER,
    -- JSON
    evidence TEXT NOT NULL,
    CHECK ((state = 'open') = (proof IS NULL)),
    CHECK ((state = 'open') = (state_at IS NULL)),
    CHECK ((state = 'missing') = (missing_runs IS NOT NULL))
) STRICT;
-- Of findings that are not closed there is one of a kind.
CREATE UNIQUE INDEX findings_not_closed ON findings (check_id, target, transport, port) WHERE state <> 'closed';
CREATE INDEX findings_by_unit ON findings (unit);
CREATE INDEX findings_closed ON findings (state_at) WHERE state = 'closed';

CREATE TABLE finding_events (
    id TEXT NOT NULL PRIMARY KEY,
    finding TEXT NOT NULL REFERENCES findings (id) DEFERRABLE INITIALLY DEFERRED,
    run TEXT NOT NULL,
    at INTEGER NOT NULL,
    -- Order among the events of one finding in one run.
    position INTEGER NOT NULL,
    -- JSON
    what TEXT NOT NULL
) STRICT;
CREATE INDEX finding_events_by_finding ON finding_events (finding, at, position);

-- The runs whose judgement is in the findings.
CREATE TABLE judgements (
    run TEXT NOT NULL PRIMARY KEY,
    at INTEGER NOT NULL
) STRICT;

CREATE TABLE runs (
    id TEXT NOT NULL PRIMARY KEY,
    state TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    ended_at INTEGER,
    method TEXT NOT NULL,
    asked_for TEXT NOT NULL,
    n_addresses INTEGER NOT NULL,
    n_probes INTEGER NOT NULL,
    n_probed INTEGER NOT NULL,
    n_open INTEGER NOT NULL,
    policy_version TEXT
) STRICT;

CREATE TABLE reports (
    year INTEGER NOT NULL,
    serial INTEGER NOT NULL CHECK (serial > 0),
    built_at INTEGER NOT NULL,
    policy_version TEXT NOT NULL,
    snapshot_sha256 TEXT NOT NULL,
    PRIMARY KEY (year, serial)
) STRICT;

CREATE TABLE report_runs (
    year INTEGER NOT NULL,
    serial INTEGER NOT NULL,
    position INTEGER NOT NULL,
    run TEXT NOT NULL,
    PRIMARY KEY (year, serial, position),
    FOREIGN KEY (year, serial) REFERENCES reports (year, serial) DEFERRABLE INITIALLY DEFERRED
) STRICT;

-- Events for other parts of the product, written in the transaction that causes them.
CREATE TABLE outbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    topic TEXT NOT NULL,
    -- JSON
    payload TEXT NOT NULL,
    delivered_at INTEGER
) STRICT;
CREATE INDEX outbox_waiting ON outbox (id) WHERE delivered_at IS NULL;

-- Who did or was refused what, and when; only ever added to.
CREATE TABLE audit_log (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    detail TEXT NOT NULL
) STRICT;
CREATE TRIGGER audit_log_is_not_rewritten BEFORE UPDATE ON audit_log
BEGIN
    SELECT RAISE (ABORT, 'the audit log is only added to');
END;
CREATE TRIGGER audit_log_is_not_shortened BEFORE DELETE ON audit_log
BEGIN
    SELECT RAISE (ABORT, 'the audit log is only added to');
END;
