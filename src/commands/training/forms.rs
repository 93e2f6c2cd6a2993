//! Sheets that are handed out: the template, sign-in sheets, score sheets.

use std::path::Path;

use documents::paper::{SignInDoc, SignInKind, SignInRow};
use documents::pdf::{self, FontSet};
use model::id::StaffId;
use training::forms;
use training::records::Book;
use training::sittings::{Sitting, SittingKind};

use crate::cli::Global;
use crate::desk::names::Names;
use crate::desk::{self, Desk};
use crate::exit::{Exit, Failure, OrExit, Outcome};
use crate::files::{expect_ending, refuse_existing, save, write_file};
use crate::output;
use crate::shapes::sheets::Purpose;

/// Free lines on a sign-in sheet, for people who come without being on the list.
const SPARE_ROWS: u16 = 5;

pub async fn template(global: &Global, path: &Path) -> Outcome {
    refuse_existing(path)?;
    let scheme = Desk::open_to_read(global).await?.scheme;
    save(path, "岗哨培训登记表", &training::template::template(&scheme), Purpose::FillIn)?;
    output::data(path.display().to_string());
    Ok(Exit::Done)
}

/// Who is on the list of a sitting, unit by unit.
fn roster(desk: &Desk, sitting: &Sitting) -> Vec<StaffId> {
    let book = Book::of(&desk.records);
    let names = Names::of(&desk.register, &desk.records);
    let mut people = on_list(desk, sitting);
    people.sort_by_cached_key(|id| {
        let unit = book.holdings(*id).iter().find(|held| held.is_held_on(sitting.held_on));
        (unit.map(|held| names.unit(held.unit)), names.staff(*id))
    });
    people
}

/// Those of the topic in this term, else everybody whose post asks for the topic.
fn on_list(desk: &Desk, sitting: &Sitting) -> Vec<StaffId> {
    let listed = forms::roster(&desk.records, sitting.term, &sitting.topic);
    if !listed.is_empty() {
        return listed;
    }
    let book = Book::of(&desk.records);
    let posts: Vec<_> = desk
        .scheme
        .categories
        .iter()
        .filter(|category| category.topics.contains(&sitting.topic))
        .flat_map(|category| category.posts.iter().copied())
        .collect();
    let needs = |id: StaffId| {
        let held = book.holdings(id).iter();
        held.into_iter().any(|held| held.is_held_on(sitting.held_on) && posts.contains(&held.post))
    };
    desk.records.staff.iter().map(|one| one.id).filter(|id| needs(*id)).collect()
}

pub fn score_sheet(desk: &Desk, given: &str, path: &Path) -> Outcome {
    expect_ending(path, &["xlsx"])?;
    refuse_existing(path)?;
    let sitting = desk::which_sitting(desk, given)?;
    if sitting.kind == SittingKind::Lesson {
        return Err(Failure::new(Exit::Usage, IsALesson(given.to_owned())));
    }
    let people = roster(desk, sitting);
    let sheet = forms::score_sheet(&desk.records, &desk.register, sitting.id, &people);
    save(path, "成绩登记表", &[sheet], Purpose::FillIn)?;
    output::data(path.display().to_string());
    Ok(Exit::Done)
}

#[derive(Debug, thiserror::Error)]
#[error("{0} is a lesson and has no scores")]
struct IsALesson(String);

pub fn sign_in(desk: &Desk, given: &str, path: &Path) -> Outcome {
    expect_ending(path, &["pdf", "xlsx"])?;
    refuse_existing(path)?;
    let sitting = desk::which_sitting(desk, given)?;
    let people = roster(desk, sitting);
    if path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("pdf")) {
        let fonts = FontSet::load(&[desk.session.data.fonts()]).or_exit(Exit::Environment)?;
        let pdf = pdf::sign_in_sheet(&doc(desk, sitting, &people), &fonts).or_exit(Exit::BadInput)?;
        write_file(path, &pdf.bytes)?;
    } else {
        let sheet = forms::sign_in_sheet(&desk.records, &desk.register, sitting.id, &people);
        save(path, title_of(sitting).1, &[sheet], Purpose::FillIn)?;
    }
    output::data(path.display().to_string());
    Ok(Exit::Done)
}

/// What people sign in to, and what the sheet is called.
fn title_of(sitting: &Sitting) -> (SignInKind, &'static str) {
    match sitting.kind {
        SittingKind::Lesson => (SignInKind::Lesson, "培训签到表"),
        SittingKind::Exam => (SignInKind::Exam, "考试签到表"),
    }
}

fn doc(desk: &Desk, sitting: &Sitting, people: &[StaffId]) -> SignInDoc {
    let book = Book::of(&desk.records);
    let names = Names::of(&desk.register, &desk.records);
    let term = desk.records.terms.iter().find(|term| term.id == sitting.term);
    let topic = desk.scheme.topic(&sitting.topic).map_or(sitting.topic.clone(), |topic| topic.name.clone());
    let row = |id: &StaffId| {
        let held = book.holdings(*id).iter().find(|held| held.is_held_on(sitting.held_on));
        SignInRow {
            name: names.staff(*id).to_owned(),
            unit: held.map(|held| names.unit(held.unit).to_owned()).unwrap_or_default(),
            post: held.map(|held| held.post.chinese().to_owned()).unwrap_or_default(),
            remark: String::new(),
        }
    };
    let (kind, title) = title_of(sitting);
    let (trainer, examiner) = (sitting.trainer.clone(), sitting.examiner.clone());
    let leader = match kind {
        SignInKind::Lesson => trainer.or(examiner),
        SignInKind::Exam => examiner.or(trainer),
    };
    SignInDoc {
        issuing_body: desk.scheme.issuer.clone(),
        title: title.to_owned(),
        kind,
        sitting: format!("{} {}", term.map_or("", |term| term.name.as_str()), sitting.code),
        topic,
        place: sitting.place.clone().unwrap_or_default(),
        held_on: sitting.held_on,
        hours: sitting.starts_at.map(|at| at.format("%H:%M").to_string()).unwrap_or_default(),
        leader: leader.unwrap_or_default(),
        rows: people.iter().map(row).collect(),
        spare_rows: SPARE_ROWS,
    }
}
