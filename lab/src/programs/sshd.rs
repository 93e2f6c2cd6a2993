//! OpenSSH's server, with a host key of its own and nobody allowed to log in.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::process::Signal;

use super::site::Site;
use super::{Launch, Trouble, step};

/// sshd insists on this folder, root's own, for its unprivileged half.
const PRIVILEGE_SEPARATION_DIR: &str = "/run/sshd";

pub(super) fn prepare(site: &Site<'_>, binary: PathBuf) -> Result<Launch, Trouble> {
    ensure_privilege_separation_dir(site)?;
    let keygen = site.find("ssh-keygen", "openssh-client")?;
    let key = site.text("host_key");
    let args = ["-q", "-t", "ed25519", "-N", "", "-C", "lab", "-f", &key].map(str::to_owned);
    step::run(&keygen, &args, None, &site.dir)?;
    let configuration = site.write("sshd_config", &configuration(site, &key))?;
    // Root stays root here: the daemon confines itself, and it refuses every login.
    Ok(Launch {
        binary,
        args: vec!["-D".to_owned(), "-e".to_owned(), "-f".to_owned(), configuration],
        account: None,
        stop: Signal::TERM,
    })
}

fn configuration(site: &Site<'_>, key: &str) -> String {
    let listen = match site.address.ip() {
        std::net::IpAddr::V4(ip) => ip.to_string(),
        std::net::IpAddr::V6(ip) => format!("[{ip}]"),
    };
    // MaxStartups: the default drops connections at random from the tenth unauthenticated one on, and a lab is there
    // to be scanned.
    format!(
        "ListenAddress {listen}:{port}\nHostKey {key}\nPidFile none\nUsePAM no\nStrictModes no\n\
         AuthorizedKeysFile none\nAllowUsers nobody-may-log-in\nPasswordAuthentication yes\nPermitRootLogin yes\n\
         LoginGraceTime 20\nMaxStartups 500\n",
        port = site.address.port(),
    )
}

fn ensure_privilege_separation_dir(site: &Site<'_>) -> Result<(), Trouble> {
    let dir = Path::new(PRIVILEGE_SEPARATION_DIR);
    if fs::metadata(dir).is_ok_and(|metadata| metadata.is_dir() && metadata.uid() == 0) {
        return Ok(());
    }
    if !site.runner.is_root() {
        return Err(Trouble::NeedsRoot("sshd needs the folder /run/sshd, which only root can make"));
    }
    // Debian's own service makes it too, and leaves it.
    fs::create_dir_all(dir).map_err(|source| Trouble::Write { path: dir.to_owned(), source })
}
