//! One person, whole; and the log.

use serde::Serialize;
use training::credits::{self, CreditBy};
use training::identity::Sealed;
use training::people::Staff;
use training::ports::TrainingStore;
use training::records::Book;

use super::people::post;
use crate::cli::{On, Who};
use crate::desk::keys::KeyFolder;
use crate::desk::names::Names;
use crate::desk::{self, Desk};
use crate::exit::{Exit, Failure, OrExit, Outcome};
use crate::output::{self, Columns};
use crate::session::OrStoreFailure;

#[derive(Serialize)]
struct Shape<'a> {
    id: String,
    name: &'a str,
    phone: Option<&'a str>,
    email: Option<&'a str>,
    employment: &'static str,
    has_id_number: bool,
    /// What, from, until.
    posts: Vec<[String; 3]>,
    /// Day, sitting, score, what came of it.
    attempts: Vec<[String; 4]>,
    /// Topic, by what, from, until.
    credits: Vec<[String; 4]>,
    /// Serial, issued, until, standing, number on an old paper certificate.
    certificates: Vec<[String; 5]>,
    /// Day, serial, what, reason, decided by.
    history: Vec<[String; 5]>,
}

pub fn run(desk: &Desk, who: &Who, on: On, json: bool) -> Outcome {
    let day = on.on.unwrap_or_else(|| desk.session.today());
    let person = person(desk, &who.person)?;
    let book = Book::of(&desk.records);
    let names = Names::of(&desk.register, &desk.records);
    let topic = |code: &str| desk.scheme.topic(code).map_or_else(|| code.to_owned(), |one| one.name.clone());
    let posts = book.holdings(person.id).iter().map(|held| {
        let until = held.until.map(|until| until.to_string()).unwrap_or_default();
        [post(held, &names), held.from.to_string(), until]
    });
    let attempts = book.attempts(person.id).iter().filter_map(|attempt| {
        let sitting = book.sitting(attempt.sitting)?;
        let came_of_it = match credits::judge(&book, &desk.scheme, attempt)? {
            Ok(_) => "passed".to_owned(),
            Err(why) => why.to_string(),
        };
        let score = attempt.score.map_or_else(|| "缺考".to_owned(), |score| score.to_string());
        Some([sitting.held_on.to_string(), topic(&sitting.topic), score, came_of_it])
    });
    let credits = credits::credits(&book, &desk.scheme, person.id, day);
    let credits = credits.iter().map(|credit| {
        let by = match &credit.by {
            CreditBy::Exam => "考试".to_owned(),
            CreditBy::Waiver(what) => what.clone(),
        };
        [topic(&credit.topic), by, credit.from.to_string(), credit.until.to_string()]
    });
    let certificates = book.certificates(person.id);
    let history = certificates.iter().flat_map(|one| {
        book.events(one.id).iter().map(|event| {
            let what = event.what.chinese().to_owned();
            [event.on.to_string(), one.serial.clone(), what, event.reason.clone(), event.decided_by.clone()]
        })
    });
    let shape = Shape {
        id: person.id.to_string(),
        name: &person.name,
        phone: person.phone.as_deref(),
        email: person.email.as_deref(),
        employment: person.employment.as_str(),
        has_id_number: person.id_number.is_some(),
        posts: posts.collect(),
        attempts: attempts.collect(),
        credits: credits.collect(),
        certificates: certificates
            .iter()
            .map(|one| {
                let standing = book.standing(one, day).chinese().to_owned();
                let old_number = one.printed.old_number.clone().unwrap_or_default();
                let (issued, until) = (one.issued_on.to_string(), one.valid_until.to_string());
                [one.serial.clone(), issued, until, standing, old_number]
            })
            .collect(),
        history: history.collect(),
    };
    if json {
        output::json("sentrypost-training-person/1", &shape).or_exit(Exit::Internal)?;
        return Ok(Exit::Done);
    }
    let phone = shape.phone.unwrap_or_default();
    output::data(format!("{}  {phone}  {}  {}", shape.name, person.employment.chinese(), shape.id));
    part(&["posts 岗位", "from", "until"], &shape.posts);
    part(&["credits 合格项", "by", "from", "until"], &shape.credits);
    part(&["attempts 考试", "topic 项", "score 成绩", "result"], &shape.attempts);
    part(&["certificates 证书", "issued", "until", "standing", "old number 旧编号"], &shape.certificates);
    part(&["history 经过", "serial", "what", "reason", "decided by"], &shape.history);
    Ok(Exit::Done)
}

/// By name, else by a certificate of theirs: what is at hand is often the certificate.
fn person<'a>(desk: &'a Desk, given: &str) -> Result<&'a Staff, Failure> {
    desk::staff(desk, given).or_else(|failure| {
        let held = desk::certificate(desk, given).ok();
        let holder = held.and_then(|held| desk.records.staff.iter().find(|one| one.id == held.staff));
        holder.ok_or(failure)
    })
}

fn part<const N: usize>(headers: &[&str; N], rows: &[[String; N]]) {
    if !rows.is_empty() {
        output::table(&Columns { headers, numbers: &[] }, rows.iter().map(|row| row.to_vec()));
    }
}

pub async fn log(desk: &Desk, n: u32, json: bool) -> Outcome {
    #[derive(Serialize)]
    struct Line {
        at: String,
        actor: String,
        action: String,
        detail: String,
        reason: String,
    }
    let lines = desk.session.store.training_log(n).await.or_store_failure()?;
    let lines: Vec<Line> = lines
        .into_iter()
        .map(|line| Line {
            at: if json { line.at.to_rfc3339() } else { output::instant(line.at) },
            actor: line.actor,
            action: line.action,
            detail: line.detail,
            reason: line.reason,
        })
        .collect();
    if json {
        output::json("sentrypost-training-log/1", &lines).or_exit(Exit::Internal)?;
    } else {
        let columns = Columns { headers: &["at", "who", "action", "detail", "reason"], numbers: &[] };
        let row = |line: Line| vec![line.at, line.actor, line.action, line.detail, line.reason];
        output::table(&columns, lines.into_iter().map(row));
    }
    Ok(Exit::Done)
}

#[derive(Debug, thiserror::Error)]
#[error("no ID number of {0} is kept")]
struct NoNumber(String);

/// Shows an ID number; the log has it before the screen.
pub async fn reveal(desk: &Desk, who: &Who, reason: &str) -> Outcome {
    let person = desk::staff(desk, &who.person)?;
    let none = || Failure::new(Exit::NotFound, NoNumber(person.name.clone()));
    let kept = person.id_number.as_ref().ok_or_else(none)?;
    let keys = KeyFolder::of(&desk.session.data)?.identity(&desk.records)?;
    let sealed = Sealed::from_text(&kept.sealed).or_exit(Exit::Data)?;
    let number = keys.open(&sealed, &person.id.to_string()).or_exit(Exit::Data)?;
    let line = desk.line("revealed", format!("ID number of {} ({})", person.name, person.id), reason);
    desk.session.store.log_training(&line).await.or_store_failure()?;
    output::data(number.reveal());
    Ok(Exit::Done)
}
