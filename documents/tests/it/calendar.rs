//! A calendar read by a library that isn't ours (Debian's python3-icalendar).

use std::io::Write;
use std::process::{Command, Stdio};

use documents::ical::{CalendarDoc, EventDoc, write_calendar};

const READER: &str = "
import json, sys, icalendar
calendar = icalendar.Calendar.from_ical(sys.stdin.buffer.read())
print(json.dumps([calendar['X-WR-CALNAME'], [
    [str(e['uid']), e['dtstart'].dt.isoformat(), e['dtend'].dt.isoformat(), str(e['summary']), str(e['description']),
     [a['trigger'].dt.days for a in e.walk('VALARM')]] for e in calendar.walk('VEVENT')]], ensure_ascii=False))
";

#[test]
fn another_program_reads_what_was_written() {
    let event = |n: u32, summary: &str, description: &str| EventDoc {
        uid: format!("GWSG-2026-WH-00000{n}-K.1.expiry@sentrypost"),
        on: "2026-12-31".parse().unwrap(),
        summary: summary.into(),
        description: description.into(),
        alarms: vec![90, 7],
    };
    let long = "虚构的很长的名字禤镕玥翀璟".repeat(9);
    let doc = CalendarDoc {
        name: "上岗证到期与复审".into(),
        made_at: "2026-11-23T08:00:00Z".parse().unwrap(),
        events: vec![event(1, &long, "甲,乙;丙\\丁\n第二行"), event(2, "a", "b")],
    };
    let mut reader = Command::new("/usr/bin/python3")
        .args(["-c", READER])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 with python3-icalendar");
    reader.stdin.take().unwrap().write_all(write_calendar(&doc).as_bytes()).unwrap();
    let read = reader.wait_with_output().unwrap();
    assert!(read.status.success());
    let expected = format!(
        "[\"上岗证到期与复审\", [[\"GWSG-2026-WH-000001-K.1.expiry@sentrypost\", \"2026-12-31\", \"2027-01-01\", \
         \"{long}\", \"甲,乙;丙\\\\丁\\n第二行\", [-90, -7]], \
         [\"GWSG-2026-WH-000002-K.1.expiry@sentrypost\", \"2026-12-31\", \"2027-01-01\", \"a\", \"b\", [-90, -7]]]]\n"
    );
    assert_eq!(String::from_utf8(read.stdout).unwrap(), expected);
}
