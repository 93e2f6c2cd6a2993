//! The evidence sheet for the clauses on training of GB/T 22239 at levels 3 and 4: a plan for each post, periodic tests
//! of skills, and who holds a certificate.

use std::collections::BTreeSet;
use std::path::Path;

use chrono::{Months, NaiveDate};
use documents::docx;
use documents::paper::{Align, Block, ColumnSpec, EvidenceDoc, FactLine, Orientation};
use documents::pdf::{self, FontSet};
use model::id::{StaffId, UnitId};
use training::credits;
use training::records::Book;
use training::sittings::SittingKind;

use crate::cli::On;
use crate::desk::{self, Desk};
use crate::exit::{Exit, OrExit, Outcome};
use crate::files::{expect_ending, refuse_existing, write_file};
use crate::output;

/// Tests of the last so many months are told.
const LOOK_BACK_MONTHS: u32 = 12;

pub fn run(desk: &Desk, unit: Option<&str>, on: On, path: &Path) -> Outcome {
    expect_ending(path, &["pdf", "docx"])?;
    refuse_existing(path)?;
    let day = on.on.unwrap_or_else(|| desk.session.today());
    let unit = unit.map(|given| desk::unit(desk, given)).transpose()?;
    let doc = doc(desk, unit, day);
    let is_docx = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("docx"));
    let bytes = if is_docx {
        docx::evidence_sheet(&doc).or_exit(Exit::BadInput)?
    } else {
        let fonts = FontSet::load(&[desk.session.data.fonts()]).or_exit(Exit::Environment)?;
        pdf::evidence_sheet(&doc, &fonts).or_exit(Exit::BadInput)?.bytes
    };
    write_file(path, &bytes)?;
    output::data(path.display().to_string());
    Ok(Exit::Done)
}

fn doc(desk: &Desk, unit: Option<UnitId>, day: NaiveDate) -> EvidenceDoc {
    let name = unit.and_then(|id| desk.register.unit(id)).map(|unit| unit.name.clone());
    let heading = |text: &str| Block::Heading { text: text.to_owned() };
    EvidenceDoc {
        issuing_body: desk.scheme.issuer.clone(),
        title: "信息安全培训与技能考核情况".to_owned(),
        subtitle: "GB/T 22239-2019 安全意识教育和培训（第三级、第四级）".to_owned(),
        dated_on: day,
        facts: vec![
            FactLine { label: "范围".to_owned(), value: name.unwrap_or_else(|| "全部单位".to_owned()) },
            FactLine { label: "截至日期".to_owned(), value: day.to_string() },
        ],
        blocks: vec![
            heading("一、各岗位培训计划"),
            plan(desk),
            heading("二、岗位技能考核（近12个月）"),
            tests(desk, unit, day),
            heading("三、在岗人员持证情况"),
            holders(desk, unit, day),
        ],
        signatures: vec!["编制".to_owned(), "审核".to_owned()],
        source: format!("依据培训方案 {} 及截至当日的培训记录", desk.scheme.version),
        orientation: Orientation::Portrait,
    }
}

fn table(columns: &[(&str, u16, Align)], rows: Vec<Vec<String>>) -> Block {
    let column = |(title, weight, align): &(&str, u16, Align)| ColumnSpec {
        title: (*title).to_owned(),
        weight: *weight,
        align: *align,
    };
    Block::Table { caption: String::new(), columns: columns.iter().map(column).collect(), rows }
}

fn plan(desk: &Desk) -> Block {
    let topic = |code: &String| {
        let topic = desk.scheme.topic(code)?;
        Some(format!("{}（{}学时）", topic.name, topic.hours))
    };
    let rows = desk.scheme.categories.iter().map(|category| {
        let posts: Vec<&str> = category.posts.iter().map(|post| post.chinese()).collect();
        let review = category.review.as_ref().map(|review| format!("{}个月", review.after_months));
        vec![
            posts.join("、"),
            category.name.clone(),
            category.topics.iter().filter_map(topic).collect::<Vec<_>>().join("、"),
            format!("{}个月", category.valid_months),
            review.unwrap_or_else(|| "—".to_owned()),
        ]
    });
    let columns = [
        ("岗位", 3, Align::Left),
        ("证书", 4, Align::Left),
        ("培训科目", 5, Align::Left),
        ("有效期", 2, Align::Right),
        ("复审", 2, Align::Right),
    ];
    table(&columns, rows.collect())
}

fn tests(desk: &Desk, unit: Option<UnitId>, day: NaiveDate) -> Block {
    let book = Book::of(&desk.records);
    let since = day.checked_sub_months(Months::new(LOOK_BACK_MONTHS)).unwrap_or(NaiveDate::MIN);
    let is_of_unit = |staff: StaffId, on: NaiveDate| {
        let mut held = book.holdings(staff).iter();
        unit.is_none_or(|unit| held.any(|held| held.unit == unit && held.is_held_on(on)))
    };
    let exams = desk.records.sittings.iter().filter(|one| one.kind == SittingKind::Exam);
    let mut exams: Vec<_> = exams.filter(|one| since < one.held_on && one.held_on <= day).collect();
    exams.sort_by_key(|one| (one.held_on, one.id));
    let rows = exams.into_iter().map(|exam| {
        let own = desk.records.attempts.iter().filter(|one| one.sitting == exam.id);
        let own: Vec<_> = own.filter(|one| is_of_unit(one.staff, exam.held_on)).collect();
        let passed = own.iter().filter(|one| matches!(credits::judge(&book, &desk.scheme, one), Some(Ok(_))));
        let topic = desk.scheme.topic(&exam.topic).map_or(exam.topic.clone(), |topic| topic.name.clone());
        vec![exam.held_on.to_string(), topic, own.len().to_string(), passed.count().to_string()]
    });
    let columns = [
        ("日期", 3, Align::Left),
        ("科目", 5, Align::Left),
        ("参加人数", 2, Align::Right),
        ("合格人数", 2, Align::Right),
    ];
    table(&columns, rows.collect())
}

fn holders(desk: &Desk, unit: Option<UnitId>, day: NaiveDate) -> Block {
    let book = Book::of(&desk.records);
    let rows = desk.scheme.categories.iter().flat_map(|category| {
        let book = &book;
        category.posts.iter().map(move |post| {
            let held = desk.records.holdings.iter().filter(|held| {
                held.post == *post && held.is_held_on(day) && unit.is_none_or(|unit| held.unit == unit)
            });
            let people: BTreeSet<StaffId> = held.map(|held| held.staff).collect();
            let counts = |staff: &&StaffId| {
                let certificate = book.certificate_of(**staff, &category.code, day);
                certificate.is_some_and(|one| book.standing(one, day).counts())
            };
            let n = people.iter().filter(counts).count();
            let names = vec![post.chinese().to_owned(), category.name.clone()];
            let numbers = [people.len(), n, people.len() - n].map(|n| n.to_string());
            names.into_iter().chain(numbers).collect::<Vec<String>>()
        })
    });
    let columns = [
        ("岗位", 3, Align::Left),
        ("证书", 5, Align::Left),
        ("在岗人数", 2, Align::Right),
        ("持证人数", 2, Align::Right),
        ("未持证人数", 2, Align::Right),
    ];
    table(&columns, rows.collect())
}
