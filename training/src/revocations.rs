//! The revocation list: a signed text file by which certificates are checked where no server can be reached.
//!
//! It names serials, states, dates and classes of reasons; no names, no prose. What isn't on it is as its statement says,
//! as far as was known on the day of the list: a list past its next update is told as stale, never trusted silently.
//!
//! One line each, in the order below, so that a person can read it and one list has one text:
//!
//! ```text
//! sentrypost-revocations 1
//! number 12
//! issued 2026-11-23
//! next-update 2026-12-23
//! algorithm ed25519
//! key 8f3a12cd
//! revoked GZXA-2026-WH-000123-R 2026-11-20 misconduct
//! replaced GZXA-2026-WH-000124-N 2026-11-21 lost 7M9QK…
//! signature …
//! ```
//!
//! The signature is over all lines before its own, line ends included (LF; CRLF is read as LF, since mail and editors put it
//! there).

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::base32;
use crate::keys::{Algorithm, KeyError, KeyId, PublicRing, SignatureError, SigningKey};
use crate::serial::Serial;
use crate::statement::{PrintedDigest, Statement};

const FORMAT: &str = "sentrypost-revocations 1";
const DOMAIN: &[u8] = b"sentrypost revocation list 1\0";
/// Longest list that is read, in bytes: some hundred thousand entries.
pub const MAX_TEXT: usize = 16 << 20;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevocationList {
    /// Grows with each list; a reader keeps the highest.
    pub number: u32,
    pub issued_on: NaiveDate,
    pub next_update_on: NaiveDate,
    entries: BTreeMap<(Serial, Option<PrintedDigest>), Entry>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub serial: Serial,
    /// The one copy that is meant; `None` is every copy. A replacement keeps its serial, so what was lost is named by the
    /// digest over its print.
    pub copy: Option<PrintedDigest>,
    pub state: RevokedState,
    pub since: NaiveDate,
    pub reason: ReasonClass,
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($variant:ident = $word:literal, $zh:literal;)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name { $(#[serde(rename = $word)] $variant,)* }

        impl $name {
            pub const ALL: &[$name] = &[$($name::$variant,)*];

            /// As it stands in the list.
            pub fn word(self) -> &'static str {
                match self { $($name::$variant => $word,)* }
            }

            pub fn zh(self) -> &'static str {
                match self { $($name::$variant => $zh,)* }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.word())
            }
        }

        impl FromStr for $name {
            type Err = ListError;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text { $($word => Ok($name::$variant),)* _ => Err(ListError::Word(text.to_owned())) }
            }
        }
    };
}

words! {
    /// States of a certificate that its statement can't know. Later ones weigh more.
    RevokedState {
        Suspended = "suspended", "暂停";
        Replaced = "replaced", "已换发";
        Cancelled = "cancelled", "注销";
        Revoked = "revoked", "撤销";
    }
}

words! {
    /// Why, as far as strangers are told.
    ReasonClass {
        Misconduct = "misconduct", "违规";
        Fraud = "fraud", "弄虚作假";
        LeftPost = "left-post", "离岗";
        ReviewMissed = "review-missed", "未按期复审";
        Lost = "lost", "遗失或损毁";
        Corrected = "corrected", "内容更正";
        Superseded = "superseded", "换发新证";
        OwnRequest = "own-request", "本人申请";
        Other = "other", "其他";
    }
}

/// A list whose signature is right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedList {
    pub list: RevocationList,
    pub key_id: KeyId,
    pub algorithm: Algorithm,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ListError {
    #[error("this is no revocation list; it begins with {FORMAT:?}")]
    NotAList,
    #[error("the list is larger than {} MiB", MAX_TEXT >> 20)]
    TooLarge,
    #[error("the list is cut short: its signature is missing; fetch it again")]
    CutShort,
    #[error("line {0} of the list cannot be read")]
    Line(usize),
    #[error("{0:?} is no state and no class of reasons")]
    Word(String),
    #[error("line {0} names a certificate that another line names too, or is out of order")]
    Order(usize),
    #[error("the next update is before the day of issue")]
    Dates,
    #[error(transparent)]
    Signature(#[from] SignatureError),
}

impl ListError {
    pub fn zh(&self) -> String {
        match self {
            ListError::NotAList => "这不是证书吊销名单文件".into(),
            ListError::TooLarge => "名单文件过大".into(),
            ListError::CutShort => "名单文件不完整，缺少签名，请重新获取".into(),
            ListError::Line(line) => format!("名单第{line}行无法识别"),
            ListError::Word(word) => format!("“{word}”不是已知的状态或原因"),
            ListError::Order(line) => format!("名单第{line}行重复或顺序不对"),
            ListError::Dates => "名单的下次更新日期早于发布日期".into(),
            ListError::Signature(error) => error.zh(),
        }
    }
}

impl RevocationList {
    /// One entry per serial and copy; of two, the weightier state stays.
    pub fn new(
        number: u32,
        issued_on: NaiveDate,
        next_update_on: NaiveDate,
        entries: impl IntoIterator<Item = Entry>,
    ) -> Result<RevocationList, ListError> {
        if next_update_on < issued_on {
            return Err(ListError::Dates);
        }
        let mut list = RevocationList { number, issued_on, next_update_on, entries: BTreeMap::new() };
        for entry in entries {
            let key = (entry.serial.clone(), entry.copy);
            if list.entries.get(&key).is_none_or(|known| known.state < entry.state) {
                list.entries.insert(key, entry);
            }
        }
        Ok(list)
    }

    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.values()
    }

    /// What the list says of a certificate on a day; the weightiest if it says several things.
    pub fn entry_for(&self, statement: &Statement, today: NaiveDate) -> Option<&Entry> {
        [None, Some(statement.printed)]
            .into_iter()
            .filter_map(|copy| self.entries.get(&(statement.serial.clone(), copy)))
            .filter(|entry| entry.since <= today)
            .max_by_key(|entry| entry.state)
    }

    /// A newer list should have been published.
    pub fn is_stale(&self, today: NaiveDate) -> bool {
        self.next_update_on < today
    }

    pub fn sign(&self, key: &SigningKey) -> Result<String, KeyError> {
        let mut text = self.body(key.public().algorithm(), key.id());
        let signature = key.sign(&[DOMAIN, text.as_bytes()].concat())?;
        text.push_str(&format!("signature {}\n", base32::encode(&signature)));
        Ok(text)
    }

    fn body(&self, algorithm: Algorithm, key: KeyId) -> String {
        let RevocationList { number, issued_on, next_update_on, entries } = self;
        let mut text = format!(
            "{FORMAT}\nnumber {number}\nissued {issued_on}\nnext-update {next_update_on}\nalgorithm {}\nkey {key}\n",
            algorithm.name()
        );
        for Entry { serial, copy, state, since, reason } in entries.values() {
            text.push_str(&format!("{state} {serial} {since} {reason}"));
            if let Some(copy) = copy {
                text.push_str(&format!(" {copy}"));
            }
            text.push('\n');
        }
        text
    }

    /// Reads a list and verifies its signature. Strict: a list has one text.
    pub fn verify(text: &str, ring: &PublicRing) -> Result<VerifiedList, ListError> {
        if text.len() > MAX_TEXT {
            return Err(ListError::TooLarge);
        }
        let text = text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n");
        if text.split('\n').next() != Some(FORMAT) {
            return Err(ListError::NotAList);
        }
        let at = text.rfind("\nsignature ").ok_or(ListError::CutShort)?;
        let (body, last) = text.split_at_checked(at + 1).ok_or(ListError::CutShort)?;
        let signature = last.strip_prefix("signature ").ok_or(ListError::CutShort)?.trim_end();
        let signature = base32::decode(signature).map_err(|_| ListError::CutShort)?;
        if signature.len() < crate::keys::SIGNATURE_BYTES {
            return Err(ListError::CutShort);
        }
        let read = parse(body)?;
        ring.verify(read.key_id, read.algorithm, &[DOMAIN, body.as_bytes()].concat(), &signature)?;
        Ok(read)
    }
}

fn parse(body: &str) -> Result<VerifiedList, ListError> {
    let mut lines = body.strip_suffix('\n').unwrap_or(body).split('\n').enumerate().skip(1);
    let mut head = |name: &str| {
        let (at, line) = lines.next().ok_or(ListError::CutShort)?;
        let value = line.strip_prefix(name).and_then(|rest| rest.strip_prefix(' '));
        value.map(|value| (at + 1, value)).ok_or(ListError::Line(at + 1))
    };
    let number = value(head("number")?)?;
    let issued_on = value(head("issued")?)?;
    let next_update_on = value(head("next-update")?)?;
    let algorithm = value(head("algorithm")?)?;
    let key_id = value(head("key")?)?;
    let mut list = RevocationList::new(number, issued_on, next_update_on, [])?;
    for (at, line) in lines {
        let entry = entry(line).ok_or(ListError::Line(at + 1))?;
        let key = (entry.serial.clone(), entry.copy);
        if list.entries.last_key_value().is_some_and(|(last, _)| *last >= key) {
            return Err(ListError::Order(at + 1));
        }
        list.entries.insert(key, entry);
    }
    // Numbers with zeros in front, dates with signs, serials without dashes: readable, but another text.
    let again = list.body(algorithm, key_id);
    if let Some(at) = again.split('\n').zip(body.split('\n')).position(|(ours, theirs)| ours != theirs) {
        return Err(ListError::Line(at + 1));
    }
    Ok(VerifiedList { list, key_id, algorithm })
}

fn value<T: FromStr>((line, text): (usize, &str)) -> Result<T, ListError> {
    text.parse().map_err(|_| ListError::Line(line))
}

fn entry(line: &str) -> Option<Entry> {
    let mut words = line.split(' ');
    let state = words.next()?.parse().ok()?;
    let serial = words.next()?.parse().ok()?;
    let since = words.next()?.parse().ok()?;
    let reason = words.next()?.parse().ok()?;
    let copy = words.next().map(str::parse).transpose().ok()?;
    words.next().is_none().then_some(Entry { serial, copy, state, since, reason })
}

#[cfg(test)]
mod tests;
