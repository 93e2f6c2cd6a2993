//! A small authoritative name server for the lab's zone (RFC 1034, RFC 1035, RFC 2308 for what doesn't exist).
//!
//! One question a message, no recursion, no EDNS: an OPT record in a query is ignored, which RFC 6891 7 allows a
//! server that doesn't know it. It answers for its own zone and refuses every other name.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use super::{Session, Step, take_front};
use crate::plan::ZONE;

/// The zone's names in lower case, each with its addresses.
pub(crate) struct Zone {
    names: BTreeMap<String, Vec<IpAddr>>,
}

const A: u16 = 1;
const NS: u16 = 2;
const SOA: u16 = 6;
const AAAA: u16 = 28;
const ANY: u16 = 255;
const INTERNET: u16 = 1;

const NO_ERROR: u16 = 0;
const FORMAT_ERROR: u16 = 1;
const NAME_ERROR: u16 = 3;
const NOT_IMPLEMENTED: u16 = 4;
const REFUSED: u16 = 5;

/// Short, so that a lab that moves to another network is soon believed.
const TTL: u32 = 5;
const HEADER: usize = 12;

impl Zone {
    pub(crate) fn new(pairs: Vec<(String, IpAddr)>) -> Zone {
        let mut names: BTreeMap<String, Vec<IpAddr>> = BTreeMap::new();
        for (name, ip) in pairs {
            names.entry(name.to_ascii_lowercase()).or_default().push(ip);
        }
        Zone { names }
    }

    /// The reply to one message; `None` for what isn't a query, since two servers answering answers never end.
    pub(crate) fn answer(&self, query: &[u8]) -> Option<Vec<u8>> {
        let flags = u16_at(query, 2)?;
        let is_response = flags & 0x8000 != 0;
        if is_response {
            return None;
        }
        let id = u16_at(query, 0)?;
        let opcode = flags & 0x7800;
        let head = Head { id, opcode, recursion_desired: flags & 0x0100 };
        if opcode != 0 {
            return Some(message(&head, NOT_IMPLEMENTED, None, &[], false));
        }
        let Some(question) = (u16_at(query, 4) == Some(1)).then(|| Question::read(query)).flatten() else {
            return Some(message(&head, FORMAT_ERROR, None, &[], false));
        };
        let (code, answers) = self.look_up(&question);
        let say_soa = answers.is_empty() && code != REFUSED;
        Some(message(&head, code, Some(&question), &answers, say_soa))
    }

    fn look_up(&self, question: &Question) -> (u16, Vec<Record>) {
        let name = question.name.as_str();
        let below = |parent: &str| name == parent || name.ends_with(&format!(".{parent}"));
        if !below(ZONE) || question.class != INTERNET {
            return (REFUSED, Vec::new());
        }
        if name == ZONE {
            let answers = match question.kind {
                SOA => vec![Record { kind: SOA, data: soa_data() }],
                NS | ANY => vec![Record { kind: NS, data: encoded(&server_name()) }],
                _ => Vec::new(),
            };
            return (NO_ERROR, answers);
        }
        let Some(addresses) = self.names.get(name) else {
            // `u03.lab.example` has no record, but names below it exist, so it does too (RFC 8020).
            let has_names_below = self.names.keys().any(|known| known.ends_with(&format!(".{name}")));
            return (if has_names_below { NO_ERROR } else { NAME_ERROR }, Vec::new());
        };
        let answers = addresses.iter().filter_map(|ip| match (ip, question.kind) {
            (IpAddr::V4(ip), A | ANY) => Some(Record { kind: A, data: ip.octets().to_vec() }),
            (IpAddr::V6(ip), AAAA | ANY) => Some(Record { kind: AAAA, data: ip.octets().to_vec() }),
            _ => None,
        });
        (NO_ERROR, answers.collect())
    }
}

struct Head {
    id: u16,
    opcode: u16,
    recursion_desired: u16,
}

struct Record {
    kind: u16,
    data: Vec<u8>,
}

struct Question {
    /// In lower case, without the last dot.
    name: String,
    kind: u16,
    class: u16,
    /// As it came, to be sent back in the asker's own letter case.
    bytes: Vec<u8>,
}

impl Question {
    fn read(query: &[u8]) -> Option<Question> {
        let mut at = HEADER;
        let mut labels = Vec::new();
        loop {
            let length = usize::from(*query.get(at)?);
            // A question comes first, so there is nothing that a compression pointer could point at.
            if length > 63 || at > HEADER + 255 {
                return None;
            }
            let label = query.get(at + 1..at + 1 + length)?;
            at += 1 + length;
            if length == 0 {
                break;
            }
            labels.push(String::from_utf8_lossy(label).to_ascii_lowercase());
        }
        let bytes = query.get(HEADER..at + 4)?.to_vec();
        Some(Question {
            name: labels.join("."),
            kind: u16_at(query, at)?,
            class: u16_at(query, at + 2)?,
            bytes,
        })
    }
}

fn message(
    head: &Head,
    code: u16,
    question: Option<&Question>,
    answers: &[Record],
    say_soa: bool,
) -> Vec<u8> {
    const RESPONSE: u16 = 0x8000;
    const AUTHORITATIVE: u16 = 0x0400;
    let authority = if code == NO_ERROR || code == NAME_ERROR { AUTHORITATIVE } else { 0 };
    let flags = RESPONSE | head.opcode | authority | head.recursion_desired | code;
    let n_answers = u16::try_from(answers.len()).expect("a name of ours has few addresses");
    let counts = [u16::from(question.is_some()), n_answers, u16::from(say_soa), 0];
    let mut bytes = Vec::new();
    for field in [head.id, flags].into_iter().chain(counts) {
        bytes.extend_from_slice(&field.to_be_bytes());
    }
    if let Some(question) = question {
        bytes.extend_from_slice(&question.bytes);
    }
    // A pointer to the name in the question, which starts right after the header.
    let same_name = [0xc0, 0x0c];
    for record in answers {
        put_record(&mut bytes, &same_name, record);
    }
    if say_soa {
        put_record(&mut bytes, &encoded(ZONE), &Record { kind: SOA, data: soa_data() });
    }
    bytes
}

fn put_record(bytes: &mut Vec<u8>, owner: &[u8], record: &Record) {
    bytes.extend_from_slice(owner);
    bytes.extend_from_slice(&record.kind.to_be_bytes());
    bytes.extend_from_slice(&INTERNET.to_be_bytes());
    bytes.extend_from_slice(&TTL.to_be_bytes());
    let length = u16::try_from(record.data.len()).expect("our own records are short");
    bytes.extend_from_slice(&length.to_be_bytes());
    bytes.extend_from_slice(&record.data);
}

fn server_name() -> String {
    format!("ns.u12.{ZONE}")
}

fn soa_data() -> Vec<u8> {
    let mut data = encoded(&server_name());
    data.extend(encoded(&format!("hostmaster.{ZONE}")));
    // Serial, refresh, retry, expire, and how long "doesn't exist" may be believed.
    for number in [1, 3600, 600, 86_400, TTL] {
        data.extend_from_slice(&number.to_be_bytes());
    }
    data
}

fn encoded(name: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    for label in name.split('.') {
        bytes.push(u8::try_from(label.len()).expect("labels of ours are short"));
        bytes.extend_from_slice(label.as_bytes());
    }
    bytes.push(0);
    bytes
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(bytes.get(at..at.checked_add(2)?)?.try_into().ok()?))
}

/// The same over TCP, each message behind its length (RFC 1035 4.2.2).
pub(super) struct OverTcp {
    zone: Arc<Zone>,
}

impl OverTcp {
    pub(super) fn new(zone: Arc<Zone>) -> OverTcp {
        OverTcp { zone }
    }
}

impl Session for OverTcp {
    fn take(&mut self, input: &mut Vec<u8>) -> Step {
        let Some(length) = u16_at(input, 0) else { return Step::Wait };
        let Some(framed) = take_front(input, usize::from(length) + 2) else { return Step::Wait };
        match self.zone.answer(framed.get(2..).unwrap_or_default()) {
            Some(answer) => {
                let length = u16::try_from(answer.len()).expect("our own answers are short");
                Step::Say([&length.to_be_bytes()[..], &answer].concat())
            }
            None => Step::SayAndClose(Vec::new()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone() -> Zone {
        Zone::new(vec![
            ("portal.u03.lab.example".to_owned(), "127.20.3.10".parse().unwrap()),
            ("six.u12.lab.example".to_owned(), "::1".parse().unwrap()),
        ])
    }

    fn query(name: &str, kind: u16) -> Vec<u8> {
        let mut bytes = vec![0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
        bytes.extend(encoded(name));
        bytes.extend_from_slice(&kind.to_be_bytes());
        bytes.extend_from_slice(&INTERNET.to_be_bytes());
        bytes
    }

    /// Expects the code, the number of answers, whether an SOA comes along, and the last answer's data at the end.
    #[track_caller]
    fn check(name: &str, kind: u16, code: u16, n_answers: u16, has_soa: bool, data: &[u8]) {
        let reply = zone().answer(&query(name, kind)).unwrap();
        assert_eq!(u16_at(&reply, 0), Some(0x1234));
        let flags = u16_at(&reply, 2).unwrap();
        assert_eq!((flags & 0x8000, flags & 0x000f), (0x8000, code), "{name}");
        assert_eq!(
            (u16_at(&reply, 6), u16_at(&reply, 8)),
            (Some(n_answers), Some(u16::from(has_soa))),
            "{name}"
        );
        assert!(reply.ends_with(data), "{name}: {reply:02x?}");
    }

    #[test]
    fn answers_for_its_zone_and_for_nothing_else() {
        check("portal.u03.lab.example", A, NO_ERROR, 1, false, &[127, 20, 3, 10]);
        check("PORTAL.u03.Lab.Example", A, NO_ERROR, 1, false, &[127, 20, 3, 10]);
        check("portal.u03.lab.example", AAAA, NO_ERROR, 0, true, &[]);
        check("six.u12.lab.example", AAAA, NO_ERROR, 1, false, &[0, 0, 0, 1]);
        check("u03.lab.example", A, NO_ERROR, 0, true, &[]);
        check("gone.u03.lab.example", A, NAME_ERROR, 0, true, &[]);
        check("lab.example", SOA, NO_ERROR, 1, false, &[]);
        check("notlab.example", A, REFUSED, 0, false, &[]);
        check("www.example", A, REFUSED, 0, false, &[]);
    }

    #[test]
    fn survives_every_truncation_and_never_answers_an_answer() {
        let whole = query("portal.u03.lab.example", A);
        for length in 0..whole.len() {
            let reply = zone().answer(&whole[..length]);
            assert_eq!(reply.is_some(), length >= 4, "{length}");
        }
        let reply = zone().answer(&whole).unwrap();
        assert_eq!(zone().answer(&reply), None);
    }

    #[test]
    fn a_question_that_points_into_itself_is_a_format_error() {
        let mut bytes = query("x.lab.example", A);
        bytes.splice(HEADER..HEADER + 2, [0xc0, 0x0c]);
        let reply = zone().answer(&bytes).unwrap();
        assert_eq!(u16_at(&reply, 2).unwrap() & 0x000f, FORMAT_ERROR);
    }
}
