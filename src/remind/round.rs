//! One round of sending: takes each mail that may be sent now, carries it, writes down how that ended.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use training::ports::{Claim, ReminderStore, SendEnd};
use training::reminders::{KeptMail, next_try};

use super::letter::letter;
use super::postman::{Delivery, Postman};
use super::settings::MailSettings;

/// What became of each mail of a round.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Round {
    pub sent: Vec<SentMail>,
    pub deferred: Vec<UnsentMail>,
    pub refused: Vec<UnsentMail>,
    /// Where the server couldn't be used, or a session broke: what is left waits for the next round.
    pub stopped: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SentMail {
    pub address: String,
    pub subject: String,
    /// An earlier try was cut off and may have arrived as well, with the same Message-ID.
    pub may_be_twice: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UnsentMail {
    pub address: String,
    pub subject: String,
    pub error: String,
    /// It was given away and nobody answered.
    pub may_have_arrived: bool,
    pub next_try_at: Option<DateTime<Utc>>,
}

/// A round ends after so many mails in a row that no server took or refused.
const FAILURES_IN_A_ROW: u32 = 3;

/// Sends what may be sent. `by` is this process's own; `now` is asked anew for each mail.
pub async fn send_all<S: ReminderStore>(
    store: &S,
    settings: &MailSettings,
    by: &str,
    now: impl Fn() -> DateTime<Utc> + Send,
) -> Result<Round, S::Error> {
    let mut postman = Postman::new(settings.clone());
    let mut round = Round::default();
    let mut n_failures = 0;
    // A session and a mail may each take their time, and so may a second session where the first had ended.
    let seconds = i64::try_from(settings.timeout.as_secs()).unwrap_or(3600);
    let whole = TimeDelta::seconds(seconds.min(3600) * 4 + 10);
    loop {
        let begun = now();
        let claim = Claim { by, now: begun, until: begun + whole };
        let Some(mail) = store.claim_reminder(&claim).await? else { break };
        let (end, is_failure) = carry(&mut postman, settings, &mail, &now).await;
        let is_ours = store.finish_reminder(&mail.id, by, &end).await?;
        tell(&mut round, &mail, &end, is_ours);
        n_failures = if is_failure { n_failures + 1 } else { 0 };
        if n_failures >= FAILURES_IN_A_ROW {
            round.stopped = round.deferred.last().map(|mail| mail.error.clone());
            break;
        }
    }
    postman.finish().await;
    Ok(round)
}

/// How it ended, and whether that speaks against the server rather than the mail.
async fn carry(
    postman: &mut Postman,
    settings: &MailSettings,
    mail: &KeptMail,
    now: &(impl Fn() -> DateTime<Utc> + Send),
) -> (SendEnd, bool) {
    let letter = match letter(mail, &settings.sender) {
        Ok(letter) => letter,
        Err(error) => return (SendEnd::Refused { error: error.to_string() }, false),
    };
    let delivery = postman.carry(&letter).await;
    let later = |error: String, may_have_arrived| SendEnd::Later {
        error,
        not_before: next_try(mail.n_tries, now()),
        may_have_arrived,
    };
    match delivery {
        Delivery::Accepted => (SendEnd::Sent { at: now() }, false),
        Delivery::Refused(fault) => (SendEnd::Refused { error: fault.to_string() }, false),
        Delivery::Deferred(fault) => (later(fault.to_string(), false), false),
        Delivery::NotSent(fault) => (later(fault.to_string(), false), true),
        Delivery::Unsure(fault) => (later(fault.to_string(), true), true),
    }
}

fn tell(round: &mut Round, mail: &KeptMail, end: &SendEnd, is_ours: bool) {
    let (address, subject) = (mail.address.clone(), mail.subject.clone());
    let unsent = |error: &str, may_have_arrived, next_try_at| UnsentMail {
        address: address.clone(),
        subject: subject.clone(),
        error: error.to_owned(),
        may_have_arrived,
        next_try_at,
    };
    match end {
        SendEnd::Sent { .. } => {
            // Where it was no longer ours, another sends it too.
            let may_be_twice = mail.n_cut_off > 0 || !is_ours;
            round.sent.push(SentMail { address, subject, may_be_twice });
        }
        SendEnd::Later { error, not_before, may_have_arrived } => {
            round.deferred.push(unsent(error, *may_have_arrived, Some(*not_before)));
        }
        SendEnd::Refused { error } => round.refused.push(unsent(error, false, None)),
    }
}
