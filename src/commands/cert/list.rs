//! Certificates as a list, and their files.

use std::collections::HashMap;
use std::path::Path;

use model::id::PostCertificateId;
use serde::Serialize;
use training::certificates::Standing;
use training::records::Book;

use crate::cli::{Listed, On};
use crate::desk::{self, Desk, Listing, papers};
use crate::exit::{Exit, Outcome};
use crate::files::{refuse_existing, write_file};
use crate::output;

#[derive(Serialize)]
struct Shown<'a> {
    serial: &'a str,
    period: u16,
    edition: u16,
    /// What is printed on an old paper certificate.
    old_number: Option<&'a str>,
    name: &'a str,
    unit: &'a str,
    category: &'a str,
    issued_on: String,
    valid_until: String,
    review_due: Option<String>,
    standing: Standing,
    last_reason: Option<&'a str>,
}

pub fn run(desk: &Desk, on: On, listed: &Listed) -> Outcome {
    let day = on.on.unwrap_or_else(|| desk.session.today());
    let book = Book::of(&desk.records);
    let certificates = desk.records.certificates.iter().filter(|one| one.issued_on <= day);
    // The last one entered stays.
    let past = desk.records.events.iter().filter(|event| event.on <= day);
    let reasons: HashMap<PostCertificateId, &str> =
        past.map(|event| (event.certificate, event.reason.as_str())).collect();
    let mut shown: Vec<Shown<'_>> = certificates
        .map(|one| Shown {
            serial: &one.serial,
            period: one.period,
            edition: one.edition,
            old_number: one.printed.old_number.as_deref(),
            name: &one.printed.name,
            unit: &one.printed.unit,
            category: &one.category,
            issued_on: one.issued_on.to_string(),
            valid_until: one.valid_until.to_string(),
            review_due: one.review.map(|review| review.on.to_string()),
            standing: book.standing(one, day),
            last_reason: reasons.get(&one.id).copied(),
        })
        .collect();
    shown.sort_by_key(|one| (one.serial, one.period, one.edition));
    let mut n_of_serial: HashMap<&str, usize> = HashMap::new();
    shown.iter().for_each(|one| *n_of_serial.entry(one.serial).or_default() += 1);
    // Which of several under one serial a row is about; nothing where it says nothing.
    let which = |one: &Shown<'_>| match n_of_serial.get(one.serial) {
        Some(2..) => format!("{}-{}", one.period, one.edition),
        _ => String::new(),
    };
    let rows = shown.iter().map(|one| {
        vec![
            one.serial.to_owned(),
            which(one),
            one.old_number.unwrap_or_default().to_owned(),
            one.name.to_owned(),
            one.unit.to_owned(),
            one.category.to_owned(),
            one.issued_on.clone(),
            one.valid_until.clone(),
            one.review_due.clone().unwrap_or_default(),
            one.standing.chinese().to_owned(),
            one.last_reason.unwrap_or_default().to_owned(),
        ]
    });
    let listing = Listing {
        name: "证书",
        headers: &[
            "serial 编号",
            "period-edition 期-版",
            "old number 旧编号",
            "name 姓名",
            "unit 单位",
            "category 类别",
            "issued 发证",
            "until 有效期至",
            "review 复审",
            "standing 状态",
            "reason 原因",
        ],
        numbers: &[],
        rows: rows.collect(),
    };
    listing.show(listed, "sentrypost-certs/1", &shown)?;
    Ok(Exit::Done)
}

pub fn print(desk: &Desk, given: &str, card: bool, path: &Path) -> Outcome {
    refuse_existing(path)?;
    let certificate = desk::certificate(desk, given)?;
    let bytes = papers::stored(desk, certificate, if card { "card" } else { "a4" })?;
    write_file(path, &bytes)?;
    output::data(path.display().to_string());
    Ok(Exit::Done)
}
