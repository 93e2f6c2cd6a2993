//! From what is wanted and what is known to what is queued: new mails, mails that are told anew, mails that are
//! withdrawn.
//!
//! A mail keeps its id once it is queued, so that a second sending after a crash is recognised. Whatever isn't sent yet
//! is told anew each time, since days pass.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::{Line, Wanted, words};

/// What is known of reminders.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Kept {
    /// Keys that belong to a mail, sent or not.
    pub keys: BTreeSet<String>,
    /// Mails that are neither sent nor withdrawn.
    pub unsent: Vec<KeptMail>,
}

/// A mail in the queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KeptMail {
    /// Stable, unguessable without the address, and good as the left part of a Message-ID.
    pub id: String,
    pub address: String,
    /// Name of the recipient; may be empty.
    pub name: String,
    pub subject: String,
    pub body: String,
    pub keys: BTreeSet<String>,
    pub state: MailState,
    pub queued_at: DateTime<Utc>,
    /// How often sending it was begun.
    pub n_tries: u32,
    /// How often it was begun and nobody told how it ended: it may have arrived.
    pub n_cut_off: u32,
    pub last_error: Option<String>,
    pub not_before: DateTime<Utc>,
    pub sent_at: Option<DateTime<Utc>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum MailState {
    /// To be sent, now or later.
    Queued,
    /// Somebody is sending it.
    Claimed,
    Sent,
    /// The server refused it for good.
    Failed,
    /// Not needed any more before it was sent.
    Withdrawn,
}

impl MailState {
    pub const ALL: [MailState; 5] =
        [MailState::Queued, MailState::Claimed, MailState::Sent, MailState::Failed, MailState::Withdrawn];

    pub fn as_str(self) -> &'static str {
        match self {
            MailState::Queued => "queued",
            MailState::Claimed => "claimed",
            MailState::Sent => "sent",
            MailState::Failed => "failed",
            MailState::Withdrawn => "withdrawn",
        }
    }

    pub fn parse(text: &str) -> Option<MailState> {
        MailState::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// A change of the queue, stored in one transaction.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct MailChange {
    pub new: Vec<NewMail>,
    pub revised: Vec<RevisedMail>,
    pub withdrawn: Vec<WithdrawnMail>,
}

impl MailChange {
    pub fn is_empty(&self) -> bool {
        self.new.is_empty() && self.revised.is_empty() && self.withdrawn.is_empty()
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NewMail {
    pub id: String,
    pub address: String,
    pub name: String,
    pub subject: String,
    pub body: String,
    /// With the day on which each falls due, until which it must be remembered.
    pub keys: BTreeMap<String, NaiveDate>,
}

/// A mail that isn't sent yet and says something else now. Its keys only ever get fewer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RevisedMail {
    pub id: String,
    pub subject: String,
    pub body: String,
    pub keys: BTreeSet<String>,
}

/// A mail of which nothing holds any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WithdrawnMail {
    pub id: String,
    pub address: String,
}

/// What is to change in the queue.
pub fn plan(wanted: &Wanted, kept: &Kept, day: NaiveDate, issuer: &str) -> MailChange {
    let by_key: BTreeMap<&str, &Line> = wanted.lines.iter().map(|line| (line.key.as_str(), line)).collect();
    let mut change = MailChange::default();
    for mail in &kept.unsent {
        let mut lines: Vec<&Line> =
            mail.keys.iter().filter_map(|key| by_key.get(key.as_str()).copied()).collect();
        sort(&mut lines);
        match mail.state {
            // Whoever is sending it has its words.
            MailState::Claimed | MailState::Sent | MailState::Withdrawn => {}
            MailState::Queued | MailState::Failed if lines.is_empty() => {
                let (id, address) = (mail.id.clone(), mail.address.clone());
                change.withdrawn.push(WithdrawnMail { id, address });
            }
            MailState::Queued => {
                let (subject, body) = words::mail(&lines, day, issuer);
                let keys: BTreeSet<String> = lines.iter().map(|line| line.key.clone()).collect();
                if (&subject, &body, &keys) != (&mail.subject, &mail.body, &mail.keys) {
                    change.revised.push(RevisedMail { id: mail.id.clone(), subject, body, keys });
                }
            }
            MailState::Failed => {}
        }
    }
    let mut by_address: BTreeMap<String, Vec<&Line>> = BTreeMap::new();
    for line in wanted.lines.iter().filter(|line| !kept.keys.contains(&line.key)) {
        by_address.entry(line.address.to_lowercase()).or_default().push(line);
    }
    change.new = by_address.into_values().filter_map(|lines| new_mail(lines, day, issuer)).collect();
    change
}

fn new_mail(mut lines: Vec<&Line>, day: NaiveDate, issuer: &str) -> Option<NewMail> {
    sort(&mut lines);
    let first = lines.first()?;
    let (address, name) = (first.address.clone(), first.name.clone());
    let (subject, body) = words::mail(&lines, day, issuer);
    let keys: BTreeMap<String, NaiveDate> =
        lines.iter().map(|line| (line.key.clone(), line.item.on)).collect();
    Some(NewMail { id: id(day, &keys), address, name, subject, body, keys })
}

/// The nearest day first; the holder's own before those of others.
fn sort(lines: &mut [&Line]) {
    lines.sort_by_key(|line| (line.item.on, line.because, &line.key));
}

/// The same for the same reminders queued on the same day, by whomever.
fn id(day: NaiveDate, keys: &BTreeMap<String, NaiveDate>) -> String {
    let mut hash = Sha256::new();
    hash.update(day.to_string());
    for key in keys.keys() {
        hash.update([0]);
        hash.update(key);
    }
    hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// When a mail is tried again after so many tries: after five minutes at first, twice as long each time, six hours
/// at most. It ends with the reminder itself, which is withdrawn once it is out of date.
pub fn next_try(n_tries: u32, now: DateTime<Utc>) -> DateTime<Utc> {
    let doublings = n_tries.saturating_sub(1).min(7);
    let minutes = (5i64 << doublings).min(360);
    now + TimeDelta::minutes(minutes)
}
