//! redis, memcached and vsftpd: small servers that one configuration file or one command line sets up.

use std::path::PathBuf;

use rustix::process::Signal;

use super::site::Site;
use super::{Launch, Trouble};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Door {
    Open,
    Locked,
}

pub(super) fn redis(site: &Site<'_>, binary: PathBuf, door: Door) -> Result<Launch, Trouble> {
    let account = site.account()?;
    let password = match door {
        Door::Open => String::new(),
        Door::Locked => format!("requirepass {}\n", site.password()?),
    };
    // A file rather than arguments, so that the password isn't in the list of processes.
    let configuration = format!(
        "bind {ip}\nport {port}\ndir {dir}\ndaemonize no\nsave \"\"\nappendonly no\nprotected-mode no\n\
         maxmemory 16mb\ndatabases 1\n{password}",
        ip = site.address.ip(),
        port = site.address.port(),
        dir = site.dir.display(),
    );
    let configuration = site.write_secret("redis.conf", &configuration)?;
    site.give_to(account)?;
    Ok(Launch { binary, args: vec![configuration], account, stop: Signal::TERM })
}

pub(super) fn memcached(site: &Site<'_>, binary: PathBuf) -> Result<Launch, Trouble> {
    let account = site.account()?;
    let ip = site.address.ip().to_string();
    let port = site.address.port().to_string();
    let args = ["-l", &ip, "-p", &port, "-U", "0", "-m", "16", "-t", "1", "-c", "128"].map(str::to_owned);
    Ok(Launch { binary, args: args.to_vec(), account, stop: Signal::TERM })
}

pub(super) fn vsftpd(site: &Site<'_>, binary: PathBuf) -> Result<Launch, Trouble> {
    let account = site.account_for_port()?;
    let root = site.make_dir("public")?;
    site.write("public/README.txt", "示例市虚构单位，仅供演练。\n")?;
    let empty = site.make_dir("empty")?;
    let (listen, address) = match site.address.ip() {
        std::net::IpAddr::V4(ip) => ("listen=YES\nlisten_ipv6=NO", format!("listen_address={ip}")),
        std::net::IpAddr::V6(ip) => ("listen=NO\nlisten_ipv6=YES", format!("listen_address6={ip}")),
    };
    // Run by root it drops to `ftp` itself, an account that the package makes and whose home must exist; run by
    // anyone else it has nothing to drop.
    let as_launcher = if site.runner.is_root() && account.is_none() { "NO" } else { "YES" };
    let configuration = format!(
        "{listen}\n{address}\nlisten_port={port}\nbackground=NO\nanonymous_enable=YES\nlocal_enable=NO\n\
         write_enable=NO\nanon_root={root}\nftp_username=ftp\nnopriv_user=nobody\nsecure_chroot_dir={empty}\n\
         run_as_launching_user={as_launcher}\nxferlog_enable=NO\nconnect_from_port_20=NO\nmax_clients=200\n\
         accept_timeout=20\nidle_session_timeout=30\n",
        port = site.address.port(),
    );
    let configuration = site.write("vsftpd.conf", &configuration)?;
    site.give_to(account)?;
    Ok(Launch { binary, args: vec![configuration], account, stop: Signal::TERM })
}
