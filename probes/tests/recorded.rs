//! What real servers sent to these very probes, and what is made of it: as recorded, cut at every length, and
//! in every way of chunking. Recorded from Debian 12's servers on loopback; hand-made where the note says so.

use std::time::Duration;

use model::observation::{Access, ServiceFacts};
use probes::conversation::{Beginning, Conversation, Patience};
use probes::seam::{Outcome, Probe, Step, TlsFailure};
use probes::table::by_name;
use probes::talk::Peer;
use proptest::prelude::*;

/// A server that says its next piece after each of our writes; the first is its greeting.
struct Recorded {
    name: &'static str,
    beginning: fn() -> Beginning,
    says: &'static [&'static [u8]],
    /// `protocol product version access`, `-` for what isn't known; or the outcome's name.
    expected: &'static str,
}

fn listen() -> Beginning {
    Beginning::ListenThenHttp
}

fn ask<const N: usize>() -> Beginning {
    const NAMES: [&str; 16] = [
        "redis",
        "memcached",
        "postgresql",
        "ldap",
        "mqtt",
        "dns",
        "smb",
        "rdp",
        "x11",
        "mongodb",
        "amqp",
        "mssql",
        "rpcbind",
        "zookeeper",
        "ajp",
        "tls",
    ];
    Beginning::Ask(by_name(NAMES[N]).expect("in the table"))
}

const RECORDED: &[Recorded] = &[
    Recorded {
        name: "openssh",
        beginning: listen,
        says: &[b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u10\r\n"],
        expected: "ssh OpenSSH 9.2p1 -",
    },
    Recorded {
        name: "dropbear (hand-made)",
        beginning: listen,
        says: &[b"SSH-2.0-dropbear_2022.83\r\n"],
        expected: "ssh dropbear 2022.83 -",
    },
    Recorded {
        name: "mariadb",
        beginning: listen,
        says: &[b"d\x00\x00\x00\n5.5.5-10.11.19-MariaDB-0+deb12u1\x00\x07\x00\x00\x00D?PU7T!F\x00\xfe\xf7\x08\x02\x00\xff\x81\x15\x00\x00\x00\x00\x00\x00\x1d\x00\x00\x00~gkc1f0XN\\dc\x00mysql_native_password\x00"],
        expected: "mysql MariaDB 10.11.19 -",
    },
    Recorded {
        name: "mariadb that refuses our address (after the protocol's description)",
        beginning: listen,
        says: &[b"\x43\x00\x00\x00\xff\x6a\x04Host '192.0.2.9' is not allowed to connect to this MariaDB server"],
        expected: "mysql MariaDB - -",
    },
    Recorded {
        name: "vsftpd",
        beginning: listen,
        says: &[
            b"220 (vsFTPd 3.0.3)\r\n",
            b"211-Features:\r\n AUTH TLS\r\n EPRT\r\n EPSV\r\n MDTM\r\n PASV\r\n PBSZ\r\n PROT\r\n REST STREAM\r\n SIZE\r\n TVFS\r\n211 End\r\n",
            b"221 Goodbye.\r\n",
        ],
        expected: "ftp vsftpd 3.0.3 -",
    },
    Recorded {
        name: "a mail server that doesn't say what it is (hand-made)",
        beginning: listen,
        says: &[b"220 mail.example.gov.cn ready\r\n", b"250-mail.example.gov.cn\r\n250 STARTTLS\r\n"],
        expected: "smtp - - -",
    },
    Recorded {
        name: "a file server that doesn't say what it is (hand-made)",
        beginning: listen,
        says: &[b"220 ready\r\n", b"530 Please login first.\r\n", b"500 unknown command\r\n"],
        expected: "ftp - - -",
    },
    Recorded {
        name: "dovecot imap",
        beginning: listen,
        says: &[b"* OK [CAPABILITY IMAP4rev1 SASL-IR LOGIN-REFERRALS ID ENABLE IDLE LITERAL+ STARTTLS LOGINDISABLED] Dovecot (Debian) ready.\r\n"],
        expected: "imap Dovecot - -",
    },
    Recorded {
        name: "dovecot pop3",
        beginning: listen,
        says: &[b"+OK Dovecot (Debian) ready.\r\n", b"+OK\r\nCAPA\r\nTOP\r\nUIDL\r\nSTLS\r\nSASL\r\n.\r\n"],
        expected: "pop3 Dovecot - -",
    },
    Recorded {
        name: "tigervnc without a password",
        beginning: listen,
        says: &[b"RFB 003.008\n", b"\x01\x01"],
        expected: "vnc - - NoAuthentication",
    },
    Recorded {
        name: "vnc with a password (after RFC 6143)",
        beginning: listen,
        says: &[b"RFB 003.008\n", b"\x02\x02\x13"],
        expected: "vnc - - AuthenticationRequired",
    },
    Recorded {
        name: "rsync",
        beginning: listen,
        says: &[
            b"@RSYNCD: 32.0 sha512 sha256 sha1 md5 md4\n",
            b"docs           \x09\nbackup         \x09\n@RSYNCD: EXIT\n",
        ],
        expected: "rsync rsync - -",
    },
    Recorded {
        name: "nats",
        beginning: listen,
        says: &[b"INFO {\"server_id\":\"NBOPVHO4\",\"version\":\"2.9.10\",\"proto\":1,\"headers\":true,\"max_payload\":1048576} \r\n"],
        expected: "nats NATS 2.9.10 NoAuthentication",
    },
    Recorded {
        name: "inetutils telnetd",
        beginning: listen,
        says: &[b"\xff\xfb%\xff\xfb&\xff\xfd\x18\xff\xfd \xff\xfd#\xff\xfd'\xff\xfd$"],
        expected: "telnet - - -",
    },
    Recorded {
        name: "a login prompt without options (hand-made)",
        beginning: listen,
        says: &[b"\r\nSwitch 7\r\n\r\nUsername: "],
        expected: "telnet - - -",
    },
    Recorded {
        name: "nginx",
        beginning: || Beginning::Http,
        says: &[b"", b"HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: 55\r\nConnection: close\r\n\r\n<html><head><title>\xe7\xa4\xba\xe4\xbe\x8b\xe9\x97\xa8\xe6\x88\xb7</title></head>hi</html>"],
        expected: "http nginx 1.22.1 -",
    },
    Recorded {
        name: "a chunked page in GBK (hand-made)",
        beginning: || Beginning::Http,
        says: &[b"", b"HTTP/1.1 200 OK\r\nServer: Apache-Coyote/1.1\r\nTransfer-Encoding: chunked\r\n\r\n11\r\n<title>\xca\xbe\xc0\xfd</titl\r\n9\r\ne>bye bye\r\n0\r\n\r\n"],
        expected: "http Apache-Coyote 1.1 -",
    },
    Recorded {
        name: "elasticsearch without a password (after its documentation)",
        beginning: || Beginning::Http,
        says: &[b"", b"HTTP/1.1 200 OK\r\nX-elastic-product: Elasticsearch\r\ncontent-type: application/json\r\ncontent-length: 102\r\n\r\n{\n \"cluster_name\" : \"x\",\n \"version\" : {\n  \"number\" : \"7.17.9\"\n },\n \"tagline\" : \"You Know, for Search\"}"],
        expected: "http Elasticsearch 7.17.9 NoAuthentication",
    },
    Recorded {
        name: "a page that wants a password (hand-made)",
        beginning: || Beginning::Http,
        says: &[b"", b"HTTP/1.0 401 Unauthorized\r\nServer: mini_httpd\r\nWWW-Authenticate: Basic realm=\"admin\"\r\n\r\n"],
        expected: "http mini_httpd - AuthenticationRequired",
    },
    Recorded {
        name: "haproxy on our TLS hello",
        beginning: || Beginning::Http,
        says: &[b"", b"HTTP/1.1 400 Bad request\r\nContent-length: 90\r\nCache-Control: no-cache\r\nConnection: close\r\nContent-Type: text/html\r\n\r\n<html><body><h1>400 Bad request</h1>\nYour browser sent an invalid request.\n</body></html>\n"],
        expected: "http HAProxy - -",
    },
    Recorded {
        name: "nginx that wants TLS",
        beginning: || Beginning::Http,
        says: &[b"", b"HTTP/1.1 400 Bad Request\r\nServer: nginx/1.22.1\r\nContent-Type: text/html\r\nContent-Length: 255\r\nConnection: close\r\n\r\n<html>\r\n<head><title>400 The plain HTTP request was sent to HTTPS port</title></head>\r\n<body>\r\n<center><h1>400 Bad Request</h1></center>\r\n<center>The plain HTTP request was sent to HTTPS port</center>\r\n<hr><center>nginx/1.22.1</center>\r\n</body>\r\n</html>\r\n"],
        expected: "mismatch HttpInTls",
    },
    Recorded {
        name: "openssl on a plain request",
        beginning: || Beginning::Http,
        says: &[b"", b"\x15\x03\x03\x00\x02\x02("],
        expected: "mismatch Tls",
    },
    Recorded {
        name: "ngircd on a plain request",
        beginning: || Beginning::Http,
        says: &[b"", b"ERROR :\"Oops, HTTP request received? This is IRC!\"\r\n"],
        expected: "irc - - -",
    },
    Recorded {
        name: "xrdp on a plain request",
        beginning: || Beginning::Http,
        says: &[b"", b"\x03\x00\x00\x09\x02\xf0\x80!\x80"],
        expected: "rdp - - -",
    },
    Recorded {
        name: "redis",
        beginning: ask::<0>,
        says: &[b"", b"$105\r\n# Server\r\nredis_version:7.0.15\r\nredis_git_sha1:00000000\r\nredis_mode:standalone\r\nos:Linux 6.1.0-13-amd64\r\n\r\n"],
        expected: "redis Redis 7.0.15 NoAuthentication",
    },
    Recorded {
        name: "redis with a password",
        beginning: ask::<0>,
        says: &[b"", b"-NOAUTH Authentication required.\r\n"],
        expected: "redis Redis - AuthenticationRequired",
    },
    Recorded {
        name: "memcached asked as redis",
        beginning: ask::<0>,
        says: &[b"", b"ERROR\r\n"],
        expected: "mismatch Probe(\"memcached\")",
    },
    Recorded {
        name: "memcached",
        beginning: ask::<1>,
        says: &[b"", b"VERSION 1.6.18\r\n"],
        expected: "memcached memcached 1.6.18 NoAuthentication",
    },
    Recorded {
        name: "postgresql without TLS that trusts everybody",
        beginning: ask::<2>,
        says: &[b"", b"N", b"R\x00\x00\x00\x08\x00\x00\x00\x00S\x00\x00\x00\x19server_version\x0015.14\x00Z\x00\x00\x00\x05I"],
        expected: "postgresql PostgreSQL 15.14 NoAuthentication",
    },
    Recorded {
        name: "postgresql with TLS and a password",
        beginning: ask::<2>,
        says: &[b"", b"S", b"R\x00\x00\x00\x17\x00\x00\x00\nSCRAM-SHA-256\x00\x00"],
        expected: "postgresql PostgreSQL - AuthenticationRequired",
    },
    Recorded {
        name: "postgresql that doesn't know our address",
        beginning: ask::<2>,
        says: &[b"", b"N", b"E\x00\x00\x00dSFATAL\x00VFATAL\x00C28000\x00Mrole \"postgres\" does not exist\x00Fmiscinit.c\x00L768\x00RInitializeSessionUserId\x00\x00"],
        expected: "postgresql PostgreSQL - -",
    },
    Recorded {
        name: "slapd that lets anybody look",
        beginning: ask::<3>,
        says: &[
            b"",
            b"0/\x02\x01\x01d*\x04\x000&0$\x04\x0enamingContexts1\x12\x04\x10dc=example,dc=cn0\x0c\x02\x01\x01e\x07\n\x01\x00\x04\x00\x04\x00",
            b"0\x19\x02\x01\x02d\x14\x04\x10dc=example,dc=cn0\x000\x0c\x02\x01\x02e\x07\n\x01\x00\x04\x00\x04\x00",
        ],
        expected: "ldap - - NoAuthentication",
    },
    Recorded {
        name: "a directory that wants a bind (after RFC 4511)",
        beginning: ask::<3>,
        says: &[
            b"",
            b"0/\x02\x01\x01d*\x04\x000&0$\x04\x0enamingContexts1\x12\x04\x10dc=example,dc=cn0\x0c\x02\x01\x01e\x07\n\x01\x00\x04\x00\x04\x00",
            b"0\x0c\x02\x01\x02e\x07\n\x01\x32\x04\x00\x04\x00",
        ],
        expected: "ldap - - AuthenticationRequired",
    },
    Recorded {
        name: "mosquitto",
        beginning: ask::<4>,
        says: &[b"", b" \x02\x00\x00"],
        expected: "mqtt - - NoAuthentication",
    },
    Recorded {
        name: "mosquitto with passwords",
        beginning: ask::<4>,
        says: &[b"", b" \x02\x00\x05"],
        expected: "mqtt - - AuthenticationRequired",
    },
    Recorded {
        name: "unbound",
        beginning: ask::<5>,
        says: &[b"", b"\x009\x07\x00\x80\x80\x00\x01\x00\x01\x00\x00\x00\x00\x07version\x04bind\x00\x00\x10\x00\x03\xc0\x0c\x00\x10\x00\x03\x00\x00\x00\x00\x00\x0f\x0eunbound 1.17.1"],
        expected: "dns Unbound 1.17.1 -",
    },
    Recorded {
        name: "samba",
        beginning: ask::<6>,
        says: &[b"", b"\x00\x00\x00\x80\xfeSMB@\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00A\x00\x01\x00\xff\x02\x00\x00vm\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x07\x00\x00\x00\x00\x00\x80\x00\x00\x00\x80\x00\x00\x00\x80\x00\xca\xea:8\xa1z\xdd\x01\x00\x00\x00\x00\x00\x00\x00\x00\x80\x00J\x00\x00\x00\x00\x00"],
        expected: "smb - - -",
    },
    Recorded {
        name: "samba of old, SMB 1 only",
        beginning: ask::<6>,
        says: &[b"", b"\x00\x00\x00\x47\xffSMBr\x00\x00\x00\x00\x88S\xc8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xff\xfe\x00\x00\x00\x00\x11\x00\x00\x032\x00\x01\x00\x04A\x00\x00\x00\x00\x01\x00\xd6u\x00\x00\xfd\xf3\x80\x80\x1ec:8\xa1z\xdd\x01\x00\x00\x00\x02\x00vm"],
        expected: "smb - - -",
    },
    Recorded {
        name: "xrdp",
        beginning: ask::<7>,
        says: &[b"", b"\x03\x00\x00\x13\x0e\xd0\x00\x00\x124\x00\x02\x01\x08\x00\x01\x00\x00\x00"],
        expected: "rdp - - -",
    },
    Recorded {
        name: "Xvfb",
        beginning: ask::<8>,
        says: &[b"", b"\x01\x00\x0b\x00\x00\x00\x0d\x00\x8f\xa5\xb8\x00\x00\x00@\x00\xff\xff\x1f\x00\x00\x01\x00\x00\x14\x00\xff\xff\x01\x06\x00\x00  \x08\xff\x00\x00\x00\x00The X.Org Foundation"],
        expected: "x11 The X.Org Foundation 12101007 NoAuthentication",
    },
    Recorded {
        name: "an X server that wants a cookie (after the X protocol)",
        beginning: ask::<8>,
        says: &[b"", b"\x00\x0b\x0b\x00\x00\x00\x03\x00No protocol\x00"],
        expected: "x11 - - AuthenticationRequired",
    },
    Recorded {
        name: "mongodb that lists its databases (after its wire protocol)",
        beginning: ask::<9>,
        says: &[
            b"",
            b"\x45\x00\x00\x00\x07\x00\x00\x00\x01\x00PS\x01\x00\x00\x00\x08\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x21\x00\x00\x00\x10maxWireVersion\x00\x11\x00\x00\x00\x10ok\x00\x01\x00\x00\x00\x00",
            b"\x36\x00\x00\x00\x08\x00\x00\x00\x01\x00PS\xdd\x07\x00\x00\x00\x00\x00\x00\x00\x21\x00\x00\x00\x02version\x00\x07\x00\x00\x006.0.12\x00\x10ok\x00\x01\x00\x00\x00\x00",
            b"\x36\x00\x00\x00\x09\x00\x00\x00\x01\x00PS\xdd\x07\x00\x00\x00\x00\x00\x00\x00\x21\x00\x00\x00\x04databases\x00\x05\x00\x00\x00\x00\x01ok\x00\x00\x00\x00\x00\x00\x00\xf0?\x00",
        ],
        expected: "mongodb MongoDB 6.0.12 NoAuthentication",
    },
    Recorded {
        name: "rabbitmq (after AMQP 0-9-1)",
        beginning: ask::<10>,
        says: &[b"", b"\x01\x00\x00\x00\x00\x00\x44\x00\x0a\x00\x0a\x00\x09\x00\x00\x00\x28\x07productS\x00\x00\x00\x08RabbitMQ\x07versionS\x00\x00\x00\x063.10.8\x00\x00\x00\x05PLAIN\x00\x00\x00\x05en_US\xce"],
        expected: "amqp RabbitMQ 3.10.8 -",
    },
    Recorded {
        name: "sql server (after MS-TDS)",
        beginning: ask::<11>,
        says: &[b"", b"\x04\x01\x00\x1a\x00\x00\x01\x00\x00\x00\x0b\x00\x06\x01\x00\x11\x00\x01\xff\x0f\x00\x07\xd0\x00\x00\x00"],
        expected: "mssql SQL Server 15.0.2000 -",
    },
    Recorded {
        name: "rpcbind",
        beginning: ask::<12>,
        says: &[b"", b"\x80\x00\x00\x30\x07\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x01\x86\xa0\x00\x00\x00\x02\x00\x00\x00\x06\x00\x00\x00\x6f\x00\x00\x00\x00"],
        expected: "rpcbind - - -",
    },
    Recorded {
        name: "zookeeper (after its documentation)",
        beginning: ask::<13>,
        says: &[b"", b"Zookeeper version: 3.8.0-5a02a05eddb59aee6ac762f7ea82e92a68eb9c0f, built on 2022-02-25\nLatency min/avg/max: 0/0.0/0\nMode: standalone\nNode count: 5\n"],
        expected: "zookeeper ZooKeeper 3.8.0 NoAuthentication",
    },
    Recorded { name: "tomcat's ajp", beginning: ask::<14>, says: &[b"", b"AB\x00\x01\x09"], expected: "ajp - - -" },
    Recorded {
        name: "openssl s_server, TLS 1.1, RSA of 1024 bits",
        beginning: ask::<15>,
        says: &[b"", include_bytes!("fixtures/flight-tls11.bin")],
        expected: "- - - - TLS 1.1 CN=old.example.gov.cn RSA 1024",
    },
    Recorded {
        name: "openssl s_server, RSA key exchange only",
        beginning: ask::<15>,
        says: &[b"", include_bytes!("fixtures/flight-rsa-key-exchange.bin")],
        expected: "- - - - TLS 1.2 CN=old.example.gov.cn RSA 1024",
    },
    Recorded {
        name: "nginx, TLS 1.2",
        beginning: ask::<15>,
        says: &[b"", include_bytes!("fixtures/flight-tls12.bin")],
        expected: "- - - - TLS 1.2 CN=www.example.gov.cn, O=示例单位 RSA 2048",
    },
    Recorded {
        name: "openssl s_server that wants TLS 1.3",
        beginning: ask::<15>,
        says: &[b"", include_bytes!("fixtures/flight-refused.bin")],
        expected: "- - - - -",
    },
];

const PATIENCE: Patience = Patience {
    greeting: Duration::from_millis(300),
    answer: Duration::from_millis(600),
    gap: Duration::from_millis(900),
    whole: Duration::from_secs(5),
};

/// Plays the server. `cut` says how much of what is left arrives next; the server hangs up after `n_bytes`.
fn play(
    beginning: Beginning,
    says: &[&[u8]],
    n_bytes: usize,
    mut cut: impl FnMut(usize) -> usize,
) -> Outcome {
    let peer = Peer { host: "www.example.gov.cn".into(), server_name: None, seed: 7 };
    let mut conversation = Conversation::new(false, beginning, peer, PATIENCE);
    let (mut turn, mut pending) = (0, says[0].to_vec());
    let mut n_left = n_bytes;
    let now = Duration::from_millis(1);
    let mut step = conversation.start(now);
    for _ in 0..200_000 {
        step = match step {
            Step::Finish(outcome) => return outcome,
            Step::Write(_) => {
                turn += 1;
                pending.extend_from_slice(says.get(turn).copied().unwrap_or_default());
                conversation.handle_written(now)
            }
            Step::StartTls { .. } => {
                turn += 1;
                pending.clear();
                // The next piece comes after the first write inside.
                turn -= 1;
                conversation.handle_tls_started(now)
            }
            Step::Read { at_most, .. } => {
                let n = cut(pending.len()).clamp(1, at_most).min(pending.len()).min(n_left);
                if n > 0 {
                    n_left -= n;
                    let bytes: Vec<u8> = pending.drain(..n).collect();
                    conversation.handle_bytes(&bytes, now)
                } else if n_left == 0 {
                    conversation.handle_close(now)
                } else {
                    conversation.handle_timeout(now)
                }
            }
        };
    }
    panic!("a conversation that never ends");
}

fn summary(outcome: &Outcome) -> String {
    let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".into());
    match outcome {
        Outcome::Identified(facts) => {
            let ServiceFacts { protocol, product, version, access, tls, .. } = facts.as_ref();
            let access = match access {
                Some(Access::NoAuthentication) => "NoAuthentication",
                Some(Access::AuthenticationRequired) => "AuthenticationRequired",
                None => "-",
            };
            let tls = tls.as_ref().map(|tls| {
                let leaf = tls.presented.first().and_then(|presented| presented.chain.first());
                let leaf = leaf.map(|leaf| {
                    format!(" {} {} {}", leaf.subject, leaf.key.algorithm, leaf.key.bits.unwrap_or(0))
                });
                format!(" {}{}", text(&tls.version), leaf.unwrap_or_default())
            });
            format!(
                "{} {} {} {access}{}",
                text(protocol),
                text(product),
                text(version),
                tls.unwrap_or_default()
            )
        }
        Outcome::Mismatch(evidence) => match evidence.clue {
            Some(clue) => format!("mismatch {clue:?}"),
            None => "mismatch".into(),
        },
        Outcome::Silent(_) => "silent".into(),
        Outcome::Malformed(_) => "malformed".into(),
    }
}

#[track_caller]
fn check(recorded: &Recorded, n_bytes: usize, cut: impl FnMut(usize) -> usize, how: &str) {
    let outcome = play((recorded.beginning)(), recorded.says, n_bytes, cut);
    assert_eq!(summary(&outcome), recorded.expected, "{} {how}", recorded.name);
}

#[test]
fn recorded_servers_are_identified_however_their_bytes_are_cut() {
    assert!(RECORDED.iter().all(|recorded| !recorded.says.is_empty()));
    for recorded in RECORDED {
        check(recorded, usize::MAX, |all| all, "at once");
        check(recorded, usize::MAX, |_| 1, "a byte at a time");
        check(recorded, usize::MAX, |_| 7, "seven bytes at a time");
    }
}

/// A peer may stop anywhere. What is made of the part is bounded and never a panic; and no part of a service is
/// taken for another service that it isn't.
#[test]
fn servers_that_stop_anywhere_are_never_taken_for_others() {
    for recorded in RECORDED {
        let whole = recorded.expected.split(' ').next().unwrap_or_default();
        let n_all: usize = recorded.says.iter().map(|piece| piece.len()).sum();
        for n_bytes in 0..n_all {
            let outcome = play((recorded.beginning)(), recorded.says, n_bytes, |all| all);
            if let Outcome::Identified(facts) = &outcome {
                let protocol = facts.protocol.as_deref().unwrap_or("-");
                // Half a greeting may leave mail and files, or a web server and TLS, undecided.
                let undecided = matches!((whole, protocol), ("smtp", "ftp") | ("mismatch", "http"));
                assert!(protocol == whole || undecided, "{} cut at {n_bytes}: {protocol}", recorded.name);
            }
        }
    }
}

#[test]
fn an_echo_is_an_echo_whatever_was_asked() {
    for name in [
        "redis",
        "smb",
        "rdp",
        "dns",
        "ldap",
        "mqtt",
        "mongodb",
        "postgresql",
        "x11",
        "rpcbind",
        "socks",
        "tls",
    ] {
        let entry = by_name(name).expect("in the table");
        let peer = Peer { host: "192.0.2.1".into(), server_name: None, seed: 7 };
        let mut conversation = Conversation::new(false, Beginning::Ask(entry), peer, PATIENCE);
        let mut step = conversation.start(Duration::ZERO);
        let mut sent = Vec::new();
        let outcome = loop {
            step = match step {
                Step::Finish(outcome) => break outcome,
                Step::Write(bytes) => {
                    sent = bytes;
                    conversation.handle_written(Duration::ZERO)
                }
                Step::Read { .. } if sent.is_empty() => conversation.handle_timeout(Duration::ZERO),
                Step::Read { .. } => conversation.handle_bytes(&std::mem::take(&mut sent), Duration::ZERO),
                Step::StartTls { .. } => {
                    let failure = TlsFailure { received: b"", by_peer: true };
                    conversation.handle_tls_failed(failure, Duration::ZERO)
                }
            }
        };
        let summary = summary(&outcome);
        // What is too short to be told from chance stays unknown.
        assert!(summary == "echo - - -" || summary == "mismatch", "{name}: {summary}");
    }
}

#[test]
fn an_endless_talker_is_given_up_on() {
    for beginning in [Beginning::ListenThenHttp, Beginning::Http] {
        let flood = vec![b'x'; 1 << 20];
        let outcome = play(beginning, &[&flood], usize::MAX, |_| 4096);
        assert!(matches!(outcome, Outcome::Mismatch(_) | Outcome::Malformed(_)), "{outcome:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn chunking_never_changes_the_outcome(seed in any::<u64>()) {
        for recorded in RECORDED {
            let mut state = seed | 1;
            check(recorded, usize::MAX, |_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                usize::try_from(state >> 58).expect("six bits")
            }, "in random pieces");
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic_and_stay_bounded(
        bytes in prop::collection::vec(any::<u8>(), 0..600),
        head in 0..RECORDED.len(),
        keep in 0usize..64,
        step in 1usize..64,
    ) {
        // Arbitrary bytes behind a real beginning get further than arbitrary bytes alone.
        let recorded = &RECORDED[head];
        let last = recorded.says.last().copied().unwrap_or_default();
        let mixed = [last.get(..keep).unwrap_or(last), &bytes].concat();
        let mut says = recorded.says.to_vec();
        says.pop();
        says.push(&mixed);
        let outcome = play((recorded.beginning)(), &says, usize::MAX, |_| step);
        if let Outcome::Identified(facts) = outcome {
            prop_assert!(facts.facts.len() <= 32);
            let texts = facts.facts.values().chain(&facts.product).chain(&facts.version).chain(&facts.info);
            for text in texts {
                prop_assert!(text.chars().count() <= 256 && !text.chars().any(char::is_control));
            }
        }
    }
}
