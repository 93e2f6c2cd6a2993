//! Appointments, transfers and leavers: posts are closed and opened, never rewritten but for days that were entered
//! wrongly.

use chrono::{Days, NaiveDate};
use model::id::{HoldingId, Mint, StaffId, SystemId, UnitId};
use model::post::{PostKind, Role};

use crate::people::{Holding, Staff};
use crate::records::{Book, Change};

/// Why people can't be moved so.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotMoved {
    #[error("the person holds no post on {0}")]
    NoPost(NaiveDate),
    #[error("the post began on {began}; it can't have ended by {last}")]
    BeforeItBegan { began: NaiveDate, last: NaiveDate },
    #[error("the person holds this very post already, since {0}")]
    HoldsIt(NaiveDate),
    #[error("{0} is no day that has one before it")]
    NoSuchDay(NaiveDate),
    #[error("the person holds no such post since {0}")]
    NotSince(NaiveDate),
    #[error("the last day, {until}, is before the first, {from}")]
    Reversed { from: NaiveDate, until: NaiveDate },
    #[error("the person was forgotten on {0}; enter whoever comes back as a new person")]
    Forgotten(NaiveDate),
}

/// A post to be taken up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appointment {
    pub staff: StaffId,
    pub unit: UnitId,
    pub system: Option<SystemId>,
    pub post: PostKind,
    pub role: Option<Role>,
    pub from: NaiveDate,
}

/// Opens a post beside whatever else the person holds.
pub fn appoint(book: &Book<'_>, wish: Appointment, mint: &mut dyn Mint) -> Result<Change, NotMoved> {
    let Appointment { staff, unit, system, post, role, from } = wish;
    check_remembered(book, staff)?;
    let new = Holding {
        id: HoldingId::mint(mint),
        staff,
        unit,
        system,
        post,
        role,
        from,
        until: None,
        ended_because: None,
    };
    let same = book
        .holdings(staff)
        .iter()
        .find(|held| held.is_same_post(&new) && held.until.is_none_or(|until| from <= until));
    match same {
        Some(held) => Err(NotMoved::HoldsIt(held.from)),
        None => Ok(Change { holdings: vec![new], ..Change::default() }),
    }
}

/// Nobody is taken for somebody who was forgotten, so none of their posts goes on.
fn check_remembered(book: &Book<'_>, staff: StaffId) -> Result<(), NotMoved> {
    match book.staff(staff).and_then(|one| one.forgotten_on) {
        Some(day) => Err(NotMoved::Forgotten(day)),
        None => Ok(()),
    }
}

/// Closes everything that the person holds on the day before, and opens the new post; the person belongs to its unit
/// from then on.
pub fn transfer(
    book: &Book<'_>,
    wish: Appointment,
    reason: &str,
    mint: &mut dyn Mint,
) -> Result<Change, NotMoved> {
    let last = wish.from.checked_sub_days(Days::new(1)).ok_or(NotMoved::NoSuchDay(wish.from))?;
    let mut change = leave(book, wish.staff, last, reason)?;
    let same = book.holdings(wish.staff).iter().find(|held| {
        let post = (held.unit, held.system, held.post);
        post == (wish.unit, wish.system, wish.post) && held.until.is_none()
    });
    if let Some(held) = same {
        return Err(NotMoved::HoldsIt(held.from));
    }
    let moved = book.staff(wish.staff).filter(|one| one.unit != Some(wish.unit));
    change.staff.extend(moved.map(|one| Staff { unit: Some(wish.unit), ..one.clone() }));
    change.holdings.extend(appoint(book, wish, mint)?.holdings);
    Ok(change)
}

/// Closes everything that the person holds after `last`, the last day in post.
pub fn leave(book: &Book<'_>, staff: StaffId, last: NaiveDate, reason: &str) -> Result<Change, NotMoved> {
    let open = book.holdings(staff).iter().filter(|held| held.until.is_none_or(|until| until > last));
    let mut holdings = Vec::new();
    for held in open {
        if held.from > last {
            return Err(NotMoved::BeforeItBegan { began: held.from, last });
        }
        let ended_because = Some(reason.to_owned()).filter(|reason| !reason.is_empty());
        holdings.push(Holding { until: Some(last), ended_because, ..(*held).clone() });
    }
    if holdings.is_empty() {
        Err(NotMoved::NoPost(last))
    } else {
        Ok(Change { holdings, ..Change::default() })
    }
}

/// The days of a post as they should have been entered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RightDays {
    pub from: NaiveDate,
    pub until: RightUntil,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RightUntil {
    /// As it is recorded.
    Kept,
    On(NaiveDate),
    /// The post hasn't ended.
    Open,
}

/// Corrects the days of a post; `wrong.from` is the first day as it is recorded.
pub fn redate(book: &Book<'_>, wrong: &Appointment, right: RightDays) -> Result<Change, NotMoved> {
    check_remembered(book, wrong.staff)?;
    let post = (wrong.unit, wrong.system, wrong.post);
    let same =
        || book.holdings(wrong.staff).iter().filter(|held| (held.unit, held.system, held.post) == post);
    let held = same().find(|held| held.from == wrong.from).ok_or(NotMoved::NotSince(wrong.from))?;
    let from = right.from;
    let until = match right.until {
        RightUntil::Kept => held.until,
        RightUntil::On(until) => Some(until),
        RightUntil::Open => None,
    };
    if let Some(until) = until.filter(|until| *until < from) {
        return Err(NotMoved::Reversed { from, until });
    }
    let meets = |other: &&&Holding| {
        until.is_none_or(|until| other.from <= until) && other.until.is_none_or(|until| from <= until)
    };
    if let Some(other) = same().filter(|other| other.id != held.id).find(meets) {
        return Err(NotMoved::HoldsIt(other.from));
    }
    let ended_because = held.ended_because.clone().filter(|_| until.is_some());
    let right = Holding { from, until, ended_because, ..(*held).clone() };
    let holdings = Some(right).filter(|right| right != *held);
    Ok(Change { holdings: holdings.into_iter().collect(), ..Change::default() })
}

#[cfg(test)]
mod tests {
    use model::id::CountingMint;

    use super::*;
    use crate::records::{Records, apply};

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a day")
    }

    #[test]
    fn a_transfer_closes_and_opens_and_keeps_what_was() {
        let mint = &mut CountingMint::default();
        let staff = StaffId::mint(mint);
        let [old, new] = [(); 2].map(|()| UnitId::mint(mint));
        let post = |unit, from: &str| Appointment {
            staff,
            unit,
            system: None,
            post: PostKind::Maintainer,
            role: None,
            from: day(from),
        };
        let empty = Records::default();
        let change = appoint(&Book::of(&empty), post(old, "2026-01-01"), mint).expect("an appointment");
        let records = apply(&empty, &change);
        let book = Book::of(&records);
        assert_eq!(appoint(&book, post(old, "2026-03-01"), mint), Err(NotMoved::HoldsIt(day("2026-01-01"))));
        assert_eq!(
            transfer(&book, post(new, "2025-12-01"), "调动", mint),
            Err(NotMoved::BeforeItBegan { began: day("2026-01-01"), last: day("2025-11-30") })
        );
        let change = transfer(&book, post(new, "2026-04-01"), "调动", mint).expect("a transfer");
        let records = apply(&records, &change);
        let held: Vec<_> = records.holdings.iter().map(|held| (held.unit, held.from, held.until)).collect();
        assert_eq!(held, [(old, day("2026-01-01"), Some(day("2026-03-31"))), (new, day("2026-04-01"), None)]);
        let book = Book::of(&records);
        let change = leave(&book, staff, day("2026-05-31"), "离职").expect("somebody who leaves");
        assert_eq!(change.holdings.len(), 1);
        let records = apply(&records, &change);
        let again = leave(&Book::of(&records), staff, day("2026-05-31"), "离职");
        assert_eq!(again, Err(NotMoved::NoPost(day("2026-05-31"))));
    }

    #[test]
    fn days_are_corrected_unless_they_meet_another_time_in_the_post() {
        let mint = &mut CountingMint::default();
        let (staff, unit) = (StaffId::mint(mint), UnitId::mint(mint));
        let post = |from: &str| Appointment {
            staff,
            unit,
            system: None,
            post: PostKind::Maintainer,
            role: None,
            from: day(from),
        };
        let records = apply(
            &Records::default(),
            &appoint(&Book::of(&Records::default()), post("2026-01-01"), mint).expect("an appointment"),
        );
        let records =
            apply(&records, &leave(&Book::of(&records), staff, day("2026-03-31"), "借调").expect("a leave"));
        let records =
            apply(&records, &appoint(&Book::of(&records), post("2026-06-01"), mint).expect("a return"));
        let book = Book::of(&records);
        let check = |wrong: &str, from: &str, until: Option<&str>, expected: Result<&str, NotMoved>| {
            let until = until.map_or(RightUntil::Open, |text| match text {
                "kept" => RightUntil::Kept,
                text => RightUntil::On(day(text)),
            });
            let right = RightDays { from: day(from), until };
            let days = redate(&book, &post(wrong), right).map(|change| {
                let days: Vec<String> =
                    change.holdings.iter().map(|held| format!("{} {:?}", held.from, held.until)).collect();
                days.join(", ")
            });
            assert_eq!(days, expected.map(str::to_owned));
        };
        check("2026-06-01", "2026-04-01", None, Ok("2026-04-01 None"));
        check("2026-06-01", "2026-06-01", None, Ok(""));
        check("2026-01-01", "2025-10-01", Some("2026-02-28"), Ok("2025-10-01 Some(2026-02-28)"));
        check("2026-01-01", "2025-10-01", Some("kept"), Ok("2025-10-01 Some(2026-03-31)"));
        check("2026-06-01", "2026-03-31", None, Err(NotMoved::HoldsIt(day("2026-01-01"))));
        check("2026-01-01", "2026-01-01", None, Err(NotMoved::HoldsIt(day("2026-06-01"))));
        check("2026-01-02", "2026-01-01", None, Err(NotMoved::NotSince(day("2026-01-02"))));
        let reversed = NotMoved::Reversed { from: day("2026-02-01"), until: day("2026-01-31") };
        check("2026-01-01", "2026-02-01", Some("2026-01-31"), Err(reversed));
    }
}
