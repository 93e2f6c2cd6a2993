//! The declarative table of everything the lab runs, with what is wrong with each entry.
//!
//! Plain data: a new service is a new row. Starting them is the business of `programs` (Debian's servers) and `own`
//! (ours); nothing here opens a socket or a process.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::programs::Program;

/// One row of the table, before a network octet and a choice of ports make addresses of it.
#[derive(Debug, Clone, Copy)]
pub struct ServiceRow {
    /// Unique in the table; stable, since tests and exercises refer to it.
    pub name: &'static str,
    pub place: Place,
    /// The host's label below its unit's: `portal` gives `portal.u03.lab.example`.
    pub host_label: &'static str,
    pub port: u16,
    pub transport: Transport,
    pub kind: ServiceKind,
    pub declaration: Declaration,
    pub rounds: Rounds,
    pub fault: Fault,
}

/// Where a service lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// `127.N.unit.host`.
    V4 { unit: u8, host: u8 },
    /// `::1`, on the books of `unit`.
    V6 { unit: u8 },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Transport {
    Tcp,
    /// The same port over UDP and TCP.
    TcpAndUdp,
}

/// What answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServiceKind {
    /// A real server as Debian packages it.
    Debian(Program),
    /// A small honest imitation of the protocol, in this crate.
    Ours(OwnKind),
    /// Nothing: the register says that there is a service, and there isn't.
    Absent,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OwnKind {
    Telnet,
    Ftp,
    Smtp,
    MySql,
    RedisOpen,
    RedisLocked,
    MongoDb,
    Vnc,
    Rdp,
    Smb,
    Ldap,
    Mqtt,
    Dns,
    WebPage,
    AdminConsole,
    /// Accepts and never speaks.
    Silent,
    Echo,
    /// Speaks first, in a protocol of no standard.
    UnknownBanner,
}

/// What the sample register says about a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Declaration {
    /// The unit has registered it as needed, with an end date in the future.
    Declared,
    /// Registered once; the end date has passed.
    DeclarationExpired,
    Undeclared,
}

/// The rounds of a two-round exercise in which a service runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rounds {
    Both,
    /// Gone in round 2.
    FirstOnly,
    /// New in round 2.
    SecondOnly,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Round {
    First,
    Second,
}

impl Round {
    pub fn number(self) -> u8 {
        match self {
            Round::First => 1,
            Round::Second => 2,
        }
    }

    pub fn from_number(number: u8) -> Option<Round> {
        match number {
            1 => Some(Round::First),
            2 => Some(Round::Second),
            _ => None,
        }
    }
}

impl Rounds {
    pub fn contains(self, round: Round) -> bool {
        match self {
            Rounds::Both => true,
            Rounds::FirstOnly => round == Round::First,
            Rounds::SecondOnly => round == Round::Second,
        }
    }
}

impl fmt::Display for Declaration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Declaration::Declared => "declared",
            Declaration::DeclarationExpired => "declaration expired",
            Declaration::Undeclared => "undeclared",
        })
    }
}

/// What an assessor in training should find wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Fault {
    pub en: &'static str,
    pub zh: &'static str,
}

const fn fault(en: &'static str, zh: &'static str) -> Fault {
    Fault { en, zh }
}

const fn at(unit: u8, host: u8) -> Place {
    Place::V4 { unit, host }
}

const NO_FAULT: Fault = fault("none: a control that should raise no finding", "无问题：对照项，不应产生发现");

use crate::programs::Identity as Id;
use Declaration::{DeclarationExpired as Lapsed, Declared, Undeclared};
use OwnKind as Own;
use Program::{
    MariaDb, Memcached, NginxHttp, NginxHttps, OpenSslServer, PostgreSql, RedisLocked, RedisOpen, Sshd,
    Vsftpd,
};
use Rounds::{Both, FirstOnly, SecondOnly};
use ServiceKind::{Absent, Debian, Ours};
use Transport::{Tcp, TcpAndUdp};

/// Every service of the lab, by unit. An address and port appears at most once a round.
#[rustfmt::skip]
pub const SERVICES: &[ServiceRow] = &[
    // Unit 1: the well-known three of every portal.
    ServiceRow { name: "u01-portal", place: at(1, 10), host_label: "portal", port: 80, transport: Tcp, kind: Debian(NginxHttp), declaration: Declared, rounds: Both,
        fault: fault("portal answers in clear text without a redirect to https", "门户使用明文 HTTP，未跳转到 HTTPS") },
    ServiceRow { name: "u01-portal-tls", place: at(1, 10), host_label: "portal", port: 443, transport: Tcp, kind: Debian(NginxHttps), declaration: Declared, rounds: Both,
        fault: NO_FAULT },
    ServiceRow { name: "u01-ssh", place: at(1, 20), host_label: "maintenance", port: 22, transport: Tcp, kind: Debian(Sshd), declaration: Undeclared, rounds: Both,
        fault: fault("remote administration reachable without a declaration", "未备案的远程管理服务（SSH）对外开放") },

    // Unit 2: one address where a certificate is renewed between the rounds.
    ServiceRow { name: "u02-web-expired", place: at(2, 10), host_label: "www", port: 443, transport: Tcp, kind: Debian(OpenSslServer(Id::Expired)), declaration: Declared, rounds: FirstOnly,
        fault: fault("certificate expired 30 days ago", "证书已过期 30 天") },
    ServiceRow { name: "u02-web-renewed", place: at(2, 10), host_label: "www", port: 443, transport: Tcp, kind: Debian(OpenSslServer(Id::Good)), declaration: Declared, rounds: SecondOnly,
        fault: fault("none: the expired certificate of round 1 was renewed", "无问题：第一轮的过期证书已更换") },
    ServiceRow { name: "u02-redis", place: at(2, 20), host_label: "cache", port: 6379, transport: Tcp, kind: Debian(RedisOpen), declaration: Undeclared, rounds: Both,
        fault: fault("database reachable without a password", "Redis 数据库未设密码即可访问") },
    ServiceRow { name: "u02-ftp", place: at(2, 30), host_label: "files", port: 21, transport: Tcp, kind: Debian(Vsftpd), declaration: Lapsed, rounds: Both,
        fault: fault("anonymous clear-text file transfer; its declaration has lapsed", "匿名明文文件传输（FTP），备案已过期") },

    // Unit 3
    ServiceRow { name: "u03-portal-wrong-name", place: at(3, 10), host_label: "portal", port: 443, transport: Tcp, kind: Debian(OpenSslServer(Id::WrongName)), declaration: Declared, rounds: Both,
        fault: fault("certificate names another host", "证书域名与主机名不符") },
    ServiceRow { name: "u03-mariadb", place: at(3, 20), host_label: "db", port: 3306, transport: Tcp, kind: Debian(MariaDb), declaration: Undeclared, rounds: Both,
        fault: fault("database reachable from the network without a declaration", "未备案的数据库（MariaDB）对外开放") },
    ServiceRow { name: "u03-telnet", place: at(3, 30), host_label: "switch", port: 23, transport: Tcp, kind: Ours(Own::Telnet), declaration: Undeclared, rounds: Both,
        fault: fault("remote administration in clear text", "明文远程管理（Telnet）") },

    // Unit 4
    ServiceRow { name: "u04-web-self-signed", place: at(4, 10), host_label: "www", port: 443, transport: Tcp, kind: Debian(OpenSslServer(Id::SelfSigned)), declaration: Declared, rounds: Both,
        fault: fault("self-signed certificate", "自签名证书") },
    ServiceRow { name: "u04-postgresql", place: at(4, 20), host_label: "db", port: 5432, transport: Tcp, kind: Debian(PostgreSql), declaration: Undeclared, rounds: Both,
        fault: fault("database reachable from the network without a declaration", "未备案的数据库（PostgreSQL）对外开放") },
    ServiceRow { name: "u04-mqtt", place: at(4, 30), host_label: "sensors", port: 1883, transport: Tcp, kind: Ours(Own::Mqtt), declaration: Undeclared, rounds: Both,
        fault: fault("message broker admits anyone, in clear text", "消息服务（MQTT）允许匿名明文接入") },

    // Unit 5
    ServiceRow { name: "u05-web-rsa-1024", place: at(5, 10), host_label: "www", port: 443, transport: Tcp, kind: Debian(OpenSslServer(Id::Rsa1024)), declaration: Declared, rounds: Both,
        fault: fault("certificate with an RSA key of 1024 bits", "证书 RSA 密钥仅 1024 位") },
    ServiceRow { name: "u05-memcached", place: at(5, 20), host_label: "cache", port: 11211, transport: Tcp, kind: Debian(Memcached), declaration: Undeclared, rounds: Both,
        fault: fault("cache without any authentication", "缓存服务（memcached）无需认证") },
    ServiceRow { name: "u05-smb", place: at(5, 30), host_label: "share", port: 445, transport: Tcp, kind: Ours(Own::Smb), declaration: Undeclared, rounds: Both,
        fault: fault("file sharing reachable; signing not required", "文件共享（SMB）对外开放，且不要求签名") },

    // Unit 6: the VNC screen is switched off between the rounds.
    ServiceRow { name: "u06-web-expiring", place: at(6, 10), host_label: "www", port: 443, transport: Tcp, kind: Debian(OpenSslServer(Id::TenDaysLeft)), declaration: Declared, rounds: Both,
        fault: fault("certificate expires in 10 days", "证书将在 10 天后到期") },
    ServiceRow { name: "u06-ftp", place: at(6, 20), host_label: "files", port: 21, transport: Tcp, kind: Ours(Own::Ftp), declaration: Lapsed, rounds: Both,
        fault: fault("clear-text file transfer; its declaration has lapsed", "明文文件传输（FTP），备案已过期") },
    ServiceRow { name: "u06-vnc", place: at(6, 30), host_label: "kiosk", port: 5900, transport: Tcp, kind: Ours(Own::Vnc), declaration: Undeclared, rounds: FirstOnly,
        fault: fault("remote screen (VNC) offers to go without a password", "远程桌面（VNC）可不经认证访问") },

    // Unit 7
    ServiceRow { name: "u07-portal", place: at(7, 10), host_label: "portal", port: 80, transport: Tcp, kind: Ours(Own::WebPage), declaration: Declared, rounds: Both,
        fault: fault("portal answers in clear text without a redirect to https", "门户使用明文 HTTP，未跳转到 HTTPS") },
    ServiceRow { name: "u07-portal-sha1", place: at(7, 10), host_label: "portal", port: 443, transport: Tcp, kind: Debian(OpenSslServer(Id::Sha1Signature)), declaration: Declared, rounds: Both,
        fault: fault("certificate signed with SHA-1", "证书使用 SHA-1 签名") },
    ServiceRow { name: "u07-rdp", place: at(7, 20), host_label: "desk", port: 3389, transport: Tcp, kind: Ours(Own::Rdp), declaration: Undeclared, rounds: Both,
        fault: fault("remote desktop without network level authentication", "远程桌面（RDP）未启用网络级身份验证") },
    ServiceRow { name: "u07-smtp", place: at(7, 30), host_label: "mail", port: 25, transport: Tcp, kind: Ours(Own::Smtp), declaration: Declared, rounds: Both,
        fault: fault("mail server without STARTTLS", "邮件服务器不支持 STARTTLS") },

    // Unit 8
    ServiceRow { name: "u08-web-old-tls", place: at(8, 10), host_label: "www", port: 443, transport: Tcp, kind: Debian(OpenSslServer(Id::OldProtocols)), declaration: Declared, rounds: Both,
        fault: fault("offers TLS 1.0 and 1.1 only", "仅支持 TLS 1.0 和 1.1") },
    ServiceRow { name: "u08-mongodb", place: at(8, 20), host_label: "db", port: 27017, transport: Tcp, kind: Ours(Own::MongoDb), declaration: Undeclared, rounds: Both,
        fault: fault("database reachable from the network without a declaration", "未备案的数据库（MongoDB）对外开放") },
    ServiceRow { name: "u08-ldap", place: at(8, 30), host_label: "directory", port: 389, transport: Tcp, kind: Ours(Own::Ldap), declaration: Lapsed, rounds: Both,
        fault: fault("directory allows anonymous bind in clear text; its declaration has lapsed", "目录服务（LDAP）允许匿名明文绑定，备案已过期") },

    // Unit 9
    ServiceRow { name: "u09-console", place: at(9, 10), host_label: "console", port: 8080, transport: Tcp, kind: Ours(Own::AdminConsole), declaration: Undeclared, rounds: Both,
        fault: fault("administration console reachable, in clear text", "管理控制台以明文 HTTP 对外开放") },
    ServiceRow { name: "u09-redis", place: at(9, 20), host_label: "cache", port: 6379, transport: Tcp, kind: Debian(RedisLocked), declaration: Declared, rounds: Both,
        fault: fault("none beyond its class: declared, with a password", "除服务类别外无其他问题：已备案并设有密码") },
    ServiceRow { name: "u09-mysql", place: at(9, 30), host_label: "db", port: 3306, transport: Tcp, kind: Ours(Own::MySql), declaration: Undeclared, rounds: Both,
        fault: fault("database of an unsupported version reachable without a declaration", "未备案且版本停止支持的数据库（MySQL 5.5）对外开放") },

    // Unit 10: a database turns up in round 2, and a declared service was never there.
    ServiceRow { name: "u10-portal", place: at(10, 10), host_label: "www", port: 80, transport: Tcp, kind: Ours(Own::WebPage), declaration: Declared, rounds: Both,
        fault: fault("portal answers in clear text without a redirect to https", "门户使用明文 HTTP，未跳转到 HTTPS") },
    ServiceRow { name: "u10-redis-new", place: at(10, 20), host_label: "cache", port: 6379, transport: Tcp, kind: Ours(Own::RedisOpen), declaration: Undeclared, rounds: SecondOnly,
        fault: fault("new since the last sweep: a database without a password", "上次检查后新增：未设密码的 Redis 数据库") },
    ServiceRow { name: "u10-echo", place: at(10, 30), host_label: "old", port: 7, transport: Tcp, kind: Ours(Own::Echo), declaration: Undeclared, rounds: Both,
        fault: fault("an unneeded service (echo)", "不必要的服务（echo）") },
    ServiceRow { name: "u10-declared-but-silent", place: at(10, 40), host_label: "retired", port: 443, transport: Tcp, kind: Absent, declaration: Declared, rounds: Both,
        fault: fault("declared as needed, but nothing listens", "已备案为必要服务，但实际无应答") },

    // Unit 11
    ServiceRow { name: "u11-web", place: at(11, 10), host_label: "www", port: 443, transport: Tcp, kind: Debian(OpenSslServer(Id::Good)), declaration: Declared, rounds: Both,
        fault: NO_FAULT },
    ServiceRow { name: "u11-redis", place: at(11, 20), host_label: "cache", port: 6379, transport: Tcp, kind: Ours(Own::RedisLocked), declaration: Declared, rounds: Both,
        fault: fault("none beyond its class: declared, with a password", "除服务类别外无其他问题：已备案并设有密码") },
    ServiceRow { name: "u11-silent", place: at(11, 30), host_label: "box", port: 9000, transport: Tcp, kind: Ours(Own::Silent), declaration: Undeclared, rounds: Both,
        fault: fault("an open port that says nothing, and nobody has declared", "未备案的开放端口，无任何应答内容") },
    ServiceRow { name: "u11-unknown", place: at(11, 40), host_label: "gateway", port: 4000, transport: Tcp, kind: Ours(Own::UnknownBanner), declaration: Undeclared, rounds: Both,
        fault: fault("an undeclared service of unknown protocol", "未备案且协议不明的服务") },

    // Unit 12
    ServiceRow { name: "u12-ssh", place: at(12, 20), host_label: "duty", port: 2222, transport: Tcp, kind: Debian(Sshd), declaration: Undeclared, rounds: Both,
        fault: fault("remote administration hidden on another port", "远程管理服务（SSH）改用非标准端口，仍未备案") },
    ServiceRow { name: "u12-six", place: Place::V6 { unit: 12 }, host_label: "six", port: 18080, transport: Tcp, kind: Ours(Own::AdminConsole), declaration: Undeclared, rounds: Both,
        fault: fault("administration console reachable over IPv6, in clear text", "管理控制台通过 IPv6 以明文 HTTP 对外开放") },
    ServiceRow { name: "u12-dns", place: at(12, 53), host_label: "ns", port: 53, transport: TcpAndUdp, kind: Ours(Own::Dns), declaration: Declared, rounds: Both,
        fault: fault("none: the name server of the lab's own zone", "无问题：靶场自用域名服务器") },
];
