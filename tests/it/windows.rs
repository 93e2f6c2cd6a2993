//! Scan windows of assets: what is outside its window is waited for, and nothing of it is asked before.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use chrono::{FixedOffset, TimeDelta, Utc};

use crate::sandbox::{Network, Sandbox, credit_code, is_root};

/// A service that counts its callers.
fn service(address: &str) -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind((address, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let n_callers = Arc::new(AtomicUsize::new(0));
    let counter = n_callers.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            counter.fetch_add(1, Ordering::SeqCst);
            let _ = (&stream).write_all(b"SSH-2.0-OpenSSH_9.2p1 Fictional\r\n");
        }
    });
    (port, n_callers)
}

/// A window from so many hours from now to one hour later, by the clock in China.
pub(crate) fn window(hours_from_now: i64) -> String {
    let from = Utc::now().with_timezone(&FixedOffset::east_opt(8 * 3600).unwrap())
        + TimeDelta::hours(hours_from_now);
    format!("{}-{}", from.format("%H:%M"), (from + TimeDelta::minutes(90)).format("%H:%M"))
}

pub(crate) fn register_window(sandbox: &Sandbox, target: &str, window: &str) {
    let until = Utc::now().date_naive() + TimeDelta::days(30);
    let code = credit_code(1);
    let text = format!(
        "单位信用代码,资产,授权批准人,授权止,扫描时段\n{code},{target},虚构批准人,{until},{window}\n"
    );
    let file = sandbox.write("时段.csv", text);
    sandbox.run(&["registry", "import", file.to_str().unwrap()]).ends(0);
}

/// A scan until it says that it waits, and what it said.
pub(crate) fn scan_until_it_waits(sandbox: &Sandbox, args: &[&str]) -> (Child, String) {
    let mut command = sandbox.command();
    command.args(args).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut said = String::new();
    let mut lines = BufReader::new(child.stderr.take().unwrap());
    while lines.read_line(&mut said).unwrap() > 0 {
        if said.contains("waiting until") {
            return (child, said);
        }
    }
    let ended = child.wait().unwrap();
    panic!("it never waited, and ended with {ended}:\n{said}");
}

pub(crate) fn interrupt(mut child: Child) -> Option<i32> {
    Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    child.wait().unwrap().code()
}

fn check(method: &str) {
    let network = Network::claim();
    let sandbox = Sandbox::new();
    let (night, day) = (network.host(1), network.host(9));
    sandbox.register_unit(&day);
    register_window(&sandbox, &night, &window(3));
    let ((night_port, at_night), (day_port, at_day)) = (service(&night), service(&day));
    let ports = format!("{night_port},{day_port}");
    let scan = ["scan", "--method", method, "--ports", &ports];

    let (waiting, said) = scan_until_it_waits(&sandbox, &scan);
    let run = sandbox.runs().remove(0);
    assert_eq!((at_night.load(Ordering::SeqCst), at_day.load(Ordering::SeqCst) > 0), (0, true), "{said}");
    sandbox.run(&["runs", "resume", &run]).ends(75);
    assert_eq!(interrupt(waiting), Some(20), "{said}");

    // The unit allows it earlier.
    register_window(&sandbox, &night, &window(-1));
    let resumed = sandbox.run(&["runs", "resume", &run, "--json"]).ends(0).json();
    let totals = &resumed["data"]["totals"];
    assert_eq!((totals["n_open"].as_u64(), totals["n_refused"].as_u64()), (Some(2), Some(2)), "{totals}");
    assert!(at_night.load(Ordering::SeqCst) > 0);
    assert_eq!(resumed["data"]["state"], "judged", "{resumed}");
}

#[test]
fn a_connect_scan_waits_for_windows_and_can_be_stopped_meanwhile() {
    check("connect");
}

#[test]
fn a_raw_scan_waits_for_windows_and_can_be_stopped_meanwhile() {
    if is_root() {
        check("syn");
    }
}

#[test]
fn where_all_is_shut_nothing_is_begun() {
    let network = Network::claim();
    let sandbox = Sandbox::new();
    sandbox.register_unit(&network.host(9));
    register_window(&sandbox, &network.host(1), &window(2));
    let (port, n_callers) = service(&network.host(1));
    let (waiting, said) =
        scan_until_it_waits(&sandbox, &["scan", "--ports", &port.to_string(), &network.host(1)]);
    assert_eq!(n_callers.load(Ordering::SeqCst), 0);
    assert_eq!(interrupt(waiting), Some(20), "{said}");
}

#[test]
fn a_window_goes_through_import_and_export_and_a_wrong_one_is_refused() {
    let sandbox = Sandbox::new();
    sandbox.register_unit("192.0.2.0/24");
    register_window(&sandbox, "198.51.100.0/24", "周一至周五 22:00-06:00");
    let exported = sandbox.path("register.xlsx");
    let exported = exported.to_str().unwrap();
    sandbox.run(&["registry", "export", "-o", exported]).ends(0);
    sandbox.run(&["registry", "export", "-o", sandbox.path("sheets").to_str().unwrap()]).ends(0);
    let sheet = std::fs::read_to_string(sandbox.path("sheets").join("资产.csv")).unwrap();
    assert!(sheet.contains("扫描时段") && sheet.contains("Mon-Fri 22:00-06:00"), "{sheet}");
    let again = sandbox.run(&["registry", "import", exported, "--json"]).ends(0).json();
    assert_eq!(again["data"]["changes"].as_array().map(Vec::len), Some(0), "{again}");

    let until = Utc::now().date_naive() + TimeDelta::days(30);
    for (target, window, words) in [
        ("203.0.113.0/24", "夜间", "not a scan window"),
        ("portal.example", "22:00-06:00", "a host name has no scan window"),
    ] {
        let header = "单位信用代码,资产,授权批准人,授权止,扫描时段";
        let text = format!("{header}\n{},{target},虚构批准人,{until},{window}\n", credit_code(1));
        let file = sandbox.write("错.csv", text);
        let refused = sandbox.run(&["registry", "import", file.to_str().unwrap()]).ends(65);
        let said = refused.out + &refused.err;
        assert!(said.contains(words), "{said}");
    }
}
