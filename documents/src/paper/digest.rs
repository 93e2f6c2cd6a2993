//! A letter to one unit: whose certificates lapse and when, and what that leaves without anybody certified.

use chrono::{Datelike, NaiveDate};
use serde::Serialize;

use super::FactLine;

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DigestDoc {
    pub issuing_body: String,
    pub title: String,
    /// Reference number of the letter (文号); may be empty.
    pub number: String,
    /// The unit addressed.
    pub unit: String,
    pub as_of: NaiveDate,
    pub dated_on: NaiveDate,
    /// Before the tables; without any [`DigestDoc::lead`] has a sentence of its own.
    pub paragraphs: Vec<String>,
    pub lapses: Vec<LapseRow>,
    pub openings: Vec<OpeningRow>,
    /// What is asked for, after the tables.
    pub requests: Vec<String>,
    pub contact: ContactLine,
}

impl DigestDoc {
    /// What stands before the tables.
    pub fn lead(&self) -> Vec<String> {
        if !self.paragraphs.is_empty() {
            return self.paragraphs.clone();
        }
        let (year, month, day) = (self.as_of.year(), self.as_of.month(), self.as_of.day());
        vec![format!("截至{year}年{month}月{day}日，你单位人员所持上岗证到期情况如下，请及时安排。")]
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LapseRow {
    pub holder: String,
    pub post: String,
    /// The system, or empty.
    pub system: String,
    pub category: String,
    pub serial: String,
    pub lapses_on: NaiveDate,
    /// Days from `as_of`; negative if it lapsed before.
    pub days_left: i64,
    /// State as printed, such as 待复审; may be empty.
    pub state: String,
}

/// Something that has nobody certified any more from a day on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OpeningRow {
    pub system: String,
    /// Classified-protection level as printed, such as 三级; may be empty.
    pub level: String,
    pub requirement: String,
    pub opens_on: NaiveDate,
    pub remark: String,
}

/// Whom to ask; empty parts aren't printed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ContactLine {
    pub office: String,
    pub person: String,
    pub phone: String,
    pub mail: String,
    pub address: String,
}

impl ContactLine {
    /// The parts that are there, with their Chinese labels.
    pub fn facts(&self) -> Vec<FactLine> {
        let parts = [
            ("联系部门", &self.office),
            ("联系人", &self.person),
            ("电话", &self.phone),
            ("邮箱", &self.mail),
            ("地址", &self.address),
        ];
        let there = parts.into_iter().filter(|(_, value)| !value.is_empty());
        there.map(|(label, value)| FactLine { label: label.to_owned(), value: value.clone() }).collect()
    }
}
