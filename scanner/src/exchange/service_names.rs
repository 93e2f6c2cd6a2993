//! What nmap and we call the same services. A service is added as a line of the table.

use model::observation::{Certainty, ServiceFacts, TlsFacts};
use probes::clean::clean;
use probes::table::PROBES;

/// Ours, and what nmap calls it, where that differs.
const NAMES: &[(&str, &str)] = &[
    ("ajp", "ajp13"),
    ("dns", "domain"),
    ("managesieve", "sieve"),
    ("mssql", "ms-sql-s"),
    ("rdp", "ms-wbt-server"),
    ("smb", "microsoft-ds"),
    ("socks", "socks5"),
    ("x11", "X11"),
    ("xmpp", "xmpp-client"),
];

/// Ours, and other names that it goes by there; only read.
const ALIASES: &[(&str, &str)] = &[
    ("cassandra", "cassandra-native"),
    ("http", "http-alt"),
    ("http", "http-proxy"),
    ("imap", "imap4"),
    ("java-rmi", "rmiregistry"),
    ("mongodb", "mongod"),
    ("mssql", "ms-sql"),
    ("mysql", "mariadb"),
    ("nfs", "nfs_acl"),
    ("oracle-tns", "oracle"),
    ("smb", "netbios-ssn"),
    ("socks", "socks4"),
    ("svn", "svnserve"),
    ("xmpp", "jabber"),
];

/// Names of services inside TLS, and what they are inside it.
const INSIDE_TLS: &[(&str, &str)] = &[
    ("https", "http"),
    ("imaps", "imap"),
    ("pop3s", "pop3"),
    ("smtps", "smtp"),
    ("ldaps", "ldap"),
    ("ldapssl", "ldap"),
    ("ftps", "ftp"),
    ("nntps", "nntp"),
    ("https-alt", "http"),
];

/// Our name for theirs; `None` if we know no such service.
fn ours(theirs: &str) -> Option<&'static str> {
    let by_table = NAMES.iter().chain(ALIASES).find(|(_, name)| *name == theirs).map(|&(ours, _)| ours);
    let same = || PROBES.iter().map(|entry| entry.name).find(|&name| name == theirs && name != "tls");
    by_table.or_else(same)
}

/// Their name for a protocol of ours.
pub(super) fn theirs(ours: &str) -> &str {
    NAMES.iter().find(|(name, _)| *name == ours).map_or(ours, |&(_, theirs)| theirs)
}

/// What another tool recognised in a service's own words.
pub(super) struct Recognised<'a> {
    pub(super) name: &'a str,
    pub(super) is_inside_tls: bool,
    pub(super) product: Option<String>,
    pub(super) version: Option<String>,
    pub(super) info: Option<String>,
}

/// The facts of a service that another tool recognised. A name that we don't know is told, and recognises nothing: to
/// take it for another service than was found before would prove that one gone.
pub(super) fn facts_of(seen: Recognised<'_>) -> ServiceFacts {
    let Recognised { name, is_inside_tls, product, version, info } = seen;
    let inside = INSIDE_TLS.iter().find(|(tls, _)| *tls == name).map(|&(_, inside)| inside);
    let is_tls = is_inside_tls || inside.is_some() || matches!(name, "ssl" | "tls");
    let tls = is_tls.then(TlsFacts::default);
    let product = product.filter(|text| !text.is_empty());
    let version = version.filter(|text| !text.is_empty());
    let info = info.filter(|text| !text.is_empty());
    let protocol = inside.or_else(|| ours(name)).map(str::to_owned);
    match (name, &protocol) {
        ("tcpwrapped", _) => ServiceFacts { certainty: Certainty::ClosedAtOnce, ..ServiceFacts::default() },
        (_, Some(_)) => ServiceFacts {
            certainty: Certainty::Identified,
            protocol,
            product,
            version,
            info,
            tls,
            ..ServiceFacts::default()
        },
        ("" | "unknown" | "ssl" | "tls", None) => {
            let certainty = if is_tls { Certainty::Identified } else { Certainty::Unknown };
            ServiceFacts { certainty, product, version, info, tls, ..ServiceFacts::default() }
        }
        (_, None) => {
            let called = clean(&format!("{name} {}", info.unwrap_or_default()));
            let certainty = Certainty::Unknown;
            ServiceFacts { certainty, product, version, info: Some(called), tls, ..ServiceFacts::default() }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(name: &str, is_inside_tls: bool, certainty: Certainty, shown: &str) {
        let seen = Recognised { name, is_inside_tls, product: None, version: None, info: None };
        let facts = facts_of(seen);
        assert_eq!((facts.certainty, facts.display_name().as_str()), (certainty, shown), "{name}");
    }

    #[test]
    fn their_names_become_ours_and_unknown_ones_recognise_nothing() {
        check("ssh", false, Certainty::Identified, "ssh");
        check("ms-wbt-server", false, Certainty::Identified, "rdp");
        check("http", true, Certainty::Identified, "https");
        check("https", false, Certainty::Identified, "https");
        check("ssl", false, Certainty::Identified, "tls");
        check("tcpwrapped", false, Certainty::ClosedAtOnce, "unknown");
        check("soap", false, Certainty::Unknown, "unknown");
        check("unknown", false, Certainty::Unknown, "unknown");
    }

    #[test]
    fn what_is_written_reads_back() {
        for entry in PROBES.iter().filter(|entry| entry.name != "tls") {
            assert_eq!(ours(theirs(entry.name)), Some(entry.name));
        }
    }
}
