//! Dated validity: from a first day to a last day, both included, either side open.
//!
//! Civil dates are those of Asia/Shanghai; the caller turns an instant into a date with [`civil_date`].

use std::fmt;

use chrono::{DateTime, FixedOffset, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

/// First and last day on which something holds; `None` means unbounded on that side.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Interval {
    from: Option<NaiveDate>,
    until: Option<NaiveDate>,
}

/// An interval whose end lies before its start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the last day {until} lies before the first day {from}")]
pub struct EndsBeforeStart {
    pub from: NaiveDate,
    pub until: NaiveDate,
}

impl Interval {
    pub const ALWAYS: Interval = Interval { from: None, until: None };

    pub fn new(from: Option<NaiveDate>, until: Option<NaiveDate>) -> Result<Self, EndsBeforeStart> {
        match (from, until) {
            (Some(from), Some(until)) if until < from => Err(EndsBeforeStart { from, until }),
            _ => Ok(Self { from, until }),
        }
    }

    pub fn from(&self) -> Option<NaiveDate> {
        self.from
    }

    pub fn until(&self) -> Option<NaiveDate> {
        self.until
    }

    pub fn contains(&self, day: NaiveDate) -> bool {
        self.from.is_none_or(|from| from <= day) && self.until.is_none_or(|until| day <= until)
    }

    pub fn is_over(&self, day: NaiveDate) -> bool {
        self.until.is_some_and(|until| until < day)
    }

    pub fn overlaps(&self, other: &Interval) -> bool {
        let starts_before_end = |a: &Interval, b: &Interval| match (a.from, b.until) {
            (Some(from), Some(until)) => from <= until,
            _ => true,
        };
        starts_before_end(self, other) && starts_before_end(other, self)
    }
}

impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.from, self.until) {
            (None, None) => f.write_str("always"),
            (Some(from), None) => write!(f, "from {from}"),
            (None, Some(until)) => write!(f, "until {until}"),
            (Some(from), Some(until)) => write!(f, "{from} to {until}"),
        }
    }
}

/// China Standard Time, the only zone that the product shows.
pub fn china() -> FixedOffset {
    FixedOffset::east_opt(8 * 3600).expect("eight hours is a valid offset")
}

/// The civil date in China at an instant.
pub fn civil_date(at: DateTime<Utc>) -> NaiveDate {
    at.with_timezone(&china()).date_naive()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(d: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 1, d).expect("a day of January")
    }

    fn interval(from: u32, until: u32) -> Interval {
        Interval::new(Some(day(from)), Some(day(until))).expect("an ordered interval")
    }

    #[test]
    fn both_ends_are_included() {
        let week = interval(5, 11);
        assert!(week.contains(day(5)) && week.contains(day(11)));
        assert!(!week.contains(day(4)) && !week.contains(day(12)));
        assert!(week.is_over(day(12)) && !week.is_over(day(11)));
    }

    #[test]
    fn intervals_that_share_one_day_overlap() {
        assert!(interval(1, 5).overlaps(&interval(5, 9)));
        assert!(!interval(1, 5).overlaps(&interval(6, 9)));
        assert!(Interval::ALWAYS.overlaps(&interval(6, 9)));
    }

    #[test]
    fn rejects_an_end_before_the_start() {
        assert!(Interval::new(Some(day(2)), Some(day(1))).is_err());
    }

    #[test]
    fn the_civil_date_is_that_of_china() {
        let late: DateTime<Utc> = "2026-01-01T16:30:00Z".parse().expect("an instant");
        assert_eq!(civil_date(late), day(2));
    }
}
