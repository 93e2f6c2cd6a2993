//! The table of protocols: what can be recognised, on which ports it is usually met, and how it is asked.
//! A protocol is added as an entry here and a file in `protocols/`, nowhere else.

use model::observation::ServiceFacts;

use crate::protocols as p;
use crate::seen::{Miss, Seen};
use crate::talk::{Peer, Talk};

/// Who speaks first on a new connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opening {
    Server,
    Client,
}

/// How a server of another protocol reacts to an HTTP request, as seen on real servers where one was at hand (a
/// guess for mssql, oracle-tns, kafka, cassandra, java-rmi, git, socks and sip); sorts the order in which
/// an unknown port is asked. It doesn't exclude anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ToHttp {
    /// It answers, in its own protocol or with an error text that its matcher knows.
    Answers,
    Closes,
    /// It waits for more, or ignores it.
    Waits,
    /// Its servers differ: Samba waits, others close.
    Varies,
}

/// What asking costs the other side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Intrusiveness {
    /// It only listens.
    Listens,
    /// One harmless request that every client of the protocol begins with.
    Asks,
    /// Several requests, still without an attempt to log in.
    Converses,
}

/// Recognises a protocol in what came back for whatever was sent.
pub type Matcher = fn(&Seen<'_>) -> Result<ServiceFacts, Miss>;

/// Makes a talk with a peer.
pub type Opener = fn(&Peer) -> Box<dyn Talk>;

/// One protocol.
pub struct Entry {
    pub name: &'static str,
    /// Ports on which it is usually spoken in clear.
    pub ports: &'static [u16],
    /// Ports on which it is usually spoken inside TLS from the first byte.
    pub tls_ports: &'static [u16],
    pub opening: Opening,
    /// How likely it is met on a port that says nothing of it: 0 means it is asked on its own ports only.
    pub likelihood: u8,
    pub to_http: ToHttp,
    pub intrusiveness: Intrusiveness,
    /// Recognises the protocol in whatever came back for whatever was sent.
    pub recognise: Option<Matcher>,
    /// Opens or continues a dialogue; `None` where listening or HTTP says all.
    pub talk: Option<Opener>,
}

impl std::fmt::Debug for Entry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

const NEVER: Entry = Entry {
    name: "",
    ports: &[],
    tls_ports: &[],
    opening: Opening::Client,
    likelihood: 0,
    to_http: ToHttp::Closes,
    intrusiveness: Intrusiveness::Asks,
    recognise: None,
    talk: None,
};

/// A protocol whose server greets.
const GREETS: Entry = Entry { opening: Opening::Server, to_http: ToHttp::Answers, ..NEVER };

/// Ports whose devices (printers, industrial controllers) may misbehave when they are sent something they don't
/// expect; nothing is sent there unless asked.
pub const FRAGILE_PORTS: &[u16] = &[
    102, 502, 515, 789, 1911, 1962, 2404, 4840, 4911, 5006, 5007, 5094, 9100, 9101, 9102, 9103, 9104, 9105,
    9106, 9107, 9600, 18245, 18246, 20000, 20547, 34962, 34963, 34964, 44818,
];

/// Every protocol known here. The order is that in which matchers are asked: where two would take the same bytes,
/// the more specific one is first.
pub const PROBES: &[Entry] = &[
    Entry { name: "ssh", ports: &[22, 222, 2222, 22222], recognise: Some(p::ssh::recognise), ..GREETS },
    Entry {
        name: "http",
        ports: &[
            80, 81, 82, 83, 84, 85, 88, 591, 631, 2375, 2379, 3000, 3128, 4848, 5000, 5601, 5984, 7001, 7080,
            7180, 7474, 8000, 8001, 8008, 8009, 8010, 8020, 8060, 8069, 8080, 8081, 8082, 8083, 8086, 8088,
            8089, 8090, 8091, 8161, 8180, 8200, 8222, 8500, 8848, 8880, 8888, 8983, 9000, 9001, 9080, 9090,
            9091, 9200, 9999, 10250, 15672, 50070,
        ],
        tls_ports: &[443, 832, 981, 1311, 2376, 4443, 5986, 6443, 7443, 8006, 8443, 8834, 9443, 10443],
        likelihood: 100,
        to_http: ToHttp::Answers,
        recognise: Some(p::http::recognise),
        ..NEVER
    },
    Entry {
        name: "rtsp",
        ports: &[554, 8554],
        recognise: Some(p::rtsp::recognise),
        talk: Some(p::rtsp::talk),
        to_http: ToHttp::Answers,
        likelihood: 5,
        ..NEVER
    },
    Entry {
        name: "sip",
        ports: &[5060],
        tls_ports: &[5061],
        recognise: Some(p::rtsp::recognise_sip),
        talk: Some(p::rtsp::talk_sip),
        to_http: ToHttp::Waits,
        likelihood: 5,
        ..NEVER
    },
    Entry {
        name: "smtp",
        ports: &[25, 587, 2525, 24],
        tls_ports: &[465],
        recognise: Some(p::smtp::recognise),
        talk: Some(p::smtp::talk),
        intrusiveness: Intrusiveness::Converses,
        ..GREETS
    },
    Entry {
        name: "ftp",
        ports: &[21, 2121],
        tls_ports: &[990],
        recognise: Some(p::ftp::recognise),
        talk: Some(p::ftp::talk),
        intrusiveness: Intrusiveness::Converses,
        ..GREETS
    },
    Entry {
        name: "nntp",
        ports: &[119],
        tls_ports: &[563],
        recognise: Some(p::lines::recognise_nntp),
        ..GREETS
    },
    Entry {
        name: "imap",
        ports: &[143],
        tls_ports: &[993],
        recognise: Some(p::imap::recognise),
        talk: Some(p::imap::talk),
        intrusiveness: Intrusiveness::Converses,
        ..GREETS
    },
    Entry {
        name: "pop3",
        ports: &[110],
        tls_ports: &[995],
        recognise: Some(p::pop3::recognise),
        talk: Some(p::pop3::talk),
        intrusiveness: Intrusiveness::Converses,
        ..GREETS
    },
    Entry { name: "managesieve", ports: &[4190], recognise: Some(p::lines::recognise_managesieve), ..GREETS },
    Entry { name: "mysql", ports: &[3306, 3307, 33060], recognise: Some(p::mysql::recognise), ..GREETS },
    Entry { name: "mysqlx", recognise: Some(p::mysql::recognise_x), ..GREETS },
    Entry {
        name: "vnc",
        ports: &[5900, 5901, 5902, 5903],
        recognise: Some(p::vnc::recognise),
        talk: Some(p::vnc::talk),
        intrusiveness: Intrusiveness::Converses,
        ..GREETS
    },
    Entry {
        name: "rsync",
        ports: &[873],
        recognise: Some(p::rsync::recognise),
        talk: Some(p::rsync::talk),
        intrusiveness: Intrusiveness::Converses,
        ..GREETS
    },
    Entry { name: "nats", ports: &[4222], recognise: Some(p::nats::recognise), ..GREETS },
    Entry { name: "svn", ports: &[3690], recognise: Some(p::lines::recognise_svn), ..GREETS },
    Entry { name: "vmware-auth", ports: &[902], recognise: Some(p::lines::recognise_vmware), ..GREETS },
    Entry {
        name: "redis",
        ports: &[6379, 6380, 26379],
        recognise: Some(p::redis::recognise),
        talk: Some(p::redis::talk),
        to_http: ToHttp::Closes,
        likelihood: 99,
        ..NEVER
    },
    Entry {
        name: "memcached",
        ports: &[11211],
        recognise: Some(p::memcached::recognise),
        talk: Some(p::memcached::talk),
        to_http: ToHttp::Closes,
        likelihood: 55,
        ..NEVER
    },
    Entry {
        name: "mongodb",
        ports: &[27017, 27018, 27019],
        recognise: Some(p::mongodb::recognise),
        talk: Some(p::mongodb::talk),
        to_http: ToHttp::Answers,
        likelihood: 40,
        intrusiveness: Intrusiveness::Converses,
        ..NEVER
    },
    Entry {
        name: "postgresql",
        ports: &[5432, 5433],
        recognise: Some(p::postgresql::recognise),
        talk: Some(p::postgresql::talk),
        likelihood: 90,
        ..NEVER
    },
    Entry {
        name: "smb",
        ports: &[445, 139],
        recognise: None,
        talk: Some(p::smb::talk),
        to_http: ToHttp::Varies,
        // Before dns: name servers hang up on the question at once, Samba is silent to theirs.
        likelihood: 86,
        ..NEVER
    },
    Entry {
        name: "rdp",
        ports: &[3389],
        recognise: Some(p::rdp::recognise),
        talk: Some(p::rdp::talk),
        likelihood: 80,
        ..NEVER
    },
    Entry {
        name: "ldap",
        ports: &[389, 3268],
        tls_ports: &[636, 3269],
        recognise: Some(p::ldap::recognise),
        talk: Some(p::ldap::talk),
        likelihood: 70,
        intrusiveness: Intrusiveness::Converses,
        ..NEVER
    },
    Entry {
        name: "mqtt",
        ports: &[1883],
        tls_ports: &[8883],
        talk: Some(p::mqtt::talk),
        likelihood: 65,
        ..NEVER
    },
    Entry {
        name: "dns",
        ports: &[53, 5353],
        tls_ports: &[853],
        talk: Some(p::dns::talk),
        to_http: ToHttp::Waits,
        likelihood: 85,
        ..NEVER
    },
    Entry {
        name: "amqp",
        ports: &[5672],
        tls_ports: &[5671],
        recognise: Some(p::amqp::recognise),
        talk: Some(p::amqp::talk),
        to_http: ToHttp::Answers,
        likelihood: 30,
        ..NEVER
    },
    Entry {
        name: "mssql",
        ports: &[1433],
        talk: Some(p::mssql::talk),
        to_http: ToHttp::Waits,
        likelihood: 75,
        ..NEVER
    },
    Entry {
        name: "oracle-tns",
        ports: &[1521, 1522],
        talk: Some(p::oracle::talk),
        to_http: ToHttp::Waits,
        likelihood: 50,
        ..NEVER
    },
    Entry {
        name: "rpcbind",
        ports: &[111],
        talk: Some(p::rpc::talk_portmap),
        to_http: ToHttp::Waits,
        likelihood: 45,
        ..NEVER
    },
    Entry {
        name: "nfs",
        ports: &[2049],
        talk: Some(p::rpc::talk_nfs),
        to_http: ToHttp::Waits,
        likelihood: 0,
        ..NEVER
    },
    Entry {
        name: "x11",
        ports: &[6000, 6001, 6002, 6003],
        talk: Some(p::x11::talk),
        to_http: ToHttp::Closes,
        likelihood: 50,
        ..NEVER
    },
    Entry {
        name: "zookeeper",
        ports: &[2181],
        recognise: None,
        talk: Some(p::zookeeper::talk),
        likelihood: 45,
        ..NEVER
    },
    Entry { name: "ajp", ports: &[8009], talk: Some(p::ajp::talk), likelihood: 30, ..NEVER },
    Entry { name: "cassandra", ports: &[9042], talk: Some(p::cassandra::talk), likelihood: 20, ..NEVER },
    Entry { name: "kafka", ports: &[9092], talk: Some(p::kafka::talk), likelihood: 25, ..NEVER },
    Entry { name: "java-rmi", ports: &[1099], talk: Some(p::rmi::talk), likelihood: 15, ..NEVER },
    Entry { name: "git", ports: &[9418], talk: Some(p::git::talk), likelihood: 10, ..NEVER },
    Entry { name: "socks", ports: &[1080], talk: Some(p::socks::talk), likelihood: 10, ..NEVER },
    Entry {
        name: "xmpp",
        ports: &[5222, 5269],
        recognise: Some(p::lines::recognise_xmpp),
        to_http: ToHttp::Answers,
        ..NEVER
    },
    Entry {
        name: "irc",
        ports: &[6667],
        tls_ports: &[6697],
        recognise: Some(p::lines::recognise_irc),
        ..GREETS
    },
    Entry {
        name: "beanstalkd",
        ports: &[11300],
        recognise: Some(p::lines::recognise_beanstalkd),
        to_http: ToHttp::Answers,
        ..NEVER
    },
    // These two take almost any text once nothing more comes, so they wait for everybody else.
    Entry {
        name: "telnet",
        ports: &[23, 2323],
        tls_ports: &[992],
        recognise: Some(p::telnet::recognise),
        ..GREETS
    },
    Entry { name: "daytime", ports: &[13], recognise: Some(p::lines::recognise_daytime), ..GREETS },
    Entry { name: "chargen", ports: &[19], recognise: Some(p::lines::recognise_chargen), ..GREETS },
    // A server's own TLS records in reply to anything else; the hello itself is the driver's, this one is for
    // servers that no sane library would talk to.
    Entry {
        name: "tls",
        recognise: Some(crate::tls::recognise),
        talk: Some(crate::tls::talk),
        to_http: ToHttp::Answers,
        ..NEVER
    },
];

/// The entry of that name.
pub fn by_name(name: &str) -> Option<&'static Entry> {
    PROBES.iter().find(|entry| entry.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_every_entry_can_recognise_something() {
        for entry in PROBES {
            assert_eq!(PROBES.iter().filter(|other| other.name == entry.name).count(), 1, "{entry:?}");
            assert!(entry.recognise.is_some() || entry.talk.is_some(), "{entry:?}");
            assert!(entry.likelihood == 0 || entry.talk.is_some() || entry.name == "http", "{entry:?}");
        }
    }

    #[test]
    fn fragile_ports_are_nobodys_usual_ports() {
        for entry in PROBES {
            assert!(
                !entry.ports.iter().chain(entry.tls_ports).any(|port| FRAGILE_PORTS.contains(port)),
                "{entry:?}"
            );
        }
    }
}
