//! `sentrypost audit`: who imported what, and what was refused to whom.

use registry::ports::{AuditEntry, AuditStore};
use serde::Serialize;

use crate::cli::{self, Global};
use crate::exit::{Exit, OrExit, Outcome};
use crate::output::{self, Columns};
use crate::session::{OrStoreFailure, Session};

/// An entry as JSON shows it.
#[derive(Serialize)]
struct Entry<'a> {
    at: chrono::DateTime<chrono::Utc>,
    actor: &'a str,
    action: &'static str,
    detail: &'a str,
}

pub async fn run(global: &Global, asked: &cli::Audit) -> Outcome {
    let session = Session::open_to_read(global).await?;
    let entries = session.store.latest(asked.n).await.or_store_failure()?;
    if asked.format.json {
        let entries = entries.iter().map(|entry| Entry {
            at: entry.at,
            actor: &entry.actor,
            action: entry.action.as_str(),
            detail: &entry.detail,
        });
        output::json("sentrypost-audit/1", &entries.collect::<Vec<_>>()).or_exit(Exit::Internal)?;
        return Ok(Exit::Done);
    }
    let columns = Columns { headers: &["at (China)", "who", "what", "detail"], numbers: &[] };
    let row = |entry: &AuditEntry| {
        vec![
            output::instant(entry.at),
            entry.actor.clone(),
            entry.action.as_str().to_owned(),
            entry.detail.clone(),
        ]
    };
    output::table(&columns, entries.iter().map(row));
    Ok(Exit::Done)
}
