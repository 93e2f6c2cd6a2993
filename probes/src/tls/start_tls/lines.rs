//! Preludes that are spoken in lines, and XMPP's, which is spoken in tags.

use super::{Prelude, PreludeTurn};
use crate::seen::{Miss, Seen, contains, find};

/// What an answer means.
enum Reply {
    /// It took so many bytes.
    Good(usize),
    Bad,
}

/// How an answer is read.
type Read = fn(&[u8]) -> Result<Reply, Miss>;

/// Answers that are waited for, each with what is said after it; the last one leads into TLS.
struct Dialogue {
    opening: Option<String>,
    stages: std::vec::IntoIter<(Read, Option<String>)>,
    current: Option<(Read, Option<String>)>,
}

fn dialogue(opening: Option<String>, stages: Vec<(Read, Option<String>)>) -> Box<dyn Prelude> {
    let mut stages = stages.into_iter();
    let current = stages.next();
    Box::new(Dialogue { opening, stages, current })
}

impl Prelude for Dialogue {
    fn turn(&mut self, seen: &Seen<'_>) -> Result<PreludeTurn, Miss> {
        if let Some(opening) = self.opening.take() {
            return Ok(PreludeTurn::Say { used: 0, bytes: opening.into_bytes() });
        }
        let Some((read, _)) = &self.current else { return PreludeTurn::ready() };
        match read(seen.bytes)? {
            Reply::Bad => Ok(PreludeTurn::Refused),
            Reply::Good(used) => {
                let said = self.current.take().and_then(|(_, said)| said);
                self.current = self.stages.next();
                match said {
                    Some(said) => Ok(PreludeTurn::Say { used, bytes: said.into_bytes() }),
                    None => PreludeTurn::ready(),
                }
            }
        }
    }
}

const MAX_LINE: usize = 2048;
const MAX_LINES: usize = 128;

/// Goes line by line until `judge` has an answer.
fn by_line(bytes: &[u8], judge: impl Fn(&[u8]) -> Option<bool>) -> Result<Reply, Miss> {
    let mut rest = bytes;
    for _ in 0..MAX_LINES {
        let Some(at) = rest.iter().take(MAX_LINE).position(|byte| *byte == b'\n') else {
            return Err(if rest.len() >= MAX_LINE { Miss::No } else { Miss::More });
        };
        let line = rest.get(..at).unwrap_or_default();
        rest = rest.get(at + 1..).unwrap_or_default();
        match judge(line.strip_suffix(b"\r").unwrap_or(line)) {
            Some(true) => return Ok(Reply::Good(bytes.len() - rest.len())),
            Some(false) => return Ok(Reply::Bad),
            None => {}
        }
    }
    Err(Miss::No)
}

/// A reply of three digits, of several lines if a hyphen follows them (RFC 5321 §4.2.1).
fn code(bytes: &[u8], good: &[u8]) -> Result<Reply, Miss> {
    by_line(bytes, |line| match line.get(..3) {
        Some(digits) if digits.iter().all(u8::is_ascii_digit) && line.get(3) != Some(&b'-') => {
            Some(digits.starts_with(good))
        }
        Some(digits) if digits.iter().all(u8::is_ascii_digit) => None,
        // FTP servers put text of any kind between the first and the last line.
        _ if line.first().is_some_and(|first| *first == b' ') => None,
        _ => Some(false),
    })
}

pub(super) fn smtp(greeting: &str) -> Box<dyn Prelude> {
    let greeting = format!("{greeting} sentrypost.invalid\r\n");
    dialogue(
        None,
        vec![
            (|bytes| code(bytes, b"220"), Some(greeting)),
            (|bytes| code(bytes, b"250"), Some("STARTTLS\r\n".to_owned())),
            (|bytes| code(bytes, b"220"), None),
        ],
    )
}

pub(super) fn ftp() -> Box<dyn Prelude> {
    dialogue(
        None,
        vec![
            (|bytes| code(bytes, b"2"), Some("AUTH TLS\r\n".to_owned())),
            (|bytes| code(bytes, b"234"), None),
        ],
    )
}

pub(super) fn nntp() -> Box<dyn Prelude> {
    dialogue(
        None,
        vec![
            (|bytes| code(bytes, b"2"), Some("STARTTLS\r\n".to_owned())),
            (|bytes| code(bytes, b"382"), None),
        ],
    )
}

pub(super) fn pop3() -> Box<dyn Prelude> {
    let status: Read = |bytes| by_line(bytes, |line| Some(line.starts_with(b"+OK")));
    dialogue(None, vec![(status, Some("STLS\r\n".to_owned())), (status, None)])
}

pub(super) fn imap() -> Box<dyn Prelude> {
    dialogue(
        None,
        vec![
            (
                |bytes| {
                    by_line(bytes, |line| Some(line.starts_with(b"* OK") || line.starts_with(b"* PREAUTH")))
                },
                Some("a1 STARTTLS\r\n".to_owned()),
            ),
            (
                |bytes| {
                    by_line(bytes, |line| match line {
                        line if line.starts_with(b"a1 OK") => Some(true),
                        line if line.starts_with(b"* ") => None,
                        _ => Some(false),
                    })
                },
                None,
            ),
        ],
    )
}

/// ManageSieve (RFC 5804): capabilities, then OK, in the greeting as in every answer.
pub(super) fn sieve() -> Box<dyn Prelude> {
    let status: Read = |bytes| {
        by_line(bytes, |line| match line {
            line if line.starts_with(b"OK") => Some(true),
            line if line.starts_with(b"\"") => None,
            _ => Some(false),
        })
    };
    dialogue(None, vec![(status, Some("STARTTLS\r\n".to_owned())), (status, None)])
}

/// RFC 6120 §5.4.
pub(super) fn xmpp(host: &str, namespace: &str) -> Box<dyn Prelude> {
    let opening = format!(
        "<?xml version='1.0'?><stream:stream to='{host}' xmlns='{namespace}' \
         xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>"
    );
    let features: Read = |bytes| {
        // The end of the features, or of the stream.
        if let Some(at) = find(bytes, b"</stream:features>") {
            let features = bytes.get(..at).unwrap_or_default();
            let offered = contains(features, b"urn:ietf:params:xml:ns:xmpp-tls");
            return Ok(if offered { Reply::Good(at + "</stream:features>".len()) } else { Reply::Bad });
        }
        let is_xml = bytes.iter().find(|byte| !byte.is_ascii_whitespace()).is_none_or(|first| *first == b'<');
        if !is_xml {
            return Err(Miss::No);
        }
        if contains(bytes, b"</stream:stream>") { Ok(Reply::Bad) } else { Err(Miss::More) }
    };
    let proceed: Read = |bytes| {
        let Some(at) = bytes.iter().position(|byte| *byte == b'>') else { return Err(Miss::More) };
        let tag = bytes.get(..=at).unwrap_or_default();
        Ok(if contains(tag, b"<proceed") { Reply::Good(at + 1) } else { Reply::Bad })
    };
    dialogue(
        Some(opening),
        vec![
            (features, Some("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>".to_owned())),
            (proceed, None),
        ],
    )
}
