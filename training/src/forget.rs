//! What is erased of people who have left: how they are reached, and their ID numbers. Their names stay with what was
//! issued to them and with what they did, which would prove nothing without.

use chrono::NaiveDate;
use model::id::StaffId;

use crate::people::Staff;
use crate::records::{Book, Change};

/// Why nothing is erased of somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StillNeeded {
    #[error("the person holds a post on {0} or later")]
    InPost(NaiveDate),
}

/// Erases what is kept of one person who holds no post on `today` or later.
pub fn forget(book: &Book<'_>, staff: StaffId, today: NaiveDate) -> Result<Change, StillNeeded> {
    if book.holdings(staff).iter().any(|held| held.until.is_none_or(|until| today <= until)) {
        return Err(StillNeeded::InPost(today));
    }
    let kept = book.staff(staff).filter(|one| is_remembered(one));
    let erased = kept.map(|one| Staff {
        phone: None,
        email: None,
        id_number: None,
        forgotten_on: Some(today),
        ..one.clone()
    });
    Ok(Change { staff: erased.into_iter().collect(), ..Change::default() })
}

/// Who isn't forgotten though the last post ended before a day; nobody who never held one.
pub fn left_before(book: &Book<'_>, day: NaiveDate) -> Vec<StaffId> {
    let has_left = |one: &&Staff| {
        let held = book.holdings(one.id);
        !held.is_empty() && held.iter().all(|held| held.until.is_some_and(|until| until < day))
    };
    let kept = book.records.staff.iter().filter(|one| is_remembered(one));
    kept.filter(has_left).map(|one| one.id).collect()
}

fn is_remembered(one: &Staff) -> bool {
    one.forgotten_on.is_none()
}

#[cfg(test)]
mod tests {
    use model::id::{CountingMint, HoldingId, UnitId};
    use model::post::PostKind;

    use super::*;
    use crate::people::{Employment, Holding};
    use crate::records::{Records, apply};

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a day")
    }

    #[test]
    fn only_people_who_left_are_forgotten_and_only_how_they_are_reached() {
        let mint = &mut CountingMint::default();
        let unit = UnitId::mint(mint);
        let mut records = Records::default();
        for until in [None, Some("2026-06-30"), Some("2026-07-01")] {
            let staff = StaffId::mint(mint);
            records.staff.push(Staff {
                id: staff,
                name: format!("虚构{}", records.staff.len()),
                unit: Some(unit),
                employment: Employment::Staff,
                phone: Some("020-0000-0001".into()),
                email: Some("a@unit.example".into()),
                id_number: None,
                forgotten_on: None,
            });
            records.holdings.push(Holding {
                id: HoldingId::mint(mint),
                staff,
                unit,
                system: None,
                post: PostKind::Head,
                role: None,
                from: day("2026-01-01"),
                until: until.map(day),
                ended_because: None,
            });
        }
        let ids: Vec<StaffId> = records.staff.iter().map(|one| one.id).collect();
        let book = Book::of(&records);
        assert_eq!(left_before(&book, day("2026-07-01")), [ids[1]]);
        assert_eq!(left_before(&book, day("2026-07-02")), ids[1..]);
        let today = day("2026-07-01");
        assert_eq!(forget(&book, ids[0], today), Err(StillNeeded::InPost(today)));
        assert_eq!(forget(&book, ids[2], today), Err(StillNeeded::InPost(today)));
        let records = apply(&records, &forget(&book, ids[1], today).expect("somebody who left"));
        let left = &records.staff[1];
        assert_eq!((left.name.as_str(), &left.phone, &left.email), ("虚构1", &None, &None));
        let book = Book::of(&records);
        assert!(left_before(&book, today).is_empty());
        assert!(forget(&book, ids[1], today).expect("somebody who left").is_empty());
    }
}
