//! Corrections of what is kept of a person: name, phone, e-mail, unit. A file can't make them, since it knows people by
//! these very things.

use chrono::NaiveDate;
use intake::cell::name_key;
use intake::contact::phone_key;
use intake::table::CellIn;
use model::id::{StaffId, UnitId};

use crate::columns::Kind;
use crate::import::{Reason, Value, read_value};
use crate::people::Staff;
use crate::records::{Book, Change};

/// What is right; what isn't told stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Right {
    pub name: Option<String>,
    pub phone: Option<String>,
    pub email: Option<String>,
    pub unit: Option<UnitId>,
}

/// Why nothing is corrected.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum NotAmended {
    #[error("{given:?}: {reason}")]
    Unread { given: String, reason: Reason },
    #[error("somebody else of this name has this phone, or stands in this unit without a phone as well")]
    SomebodyElse,
    #[error("the person was forgotten on {0}")]
    Forgotten(NaiveDate),
    #[error("there is nobody of this id")]
    Unknown,
}

pub fn amend(book: &Book<'_>, staff: StaffId, right: &Right) -> Result<Change, NotAmended> {
    let known = book.staff(staff).ok_or(NotAmended::Unknown)?;
    if let Some(day) = known.forgotten_on {
        return Err(NotAmended::Forgotten(day));
    }
    let amended = Staff {
        name: read(Kind::PersonName, right.name.as_deref())?.unwrap_or_else(|| known.name.clone()),
        phone: read(Kind::Phone, right.phone.as_deref())?.or_else(|| known.phone.clone()),
        email: read(Kind::Email, right.email.as_deref())?.or_else(|| known.email.clone()),
        unit: right.unit.or(known.unit),
        ..known.clone()
    };
    // What files know people by.
    let known_by = |one: &Staff| {
        let phone = one.phone.as_deref().map(phone_key);
        let unit = one.unit.filter(|_| phone.is_none());
        (name_key(&one.name), phone, unit)
    };
    let mut others = book.records.staff.iter().filter(|one| one.id != staff && one.forgotten_on.is_none());
    let is_moved = known_by(&amended) != known_by(known);
    if is_moved && others.any(|other| known_by(other) == known_by(&amended)) {
        return Err(NotAmended::SomebodyElse);
    }
    let changed = Some(amended).filter(|amended| amended != known);
    Ok(Change { staff: changed.into_iter().collect(), ..Change::default() })
}

/// As a cell of the sheet would be read.
fn read(kind: Kind, given: Option<&str>) -> Result<Option<String>, NotAmended> {
    let Some(given) = given else { return Ok(None) };
    let unread = |reason| NotAmended::Unread { given: given.to_owned(), reason };
    match read_value(kind, &CellIn::Text(given.to_owned()), false).map_err(unread)? {
        Some(Value::Text(text)) => Ok(Some(text)),
        _ => Err(unread(Reason::Empty)),
    }
}

#[cfg(test)]
mod tests {
    use model::id::CountingMint;

    use super::*;
    use crate::people::Employment;
    use crate::records::Records;

    #[test]
    fn a_person_is_corrected_as_a_cell_would_be_read_and_never_into_somebody_else() {
        let mint = &mut CountingMint::default();
        let person = |name: &str, phone: &str, mint: &mut CountingMint| Staff {
            id: StaffId::mint(mint),
            name: name.into(),
            unit: None,
            employment: Employment::Staff,
            phone: Some(phone.into()),
            email: None,
            id_number: None,
            forgotten_on: None,
        };
        let people = [person("虚构甲", "020-0000-0001", mint), person("虚构乙", "020-0000-0002", mint)];
        let records = Records { staff: people.to_vec(), ..Records::default() };
        let book = Book::of(&records);
        let check = |right: Right, expected: Result<Option<(&str, &str)>, &str>| {
            let told = amend(&book, people[0].id, &right).map_err(|why| why.to_string());
            let told = told.map(|change| {
                let one = change.staff.first();
                one.map(|one| (one.name.clone(), one.phone.clone().expect("a phone")))
            });
            match (&told, expected) {
                (Err(told), Err(expected)) => assert!(told.contains(expected), "{told}"),
                (Ok(told), Ok(expected)) => {
                    let told = told.as_ref().map(|(name, phone)| (name.as_str(), phone.as_str()));
                    assert_eq!(told, expected);
                }
                (told, expected) => panic!("{told:?} {expected:?}"),
            }
        };
        let name = |text: &str| Right { name: Some(text.into()), ..Right::default() };
        let phone = |text: &str| Right { phone: Some(text.into()), ..Right::default() };
        check(name("虚构 镕"), Ok(Some(("虚构 镕", "020-0000-0001"))));
        check(phone("０２０-0000-0009"), Ok(Some(("虚构甲", "020-0000-0009"))));
        check(name("虚构甲"), Ok(None));
        check(Right { phone: Some("020 0000 0002".into()), ..name("虚构乙") }, Err("somebody else"));
        check(name("虚构/甲"), Err("虚构/甲"));
        check(name(" "), Err("required"));
        check(name("虚构丙"), Ok(Some(("虚构丙", "020-0000-0001"))));
        let without = Staff { phone: None, ..person("虚构丙", "", mint) };
        let two = [without.clone(), Staff { id: StaffId::mint(mint), name: "虚构丁".into(), ..without }];
        let records = Records { staff: two.to_vec(), ..Records::default() };
        let told = amend(&Book::of(&records), two[1].id, &name("虚构丙"));
        assert_eq!(told, Err(NotAmended::SomebodyElse));
        check(phone("没有"), Err("没有"));
    }
}
