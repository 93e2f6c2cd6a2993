//! Mails against a real server (aiosmtpd), against servers that misbehave, and across a kill.

mod crash;
mod hostile;
mod real;
mod script;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use chrono::{DateTime, Utc};
use store::SqliteStore;
use training::ports::ReminderStore;
use training::reminders::{KeptMail, MailChange, MailState, NewMail};

use super::letter;
use super::round::{Round, send_all};
use super::settings::{MailSettings, MailTls};

pub(crate) fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect(text)
}

pub(crate) const NOW: &str = "2026-11-23T08:00:00Z";

pub(crate) fn settings(port: u16) -> MailSettings {
    MailSettings {
        host: "127.0.0.1".into(),
        port,
        tls: MailTls::None,
        login: None,
        ca: None,
        sender: "岗哨 <reminder@centre.example>".parse().expect("a mailbox"),
        hello: "centre.example".into(),
        timeout: Duration::from_secs(1),
    }
}

pub(crate) fn mail(n: u32) -> NewMail {
    NewMail {
        id: format!("{n:032x}"),
        address: format!("person{n}@unit.example"),
        name: "虚构禤".into(),
        subject: "上岗证到期提醒：2026-12-31（还有 30 天）".into(),
        body: "虚构禤：\n\n.一行以点开头\n编号：GWSG-2026-WH-000001-K\n".into(),
        keys: BTreeMap::from([(format!("key{n}"), "2026-12-31".parse().expect("a day"))]),
    }
}

/// A queue with mails `1..=n`.
pub(crate) async fn queue(path: &Path, n: u32) -> SqliteStore {
    let store = SqliteStore::open(path).await.expect("a database");
    let change = MailChange { new: (1..=n).map(mail).collect(), ..MailChange::default() };
    store.queue_reminders(&change, at(NOW)).await.expect("queued");
    store
}

pub(crate) async fn send(store: &SqliteStore, settings: &MailSettings, now: &str) -> Round {
    let now = at(now);
    send_all(store, settings, "test", move || now).await.expect("a round")
}

pub(crate) async fn unsent(store: &SqliteStore) -> Vec<KeptMail> {
    store.load_reminders("2000-01-01".parse().expect("a day")).await.expect("the queue").unsent
}

fn kept(name: &str, subject: &str) -> KeptMail {
    let new = mail(1);
    KeptMail {
        id: new.id,
        address: new.address,
        name: name.into(),
        subject: subject.into(),
        body: new.body,
        keys: new.keys.into_keys().collect(),
        state: MailState::Queued,
        queued_at: at(NOW),
        n_tries: 0,
        n_cut_off: 0,
        last_error: None,
        not_before: at(NOW),
        sent_at: None,
    }
}

#[test]
fn a_letter_is_the_same_bytes_each_time_and_ascii() {
    let sender = settings(0).sender;
    let [one, other] =
        [0, 1].map(|_| letter::letter(&kept("虚构禤", "提醒"), &sender).expect("a letter").bytes);
    assert_eq!(one, other);
    let text = String::from_utf8(one).expect("text");
    assert!(text.is_ascii(), "{text}");
    for line in [
        "Message-ID: <00000000000000000000000000000001.reminder@centre.example>\r\n",
        "Auto-Submitted: auto-generated\r\n",
        "Date: Mon, 23 Nov 2026 08:00:00 +0000\r\n",
    ] {
        assert!(text.contains(line), "{line:?} in {text}");
    }
}

#[test]
fn a_name_or_subject_with_line_ends_makes_no_header() {
    let hostile = "甲\r\nBcc: x@evil.example\r\n\r\nbody";
    for (name, subject) in
        [(hostile, "提醒"), ("虚构禤", hostile), ("Jia\r\nBcc: x@evil.example", "a\nBcc: x")]
    {
        let letter = letter::letter(&kept(name, subject), &settings(0).sender).expect("a letter");
        let text = String::from_utf8(letter.bytes).expect("text");
        let (head, _) = text.split_once("\r\n\r\n").expect("a head and a body");
        let names: Vec<&str> = head
            .split("\r\n")
            .filter(|line| !line.starts_with([' ', '\t']))
            .map(|line| line.split(':').next().unwrap_or_default())
            .collect();
        assert!(!names.contains(&"Bcc") && names.len() == 9, "{names:?}");
        assert_eq!(letter.envelope.to().len(), 1);
    }
}

#[test]
fn only_addresses_that_every_server_takes_are_written_to() {
    for good in ["jia@example.com", "a.b+c@mail.unit.example"] {
        assert!(letter::is_address(good), "{good}");
    }
    for bad in [
        "",
        "nobody",
        "甲@example.com",
        "jia@示例.cn",
        "jia@localhost",
        "a b@example.com",
        "jia@example.com\r\nRCPT TO:<x@evil.example>",
        "jia@example.com, yi@example.com",
        "<jia@example.com>",
        "虚构甲 <jia@example.com>",
        "jia@example.com>",
        "@example.com",
    ] {
        assert!(!letter::is_address(bad), "{bad:?}");
    }
}
