//! The days that spreadsheets mean by a serial number.
//!
//! It must not read a date out of text: what a cell is meant to hold is the importer's to know.

use chrono::{Days, NaiveDate};

/// From which day a workbook counts its serial numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum DateSystem {
    /// Day 1 is 1900-01-01, with the 29 February 1900 that never was.
    #[default]
    From1900,
    /// Day 0 is 1904-01-01: workbooks made on old Macs.
    From1904,
}

/// 9999-12-31 in the 1900 system, the last day that a spreadsheet knows.
const LAST_SERIAL: f64 = 2_958_465.0;

/// A date from a serial number; whole days only, the time of day is dropped.
pub(crate) fn from_serial(serial: f64, system: DateSystem) -> Option<NaiveDate> {
    let first = match system {
        DateSystem::From1900 => 1.0,
        DateSystem::From1904 => 0.0,
    };
    if !(first..LAST_SERIAL + 1.0).contains(&serial) {
        return None;
    }
    // In range, so the cast keeps the whole part.
    let day = serial.trunc() as u64;
    match system {
        DateSystem::From1900 if day == 60 => None,
        DateSystem::From1900 if day < 60 => {
            NaiveDate::from_ymd_opt(1899, 12, 31)?.checked_add_days(Days::new(day))
        }
        DateSystem::From1900 => NaiveDate::from_ymd_opt(1899, 12, 30)?.checked_add_days(Days::new(day)),
        DateSystem::From1904 => NaiveDate::from_ymd_opt(1904, 1, 1)?.checked_add_days(Days::new(day)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(serial: f64, system: DateSystem, expected: Option<&str>) {
        let found = from_serial(serial, system).map(|date| date.to_string());
        assert_eq!(found.as_deref(), expected, "{serial}");
    }

    #[test]
    fn reads_serial_numbers_of_both_systems() {
        check(46_053.0, DateSystem::From1900, Some("2026-01-31"));
        check(46_053.99, DateSystem::From1900, Some("2026-01-31"));
        check(44_591.0, DateSystem::From1904, Some("2026-01-31"));
        check(0.0, DateSystem::From1904, Some("1904-01-01"));
        check(1.0, DateSystem::From1900, Some("1900-01-01"));
        check(59.0, DateSystem::From1900, Some("1900-02-28"));
        check(61.0, DateSystem::From1900, Some("1900-03-01"));
    }

    #[test]
    fn a_number_beyond_the_last_day_or_of_no_day_is_no_date() {
        for number in [60.0, 0.0, -1.0, 1e300, f64::NAN, f64::INFINITY, 2_958_466.0] {
            check(number, DateSystem::From1900, None);
        }
    }
}
