-- Training records and post certificates. What the database must guarantee stands in columns, the rest in `body` (JSON).

-- One row: goes up with each change, so that nothing is stored that was decided on older records.
CREATE TABLE training_revision (
    one INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    revision INTEGER NOT NULL
) STRICT;
INSERT INTO training_revision (one, revision) VALUES (1, 0);

CREATE TABLE training_staff (
    id TEXT NOT NULL PRIMARY KEY,
    -- Keyed hash of the ID number: one number is one person's.
    id_index TEXT UNIQUE,
    body TEXT NOT NULL
) STRICT;

CREATE TABLE training_holdings (
    id TEXT NOT NULL PRIMARY KEY,
    staff TEXT NOT NULL REFERENCES training_staff (id) DEFERRABLE INITIALLY DEFERRED,
    unit TEXT NOT NULL REFERENCES units (id) DEFERRABLE INITIALLY DEFERRED,
    system TEXT REFERENCES systems (id) DEFERRABLE INITIALLY DEFERRED,
    body TEXT NOT NULL
) STRICT;

CREATE TABLE training_terms (
    id TEXT NOT NULL PRIMARY KEY,
    code TEXT NOT NULL UNIQUE,
    body TEXT NOT NULL
) STRICT;

CREATE TABLE training_sittings (
    id TEXT NOT NULL PRIMARY KEY,
    term TEXT NOT NULL REFERENCES training_terms (id) DEFERRABLE INITIALLY DEFERRED,
    code TEXT NOT NULL,
    body TEXT NOT NULL,
    UNIQUE (term, code)
) STRICT;

CREATE TABLE training_attendance (
    id TEXT NOT NULL PRIMARY KEY,
    sitting TEXT NOT NULL REFERENCES training_sittings (id) DEFERRABLE INITIALLY DEFERRED,
    staff TEXT NOT NULL REFERENCES training_staff (id) DEFERRABLE INITIALLY DEFERRED,
    body TEXT NOT NULL,
    UNIQUE (sitting, staff)
) STRICT;

CREATE TABLE training_attempts (
    id TEXT NOT NULL PRIMARY KEY,
    staff TEXT NOT NULL REFERENCES training_staff (id) DEFERRABLE INITIALLY DEFERRED,
    sitting TEXT NOT NULL REFERENCES training_sittings (id) DEFERRABLE INITIALLY DEFERRED,
    body TEXT NOT NULL,
    UNIQUE (staff, sitting)
) STRICT;

CREATE TABLE training_waivers (
    id TEXT NOT NULL PRIMARY KEY,
    staff TEXT NOT NULL REFERENCES training_staff (id) DEFERRABLE INITIALLY DEFERRED,
    body TEXT NOT NULL
) STRICT;

-- A serial belongs to one person in one category for ever.
CREATE TABLE post_serials (
    serial TEXT NOT NULL PRIMARY KEY,
    staff TEXT NOT NULL REFERENCES training_staff (id) DEFERRABLE INITIALLY DEFERRED,
    category TEXT NOT NULL,
    UNIQUE (serial, staff, category)
) STRICT;

CREATE TABLE post_certificates (
    id TEXT NOT NULL PRIMARY KEY,
    staff TEXT NOT NULL,
    category TEXT NOT NULL,
    serial TEXT NOT NULL,
    period INTEGER NOT NULL CHECK (period > 0),
    edition INTEGER NOT NULL CHECK (edition > 0),
    token TEXT NOT NULL UNIQUE,
    -- 0 once another edition took its place.
    is_live INTEGER NOT NULL DEFAULT 1 CHECK (is_live IN (0, 1)),
    -- As issued: never rewritten.
    body TEXT NOT NULL,
    -- SHA-256 of its files by form (JSON); one that is there is never another.
    files TEXT NOT NULL,
    UNIQUE (serial, period, edition),
    FOREIGN KEY (serial, staff, category) REFERENCES post_serials (serial, staff, category)
        DEFERRABLE INITIALLY DEFERRED
) STRICT;
-- Once per person, category and period, whoever issues at the same time.
CREATE UNIQUE INDEX post_certificates_once ON post_certificates (staff, category, period) WHERE is_live = 1;
CREATE TRIGGER post_certificates_stay_as_issued
BEFORE UPDATE OF id, staff, category, serial, period, edition, token, body ON post_certificates
WHEN (new.id, new.staff, new.category, new.serial, new.period, new.edition, new.token, new.body)
    IS NOT (old.id, old.staff, old.category, old.serial, old.period, old.edition, old.token, old.body)
BEGIN
    SELECT RAISE (ABORT, 'a certificate stays as it was issued');
END;
CREATE TRIGGER post_certificates_are_kept BEFORE DELETE ON post_certificates
BEGIN
    SELECT RAISE (ABORT, 'certificates are never deleted');
END;

CREATE TABLE post_certificate_events (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    certificate TEXT NOT NULL REFERENCES post_certificates (id) DEFERRABLE INITIALLY DEFERRED,
    body TEXT NOT NULL
) STRICT;
CREATE TRIGGER post_certificate_events_are_not_rewritten BEFORE UPDATE ON post_certificate_events
BEGIN
    SELECT RAISE (ABORT, 'events are only added');
END;
CREATE TRIGGER post_certificate_events_are_not_shortened BEFORE DELETE ON post_certificate_events
BEGIN
    SELECT RAISE (ABORT, 'events are only added');
END;

CREATE TABLE training_log (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    detail TEXT NOT NULL,
    reason TEXT NOT NULL
) STRICT;
CREATE TRIGGER training_log_is_not_rewritten BEFORE UPDATE ON training_log
BEGIN
    SELECT RAISE (ABORT, 'the log is only added to');
END;
CREATE TRIGGER training_log_is_not_shortened BEFORE DELETE ON training_log
BEGIN
    SELECT RAISE (ABORT, 'the log is only added to');
END;
