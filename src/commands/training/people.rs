//! Lists of people and of what falls due.

use serde::Serialize;
use training::due;
use training::people::{Holding, Staff};
use training::records::Book;

use crate::cli::{Listed, On};
use crate::desk::names::Names;
use crate::desk::{self, Desk, Listing};
use crate::exit::{Exit, Failure, Outcome};
use crate::handle::Handles;

/// A person in a list; no ID number, masked or not.
#[derive(Serialize)]
struct Shown<'a> {
    id: String,
    name: &'a str,
    phone: Option<&'a str>,
    employment: &'static str,
    posts: Vec<String>,
    certificates: Vec<String>,
}

pub fn list(desk: &Desk, unit: Option<&str>, on: On, asked: &Listed) -> Outcome {
    let day = on.on.unwrap_or_else(|| desk.session.today());
    let unit = unit.map(|given| desk::unit(desk, given)).transpose()?;
    let book = Book::of(&desk.records);
    let names = Names::of(&desk.register, &desk.records);
    let handles = Handles::of(desk.records.staff.iter().map(|one| one.id));
    let is_asked = |held: &&Holding| unit.is_none_or(|unit| held.unit == unit);
    let people = desk.records.staff.iter();
    // Whoever holds no post on the day is still looked for where the roster has them.
    let is_there = |one: &&Staff| {
        let mut held = book.holdings(one.id).iter().filter(|held| held.is_held_on(day)).peekable();
        unit.is_none() || if held.peek().is_some() { held.any(is_asked) } else { one.unit == unit }
    };
    let people = people.filter(is_there);
    let shown: Vec<Shown<'_>> = people
        .map(|one| {
            let held = book.holdings(one.id).iter().filter(|held| held.is_held_on(day));
            let certificates = book.certificates(one.id).iter().filter(|one| one.issued_on <= day);
            Shown {
                id: one.id.to_string(),
                name: &one.name,
                phone: one.phone.as_deref(),
                employment: one.employment.as_str(),
                posts: held.map(|held| post(held, &names)).collect(),
                certificates: certificates
                    .map(|one| format!("{} {}", one.serial, book.standing(one, day).as_str()))
                    .collect(),
            }
        })
        .collect();
    let rows = shown.iter().map(|one| {
        vec![
            handles.show(&one.id),
            one.name.to_owned(),
            one.phone.unwrap_or_default().to_owned(),
            one.employment.to_owned(),
            one.posts.join("\n"),
            one.certificates.join("\n"),
        ]
    });
    let listing = Listing {
        name: "人员",
        headers: &["id", "name 姓名", "phone 电话", "employment 用工", "posts 岗位", "certificates 证书"],
        numbers: &[],
        rows: rows.collect(),
    };
    listing.show(asked, "sentrypost-training-people/1", &shown)?;
    Ok(Exit::Done)
}

/// `示例局 示例系统 维护人员 A`
pub fn post(held: &Holding, names: &Names<'_>) -> String {
    let role = held.role.map(|role| role.as_str()).unwrap_or_default();
    let parts = [names.unit(held.unit), names.system(held.system), held.post.chinese(), role];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

pub fn due(desk: &Desk, on: On, days: u16, asked: &Listed) -> Result<Exit, Failure> {
    let day = on.on.unwrap_or_else(|| desk.session.today());
    let book = Book::of(&desk.records);
    let names = Names::of(&desk.register, &desk.records);
    let due = due::due(&book, &desk.scheme, day, days);
    let rows = due.iter().map(|one| {
        vec![
            one.on.to_string(),
            one.days_left.to_string(),
            one.what.chinese().to_owned(),
            names.staff(one.staff).to_owned(),
            names.unit(one.unit).to_owned(),
            one.serial.clone(),
        ]
    });
    let listing = Listing {
        name: "即将到期",
        headers: &["on 日期", "days left 剩余天数", "what 事项", "name 姓名", "unit 单位", "serial 证书编号"],
        numbers: &[1],
        rows: rows.collect(),
    };
    listing.show(asked, "sentrypost-training-due/1", &due)?;
    Ok(Exit::Done)
}
