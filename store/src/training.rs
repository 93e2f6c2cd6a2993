//! Training records: loaded whole, changed by upserts under a revision; what was issued is never rewritten.

mod shelf;

use std::collections::BTreeMap;

use model::id::PostCertificateId;
use registry::ports::StoreError;
use serde_json::json;
use training::certificates::{CertificateAct, CertificateEvent, PostCertificate};
use training::ports::{Applied, LogLine, TrainingStore};
use training::records::{Change, Records};

use self::shelf::{load, put};
use crate::column::{self, RowRef};
use crate::sqlite::{SqliteStore, Tx};
use crate::{fault, outbox};

impl TrainingStore for SqliteStore {
    type Error = StoreError;

    async fn load_training(&self) -> Result<Records, StoreError> {
        let mut tx = self.read().await?;
        let revision = revision(&mut tx).await?;
        Ok(Records {
            revision,
            staff: load(&mut tx).await?,
            holdings: load(&mut tx).await?,
            terms: load(&mut tx).await?,
            sittings: load(&mut tx).await?,
            attendance: load(&mut tx).await?,
            attempts: load(&mut tx).await?,
            waivers: load(&mut tx).await?,
            certificates: certificates(&mut tx).await?,
            events: events(&mut tx).await?,
        })
    }

    async fn apply_training(
        &self,
        change: &Change,
        decided_on: u64,
        log: &LogLine,
    ) -> Result<Applied, StoreError> {
        let mut tx = self.begin().await?;
        let step = sqlx::query(
            "UPDATE training_revision SET revision = revision + 1 WHERE one = 1 AND revision = $1",
        );
        let step = step.bind(column::count(decided_on)).execute(&mut *tx).await;
        if step.map_err(fault::at("training_revision"))?.rows_affected() == 0 {
            return Ok(Applied::Stale);
        }
        put(&mut tx, &change.staff).await?;
        put(&mut tx, &change.holdings).await?;
        put(&mut tx, &change.terms).await?;
        put(&mut tx, &change.sittings).await?;
        put(&mut tx, &change.attendance).await?;
        put(&mut tx, &change.attempts).await?;
        put(&mut tx, &change.waivers).await?;
        // What is replaced makes room for what replaces it.
        for event in change.events.iter().filter(|event| event.what == CertificateAct::Replaced) {
            let retire = sqlx::query("UPDATE post_certificates SET is_live = 0 WHERE id = $1");
            let retire = retire.bind(event.certificate.to_string()).execute(&mut *tx).await;
            retire.map_err(fault::at(format!("certificate {}", event.certificate)))?;
        }
        for certificate in &change.certificates {
            write_certificate(&mut tx, certificate).await?;
        }
        for event in &change.events {
            let add = sqlx::query("INSERT INTO post_certificate_events (certificate, body) VALUES ($1, $2)");
            let add = add.bind(event.certificate.to_string()).bind(column::json(event));
            add.execute(&mut *tx)
                .await
                .map_err(fault::at(format!("an event of certificate {}", event.certificate)))?;
        }
        write_log(&mut tx, log).await?;
        let event = json!({ "action": log.action, "entries": change.len(), "certificates": change.certificates.len() });
        outbox::post(&mut tx, log.at, "training.changed", &event).await?;
        // References are checked here, once all of the change is in.
        tx.commit().await.map_err(fault::at("what the training records refer to"))?;
        Ok(Applied::Done { revision: decided_on + 1 })
    }

    async fn keep_file(
        &self,
        certificate: PostCertificateId,
        form: &str,
        sha256: &str,
    ) -> Result<(), StoreError> {
        let what = || format!("the files of certificate {certificate}");
        let mut tx = self.begin().await?;
        let kept: Option<String> = sqlx::query_scalar("SELECT files FROM post_certificates WHERE id = $1")
            .bind(certificate.to_string())
            .fetch_optional(&mut *tx)
            .await
            .map_err(fault::at(what()))?;
        let unknown =
            || StoreError::Conflict { what: format!("{}, which is not known,", what()), source: None };
        let kept = kept.ok_or_else(unknown)?;
        let id = certificate.to_string();
        let row = RowRef { table: "post_certificates", id: &id };
        let mut files: BTreeMap<String, String> = row.json("files", &kept)?;
        match files.insert(form.to_owned(), sha256.to_owned()) {
            Some(old) if old == sha256 => return Ok(()),
            Some(_) => {
                return Err(StoreError::Conflict { what: format!("{form} among {}", what()), source: None });
            }
            None => {}
        }
        sqlx::query("UPDATE post_certificates SET files = $2 WHERE id = $1")
            .bind(&id)
            .bind(column::json(&files))
            .execute(&mut *tx)
            .await
            .map_err(fault::at(what()))?;
        tx.commit().await.map_err(fault::at(what()))
    }

    async fn log_training(&self, log: &LogLine) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        write_log(&mut tx, log).await?;
        tx.commit().await.map_err(fault::at("training_log"))
    }

    async fn training_log(&self, n: u32) -> Result<Vec<LogLine>, StoreError> {
        let mut tx = self.read().await?;
        let sql = "SELECT id, at, actor, action, detail, reason FROM training_log ORDER BY id DESC LIMIT $1";
        let rows: Vec<(i64, i64, String, String, String, String)> = sqlx::query_as(sql)
            .bind(i64::from(n))
            .fetch_all(&mut *tx)
            .await
            .map_err(fault::at("training_log"))?;
        let lines = rows.into_iter().map(|(id, at, actor, action, detail, reason)| {
            let id = id.to_string();
            let row = RowRef { table: "training_log", id: &id };
            Ok(LogLine { at: row.instant("at", at)?, actor, action, detail, reason })
        });
        lines.collect()
    }
}

async fn revision(tx: &mut Tx) -> Result<u64, StoreError> {
    let revision: i64 = sqlx::query_scalar("SELECT revision FROM training_revision WHERE one = 1")
        .fetch_one(&mut **tx)
        .await
        .map_err(fault::at("training_revision"))?;
    RowRef { table: "training_revision", id: "1" }.number("revision", revision)
}

async fn write_log(tx: &mut Tx, log: &LogLine) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO training_log (at, actor, action, detail, reason) VALUES ($1, $2, $3, $4, $5)")
        .bind(column::ms(log.at))
        .bind(&log.actor)
        .bind(&log.action)
        .bind(&log.detail)
        .bind(&log.reason)
        .execute(&mut **tx)
        .await
        .map_err(fault::at("training_log"))?;
    Ok(())
}

/// A certificate that is there already is a conflict: it stays as it was issued.
async fn write_certificate(tx: &mut Tx, certificate: &PostCertificate) -> Result<(), StoreError> {
    let PostCertificate { id, staff, category, serial, .. } = certificate;
    let what = || format!("certificate {serial} of period {}", certificate.period);
    sqlx::query(
        "INSERT INTO post_serials (serial, staff, category) VALUES ($1, $2, $3) \
         ON CONFLICT (serial, staff, category) DO NOTHING",
    )
    .bind(serial)
    .bind(staff.to_string())
    .bind(category)
    .execute(&mut **tx)
    .await
    .map_err(fault::at(what()))?;
    sqlx::query(
        "INSERT INTO post_certificates (id, staff, category, serial, period, edition, token, body, files) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(id.to_string())
    .bind(staff.to_string())
    .bind(category)
    .bind(serial)
    .bind(i64::from(certificate.period))
    .bind(i64::from(certificate.edition))
    .bind(&certificate.token)
    .bind(column::json(certificate))
    .bind(column::json(&certificate.files))
    .execute(&mut **tx)
    .await
    .map_err(fault::at(what()))?;
    Ok(())
}

async fn certificates(tx: &mut Tx) -> Result<Vec<PostCertificate>, StoreError> {
    let rows: Vec<(String, String, String)> =
        sqlx::query_as("SELECT id, body, files FROM post_certificates ORDER BY id")
            .fetch_all(&mut **tx)
            .await
            .map_err(fault::at("post_certificates"))?;
    let read = rows.iter().map(|(id, body, files)| {
        let row = RowRef { table: "post_certificates", id };
        let files = row.json("files", files)?;
        Ok(PostCertificate { files, ..row.json("body", body)? })
    });
    read.collect()
}

async fn events(tx: &mut Tx) -> Result<Vec<CertificateEvent>, StoreError> {
    let rows: Vec<(i64, String)> = sqlx::query_as("SELECT id, body FROM post_certificate_events ORDER BY id")
        .fetch_all(&mut **tx)
        .await
        .map_err(fault::at("post_certificate_events"))?;
    let read = rows.iter().map(|(id, body)| {
        RowRef { table: "post_certificate_events", id: &id.to_string() }.json("body", body)
    });
    read.collect()
}
