//! Where one real server is set up: its address, its folder, its account, and the lab's certificate authority.
//!
//! Finds installed programs and writes files below the service's folder; writes nowhere else.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};

use super::Trouble;
use crate::address::LoopbackAddr;
use crate::certificates::Authority;

pub(crate) struct Site<'a> {
    pub(crate) address: LoopbackAddr,
    pub(crate) host_name: &'a str,
    /// Its own folder, existing and empty.
    pub(crate) dir: PathBuf,
    pub(crate) authority: &'a Authority,
    /// Who runs the lab.
    pub(crate) runner: &'a Runner,
}

/// Who runs the lab, and whom root runs servers as.
#[derive(Debug, Clone)]
pub(crate) enum Runner {
    /// `None` when the machine has no `nobody`.
    Root(Option<Account>),
    Unprivileged,
}

/// A user and group to run a server as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Account {
    pub(crate) uid: u32,
    pub(crate) gid: u32,
}

impl Runner {
    pub(crate) fn current() -> Runner {
        if rustix::process::geteuid().is_root() {
            Runner::Root(
                fs::read_to_string("/etc/passwd").ok().and_then(|passwd| account_in(&passwd, "nobody")),
            )
        } else {
            Runner::Unprivileged
        }
    }

    pub(crate) fn is_root(&self) -> bool {
        matches!(self, Runner::Root(_))
    }
}

fn account_in(passwd: &str, user: &str) -> Option<Account> {
    let line = passwd.lines().find(|line| line.split(':').next() == Some(user))?;
    let mut fields = line.split(':').skip(2);
    Some(Account { uid: fields.next()?.parse().ok()?, gid: fields.next()?.parse().ok()? })
}

impl Site<'_> {
    /// A server with a known hole never runs as root: whoever talks to it could otherwise write root's files.
    pub(crate) fn account(&self) -> Result<Option<Account>, Trouble> {
        match self.runner {
            Runner::Unprivileged => Ok(None),
            Runner::Root(Some(account)) => Ok(Some(*account)),
            Runner::Root(None) => Err(Trouble::NoAccount),
        }
    }

    /// As [`account`](Self::account), but root where the port asks for root.
    pub(crate) fn account_for_port(&self) -> Result<Option<Account>, Trouble> {
        if self.address.port() < 1024 { Ok(None) } else { self.account() }
    }

    pub(crate) fn find(&self, binary: &'static str, package: &'static str) -> Result<PathBuf, Trouble> {
        find_program(binary).ok_or(Trouble::NotInstalled { binary, package })
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// The path as text for a command line or a configuration file.
    pub(crate) fn text(&self, name: &str) -> String {
        self.path(name).to_string_lossy().into_owned()
    }

    pub(crate) fn write(&self, name: &str, content: &str) -> Result<String, Trouble> {
        self.write_mode(name, content, 0o644)
    }

    /// Readable by its owner alone.
    pub(crate) fn write_secret(&self, name: &str, content: &str) -> Result<String, Trouble> {
        self.write_mode(name, content, 0o600)
    }

    fn write_mode(&self, name: &str, content: &str, mode: u32) -> Result<String, Trouble> {
        let path = self.path(name);
        fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(mode)
            .open(&path)
            .and_then(|mut file| file.write_all(content.as_bytes()))
            .map_err(|source| Trouble::Write { path, source })?;
        Ok(self.text(name))
    }

    pub(crate) fn make_dir(&self, name: &str) -> Result<String, Trouble> {
        let path = self.path(name);
        fs::DirBuilder::new().mode(0o755).create(&path).map_err(|source| Trouble::Write { path, source })?;
        Ok(self.text(name))
    }

    /// Hands the folder and all that was written to it over to `account`.
    pub(crate) fn give_to(&self, account: Option<Account>) -> Result<(), Trouble> {
        let Some(account) = account else { return Ok(()) };
        give(&self.dir, account).map_err(|source| Trouble::Write { path: self.dir.clone(), source })
    }

    /// A password that nobody needs to know.
    pub(crate) fn password(&self) -> Result<String, Trouble> {
        let path = PathBuf::from("/dev/urandom");
        let mut bytes = [0_u8; 16];
        File::open(&path)
            .and_then(|mut file| file.read_exact(&mut bytes))
            .map_err(|source| Trouble::Write { path, source })?;
        Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
    }
}

fn give(path: &Path, account: Account) -> std::io::Result<()> {
    chown(path, Some(account.uid), Some(account.gid))?;
    if path.is_dir() {
        for entry in fs::read_dir(path)? {
            give(&entry?.path(), account)?;
        }
    }
    Ok(())
}

/// Looks along PATH, then where Debian keeps servers that are not on an ordinary user's PATH.
pub(crate) fn find_program(binary: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let known =
        ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"].map(PathBuf::from);
    std::env::split_paths(&path)
        .filter(|dir| dir.is_absolute())
        .chain(known)
        .chain(postgresql_dirs())
        .map(|dir| dir.join(binary))
        .find(|candidate| is_executable(candidate))
}

/// Newest version first.
fn postgresql_dirs() -> Vec<PathBuf> {
    let entries = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut versions: Vec<(u32, PathBuf)> = entries
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .collect();
    versions.sort_by(|a, b| b.cmp(a));
    versions.into_iter().map(|(_, dir)| dir).collect()
}

fn is_executable(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(passwd: &str, user: &str, expected: Option<(u32, u32)>) {
        assert_eq!(account_in(passwd, user), expected.map(|(uid, gid)| Account { uid, gid }));
    }

    #[test]
    fn finds_an_account_by_its_whole_name() {
        let passwd = "root:x:0:0:root:/:/bin/sh\nnobody2:x:7:8::/:\nnobody:x:65534:65533:nobody:/:/bin/false\nbad:x:a:b\n";
        check(passwd, "nobody", Some((65534, 65533)));
        check(passwd, "nobod", None);
        check(passwd, "bad", None);
        check("", "nobody", None);
    }

    #[test]
    fn finds_a_program_that_every_machine_has_and_none_that_does_not_exist() {
        assert!(find_program("sh").unwrap().is_absolute());
        assert_eq!(find_program("no-such-program-of-the-lab"), None);
    }
}
