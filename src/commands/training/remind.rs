//! `sentrypost training remind`: plan, queue and send reminders; write digests and calendars.

use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;

use chrono::{Days, NaiveDate};
use serde::Serialize;
use training::ports::{ReminderStore, TrainingStore};
use training::records::Book;
use training::reminders::{
    Asked, Because, Kept, KeptMail, MailChange, MailState, Unreachable, WhyNot, plan, wanted,
};

use crate::cli::{Global, Remind};
use crate::clock::{self, SystemMint};
use crate::desk::Desk;
use crate::exit::{Exit, Failure, OrExit, Outcome};
use crate::output::{self, Columns};
use crate::remind::{
    Basis, MailSettings, MailSettingsError, PASSWORD_VARIABLE, Round, Written, is_address, send_all,
    write_calendar, write_digests,
};
use crate::session::OrStoreFailure;

pub async fn run(global: &Global, asked: &Remind) -> Outcome {
    let settings = asked.mail.as_ref().map(|path| read_settings(path)).transpose()?;
    let sends = settings.filter(|_| !asked.dry_run);
    let desk = match &sends {
        Some(_) => Desk::open(global).await?,
        None => Desk::open_to_read(global).await?,
    };
    let day = asked.on.on.unwrap_or_else(|| desk.session.today());
    let question = Asked { scheme: &desk.scheme, register: &desk.register, day, is_address: &is_address };
    let book = Book::of(&desk.records);
    let wanted = wanted(&book, question);
    let mut told = Told { day, unreachable: wanted.unreachable.clone(), ..Told::default() };
    if let Some(settings) = &sends {
        // While it is held nobody sends: what is claimed is a dead process's.
        let _hold = desk.session.data.hold_reminders()?;
        let store = &desk.session.store;
        told.n_taken_back = store.take_back_reminders(clock::now()).await.or_store_failure()?;
        if asked.retry_refused {
            store.retry_refused_reminders(clock::now()).await.or_store_failure()?;
        }
        let change = plan(&wanted, &kept(&desk, day).await?, day, &desk.scheme.issuer);
        let queued = store.queue_reminders(&change, clock::now()).await.or_store_failure()?;
        told.n_withdrawn = queued.n_withdrawn;
        let by = model::id::Mint::mint(&mut SystemMint).to_string();
        let round = send_all(store, settings, &by, clock::now).await.or_store_failure()?;
        if !round.sent.is_empty() {
            let detail = format!("{} reminders sent", round.sent.len());
            store.log_training(&desk.line("reminded", detail, "")).await.or_store_failure()?;
        }
        told.round = Some(round);
        told.waiting = kept(&desk, day).await?.unsent.iter().map(Mail::of).collect();
    } else {
        let kept = kept(&desk, day).await?;
        told.planned = planned(&kept, plan(&wanted, &kept, day, &desk.scheme.issuer));
    }
    write_files(&desk, &book, question, asked, &mut told).await?;
    told.show(asked)?;
    Ok(told.exit())
}

async fn write_files(
    desk: &Desk,
    book: &Book<'_>,
    question: Asked<'_>,
    asked: &Remind,
    told: &mut Told,
) -> Result<(), Failure> {
    let exposed = match &asked.digest {
        Some(_) => desk.exposed().await?,
        None => HashSet::new(),
    };
    let basis = Basis { book, asked: question, exposed: &exposed, now: clock::now() };
    if let Some(folder) = &asked.digest {
        told.digests = Some(write_digests(folder, &desk.session.data.fonts(), basis)?);
    }
    if let Some(path) = &asked.ical {
        write_calendar(path, basis)?;
        told.calendar = Some(path.clone());
    }
    Ok(())
}

fn read_settings(path: &std::path::Path) -> Result<MailSettings, Failure> {
    let doing = format!("can't use the mail settings {}", path.display());
    MailSettings::read(path, std::env::var(PASSWORD_VARIABLE).ok()).map_err(|error| {
        let exit = match &error {
            MailSettingsError::Unreadable(..) => Exit::NotFound,
            _ => Exit::BadInput,
        };
        Failure { exit, error: anyhow::Error::from(error).context(doing) }
    })
}

/// What is known of reminders of days that may still come up.
async fn kept(desk: &Desk, day: NaiveDate) -> Result<Kept, Failure> {
    let horizon = desk.scheme.reminders.days_before.iter().copied().max().unwrap_or(0);
    let since = day.checked_sub_days(Days::new(horizon.into())).unwrap_or(NaiveDate::MIN);
    desk.session.store.load_reminders(since).await.or_store_failure()
}

/// What came of it, also as JSON shows it.
#[derive(Default, Serialize)]
struct Told {
    day: NaiveDate,
    /// Without sending: what would wait to be sent.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    planned: Vec<Mail>,
    #[serde(skip_serializing_if = "Option::is_none")]
    round: Option<Round>,
    /// Left by a process that ended while it was sending.
    n_taken_back: u32,
    /// Not needed any more before they were sent.
    n_withdrawn: u32,
    /// Waits for a later try, or was refused for good.
    waiting: Vec<Mail>,
    unreachable: Vec<Unreachable>,
    #[serde(skip_serializing_if = "Option::is_none")]
    digests: Option<Written>,
    #[serde(skip_serializing_if = "Option::is_none")]
    calendar: Option<PathBuf>,
}

#[derive(Serialize)]
struct Mail {
    address: String,
    name: String,
    subject: String,
    body: String,
    state: MailState,
    error: Option<String>,
    n_tries: u32,
}

impl Mail {
    fn of(kept: &KeptMail) -> Mail {
        Mail {
            address: kept.address.clone(),
            name: kept.name.clone(),
            subject: kept.subject.clone(),
            body: kept.body.clone(),
            state: kept.state,
            error: kept.last_error.clone(),
            n_tries: kept.n_tries,
        }
    }
}

/// What the queue would hold after the change.
fn planned(kept: &Kept, change: MailChange) -> Vec<Mail> {
    let mut revised: BTreeMap<_, _> =
        change.revised.into_iter().map(|mail| (mail.id.clone(), mail)).collect();
    let stays = kept.unsent.iter().filter(|mail| !change.withdrawn.iter().any(|gone| gone.id == mail.id));
    let stays = stays.map(|mail| match revised.remove(&mail.id) {
        Some(new) => Mail { subject: new.subject, body: new.body, ..Mail::of(mail) },
        None => Mail::of(mail),
    });
    let mut planned: Vec<Mail> = stays.collect();
    planned.extend(change.new.into_iter().map(|new| Mail {
        address: new.address,
        name: new.name,
        subject: new.subject,
        body: new.body,
        state: MailState::Queued,
        error: None,
        n_tries: 0,
    }));
    planned
}

impl Told {
    fn exit(&self) -> Exit {
        let is_incomplete =
            !self.waiting.is_empty() || self.digests.as_ref().is_some_and(|d| !d.faults.is_empty());
        if is_incomplete { Exit::Partial } else { Exit::Done }
    }

    fn show(&self, asked: &Remind) -> Result<(), Failure> {
        if asked.format.json {
            return output::json("sentrypost-training-remind/1", self).or_exit(Exit::Internal);
        }
        let columns = Columns { headers: &["to 收件人", "subject 主题", "state 状态"], numbers: &[] };
        let line = |to: &str, subject: &str, state: String| vec![to.to_owned(), subject.to_owned(), state];
        let mut rows: Vec<Vec<String>> =
            self.planned.iter().map(|mail| line(&mail.address, &mail.subject, "to be sent".into())).collect();
        if let Some(round) = &self.round {
            rows.extend(round.sent.iter().map(|mail| {
                let state = if mail.may_be_twice { "sent, perhaps a second time" } else { "sent" };
                line(&mail.address, &mail.subject, state.into())
            }));
            rows.extend(self.waiting.iter().map(|mail| {
                let error = mail.error.as_deref().unwrap_or_default();
                line(&mail.address, &mail.subject, format!("{}\n{error}", mail.state.as_str()))
            }));
        }
        output::table(&columns, rows);
        if self.round.is_none() && !self.planned.is_empty() {
            output::note("nothing is sent without --mail and with --dry-run");
        }
        if let Some(why) = self.round.as_ref().and_then(|round| round.stopped.as_ref()) {
            output::note(format!("stopped, since the mail server can't be used: {why}"));
        }
        for one in &self.unreachable {
            output::note(format!(
                "can't be told of {} ({}): {}",
                one.item.serial,
                one.item.unit_name,
                missing(&one.why)
            ));
        }
        if let Some(written) = &self.digests {
            written.files.iter().for_each(|file| output::data(file.display().to_string()));
            for fault in &written.faults {
                output::note(format!("{} can't be made: {}", fault.file.display(), fault.error));
            }
        }
        if let Some(path) = &self.calendar {
            output::data(path.display().to_string());
        }
        Ok(())
    }
}

fn missing(why: &WhyNot) -> String {
    let who = |because: &Because| match because {
        Because::Holder => "the holder",
        Because::Contact => "the unit's contact",
        Because::Leader => "the responsible leader",
    };
    match why {
        WhyNot::Nobody { because } => format!("{}: the records name nobody", who(because)),
        WhyNot::NoAddress { because, name } => format!("{} {name} has no mail address", who(because)),
        WhyNot::Unusable { because, name, address } => {
            format!("{} {name} can't be written to at {address:?}", who(because))
        }
    }
}
