//! Looking at what there is: reports of nothing, and data folders that can't be written to.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

use crate::sandbox::{Network, Sandbox};

#[test]
fn nothing_to_report_takes_no_number() {
    let network = Network::claim();
    let sandbox = Sandbox::new();
    sandbox.run(&["report", "build"]).ends(66).says(&["nothing to report", "sentrypost scan"]);
    sandbox.register_unit(&network.host(1));
    sandbox.run(&["report", "build"]).ends(66);
    sandbox.run(&["scan", "--ports", "61001"]).ends(0);
    let built = sandbox.run(&["report", "build", "--json"]).ends(0).json();
    assert_eq!(built["format"], "sentrypost-report-built/1");
    let number = built["data"]["number"].as_str().unwrap();
    assert!(number.ends_with("-0001"), "{number}");
    for file in ["html_zh", "html_en", "xlsx", "json"] {
        let path = sandbox.path(built["data"][file].as_str().unwrap());
        assert!(path.exists(), "{}", path.display());
    }
}

/// A folder that nobody can write to, root neither where a mount can see to that.
struct ReadOnly {
    path: PathBuf,
    is_mounted: bool,
}

impl ReadOnly {
    fn make(path: PathBuf) -> ReadOnly {
        let mount = |args: &[&str]| {
            let done = Command::new("mount").args(args).arg(&path).output();
            done.is_ok_and(|done| done.status.success())
        };
        let text = path.to_str().unwrap();
        let is_mounted = mount(&["--bind", text]) && mount(&["-o", "remount,bind,ro"]);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o555)).ok();
        ReadOnly { path, is_mounted }
    }
}

impl Drop for ReadOnly {
    fn drop(&mut self) {
        if self.is_mounted {
            let _ = Command::new("umount").arg("-l").arg(&self.path).status();
        }
        std::fs::set_permissions(&self.path, std::fs::Permissions::from_mode(0o700)).ok();
    }
}

#[test]
fn a_data_folder_that_cannot_be_written_to_can_be_looked_at() {
    let network = Network::claim();
    let sandbox = Sandbox::new();
    sandbox.register_unit(&network.host(1));
    let listener = std::net::TcpListener::bind((network.host(1).as_str(), 0)).unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    sandbox.run(&["scan", "--no-identify", "--ports", &port]).ends(0);
    sandbox.run(&["report", "build"]).ends(0);
    let read_only = ReadOnly::make(sandbox.path("data"));
    let note = "can't be written to; it is only read";
    let listed = sandbox.run(&["findings", "list", "--json"]).ends(0).says(&[note]).json();
    let id = listed["data"][0]["id"].as_str().unwrap();
    sandbox.run(&["findings", "show", id]).ends(0);
    let runs = sandbox.run(&["runs", "list", "--json"]).ends(0).says(&[note]).json();
    assert_eq!(runs["data"][0]["state"], "judged");
    sandbox.run(&["runs", "show", runs["data"][0]["run"].as_str().unwrap()]).ends(0);
    let reports = sandbox.run(&["report", "list", "--json"]).ends(0).json();
    assert_eq!(reports["data"].as_array().unwrap().len(), 1);
    sandbox.run(&["lab", "list"]).ends(0);
    sandbox.run(&["registry", "list", "assets"]).ends(0).says(&[note]);
    sandbox.run(&["registry", "check"]).ends(0).says(&[note]);
    let exported = sandbox.path("register.xlsx");
    sandbox.run(&["registry", "export", "-o", exported.to_str().unwrap()]).ends(0).says(&[note]);
    sandbox.run(&["report", "build"]).ends(74).says(&["--data"]);
    sandbox.run(&["scan", "--ports", &port]).ends(74).says(&["--data"]);
    drop(read_only);
    sandbox.run(&["runs", "list"]).ends(0);
}
