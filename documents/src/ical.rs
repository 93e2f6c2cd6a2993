//! Calendars (iCalendar, RFC 5545): all-day events with alarms, as text that calendar programs import.
//!
//! Written here rather than by a library, since the ones there are ask the clock for stamps and draw random ids for
//! alarms, and the same value must give the same bytes. It must not decide what is in a calendar.

use chrono::{DateTime, NaiveDate, Utc};

/// A calendar to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CalendarDoc {
    pub name: String,
    /// When it was made; programs take the event with the later stamp.
    pub made_at: DateTime<Utc>,
    pub events: Vec<EventDoc>,
}

/// Something that takes a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventDoc {
    /// The same for the same thing in every calendar, so that a second import changes it instead of adding another.
    pub uid: String,
    pub on: NaiveDate,
    pub summary: String,
    pub description: String,
    /// Days before, each an alarm.
    pub alarms: Vec<u16>,
}

/// Octets of a line, without its end (RFC 5545 section 3.1).
const LINE: usize = 75;

pub fn write_calendar(doc: &CalendarDoc) -> String {
    let mut out = Lines::default();
    out.raw("BEGIN:VCALENDAR");
    out.raw("VERSION:2.0");
    out.raw("PRODID:-//Sentrypost//Reminders//ZH");
    out.raw("CALSCALE:GREGORIAN");
    out.raw("METHOD:PUBLISH");
    // Not in the RFC, and read by all.
    out.text("X-WR-CALNAME", &doc.name);
    let stamp = doc.made_at.format("%Y%m%dT%H%M%SZ").to_string();
    for event in &doc.events {
        write_event(&mut out, event, &stamp);
    }
    out.raw("END:VCALENDAR");
    out.0
}

fn write_event(out: &mut Lines, event: &EventDoc, stamp: &str) {
    out.raw("BEGIN:VEVENT");
    out.text("UID", &event.uid);
    out.raw(&format!("DTSTAMP:{stamp}"));
    out.raw(&format!("DTSTART;VALUE=DATE:{}", event.on.format("%Y%m%d")));
    // The first day after it (section 3.6.1).
    if let Some(next) = event.on.succ_opt() {
        out.raw(&format!("DTEND;VALUE=DATE:{}", next.format("%Y%m%d")));
    }
    out.text("SUMMARY", &event.summary);
    if !event.description.is_empty() {
        out.text("DESCRIPTION", &event.description);
    }
    // It takes nobody's time.
    out.raw("TRANSP:TRANSPARENT");
    for days in &event.alarms {
        out.raw("BEGIN:VALARM");
        out.raw("ACTION:DISPLAY");
        out.raw(&format!("TRIGGER:-P{days}D"));
        out.text("DESCRIPTION", &event.summary);
        out.raw("END:VALARM");
    }
    out.raw("END:VEVENT");
}

#[derive(Default)]
struct Lines(String);

impl Lines {
    /// A property of type TEXT (section 3.3.11).
    fn text(&mut self, name: &str, text: &str) {
        let mut value = String::with_capacity(text.len());
        for c in text.replace("\r\n", "\n").chars() {
            match c {
                '\\' | ';' | ',' => value.extend(['\\', c]),
                '\n' | '\r' => value.push_str("\\n"),
                // No control character may stand in a value.
                c if c.is_control() => value.push(' '),
                c => value.push(c),
            }
        }
        self.raw(&format!("{name}:{value}"));
    }

    /// One line, folded where it is too long, never within a character.
    fn raw(&mut self, line: &str) {
        let mut n_octets = 0;
        for c in line.chars() {
            if n_octets + c.len_utf8() > LINE {
                self.0.push_str("\r\n ");
                n_octets = 1;
            }
            self.0.push(c);
            n_octets += c.len_utf8();
        }
        self.0.push_str("\r\n");
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn doc(summary: &str, description: &str) -> CalendarDoc {
        let event = EventDoc {
            uid: "GWSG-2026-WH-000001-K/1/expiry@sentrypost".into(),
            on: "2026-12-31".parse().expect("a day"),
            summary: summary.into(),
            description: description.into(),
            alarms: vec![30, 7],
        };
        let made_at = "2026-11-23T08:00:00Z".parse().expect("an instant");
        CalendarDoc { name: "上岗证".into(), made_at, events: vec![event] }
    }

    /// What a reader makes of it: lines joined, of the event's own properties the first of a name, unescaped.
    fn read(text: &str, name: &str) -> String {
        let joined = text.replace("\r\n ", "");
        let line = joined.split("\r\n").find_map(|line| line.strip_prefix(&format!("{name}:"))).expect(name);
        let mut value = String::new();
        let mut chars = line.chars();
        while let Some(c) = chars.next() {
            match c {
                '\\' => match chars.next() {
                    Some('n') => value.push('\n'),
                    other => value.extend(other),
                },
                c => value.push(c),
            }
        }
        value
    }

    #[test]
    fn an_all_day_event_has_its_day_and_its_alarms() {
        let text = write_calendar(&doc("虚构甲 上岗证到期", "第一行\n第二行; 逗号, 反斜杠\\"));
        for line in [
            "DTSTART;VALUE=DATE:20261231\r\n",
            "DTEND;VALUE=DATE:20270101\r\n",
            "DTSTAMP:20261123T080000Z\r\n",
            "TRIGGER:-P30D\r\n",
            "TRIGGER:-P7D\r\n",
            "DESCRIPTION:第一行\\n第二行\\; 逗号\\, 反斜杠\\\\\r\n",
        ] {
            assert!(text.contains(line), "{line:?} in {text}");
        }
    }

    proptest! {
        #[test]
        fn every_line_is_short_and_every_text_reads_back(summary in "\\PC{0,200}", description in "[a-z,;\\\\\n上岗证]{1,200}") {
            let text = write_calendar(&doc(&summary, &description));
            prop_assert!(text.ends_with("END:VCALENDAR\r\n"));
            for line in text.split("\r\n") {
                prop_assert!(line.len() <= LINE && !line.contains(['\r', '\n']), "{line:?}");
            }
            prop_assert_eq!(read(&text, "SUMMARY"), summary);
            prop_assert_eq!(read(&text, "DESCRIPTION"), description);
        }
    }

    #[test]
    fn a_text_cannot_begin_a_property() {
        let text = write_calendar(&doc("甲\r\nEND:VEVENT\rX\u{0}", "x"));
        assert_eq!(text.matches("\r\nEND:VEVENT\r\n").count(), 1, "{text}");
        assert_eq!(read(&text, "SUMMARY"), "甲\nEND:VEVENT\nX ");
    }
}
