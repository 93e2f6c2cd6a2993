//! The letter to a unit: whose certificates lapse when, what that opens, what is asked for, whom to call.

use super::body::Body;
use super::styles::Style;
use super::table::{Cell, Column, Tone};
use super::zh_date;
use crate::paper::{Align, DigestDoc, LapseRow, OpeningRow};

/// From so many days on it is pressing.
const PRESSING_DAYS: i64 = 30;

/// A post of four characters, a serial and a date stand on one line each in 宋体 of 10.5 points.
const LAPSES: &[Column<'_>] = &[
    column("人员", 22, Align::Left),
    column("信息系统", 30, Align::Left),
    column("类别与编号", 56, Align::Left),
    column("到期日", 25, Align::Centre),
    column("剩余", 21, Align::Right),
    column("状态", 21, Align::Centre),
];

const OPENINGS: &[Column<'_>] = &[
    column("信息系统", 16, Align::Left),
    column("级别", 6, Align::Centre),
    column("要求", 21, Align::Left),
    column("缺口起始日", 12, Align::Centre),
    column("说明", 20, Align::Left),
];

const fn column(title: &str, weight: u16, align: Align) -> Column<'_> {
    Column { title, weight, align }
}

pub(super) fn write(body: &mut Body, doc: &DigestDoc) {
    body.paragraph(Style::Masthead, &doc.issuing_body);
    if !doc.number.is_empty() {
        body.paragraph(Style::Number, &doc.number);
    }
    body.paragraph(Style::Title, &doc.title);
    body.paragraph(Style::Plain, &format!("{}：", doc.unit));
    for words in doc.lead() {
        body.paragraph(Style::Text, &words);
    }
    let mut numbers = ["一、", "二、"].into_iter();
    let mut heading = |body: &mut Body, words: &str| {
        body.paragraph(Style::Heading, &format!("{}{words}", numbers.next().unwrap_or_default()));
    };
    if !doc.lapses.is_empty() {
        heading(body, "即将到期或已到期的上岗证");
        body.table(LAPSES, doc.lapses.iter().map(lapse));
    }
    if !doc.openings.is_empty() {
        heading(body, "由此出现的岗位缺口");
        body.table(OPENINGS, doc.openings.iter().map(opening));
    }
    if let Some((last, others)) = doc.requests.split_last() {
        others.iter().for_each(|words| body.paragraph(Style::Text, words));
        // Who signs doesn't stand on a page of its own.
        body.paragraph(Style::LastText, last);
    }
    body.closing(&doc.issuing_body, &zh_date(doc.dated_on));
    // In brackets below the date (GB/T 9704-2012, 7.3.7).
    let facts = doc.contact.facts();
    if !facts.is_empty() {
        let facts: Vec<String> = facts.iter().map(|fact| format!("{}：{}", fact.label, fact.value)).collect();
        body.paragraph(Style::Text, &format!("（{}）", facts.join("，")));
    }
}

fn lapse(row: &LapseRow) -> Vec<Cell> {
    let left = match row.days_left {
        days if days < 0 => format!("逾期{}天", days.unsigned_abs()),
        days => format!("{days}天"),
    };
    let tone = if row.days_left <= PRESSING_DAYS { Tone::Alarm } else { Tone::Plain };
    vec![
        format!("{}\n{}", row.holder, row.post).into(),
        row.system.as_str().into(),
        format!("{}\n{}", row.category, row.serial).into(),
        row.lapses_on.to_string().into(),
        Cell { text: left, tone },
        row.state.as_str().into(),
    ]
}

fn opening(row: &OpeningRow) -> Vec<Cell> {
    let opens_on = row.opens_on.to_string();
    [&row.system, &row.level, &row.requirement, &opens_on, &row.remark]
        .map(|text| Cell::from(text.as_str()))
        .into()
}
