-- The queue of reminders. Each reminder has a key for ever, and each key one mail.

CREATE TABLE reminder_mails (
    -- In the order of queueing.
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    -- Also the left part of its Message-ID.
    id TEXT NOT NULL UNIQUE,
    address TEXT NOT NULL,
    name TEXT NOT NULL,
    subject TEXT NOT NULL,
    body TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('queued', 'claimed', 'sent', 'failed', 'withdrawn')),
    queued_at INTEGER NOT NULL,
    n_tries INTEGER NOT NULL DEFAULT 0,
    -- Tries of which nobody knows how they ended: it may have arrived.
    n_cut_off INTEGER NOT NULL DEFAULT 0,
    last_error TEXT,
    not_before INTEGER NOT NULL,
    -- Who is sending it, and until when it is theirs.
    claimed_by TEXT,
    claimed_until INTEGER,
    sent_at INTEGER,
    CHECK ((state = 'claimed') = (claimed_by IS NOT NULL)),
    CHECK ((claimed_by IS NULL) = (claimed_until IS NULL)),
    CHECK ((state = 'sent') = (sent_at IS NOT NULL))
) STRICT;
CREATE INDEX reminder_mails_unsent ON reminder_mails (state, not_before)
WHERE state IN ('queued', 'claimed', 'failed');
CREATE TRIGGER reminder_mails_that_were_sent_stay BEFORE UPDATE ON reminder_mails WHEN old.state = 'sent'
BEGIN
    SELECT RAISE (ABORT, 'a mail that was sent stays as it was');
END;

CREATE TABLE reminder_keys (
    key TEXT NOT NULL PRIMARY KEY,
    mail TEXT NOT NULL REFERENCES reminder_mails (id) DEFERRABLE INITIALLY DEFERRED,
    -- Day that it reminds of.
    due_on TEXT NOT NULL
) STRICT;
CREATE INDEX reminder_keys_of_mail ON reminder_keys (mail);
CREATE INDEX reminder_keys_by_day ON reminder_keys (due_on);
