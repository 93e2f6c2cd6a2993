//! IMAP: the greeting and `CAPABILITY` (RFC 9051).

use model::observation::{Access, ServiceFacts};

use crate::facts::{Tell, identified};
use crate::seen::{Cursor, Miss, Seen, after, contains};
use crate::talk::{Peer, Talk, Turn};

const PRODUCTS: [(&[u8], &str); 7] = [
    (b"Dovecot", "Dovecot"),
    (b"Cyrus IMAP", "Cyrus IMAP"),
    (b"Courier-IMAP", "Courier"),
    (b"Microsoft Exchange", "Microsoft Exchange"),
    (b"Zimbra", "Zimbra"),
    (b"Coremail", "Coremail"),
    (b"hMailServer", "hMailServer"),
];

pub(crate) fn recognise(seen: &Seen<'_>) -> Result<ServiceFacts, Miss> {
    greeting(&mut seen.cursor())
}

fn greeting(cursor: &mut Cursor<'_>) -> Result<ServiceFacts, Miss> {
    cursor.tag(b"* ")?;
    let line = cursor.line(2048)?;
    let upper = line.to_ascii_uppercase();
    if ![b"OK".as_slice(), b"PREAUTH", b"BYE"].iter().any(|status| upper.starts_with(status)) {
        return Err(Miss::No);
    }
    let mut facts = identified("imap").info(line);
    if upper.starts_with(b"PREAUTH") {
        facts = facts.access(Access::NoAuthentication);
    }
    if let Some((_, product)) = PRODUCTS.iter().find(|(sign, _)| contains(line, sign)) {
        facts = facts.product(product);
    }
    match after(line, b"[CAPABILITY ", b"]") {
        Some(capabilities) => Ok(with_capabilities(facts, capabilities)),
        None => Ok(facts),
    }
}

fn with_capabilities(facts: ServiceFacts, capabilities: &[u8]) -> ServiceFacts {
    let starttls: &[u8] = if contains(capabilities, b"STARTTLS") { b"offered" } else { b"not offered" };
    facts.fact("capabilities", capabilities).fact("starttls", starttls)
}

pub(crate) fn talk(_: &Peer) -> Box<dyn Talk> {
    Box::new(Mailboxes { facts: None })
}

struct Mailboxes {
    /// What the greeting said.
    facts: Option<ServiceFacts>,
}

impl Talk for Mailboxes {
    fn turn(&mut self, seen: &Seen<'_>) -> Result<Turn, Miss> {
        let done = |facts| Ok(Turn::Done { facts, farewell: b"b LOGOUT\r\n" });
        let mut cursor = seen.cursor();
        let Some(facts) = self.facts.clone() else {
            let facts = greeting(&mut cursor)?;
            if facts.facts.contains_key("capabilities") {
                return done(facts);
            }
            self.facts = Some(facts);
            return Ok(Turn::Say { used: cursor.n_used(), bytes: b"a CAPABILITY\r\n".to_vec() });
        };
        loop {
            match cursor.line(2048) {
                Ok(line) => match line.strip_prefix(b"* CAPABILITY ") {
                    Some(capabilities) => return done(with_capabilities(facts, capabilities)),
                    None if line.starts_with(b"* ") => {}
                    None => return done(facts),
                },
                Err(Miss::More) => return Err(Miss::More),
                Err(_) => return done(facts),
            }
        }
    }
}
