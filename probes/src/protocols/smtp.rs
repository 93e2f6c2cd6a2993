//! SMTP: the greeting and `EHLO` (RFC 5321), whether STARTTLS is offered (RFC 3207), and its certificate.

use model::observation::ServiceFacts;

use super::reply::Reply;
use crate::facts::{Tell, identified};
use crate::seen::{Miss, Seen, contains};
use crate::talk::{Peer, Talk, Turn};

const EHLO: &[u8] = b"EHLO sentrypost.invalid\r\n";
const QUIT: &[u8] = b"QUIT\r\n";

const PRODUCTS: [(&[u8], &str); 10] = [
    (b"Postfix", "Postfix"),
    (b"Exim ", "Exim"),
    (b"Sendmail", "Sendmail"),
    (b"Microsoft ESMTP", "Microsoft ESMTP"),
    (b"OpenSMTPD", "OpenSMTPD"),
    (b"qmail", "qmail"),
    (b"Coremail", "Coremail"),
    (b"Zimbra", "Zimbra"),
    (b"Haraka", "Haraka"),
    (b"Dovecot", "Dovecot"),
];

/// A greeting that names mail. Greetings that name neither mail nor files are [`super::ftp`]'s to sort out.
pub(crate) fn recognise(seen: &Seen<'_>) -> Result<ServiceFacts, Miss> {
    let reply = Reply::read(&mut seen.cursor())?;
    let text = reply.text();
    let names_mail = [b"SMTP".as_slice(), b"Postfix", b"Sendmail", b"LMTP", b"mail service"];
    let names_mail = names_mail.iter().any(|word| contains(&text, word));
    if !matches!(reply.code, 220 | 421 | 450 | 521 | 554) || !names_mail || contains(&text, b"FTP") {
        return Err(Miss::No);
    }
    Ok(greeting(&reply))
}

pub(super) fn greeting(reply: &Reply<'_>) -> ServiceFacts {
    let text = reply.text();
    let mut facts = identified("smtp").info(&text);
    if let Some((_, product)) = PRODUCTS.iter().find(|(sign, _)| contains(&text, sign)) {
        facts = facts.product(product);
        if let Some(version) = crate::seen::after(&text, format!("{product} ").as_bytes(), b" ;,)")
            .filter(|version| version.first().is_some_and(u8::is_ascii_digit))
        {
            facts = facts.version(version);
        }
    }
    facts
}

pub(crate) fn talk(_: &Peer) -> Box<dyn Talk> {
    Box::new(Mail { state: State::Greeting, facts: identified("smtp") })
}

struct Mail {
    state: State,
    facts: ServiceFacts,
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    Greeting,
    Hello,
    StartTls,
    /// Inside TLS, or refused it.
    Last,
}

impl Talk for Mail {
    fn turn(&mut self, seen: &Seen<'_>) -> Result<Turn, Miss> {
        let done = |facts: &ServiceFacts| Ok(Turn::Done { facts: facts.clone(), farewell: QUIT });
        if self.state == State::Last {
            return done(&self.facts);
        }
        let mut cursor = seen.cursor();
        let reply = match Reply::read(&mut cursor) {
            Err(Miss::No) if self.state != State::Greeting => return done(&self.facts),
            reply => reply?,
        };
        let used = cursor.n_used();
        match self.state {
            State::Greeting => {
                self.facts = greeting(&reply);
                if reply.code != 220 {
                    return done(&self.facts);
                }
                self.state = State::Hello;
                Ok(Turn::Say { used, bytes: EHLO.to_vec() })
            }
            State::Hello => {
                let offers = |word: &[u8]| reply.lines.iter().any(|line| contains(line, word));
                if reply.code != 250 {
                    return done(&self.facts);
                }
                let facts = self.facts.clone();
                let auth = reply.lines.iter().find_map(|line| line.strip_prefix(b"AUTH "));
                self.facts = facts.fact("auth-methods", auth.unwrap_or_default());
                if offers(b"STARTTLS") {
                    self.facts = self.facts.clone().fact("starttls", b"offered");
                    self.state = State::StartTls;
                    return Ok(Turn::Say { used, bytes: b"STARTTLS\r\n".to_vec() });
                }
                self.facts = self.facts.clone().fact("starttls", b"not offered");
                done(&self.facts)
            }
            State::StartTls => {
                self.state = State::Last;
                if reply.code == 220 { Ok(Turn::StartTls) } else { done(&self.facts) }
            }
            State::Last => done(&self.facts),
        }
    }
}
