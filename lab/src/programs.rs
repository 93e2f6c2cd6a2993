//! The real servers: which Debian package each one is, and how one is prepared and launched.
//!
//! A preparer writes a configuration of its own below the service's folder and returns a [`Launch`]; it never reads
//! or changes the machine's configuration, and it starts nothing that stays. Whoever runs the lab owns the processes.

use std::path::PathBuf;

use rustix::process::Signal;
use thiserror::Error;

use self::site::Site;
use self::step::StepFailed;

mod databases;
mod files_and_caches;
mod nginx;
mod openssl_server;
pub(crate) mod site;
mod sshd;
pub(crate) mod step;

/// A real server with the role that it plays in the lab.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Program {
    Sshd,
    NginxHttp,
    NginxHttps,
    RedisOpen,
    RedisLocked,
    PostgreSql,
    MariaDb,
    Vsftpd,
    Memcached,
    OpenSslServer(Identity),
}

/// What a TLS server shows of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Identity {
    Good,
    /// Its last day was 30 days ago.
    Expired,
    SelfSigned,
    /// Issued for another host.
    WrongName,
    Rsa1024,
    /// sha1WithRSAEncryption by an old authority.
    Sha1Signature,
    TenDaysLeft,
    /// A good certificate behind TLS 1.0 and 1.1 only.
    OldProtocols,
}

impl Program {
    pub fn package(self) -> &'static str {
        match self {
            Program::Sshd => "openssh-server",
            Program::NginxHttp | Program::NginxHttps => "nginx-light",
            Program::RedisOpen | Program::RedisLocked => "redis-server",
            Program::PostgreSql => "postgresql",
            Program::MariaDb => "mariadb-server",
            Program::Vsftpd => "vsftpd",
            Program::Memcached => "memcached",
            Program::OpenSslServer(_) => "openssl",
        }
    }

    pub fn binary(self) -> &'static str {
        match self {
            Program::Sshd => "sshd",
            Program::NginxHttp | Program::NginxHttps => "nginx",
            Program::RedisOpen | Program::RedisLocked => "redis-server",
            Program::PostgreSql => "postgres",
            Program::MariaDb => "mariadbd",
            Program::Vsftpd => "vsftpd",
            Program::Memcached => "memcached",
            Program::OpenSslServer(_) => "openssl",
        }
    }

    /// Writes what the server needs and says how to launch it. May run short programs (key and database makers).
    pub(crate) fn prepare(self, site: &Site<'_>) -> Result<Launch, Trouble> {
        let binary = site.find(self.binary(), self.package())?;
        match self {
            Program::Sshd => sshd::prepare(site, binary),
            Program::NginxHttp => nginx::prepare(site, binary, nginx::Scheme::Http),
            Program::NginxHttps => nginx::prepare(site, binary, nginx::Scheme::Https),
            Program::RedisOpen => files_and_caches::redis(site, binary, files_and_caches::Door::Open),
            Program::RedisLocked => files_and_caches::redis(site, binary, files_and_caches::Door::Locked),
            Program::PostgreSql => databases::postgresql(site, binary),
            Program::MariaDb => databases::mariadb(site, binary),
            Program::Vsftpd => files_and_caches::vsftpd(site, binary),
            Program::Memcached => files_and_caches::memcached(site, binary),
            Program::OpenSslServer(identity) => openssl_server::prepare(site, binary, identity),
        }
    }
}

/// A server ready to be started in the foreground.
#[derive(Debug)]
pub(crate) struct Launch {
    pub(crate) binary: PathBuf,
    pub(crate) args: Vec<String>,
    /// `None`: as whoever runs the lab.
    pub(crate) account: Option<site::Account>,
    /// What makes it end at once, without waiting for its clients.
    pub(crate) stop: Signal,
}

/// Why a real server isn't there.
#[derive(Debug, Error)]
pub(crate) enum Trouble {
    #[error("{binary} is not installed (Debian package {package})")]
    NotInstalled { binary: &'static str, package: &'static str },
    #[error("{0}")]
    NeedsRoot(&'static str),
    #[error("root may not run it, and this machine has no account `nobody` to run it as")]
    NoAccount,
    #[error("could not write {}: {source}", path.display())]
    Write { path: PathBuf, source: std::io::Error },
    #[error(transparent)]
    Step(#[from] StepFailed),
    #[error("could not make its certificate: {0}")]
    Certificate(#[from] rcgen::Error),
}

impl Trouble {
    /// True for what this machine lacks, as against what went wrong.
    pub(crate) fn is_lack(&self) -> bool {
        match self {
            Trouble::NotInstalled { .. } | Trouble::NeedsRoot(_) | Trouble::NoAccount => true,
            Trouble::Write { .. } | Trouble::Step(_) | Trouble::Certificate(_) => false,
        }
    }
}
