//! The evidence sheet for the clauses on training of GB/T 22239 at levels 3 and 4: a plan for each post, periodic tests
//! of skills, and who holds a certificate.

use std::collections::BTreeSet;
use std::path::Path;

use chrono::{Months, NaiveDate};
use documents::docx;
use documents::paper::{Align, Block, ColumnSpec, EvidenceDoc, FactLine, Orientation};
use documents::pdf::{self, FontSet};
use model::id::{StaffId, UnitId};
use model::post::PostKind;
use training::evidence::{self, Asked, PlanLine, PostPlan, SkillsTest};
use training::records::Book;

use crate::cli::On;
use crate::desk::{self, Desk};
use crate::exit::{Exit, OrExit, Outcome};
use crate::files::{expect_ending, refuse_existing, write_file};
use crate::output;

/// Sittings of so many months after the day are told.
const MONTHS_AHEAD: u32 = 12;

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
    let paragraph = |text: String| Block::Paragraph { text };
    let asked = Asked {
        scheme: &desk.scheme,
        unit,
        from: evidence::year_to(day),
        until: day.checked_add_months(Months::new(MONTHS_AHEAD)).unwrap_or(NaiveDate::MAX),
    };
    let mut blocks = vec![heading("一、各岗位培训计划"), certificates(desk)];
    blocks.push(paragraph(format!(
        "以下为各岗位人员 {} 至 {} 的培训与考试安排；参加人数为举办当日在该岗位的人员。",
        asked.from, asked.until
    )));
    blocks.extend(plans(desk, asked, day));
    blocks.push(heading("二、岗位技能考核（近12个月）"));
    blocks.push(tests(desk, Asked { until: day, ..asked }));
    blocks.push(heading("三、在岗人员持证情况"));
    blocks.push(holders(desk, unit, day));
    EvidenceDoc {
        issuing_body: desk.scheme.issuer.clone(),
        title: "信息安全培训与技能考核情况".to_owned(),
        subtitle: "GB/T 22239-2019 安全意识教育和培训（第三级、第四级）".to_owned(),
        dated_on: day,
        facts: vec![
            FactLine { label: "范围".to_owned(), value: name.unwrap_or_else(|| "全部单位".to_owned()) },
            FactLine { label: "截至日期".to_owned(), value: day.to_string() },
        ],
        blocks,
        signatures: vec!["编制".to_owned(), "审核".to_owned()],
        source: format!("依据培训方案 {} 及截至当日的培训记录", desk.scheme.version),
        orientation: Orientation::Portrait,
    }
}

fn captioned(caption: String, columns: &[(&str, u16, Align)], rows: Vec<Vec<String>>) -> Block {
    let column = |(title, weight, align): &(&str, u16, Align)| ColumnSpec {
        title: (*title).to_owned(),
        weight: *weight,
        align: *align,
    };
    Block::Table { caption, columns: columns.iter().map(column).collect(), rows }
}

/// A table for each post: what its holders are taught and examined in, when, and how many came.
fn plans(desk: &Desk, asked: Asked<'_>, day: NaiveDate) -> Vec<Block> {
    let book = Book::of(&desk.records);
    let plans = evidence::plans(&book, asked);
    plans.iter().enumerate().map(|(n, plan)| post_plan(n + 1, plan, day)).collect()
}

fn post_plan(n: usize, plan: &PostPlan<'_>, day: NaiveDate) -> Block {
    let row = |line: &PlanLine<'_>| {
        let mut row = vec![line.topic.name.clone(), line.term.name.clone()];
        match line.sitting {
            Some(sitting) => {
                let hours = if sitting.hours == 0 { "—".to_owned() } else { sitting.hours.to_string() };
                let came = if sitting.held_on <= day { line.n_came.to_string() } else { "—".to_owned() };
                let state = if sitting.held_on <= day { "已举办" } else { "计划" };
                let kind = sitting.kind.chinese().to_owned();
                row.extend([sitting.held_on.to_string(), kind, hours, state.to_owned(), came]);
            }
            None => {
                let days = format!("{} 至 {}", line.term.from, line.term.until);
                row.extend([days, "未排".to_owned(), "—".to_owned(), "计划".to_owned(), "—".to_owned()]);
            }
        }
        row
    };
    let topics: Vec<String> =
        plan.topics.iter().map(|topic| format!("{}{}学时", topic.name, topic.hours)).collect();
    let hours: u32 = plan.topics.iter().map(|topic| u32::from(topic.hours)).sum();
    let of_post = format!("{}培训计划（{}，共{hours}学时）", plan.post.chinese(), topics.join("、"));
    if plan.lines.is_empty() {
        return Block::Paragraph { text: format!("{of_post}：这段时间没有安排。") };
    }
    let columns = [
        ("科目", 5, Align::Left),
        ("期次", 5, Align::Left),
        ("日期", 5, Align::Left),
        ("类型", 3, Align::Centre),
        ("学时", 2, Align::Right),
        ("状态", 3, Align::Centre),
        ("参加人数", 3, Align::Right),
    ];
    captioned(format!("表 1-{n} {of_post}"), &columns, plan.lines.iter().map(row).collect())
}

fn certificates(desk: &Desk) -> Block {
    let rows = desk.scheme.categories.iter().map(|category| {
        let posts: Vec<&str> = category.posts.iter().map(|post| post.chinese()).collect();
        let review = category.review.as_ref().map(|review| format!("{}个月", review.after_months));
        let topics = category.topics.iter().filter_map(|code| Some(desk.scheme.topic(code)?.name.clone()));
        vec![
            posts.join("、"),
            category.name.clone(),
            topics.collect::<Vec<_>>().join("、"),
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
    captioned("表 1 各岗位证书与科目".to_owned(), &columns, rows.collect())
}

fn tests(desk: &Desk, asked: Asked<'_>) -> Block {
    let book = Book::of(&desk.records);
    let tests = evidence::skills_tests(&book, asked);
    if tests.is_empty() {
        return Block::Paragraph { text: "这段时间没有举行考核。".to_owned() };
    }
    let rows = tests.iter().map(|test| {
        let SkillsTest { exam, post, n_entered, n_sat, n_passed } = test;
        let topic = desk.scheme.topic(&exam.topic).map_or(exam.topic.clone(), |topic| topic.name.clone());
        let term = desk.records.terms.iter().find(|term| term.id == exam.term);
        let term = term.map_or_else(String::new, |term| term.name.clone());
        let post = post.map_or("其他", PostKind::chinese).to_owned();
        let numbers = [n_entered, n_sat, n_passed].map(ToString::to_string);
        [exam.held_on.to_string(), term, topic, post].into_iter().chain(numbers).collect()
    });
    let columns = [
        ("日期", 4, Align::Left),
        ("期次", 4, Align::Left),
        ("科目", 4, Align::Left),
        ("岗位", 3, Align::Left),
        ("登记", 2, Align::Right),
        ("参加", 2, Align::Right),
        ("合格", 2, Align::Right),
    ];
    captioned("表 2 岗位技能考核".to_owned(), &columns, rows.collect())
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
    captioned("表 3 在岗人员持证".to_owned(), &columns, rows.collect())
}
