//! FTP: the greeting and `FEAT` (RFC 959, 2389, 4217). No login is tried, not even an anonymous one.

use model::observation::ServiceFacts;

use super::reply::Reply;
use super::smtp;
use crate::facts::{Tell, identified};
use crate::seen::{Miss, Seen, after, contains};
use crate::talk::{Peer, Talk, Turn};

const PRODUCTS: [(&[u8], &str); 8] = [
    (b"vsFTPd", "vsftpd"),
    (b"ProFTPD", "ProFTPD"),
    (b"Pure-FTPd", "Pure-FTPd"),
    (b"FileZilla Server", "FileZilla Server"),
    (b"Microsoft FTP Service", "Microsoft FTP Service"),
    (b"Serv-U", "Serv-U"),
    (b"GNU inetutils", "inetutils ftpd"),
    (b"Wing FTP", "Wing FTP Server"),
];

/// A greeting, or a refusal, that isn't mail's.
pub(crate) fn recognise(seen: &Seen<'_>) -> Result<ServiceFacts, Miss> {
    let reply = Reply::read(&mut seen.cursor())?;
    let text = reply.text();
    let fits = match reply.code {
        220 => !contains(&text, b"VMware Authentication Daemon"),
        120 | 421 | 500 | 530 => {
            contains(&text, b"FTP") || (reply.code == 530 && contains(&text, b"USER and PASS"))
        }
        _ => false,
    };
    if fits { Ok(greeting(&reply)) } else { Err(Miss::No) }
}

fn greeting(reply: &Reply<'_>) -> ServiceFacts {
    let text = reply.text();
    let mut facts = identified("ftp").info(&text);
    if let Some((sign, product)) = PRODUCTS.iter().find(|(sign, _)| contains(&text, sign)) {
        facts = facts.product(product);
        let version = after(&text, &[sign, b" ".as_slice()].concat(), b" )(]");
        if let Some(version) = version.filter(|version| version.first().is_some_and(u8::is_ascii_digit)) {
            facts = facts.version(version);
        }
    }
    facts
}

pub(crate) fn talk(_: &Peer) -> Box<dyn Talk> {
    Box::new(Files { state: State::Greeting, facts: identified("ftp") })
}

struct Files {
    state: State,
    facts: ServiceFacts,
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    Greeting,
    /// The greeting named neither: `EHLO` tells mail from files.
    Hello,
    Features,
}

const FEAT: &[u8] = b"FEAT\r\n";

impl Talk for Files {
    fn turn(&mut self, seen: &Seen<'_>) -> Result<Turn, Miss> {
        let done = |facts: &ServiceFacts| Ok(Turn::Done { facts: facts.clone(), farewell: b"QUIT\r\n" });
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
                let names_itself = self.facts.product.is_some() || contains(&reply.text(), b"FTP");
                self.state = if names_itself { State::Features } else { State::Hello };
                let bytes = if names_itself { FEAT } else { b"EHLO sentrypost.invalid\r\n" };
                Ok(Turn::Say { used, bytes: bytes.to_vec() })
            }
            State::Hello if reply.code == 250 => {
                let info = self.facts.info.clone().unwrap_or_default();
                let offers = reply.lines.iter().any(|line| contains(line, b"STARTTLS"));
                let starttls: &[u8] = if offers { b"offered" } else { b"not offered" };
                let as_mail = Reply { code: 220, lines: vec![info.as_bytes()] };
                done(&smtp::greeting(&as_mail).fact("starttls", starttls))
            }
            State::Hello => {
                self.state = State::Features;
                Ok(Turn::Say { used, bytes: FEAT.to_vec() })
            }
            State::Features => {
                if reply.code == 211 {
                    let offers = reply
                        .lines
                        .iter()
                        .any(|line| contains(line, b"AUTH TLS") || contains(line, b"AUTH SSL"));
                    let starttls: &[u8] = if offers { b"offered" } else { b"not offered" };
                    self.facts = self.facts.clone().fact("starttls", starttls);
                }
                done(&self.facts)
            }
        }
    }
}
