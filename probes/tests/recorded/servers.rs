//! The servers: what each sent, and what is to be made of it.

use probes::conversation::Beginning;
use probes::table::by_name;

/// A server that says its next piece after each of our writes; the first is its greeting.
pub(super) struct Recorded {
    pub(super) name: &'static str,
    pub(super) beginning: fn() -> Beginning,
    pub(super) says: &'static [&'static [u8]],
    /// `protocol product version access`, `-` for what isn't known; or the outcome's name.
    pub(super) expected: &'static str,
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

pub(super) const RECORDED: &[Recorded] = &[
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
        name: "a screen of Apple's (after its version)",
        beginning: listen,
        says: &[b"RFB 003.889\n", b"\x02\x1e\x02"],
        expected: "vnc Apple Remote Desktop - AuthenticationRequired",
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
        name: "openssl s_server -www",
        beginning: || Beginning::Http,
        says: &[b"", b"HTTP/1.0 200 ok\r\nContent-type: text/html\r\n\r\n<HTML><BODY BGCOLOR=\"#ffffff\">\n<pre>\n\ns_server -www -accept 192.0.2.1:443 \nSecure Renegotiation IS supported\n</pre></BODY></HTML>\r\n\r\n"],
        expected: "http OpenSSL s_server - -",
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
        expected: "rdp xrdp - -",
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
        name: "slapd that says what it is and hides its tree",
        beginning: ask::<3>,
        says: &[
            b"",
            b"0Y\x02\x01\x01dT\x04\x000P0%\x04\x0bobjectClass1\x16\x04\x03top\x04\x0fOpenLDAProotDSE0'\x04\x0enamingContexts1\x15\x04\x13dc=bench,dc=example0\x0c\x02\x01\x01e\x07\n\x01\x00\x04\x00\x04\x00",
            b"0\x0c\x02\x01\x02e\x07\n\x01 \x04\x00\x04\x00",
        ],
        expected: "ldap OpenLDAP - AuthenticationRequired",
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
        expected: "smb Samba - -",
    },
    Recorded {
        name: "a file server with a random GUID (after MS-SMB2)",
        beginning: ask::<6>,
        says: &[b"", b"\x00\x00\x00\x80\xfeSMB@\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00A\x00\x01\x00\xff\x02\x00\x00v\x8cm\x00\x00\x17\x00\x00\x00\xa1\x00\x00\x3e\x00\x00\x00\x07\x00\x00\x00\x00\x00\x80\x00\x00\x00\x80\x00\x00\x00\x80\x00\xca\xea:8\xa1z\xdd\x01\x00\x00\x00\x00\x00\x00\x00\x00\x80\x00J\x00\x00\x00\x00\x00"],
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
        says: &[b"", include_bytes!("../fixtures/flight-tls11.bin")],
        expected: "- - - - TLS 1.1 CN=old.example.gov.cn RSA 1024",
    },
    Recorded {
        name: "openssl s_server, RSA key exchange only",
        beginning: ask::<15>,
        says: &[b"", include_bytes!("../fixtures/flight-rsa-key-exchange.bin")],
        expected: "- - - - TLS 1.2 CN=old.example.gov.cn RSA 1024",
    },
    Recorded {
        name: "nginx, TLS 1.2",
        beginning: ask::<15>,
        says: &[b"", include_bytes!("../fixtures/flight-tls12.bin")],
        expected: "- - - - TLS 1.2 CN=www.example.gov.cn, O=示例单位 RSA 2048",
    },
    Recorded {
        name: "openssl s_server that wants TLS 1.3",
        beginning: ask::<15>,
        says: &[b"", include_bytes!("../fixtures/flight-refused.bin")],
        expected: "- - - - -",
    },
];
