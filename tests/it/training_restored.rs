//! A data folder whose database was put back from a backup gives nothing out twice and takes nothing back.

use std::path::PathBuf;

use crate::sandbox::Sandbox;
use crate::training_faults::furnished;

/// The database with its log, as a backup holds them.
struct Backup(Vec<(PathBuf, Option<Vec<u8>>)>);

impl Backup {
    fn of(sandbox: &Sandbox) -> Backup {
        let files = ["sentrypost.db", "sentrypost.db-wal", "sentrypost.db-shm"];
        let files = files.map(|name| sandbox.path("data").join(name));
        Backup(files.map(|file| (file.clone(), std::fs::read(file).ok())).into())
    }

    fn restore(&self) {
        for (file, bytes) in &self.0 {
            match bytes {
                Some(bytes) => std::fs::write(file, bytes).unwrap(),
                None => drop(std::fs::remove_file(file)),
            }
        }
    }
}

const ISSUE: [&str; 5] = ["cert", "issue", "--category", "WH", "--without-files"];

fn serials(sandbox: &Sandbox) -> Vec<String> {
    let listed = sandbox.run(&["cert", "list", "--json"]).ends(0).json();
    let listed = listed["data"].as_array().unwrap();
    listed.iter().map(|one| one["serial"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_restored_backup_never_gives_a_serial_again() {
    let sandbox = furnished(&["虚构甲"]);
    let backup = Backup::of(&sandbox);
    sandbox.run(&ISSUE).ends(0);
    let before = serials(&sandbox).remove(0);
    backup.restore();
    assert_eq!(serials(&sandbox).len(), 0, "the backup knows of none");
    sandbox.run(&ISSUE).ends(0);
    let after = serials(&sandbox).remove(0);
    assert!(before.contains("-000001-") && after.contains("-000002-"), "{before} {after}");
}

#[test]
fn a_restored_backup_never_takes_a_revocation_back() {
    let sandbox = furnished(&["虚构甲"]);
    sandbox.run(&ISSUE).ends(0);
    let serial = serials(&sandbox).remove(0);
    let backup = Backup::of(&sandbox);
    sandbox.run(&["cert", "revoke", &serial, "--reason", "弄虚作假"]).ends(0);
    let publish = |name, exit| sandbox.run(&["cert", "revocations", "-o", name]).ends(exit);
    publish("revoked.txt", 0);
    let richer = std::fs::read_to_string(sandbox.path("revoked.txt")).unwrap();
    assert!(richer.contains(&serial));
    backup.restore();
    publish("revoked.txt", 74).says(&["as after a backup was restored", "-o", "恢复过备份"]);
    assert_eq!(std::fs::read_to_string(sandbox.path("revoked.txt")).unwrap(), richer);
    publish("poorer.txt", 0);
    // Entered again, it is as rich as before.
    sandbox.run(&["cert", "revoke", &serial, "--reason", "弄虚作假"]).ends(0);
    publish("revoked.txt", 0);
}
