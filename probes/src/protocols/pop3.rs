//! POP3: the greeting and `CAPA` (RFC 1939, 2449).

use model::observation::ServiceFacts;

use crate::facts::{Tell, identified};
use crate::seen::{Cursor, Miss, Seen, contains};
use crate::talk::{Peer, Talk, Turn};

const PRODUCTS: [(&[u8], &str); 6] = [
    (b"Dovecot", "Dovecot"),
    (b"Cyrus POP3", "Cyrus IMAP"),
    (b"Courier", "Courier"),
    (b"Microsoft Exchange", "Microsoft Exchange"),
    (b"Coremail", "Coremail"),
    (b"hMailServer", "hMailServer"),
];

const MAX_CAPABILITIES: usize = 64;

pub(crate) fn recognise(seen: &Seen<'_>) -> Result<ServiceFacts, Miss> {
    greeting(&mut seen.cursor())
}

fn greeting(cursor: &mut Cursor<'_>) -> Result<ServiceFacts, Miss> {
    cursor.tag(b"+OK")?;
    let line = cursor.line(1024)?;
    let mut facts = identified("pop3").info(line);
    if let Some((_, product)) = PRODUCTS.iter().find(|(sign, _)| contains(line, sign)) {
        facts = facts.product(product);
    }
    Ok(facts)
}

pub(crate) fn talk(_: &Peer) -> Box<dyn Talk> {
    Box::new(Mailbox { facts: None })
}

struct Mailbox {
    facts: Option<ServiceFacts>,
}

impl Talk for Mailbox {
    fn turn(&mut self, seen: &Seen<'_>) -> Result<Turn, Miss> {
        let done = |facts| Ok(Turn::Done { facts, farewell: b"QUIT\r\n" });
        let mut cursor = seen.cursor();
        let Some(facts) = self.facts.clone() else {
            self.facts = Some(greeting(&mut cursor)?);
            return Ok(Turn::Say { used: cursor.n_used(), bytes: b"CAPA\r\n".to_vec() });
        };
        let mut capabilities: Vec<&[u8]> = Vec::new();
        match cursor.line(1024) {
            Ok(line) if line.starts_with(b"+OK") => {}
            Err(Miss::More) => return Err(Miss::More),
            Ok(_) | Err(_) => return done(facts),
        }
        loop {
            match cursor.line(1024) {
                Ok(b".") => break,
                Ok(line) if capabilities.len() < MAX_CAPABILITIES => capabilities.push(line),
                Err(Miss::More) => return Err(Miss::More),
                Ok(_) | Err(_) => break,
            }
        }
        let starttls: &[u8] =
            if capabilities.contains(&b"STLS".as_slice()) { b"offered" } else { b"not offered" };
        done(facts.fact("capabilities", &capabilities.join(&b' ')).fact("starttls", starttls))
    }
}
