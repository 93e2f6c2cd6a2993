//! One cell, read as its column's kind says.

use chrono::{NaiveDate, NaiveTime};
use intake::cell::{self, CellFault};
use intake::contact;
use intake::table::CellIn;
use model::host_name::HostName;
use model::post::{PostKind, Role};

use super::reason::{Own, Reason};
use crate::columns::Kind;
use crate::id_number::{IdNumber, IdNumberError};
use crate::people::Employment;
use crate::sittings::{Presence, Score, SittingKind};

#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Text(String),
    Date(NaiveDate),
    Time(NaiveTime),
    IdNumber(IdNumber),
    Employment(Employment),
    Post(PostKind),
    Role(Role),
    Hours(u16),
    SittingKind(SittingKind),
    Presence(Presence),
    /// `None`: 缺考
    Score(Option<Score>),
}

impl intake::schema::Value for Value {
    fn text(&self) -> Option<&str> {
        match self {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    fn date(&self) -> Option<NaiveDate> {
        match self {
            Value::Date(day) => Some(*day),
            _ => None,
        }
    }
}

/// `None` if the cell is blank.
pub(crate) fn read(kind: Kind, cell: &CellIn, dates_from_1904: bool) -> Result<Option<Value>, Reason> {
    match kind {
        Kind::Ignored => return Ok(None),
        Kind::Date => return Ok(cell::date(cell, dates_from_1904)?.map(Value::Date)),
        Kind::Name | Kind::UnitRef | Kind::SystemRef | Kind::PersonRef => {
            return Ok(contact::one_line(cell)?.map(Value::Text));
        }
        Kind::Note => return Ok(cell::prose(cell)?.map(Value::Text)),
        Kind::PersonName => return Ok(contact::person_name(cell)?.map(Value::Text)),
        Kind::Time => return time(cell),
        Kind::IdNumber => {
            let text = match cell::code(cell) {
                Err(CellFault::LostDigits) => {
                    return Err(Own::IdNumber(IdNumberError::DestroyedBySpreadsheet).into());
                }
                read => read?,
            };
            let number = text.map(|text| text.parse().map_err(Own::IdNumber)).transpose()?;
            return Ok(number.map(Value::IdNumber));
        }
        Kind::Code
        | Kind::Phone
        | Kind::Email
        | Kind::Employment
        | Kind::Post
        | Kind::Role
        | Kind::Hours
        | Kind::SittingKind
        | Kind::Presence
        | Kind::Score => {}
    }
    let Some(text) = cell::code(cell)? else { return Ok(None) };
    from_code(kind, &text).map(Some)
}

fn from_code(kind: Kind, text: &str) -> Result<Value, Reason> {
    match kind {
        Kind::Phone => Ok(Value::Text(contact::phone(text)?.to_owned())),
        Kind::Email => {
            let is_host_name = |host: &str| host.parse::<HostName>().is_ok();
            Ok(Value::Text(contact::email(text, is_host_name)?.to_owned()))
        }
        Kind::Employment => {
            Employment::parse(&text.to_lowercase()).map(Value::Employment).ok_or(Own::Employment.into())
        }
        Kind::Post => text.to_lowercase().parse().map(Value::Post).map_err(|_| Own::Post.into()),
        Kind::Role => text.parse().map(Value::Role).map_err(|_| Own::Role.into()),
        Kind::Hours => {
            let hours: Option<u16> = text.trim_end_matches("学时").trim().parse().ok();
            hours.filter(|hours| *hours < 100).map(Value::Hours).ok_or(Own::Hours.into())
        }
        Kind::SittingKind => {
            SittingKind::parse(&text.to_lowercase()).map(Value::SittingKind).ok_or(Own::SittingKind.into())
        }
        Kind::Presence => {
            Presence::parse(&text.to_lowercase()).map(Value::Presence).ok_or(Own::Presence.into())
        }
        Kind::Score => score(text).map(Value::Score).ok_or(Own::Score.into()),
        Kind::Code
        | Kind::Name
        | Kind::PersonName
        | Kind::Note
        | Kind::UnitRef
        | Kind::SystemRef
        | Kind::PersonRef
        | Kind::IdNumber
        | Kind::Date
        | Kind::Time
        | Kind::Ignored => Ok(Value::Text(text.to_owned())),
    }
}

fn score(text: &str) -> Option<Option<Score>> {
    if ["缺考", "缺", "absent"].contains(&text.to_lowercase().as_str()) {
        return Some(None);
    }
    let text = text.trim_end_matches('分').trim();
    // 85.50 says no more than 85.5.
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { text };
    text.parse().ok().map(Some)
}

/// `09:00`, `9:00:00`, `9点30分`, or the fraction of a day that a spreadsheet keeps.
fn time(cell: &CellIn) -> Result<Option<Value>, Reason> {
    if let CellIn::Number(number) = cell
        && (0.0..1.0).contains(number)
    {
        // In range, so the cast drops nothing but fractions of a minute.
        let minutes = (number * 1440.0).round() as u32 % 1440;
        return Ok(NaiveTime::from_hms_opt(minutes / 60, minutes % 60, 0).map(Value::Time));
    }
    let Some(text) = cell::code(cell)? else { return Ok(None) };
    let text = text.replace(['点', '时'], ":").replace('分', "");
    let parts: Vec<&str> = text.split(':').map(str::trim).collect();
    let number = |part: &str| match part {
        "" => Some(0),
        _ if part.len() <= 2 && part.bytes().all(|b| b.is_ascii_digit()) => part.parse::<u32>().ok(),
        _ => None,
    };
    let read = match parts.as_slice() {
        [hour, minute] | [hour, minute, "00" | "0" | ""] if !hour.is_empty() => number(hour)
            .zip(number(minute))
            .and_then(|(hour, minute)| NaiveTime::from_hms_opt(hour, minute, 0)),
        _ => None,
    };
    read.map(|time| Some(Value::Time(time))).ok_or(Own::Time.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(kind: Kind, cell: CellIn, expected: Result<&str, &str>) {
        let read = read(kind, &cell, false);
        let shown = match &read {
            Ok(None) => Ok(String::new()),
            Ok(Some(Value::Text(text))) => Ok(text.clone()),
            Ok(Some(Value::Time(time))) => Ok(time.to_string()),
            Ok(Some(Value::Score(score))) => Ok(score.map_or("缺考".into(), |score| score.to_string())),
            Ok(Some(other)) => Ok(format!("{other:?}")),
            Err(reason) => Err(reason.to_string()),
        };
        match (&shown, expected) {
            (Ok(shown), Ok(expected)) => assert_eq!(shown, expected, "{cell:?}"),
            (Err(shown), Err(part)) => assert!(shown.contains(part), "{cell:?}: {shown}"),
            _ => panic!("{cell:?}: {shown:?}, expected {expected:?}"),
        }
        if let Err(reason) = read {
            assert!(reason.zh().chars().any(|c| c > '\u{4e00}'), "{}", reason.zh());
        }
    }

    fn text(text: &str) -> CellIn {
        CellIn::Text(text.into())
    }

    #[test]
    fn scores_are_read_as_typed() {
        for (typed, read) in
            [("85.5", "85.5"), ("８５", "85"), ("85.50", "85.5"), ("90分", "90"), ("缺考", "缺考")]
        {
            check(Kind::Score, text(typed), Ok(read));
        }
        check(Kind::Score, CellIn::Number(85.5), Ok("85.5"));
        check(Kind::Score, CellIn::Number(100.0), Ok("100"));
        check(Kind::Score, CellIn::Empty, Ok(""));
        for wrong in ["100.5", "85.55", "及格", "-1", "10 0", "1e1"] {
            check(Kind::Score, text(wrong), Err("not a score"));
        }
    }

    #[test]
    fn times_are_read_as_typed() {
        for typed in ["09:30", "9：30", "9:30:00", "9点30分", "9点30"] {
            check(Kind::Time, text(typed), Ok("09:30:00"));
        }
        check(Kind::Time, text("9点"), Ok("09:00:00"));
        check(Kind::Time, CellIn::Number(0.395_833_333_333), Ok("09:30:00"));
        for wrong in ["25:00", "上午", "930", "9:3:7", ":30", "1:2:3:4"] {
            check(Kind::Time, text(wrong), Err("not a time"));
        }
    }

    #[test]
    fn an_id_number_that_lost_its_digits_is_named_and_none_is_printed() {
        check(Kind::IdNumber, CellIn::Number(0.000_001e23), Err("has destroyed this ID number"));
        check(Kind::IdNumber, text("4.40106E+17"), Err("has destroyed this ID number"));
        check(Kind::IdNumber, text(" 000001199001010014"), Ok("IdNumber(IdNumber(not shown))"));
    }

    #[test]
    fn the_other_kinds_say_what_they_take() {
        check(Kind::Post, text("维护人员"), Ok("Post(Maintainer)"));
        check(Kind::Post, text("维修"), Err("not a post"));
        check(Kind::Role, text("B角"), Ok("Role(B)"));
        check(Kind::Role, text("C"), Err("A or B"));
        check(Kind::Employment, text("外包"), Ok("Employment(Outsourced)"));
        check(Kind::Employment, text("临时"), Err("在编"));
        check(Kind::Presence, text("late"), Ok("Presence(Late)"));
        check(Kind::Presence, text("√"), Err("出勤"));
        check(Kind::SittingKind, text("考试"), Ok("SittingKind(Exam)"));
        check(Kind::SittingKind, text("自习"), Err("授课"));
        check(Kind::Hours, CellIn::Number(4.0), Ok("Hours(4)"));
        check(Kind::Hours, text("4.5"), Err("whole number"));
    }
}
