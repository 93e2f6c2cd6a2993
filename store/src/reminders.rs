//! The queue of reminders: whoever takes a mail has it alone, and what was being sent when somebody died is taken up
//! again.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, Utc};
use registry::ports::StoreError;
use sqlx::FromRow;
use training::ports::{Claim, Queued, ReminderStore, SendEnd};
use training::reminders::{Kept, KeptMail, MailChange, MailState, NewMail, RevisedMail, WithdrawnMail};

use crate::column::{self, RowRef};
use crate::fault;
use crate::sqlite::{SqliteStore, Tx};

const TABLE: &str = "reminder_mails";

impl ReminderStore for SqliteStore {
    type Error = StoreError;

    async fn load_reminders(&self, since: NaiveDate) -> Result<Kept, StoreError> {
        let mut tx = self.read().await?;
        let keys: Vec<String> = sqlx::query_scalar("SELECT key FROM reminder_keys WHERE due_on >= $1")
            .bind(since.to_string())
            .fetch_all(&mut *tx)
            .await
            .map_err(fault::at("reminder_keys"))?;
        let sql = "SELECT * FROM reminder_mails WHERE state IN ('queued', 'claimed', 'failed') ORDER BY seq";
        let rows: Vec<Row> = sqlx::query_as(sql).fetch_all(&mut *tx).await.map_err(fault::at(TABLE))?;
        let sql = "SELECT key, mail FROM reminder_keys WHERE mail IN \
                   (SELECT id FROM reminder_mails WHERE state IN ('queued', 'claimed', 'failed'))";
        let pairs: Vec<(String, String)> =
            sqlx::query_as(sql).fetch_all(&mut *tx).await.map_err(fault::at("reminder_keys"))?;
        let mut by_mail: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (key, mail) in pairs {
            by_mail.entry(mail).or_default().insert(key);
        }
        let unsent = rows.into_iter().map(|row| {
            let keys = by_mail.remove(&row.id).unwrap_or_default();
            row.read(keys)
        });
        Ok(Kept { keys: keys.into_iter().collect(), unsent: unsent.collect::<Result<_, _>>()? })
    }

    async fn queue_reminders(&self, change: &MailChange, at: DateTime<Utc>) -> Result<Queued, StoreError> {
        let mut tx = self.begin().await?;
        let mut queued = Queued::default();
        for mail in &change.withdrawn {
            queued.n_withdrawn += u32::from(withdraw(&mut tx, mail).await?);
        }
        for mail in &change.revised {
            queued.n_revised += u32::from(revise(&mut tx, mail).await?);
        }
        for mail in &change.new {
            match add(&mut tx, mail, at).await? {
                true => queued.n_new += 1,
                false => queued.n_known += 1,
            }
        }
        tx.commit().await.map_err(fault::at(TABLE))?;
        Ok(queued)
    }

    async fn claim_reminder(&self, claim: &Claim<'_>) -> Result<Option<KeptMail>, StoreError> {
        let mut tx = self.begin().await?;
        let sql = "UPDATE reminder_mails SET \
                   n_cut_off = n_cut_off + (state = 'claimed'), n_tries = n_tries + 1, \
                   state = 'claimed', claimed_by = $1, claimed_until = $2 \
                   WHERE seq = (SELECT seq FROM reminder_mails \
                   WHERE (state = 'queued' AND not_before <= $3) OR (state = 'claimed' AND claimed_until <= $3) \
                   ORDER BY seq LIMIT 1) RETURNING *";
        let row: Option<Row> = sqlx::query_as(sql)
            .bind(claim.by)
            .bind(column::ms(claim.until))
            .bind(column::ms(claim.now))
            .fetch_optional(&mut *tx)
            .await
            .map_err(fault::at(TABLE))?;
        let Some(row) = row else { return Ok(None) };
        let keys: Vec<String> = sqlx::query_scalar("SELECT key FROM reminder_keys WHERE mail = $1")
            .bind(&row.id)
            .fetch_all(&mut *tx)
            .await
            .map_err(fault::at("reminder_keys"))?;
        let mail = row.read(keys.into_iter().collect())?;
        tx.commit().await.map_err(fault::at(TABLE))?;
        Ok(Some(mail))
    }

    async fn finish_reminder(&self, mail: &str, by: &str, end: &SendEnd) -> Result<bool, StoreError> {
        let mut tx = self.begin().await?;
        let (state, error, not_before, sent_at, is_unsure) = match end {
            SendEnd::Sent { at } => (MailState::Sent, None, None, Some(*at), false),
            SendEnd::Later { error, not_before, may_have_arrived } => {
                (MailState::Queued, Some(error), Some(*not_before), None, *may_have_arrived)
            }
            SendEnd::Refused { error } => (MailState::Failed, Some(error), None, None, false),
        };
        let sql = "UPDATE reminder_mails SET state = $3, last_error = $4, not_before = coalesce($5, not_before), \
                   sent_at = $6, n_cut_off = n_cut_off + $7, claimed_by = NULL, claimed_until = NULL \
                   WHERE id = $1 AND state = 'claimed' AND claimed_by = $2";
        let done = sqlx::query(sql)
            .bind(mail)
            .bind(by)
            .bind(state.as_str())
            .bind(error)
            .bind(not_before.map(column::ms))
            .bind(sent_at.map(column::ms))
            .bind(is_unsure)
            .execute(&mut *tx)
            .await
            .map_err(fault::at(TABLE))?;
        tx.commit().await.map_err(fault::at(TABLE))?;
        Ok(done.rows_affected() == 1)
    }

    async fn take_back_reminders(&self, at: DateTime<Utc>) -> Result<u32, StoreError> {
        let sql = "UPDATE reminder_mails SET state = 'queued', n_cut_off = n_cut_off + 1, not_before = $1, \
                   claimed_by = NULL, claimed_until = NULL WHERE state = 'claimed'";
        requeue(self, sql, at).await
    }

    async fn retry_refused_reminders(&self, at: DateTime<Utc>) -> Result<u32, StoreError> {
        let sql = "UPDATE reminder_mails SET state = 'queued', not_before = $1 WHERE state = 'failed'";
        requeue(self, sql, at).await
    }
}

async fn requeue(store: &SqliteStore, sql: &'static str, at: DateTime<Utc>) -> Result<u32, StoreError> {
    let mut tx = store.begin().await?;
    let done = sqlx::query(sql).bind(column::ms(at)).execute(&mut *tx).await.map_err(fault::at(TABLE))?;
    tx.commit().await.map_err(fault::at(TABLE))?;
    Ok(u32::try_from(done.rows_affected()).unwrap_or(u32::MAX))
}

/// Whether it was new.
async fn add(tx: &mut Tx, mail: &NewMail, at: DateTime<Utc>) -> Result<bool, StoreError> {
    let what = || format!("reminder {}", mail.id);
    let keys: Vec<&String> = mail.keys.keys().collect();
    let known = "SELECT EXISTS (SELECT 1 FROM reminder_keys WHERE key IN (SELECT value FROM json_each($1))) \
                 OR EXISTS (SELECT 1 FROM reminder_mails WHERE id = $2)";
    let known: bool = sqlx::query_scalar(known)
        .bind(column::json(&keys))
        .bind(&mail.id)
        .fetch_one(&mut **tx)
        .await
        .map_err(fault::at(what()))?;
    if known {
        return Ok(false);
    }
    let sql = "INSERT INTO reminder_mails (id, address, name, subject, body, state, queued_at, not_before) \
               VALUES ($1, $2, $3, $4, $5, 'queued', $6, $6)";
    sqlx::query(sql)
        .bind(&mail.id)
        .bind(&mail.address)
        .bind(&mail.name)
        .bind(&mail.subject)
        .bind(&mail.body)
        .bind(column::ms(at))
        .execute(&mut **tx)
        .await
        .map_err(fault::at(what()))?;
    let sql = "INSERT INTO reminder_keys (key, mail, due_on) SELECT key, $2, value FROM json_each($1)";
    sqlx::query(sql)
        .bind(column::json(&mail.keys))
        .bind(&mail.id)
        .execute(&mut **tx)
        .await
        .map_err(fault::at(what()))?;
    Ok(true)
}

/// Whether it still waited.
async fn revise(tx: &mut Tx, mail: &RevisedMail) -> Result<bool, StoreError> {
    let what = || format!("reminder {}", mail.id);
    let sql = "UPDATE reminder_mails SET subject = $2, body = $3 WHERE id = $1 AND state = 'queued'";
    let done = sqlx::query(sql)
        .bind(&mail.id)
        .bind(&mail.subject)
        .bind(&mail.body)
        .execute(&mut **tx)
        .await
        .map_err(fault::at(what()))?;
    if done.rows_affected() == 0 {
        return Ok(false);
    }
    let sql = "DELETE FROM reminder_keys WHERE mail = $1 AND key NOT IN (SELECT value FROM json_each($2))";
    sqlx::query(sql)
        .bind(&mail.id)
        .bind(column::json(&mail.keys))
        .execute(&mut **tx)
        .await
        .map_err(fault::at(what()))?;
    Ok(true)
}

/// Whether it still waited. The keys of a mail that can't have arrived are free again.
async fn withdraw(tx: &mut Tx, mail: &WithdrawnMail) -> Result<bool, StoreError> {
    let what = || format!("reminder {}", mail.id);
    let sql = "UPDATE reminder_mails SET state = 'withdrawn' WHERE id = $1 AND state IN ('queued', 'failed')";
    let done =
        sqlx::query(sql).bind(&mail.id).execute(&mut **tx).await.map_err(fault::at(what()))?.rows_affected();
    let sql = "DELETE FROM reminder_keys WHERE mail IN \
               (SELECT id FROM reminder_mails WHERE id = $1 AND state = 'withdrawn' AND n_cut_off = 0)";
    sqlx::query(sql).bind(&mail.id).execute(&mut **tx).await.map_err(fault::at(what()))?;
    Ok(done == 1)
}

#[derive(FromRow)]
struct Row {
    id: String,
    address: String,
    name: String,
    subject: String,
    body: String,
    state: String,
    queued_at: i64,
    n_tries: i64,
    n_cut_off: i64,
    last_error: Option<String>,
    not_before: i64,
    sent_at: Option<i64>,
}

impl Row {
    fn read(self, keys: BTreeSet<String>) -> Result<KeptMail, StoreError> {
        let row = RowRef { table: TABLE, id: &self.id };
        Ok(KeptMail {
            state: row.word("state", &self.state, MailState::parse)?,
            queued_at: row.instant("queued_at", self.queued_at)?,
            n_tries: row.number("n_tries", self.n_tries)?,
            n_cut_off: row.number("n_cut_off", self.n_cut_off)?,
            not_before: row.instant("not_before", self.not_before)?,
            sent_at: row.instant_some("sent_at", self.sent_at)?,
            last_error: self.last_error,
            keys,
            address: self.address,
            name: self.name,
            subject: self.subject,
            body: self.body,
            id: self.id,
        })
    }
}
