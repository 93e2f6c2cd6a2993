//! When an asset may be probed: spans of the day, on days of the week, by the clock of the centre (UTC+8).
//!
//! Written `22:00-06:00`, `Mon-Fri 22:00-06:00`, `周一至周五 22:00-06:00`, several with `;` between. The days are those on
//! which a span begins; it may run over midnight.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Datelike, TimeDelta, Timelike, Utc};
use serde::{Deserialize, Serialize};

use crate::interval::china;

const DAY: u16 = 24 * 60;
const WEEK: u16 = 7 * DAY;
/// Spans of a window at most.
const MOST_SPANS: usize = 16;
const ALL_DAYS: u8 = 0b111_1111;

/// When an asset may be probed; never empty.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ScanWindow {
    spans: Vec<Span>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Span {
    /// A bit for each day on which it begins, Monday the lowest.
    days: u8,
    /// Minutes of the day; an end that isn't behind the beginning is one of the next day.
    from: u16,
    until: u16,
}

impl Span {
    fn len(self) -> u16 {
        if self.until > self.from { self.until - self.from } else { DAY - self.from + self.until }
    }

    /// Minutes of the week at which it begins.
    fn starts(self) -> impl Iterator<Item = u16> {
        (0..7).filter(move |day| self.days & (1 << day) != 0).map(move |day| day * DAY + self.from)
    }

    fn holds(self, minute: u16) -> bool {
        self.starts().any(|start| (minute + WEEK - start) % WEEK < self.len())
    }
}

impl ScanWindow {
    pub fn is_open(&self, at: DateTime<Utc>) -> bool {
        self.holds(minute_of_week(at))
    }

    /// The first moment from `at` on at which it is open: `at` itself if it is.
    pub fn opens_next(&self, at: DateTime<Utc>) -> DateTime<Utc> {
        if self.is_open(at) { at } else { self.after(at, |minute| self.holds(minute)).unwrap_or(at) }
    }

    /// The first moment behind `at` at which it is shut; `None` if it always is open.
    pub fn shuts_next(&self, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        if self.is_open(at) { self.after(at, |minute| !self.holds(minute)) } else { Some(at) }
    }

    fn holds(&self, minute: u16) -> bool {
        self.spans.iter().any(|span| span.holds(minute))
    }

    /// The beginning of the first minute behind that of `at` that is `wanted`.
    fn after(&self, at: DateTime<Utc>, wanted: impl Fn(u16) -> bool) -> Option<DateTime<Utc>> {
        let now = minute_of_week(at);
        // All changes are at the beginning or the end of a span.
        let ends =
            self.spans.iter().flat_map(|&span| span.starts().map(move |start| (start + span.len()) % WEEK));
        let changes = self.spans.iter().flat_map(|&span| span.starts()).chain(ends);
        let ahead = changes.filter(|&minute| wanted(minute)).map(|minute| (minute + WEEK - now) % WEEK);
        let ahead = ahead.filter(|&ahead| ahead > 0).min()?;
        let begun =
            TimeDelta::seconds(i64::from(at.second())) + TimeDelta::nanoseconds(i64::from(at.nanosecond()));
        Some(at - begun + TimeDelta::minutes(i64::from(ahead)))
    }
}

fn minute_of_week(at: DateTime<Utc>) -> u16 {
    let at = at.with_timezone(&china());
    let minute = at.weekday().num_days_from_monday() * u32::from(DAY) + at.hour() * 60 + at.minute();
    u16::try_from(minute).unwrap_or(0)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a scan window: write it as 22:00-06:00 or Mon-Fri 22:00-06:00, several with ; between")]
pub struct NotAScanWindow;

impl FromStr for ScanWindow {
    type Err = NotAScanWindow;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts = text.split([';', '；', '\n']).map(str::trim).filter(|part| !part.is_empty());
        let spans: Vec<Span> =
            parts.take(MOST_SPANS + 1).map(span).collect::<Option<_>>().ok_or(NotAScanWindow)?;
        if spans.is_empty() || spans.len() > MOST_SPANS {
            Err(NotAScanWindow)
        } else {
            Ok(ScanWindow { spans })
        }
    }
}

fn span(text: &str) -> Option<Span> {
    let (days, times) = text.split_at(text.find(|c: char| c.is_ascii_digit())?);
    let days = if days.trim().is_empty() { ALL_DAYS } else { parse_days(days)? };
    let (from, until) = times.split_once(['-', '~', '–', '—', '至', '到'])?;
    let (from, until) = (time(from)?, time(until)?);
    (from < DAY && from != until).then_some(Span { days, from, until })
}

fn parse_days(text: &str) -> Option<u8> {
    let mut days = 0;
    for part in text.split([',', '、', '，', ' ']).filter(|part| !part.trim().is_empty()) {
        if matches!(part, "每天" | "每日" | "daily") {
            return Some(ALL_DAYS);
        }
        match part.split_once(['-', '~', '–', '—', '至', '到']) {
            None => days |= 1 << day(part)?,
            Some((first, last)) => {
                let (first, last) = (day(first)?, day(last)?);
                let n = (last + 7 - first) % 7;
                (0..=n).for_each(|nth| days |= 1 << ((first + nth) % 7));
            }
        }
    }
    (days != 0).then_some(days)
}

/// 0 for Monday.
fn day(text: &str) -> Option<u8> {
    let text = text.trim();
    let bare = ["星期", "礼拜", "周"].iter().find_map(|prefix| text.strip_prefix(prefix)).unwrap_or(text);
    let at = match bare {
        "天" => Some(6),
        _ => ["一", "二", "三", "四", "五", "六", "日"].iter().position(|name| *name == bare),
    };
    let lower = text.to_ascii_lowercase();
    let at = at.or_else(|| {
        DAYS.iter()
            .zip(LONG_DAYS)
            .position(|(short, long)| lower == short.to_ascii_lowercase() || lower == long)
    });
    at.and_then(|at| u8::try_from(at).ok())
}

const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const LONG_DAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/// Minutes of the day, up to 24:00.
fn time(text: &str) -> Option<u16> {
    let (hours, minutes) = text.trim().split_once([':', '：'])?;
    let number = |digits: &str| {
        let is_sound = (1..=2).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
        if is_sound { digits.parse::<u16>().ok() } else { None }
    };
    let (hours, minutes) = (number(hours)?, number(minutes).filter(|_| minutes.len() == 2)?);
    let time = hours * 60 + minutes;
    (minutes < 60 && time <= DAY).then_some(time)
}

/// As it reads back: `Mon-Fri 22:00-06:00; Sat,Sun 00:00-24:00`.
impl fmt::Display for ScanWindow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (nth, span) in self.spans.iter().enumerate() {
            if nth > 0 {
                f.write_str("; ")?;
            }
            if span.days != ALL_DAYS {
                write!(f, "{} ", days_text(span.days))?;
            }
            let clock = |minute: u16| format!("{:02}:{:02}", minute / 60, minute % 60);
            write!(f, "{}-{}", clock(span.from), clock(span.until))?;
        }
        Ok(())
    }
}

fn days_text(days: u8) -> String {
    let mut texts: Vec<String> = Vec::new();
    let mut rest = DAYS.iter().enumerate().filter(|(day, _)| days & (1 << day) != 0).peekable();
    while let Some((first, name)) = rest.next() {
        let mut last = (first, name);
        while let Some(next) = rest.next_if(|(day, _)| *day == last.0 + 1) {
            last = next;
        }
        texts.push(match last.0 - first {
            0 => (*name).to_owned(),
            1 => format!("{name},{}", last.1),
            _ => format!("{name}-{}", last.1),
        });
    }
    texts.join(",")
}

impl TryFrom<String> for ScanWindow {
    type Error = NotAScanWindow;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<ScanWindow> for String {
    fn from(window: ScanWindow) -> String {
        window.to_string()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        format!("{text}+08:00").parse::<DateTime<chrono::FixedOffset>>().expect(text).to_utc()
    }

    fn reads(text: &str, expected: Option<&str>) {
        let read = text.parse::<ScanWindow>().ok().map(|window| window.to_string());
        assert_eq!(read.as_deref(), expected, "{text}");
    }

    #[test]
    fn windows_are_read_as_clerks_write_them() {
        reads("22:00-06:00", Some("22:00-06:00"));
        reads("0:00-24:00", Some("00:00-24:00"));
        reads("Mon-Fri 22:00-06:00", Some("Mon-Fri 22:00-06:00"));
        reads("周一至周五 22:00-06:00", Some("Mon-Fri 22:00-06:00"));
        reads("周一至五22：00至06：00", Some("Mon-Fri 22:00-06:00"));
        reads("星期六、星期日 00:00-24:00", Some("Sat,Sun 00:00-24:00"));
        reads("周五-周一 20:00~23:30", Some("Mon,Fri-Sun 20:00-23:30"));
        reads(
            "Mon-Fri 22:00-06:00；saturday,SUN 8:00-20:00",
            Some("Mon-Fri 22:00-06:00; Sat,Sun 08:00-20:00"),
        );
        reads("每天 22:00-06:00", Some("22:00-06:00"));
        for wrong in [
            "",
            "晚上",
            "22-6",
            "22:00",
            "25:00-06:00",
            "22:60-06:00",
            "24:00-06:00",
            "22:00-22:00",
            "周八 22:00-23:00",
            "22:00-06:00,",
            "Mon- 22:00-06:00",
            "22:0-06:00",
            "+2:00-06:00",
        ] {
            reads(wrong, None);
        }
    }

    #[track_caller]
    fn check(window: &str, now: &str, is_open: bool, opens: &str, shuts: Option<&str>) {
        let window: ScanWindow = window.parse().expect(window);
        let now = at(now);
        assert_eq!(window.is_open(now), is_open);
        assert_eq!(window.opens_next(now), at(opens));
        assert_eq!(window.shuts_next(now), shuts.map(at));
    }

    #[test]
    fn a_window_over_midnight_is_one_window() {
        // A Sunday.
        check(
            "22:00-06:00",
            "2026-11-22T21:59:59",
            false,
            "2026-11-22T22:00:00",
            Some("2026-11-22T21:59:59"),
        );
        check("22:00-06:00", "2026-11-22T22:00:00", true, "2026-11-22T22:00:00", Some("2026-11-23T06:00:00"));
        check(
            "22:00-06:00",
            "2026-11-23T05:59:59.5",
            true,
            "2026-11-23T05:59:59.5",
            Some("2026-11-23T06:00:00"),
        );
        check(
            "22:00-06:00",
            "2026-11-23T06:00:00",
            false,
            "2026-11-23T22:00:00",
            Some("2026-11-23T06:00:00"),
        );
    }

    #[test]
    fn days_are_those_on_which_a_span_begins() {
        let window = "Mon-Fri 22:00-06:00";
        check(window, "2026-11-23T03:00:00", false, "2026-11-23T22:00:00", Some("2026-11-23T03:00:00"));
        check(window, "2026-11-28T03:00:00", true, "2026-11-28T03:00:00", Some("2026-11-28T06:00:00"));
        check(window, "2026-11-28T12:30:10", false, "2026-11-30T22:00:00", Some("2026-11-28T12:30:10"));
        check(
            "Sun 22:00-06:00",
            "2026-11-23T03:00:00",
            true,
            "2026-11-23T03:00:00",
            Some("2026-11-23T06:00:00"),
        );
    }

    #[test]
    fn spans_that_touch_are_one_and_a_window_of_all_days_never_shuts() {
        check("00:00-24:00", "2026-11-23T03:00:00", true, "2026-11-23T03:00:00", None);
        let both = "22:00-24:00; 00:00-06:00";
        check(both, "2026-11-22T23:00:00", true, "2026-11-22T23:00:00", Some("2026-11-23T06:00:00"));
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(days in 1u8..128, from in 0u16..1440, until in 0u16..=1440) {
            prop_assume!(from != until);
            let window = ScanWindow { spans: vec![Span { days, from, until }] };
            prop_assert_eq!(window.to_string().parse(), Ok(window));
        }

        #[test]
        fn it_is_open_when_it_opens_and_shut_when_it_shuts(days in 1u8..128, from in 0u16..1440, until in 0u16..=1440, minute in 0i64..20_000) {
            prop_assume!(from != until);
            let window = ScanWindow { spans: vec![Span { days, from, until }] };
            let now = at("2026-11-23T00:00:00") + TimeDelta::minutes(minute);
            let opens = window.opens_next(now);
            prop_assert!(opens >= now && window.is_open(opens));
            prop_assert!(opens == now || !window.is_open(opens - TimeDelta::seconds(1)));
            if let Some(shuts) = window.shuts_next(now) {
                prop_assert!(shuts >= now && !window.is_open(shuts));
                prop_assert!(shuts == now || window.is_open(shuts - TimeDelta::seconds(1)));
            }
        }

        #[test]
        fn rubbish_is_never_a_panic(text in ".{0,40}") {
            drop(text.parse::<ScanWindow>());
        }
    }
}
