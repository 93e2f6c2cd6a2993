//! What is said in clear before TLS begins, protocol by protocol. Each prelude is a pure function of its state and
//! of the bytes received; none of them logs in, or says more than it must.

mod binary;
mod framing;
mod lines;

use serde::Serialize;

pub use framing::Framing;

use crate::seen::{Miss, Seen};

/// One side of a dialogue that leads to TLS.
pub trait Prelude: Send {
    /// Called first with no bytes. Keeps the contract of [`crate::seen`]: an answer other than `More` isn't changed
    /// by further bytes.
    fn turn(&mut self, seen: &Seen<'_>) -> Result<PreludeTurn, Miss>;
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PreludeTurn {
    /// Send `bytes`, having used up the first `used` of what was received.
    Say { used: usize, bytes: Vec<u8> },
    /// The peer waits for our hello. What stands before it and wants no answer is sent along.
    Ready { before: Vec<u8>, framing: Framing },
    /// The peer says that it has no TLS here.
    Refused,
}

impl PreludeTurn {
    fn ready() -> Result<PreludeTurn, Miss> {
        Ok(PreludeTurn::Ready { before: Vec::new(), framing: Framing::Plain })
    }
}

/// A protocol that goes over to TLS on demand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum StartTls {
    Smtp,
    Lmtp,
    Pop3,
    Imap,
    Ftp,
    Sieve,
    Nntp,
    Xmpp,
    /// Between servers.
    XmppServer,
    Ldap,
    Postgres,
    Mysql,
    Rdp,
    Mssql,
}

/// Protocol, name, and the ports on which it is at home.
pub const PRELUDES: &[(StartTls, &str, &[u16])] = &[
    (StartTls::Smtp, "smtp", &[25, 587, 2525]),
    (StartTls::Lmtp, "lmtp", &[24]),
    (StartTls::Pop3, "pop3", &[110]),
    (StartTls::Imap, "imap", &[143]),
    (StartTls::Ftp, "ftp", &[21]),
    (StartTls::Sieve, "sieve", &[4190]),
    (StartTls::Nntp, "nntp", &[119]),
    (StartTls::Xmpp, "xmpp", &[5222]),
    (StartTls::XmppServer, "xmpp-server", &[5269]),
    (StartTls::Ldap, "ldap", &[389, 3268]),
    (StartTls::Postgres, "postgres", &[5432]),
    (StartTls::Mysql, "mysql", &[3306]),
    (StartTls::Rdp, "rdp", &[3389]),
    (StartTls::Mssql, "mssql", &[1433]),
];

impl StartTls {
    pub fn name(self) -> &'static str {
        PRELUDES.iter().find(|(known, ..)| *known == self).map_or("", |(_, name, _)| name)
    }

    pub fn parse(name: &str) -> Option<StartTls> {
        PRELUDES.iter().find(|(_, known, _)| *known == name).map(|(start_tls, ..)| *start_tls)
    }

    /// What a port is most likely to want.
    pub fn of_port(port: u16) -> Option<StartTls> {
        PRELUDES.iter().find(|(.., ports)| ports.contains(&port)).map(|(start_tls, ..)| *start_tls)
    }

    /// Whether records of TLS go over the connection as they are, as a library sends them.
    pub fn is_plain(self) -> bool {
        self != StartTls::Mssql
    }

    /// A dialogue with a host of this name, where one is said.
    pub fn prelude(self, host: &str) -> Box<dyn Prelude> {
        match self {
            StartTls::Smtp => lines::smtp("EHLO"),
            StartTls::Lmtp => lines::smtp("LHLO"),
            StartTls::Pop3 => lines::pop3(),
            StartTls::Imap => lines::imap(),
            StartTls::Ftp => lines::ftp(),
            StartTls::Sieve => lines::sieve(),
            StartTls::Nntp => lines::nntp(),
            StartTls::Xmpp => lines::xmpp(host, "jabber:client"),
            StartTls::XmppServer => lines::xmpp(host, "jabber:server"),
            StartTls::Ldap => binary::ask(binary::LDAP_REQUEST, binary::ldap),
            StartTls::Postgres => binary::ask(binary::POSTGRES_REQUEST, binary::postgres),
            StartTls::Mysql => binary::listen(binary::mysql),
            StartTls::Rdp => binary::ask(binary::RDP_REQUEST, binary::rdp),
            StartTls::Mssql => binary::ask(binary::MSSQL_REQUEST, binary::mssql),
        }
    }
}

#[cfg(test)]
mod tests;
