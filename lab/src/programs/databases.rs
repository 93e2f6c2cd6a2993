//! PostgreSQL and MariaDB, each with an empty database of its own that nobody has the password of.

use std::path::PathBuf;

use rustix::process::Signal;

use super::site::Site;
use super::{Launch, Trouble, step};

pub(super) fn postgresql(site: &Site<'_>, binary: PathBuf) -> Result<Launch, Trouble> {
    let account = site.account()?;
    let initdb = site.find("initdb", "postgresql")?;
    let data = site.text("data");
    let password_file = site.write_secret("password", &site.password()?)?;
    site.give_to(account)?;
    let pwfile = format!("--pwfile={password_file}");
    let args =
        ["-D", &data, "-U", "lab", "-A", "scram-sha-256", &pwfile, "-E", "UTF8", "--no-locale", "--no-sync"];
    step::run(&initdb, &args.map(str::to_owned), account, &site.dir)?;

    let settings = [
        format!("listen_addresses={}", site.address.ip()),
        format!("port={}", site.address.port()),
        format!("unix_socket_directories={}", site.dir.display()),
        "fsync=off".to_owned(),
        "shared_buffers=8MB".to_owned(),
        "max_connections=50".to_owned(),
        "autovacuum=off".to_owned(),
    ];
    let mut args = vec!["-D".to_owned(), data];
    for setting in settings {
        args.extend(["-c".to_owned(), setting]);
    }
    // TERM would wait for its clients.
    Ok(Launch { binary, args, account, stop: Signal::INT })
}

pub(super) fn mariadb(site: &Site<'_>, binary: PathBuf) -> Result<Launch, Trouble> {
    let account = site.account()?;
    let installer = site.find("mariadb-install-db", "mariadb-server")?;
    // Somebody must be allowed to come from anywhere, else the server refuses the address before it says its version.
    let first_sql =
        format!("CREATE USER IF NOT EXISTS 'lab'@'%' IDENTIFIED BY '{}' ACCOUNT LOCK;\n", site.password()?);
    let init_file = site.write_secret("first.sql", &first_sql)?;
    site.give_to(account)?;

    let small = ["--innodb-log-file-size=4M", "--innodb-buffer-pool-size=8M"];
    let datadir = format!("--datadir={}", site.text("data"));
    let mut args = vec!["--no-defaults".to_owned(), datadir.clone(), "--skip-test-db".to_owned()];
    // The accounts that it makes come in by the unix socket alone.
    args.push("--auth-root-authentication-method=socket".to_owned());
    args.extend(small.map(str::to_owned));
    step::run(&installer, &args, account, &site.dir)?;

    let mut args = vec!["--no-defaults".to_owned(), datadir];
    args.extend(small.map(str::to_owned));
    args.extend([
        format!("--bind-address={}", site.address.ip()),
        format!("--port={}", site.address.port()),
        format!("--socket={}", site.text("socket")),
        format!("--pid-file={}", site.text("pid")),
        format!("--init-file={init_file}"),
        format!("--secure-file-priv={}", site.dir.display()),
        "--innodb-flush-log-at-trx-commit=0".to_owned(),
        "--innodb-fast-shutdown=2".to_owned(),
        "--skip-name-resolve".to_owned(),
        "--skip-log-bin".to_owned(),
    ]);
    Ok(Launch { binary, args, account, stop: Signal::TERM })
}
