//! Scans of loopback by the binary: what is found, what is refused, and what survives a kill.

use std::io::Write;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::sandbox::{Network, Ran, Sandbox, is_root};

/// Ports above the ephemeral range, where next to nothing listens on every address of a machine; and how many.
const QUIET_PORTS: &str = "61001-64000";
const N_QUIET: u64 = 3000;

/// Something that speaks first, as an SSH server would, and counts its callers.
struct Greeter {
    port: u16,
    n_accepted: Arc<AtomicUsize>,
}

impl Greeter {
    fn start(address: &str) -> Greeter {
        let listener = TcpListener::bind((address, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let n_accepted = Arc::new(AtomicUsize::new(0));
        let counter = n_accepted.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                counter.fetch_add(1, Ordering::SeqCst);
                // A scanner that has gone away is no concern of the greeter.
                let _ = (&stream).write_all(b"SSH-2.0-OpenSSH_9.2p1 Fictional\r\n");
            }
        });
        Greeter { port, n_accepted }
    }

    fn n_accepted(&self) -> usize {
        self.n_accepted.load(Ordering::SeqCst)
    }
}

/// A disk of a few kilobytes, mounted in a sandbox; unmounted when dropped.
struct SmallDisk {
    path: PathBuf,
}

impl SmallDisk {
    fn mount(sandbox: &Sandbox, name: &str, size: &str) -> SmallDisk {
        let path = sandbox.path(name);
        std::fs::create_dir(&path).unwrap();
        let option = format!("size={size}");
        let mounted =
            Command::new("mount").args(["-t", "tmpfs", "-o", &option, "tmpfs"]).arg(&path).status().unwrap();
        assert!(mounted.success());
        SmallDisk { path }
    }

    fn fill_but_for(&self, n_bytes: u64) {
        let mut filler = std::fs::File::create(self.path.join("filler")).unwrap();
        while filler.write_all(&[0; 4096]).is_ok() {}
        let length = filler.metadata().unwrap().len();
        filler.set_len(length - n_bytes).unwrap();
    }

    fn grow(&self, size: &str) {
        let option = format!("remount,size={size}");
        assert!(Command::new("mount").args(["-o", &option]).arg(&self.path).status().unwrap().success());
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: a process that was just killed may still hold it for a moment.
        let _ = Command::new("umount").arg("-l").arg(&self.path).status();
    }
}

#[test]
fn a_service_goes_from_the_wire_to_the_finding_and_the_report() {
    let network = Network::claim();
    let sandbox = Sandbox::new();
    sandbox.register_unit(&format!("{}-{}", network.host(1), network.host(3)));
    let port = Greeter::start(&network.host(2)).port;

    let scanned = sandbox.run(&["scan", "--ports", &format!("{port},61001-61020"), "--json"]).ends(0).json();
    assert_eq!(scanned["format"], "sentrypost-scan/1");
    assert_eq!(scanned["data"]["totals"]["n_open"], 1);
    let findings = sandbox.run(&["findings", "list", "--json"]).ends(0).json();
    let finding = &findings["data"][0];
    assert_eq!(finding["key"]["check"], "exposure.remote-admin");
    assert_eq!(finding["key"]["port"], port);
    assert_eq!(finding["evidence"]["observed"][0]["name"], "OpenSSH", "{finding}");

    let id = finding["id"].as_str().unwrap();
    let shown = sandbox.run(&["findings", "show", id]).ends(0);
    assert!(shown.out.contains("opened") && shown.out.contains("远程管理"), "{}", shown.out);

    sandbox.run(&["scan", "--reverify"]).ends(0);
    let built = sandbox.run(&["report", "build"]).ends(0);
    let paths: Vec<&str> = built.out.lines().collect();
    assert_eq!(paths.len(), 4, "{}", built.out);
    for path in &paths {
        assert!(sandbox.path("data").join(path).exists() || std::path::Path::new(path).exists(), "{path}");
    }
    let json = paths.iter().find(|path| path.ends_with("report.json")).unwrap();
    let report: serde_json::Value = serde_json::from_slice(&std::fs::read(json).unwrap()).unwrap();
    assert_eq!(report["format"], "sentrypost-report/1");
    let listed = sandbox.run(&["report", "list", "--json"]).ends(0).json();
    assert_eq!(listed["data"].as_array().unwrap().len(), 1);
}

#[test]
fn a_closed_port_makes_the_finding_missing_and_not_closed() {
    let network = Network::claim();
    let sandbox = Sandbox::new();
    sandbox.register_unit(&network.host(1));
    let listener = TcpListener::bind((network.host(1).as_str(), 0)).unwrap();
    let ports = listener.local_addr().unwrap().port().to_string();
    sandbox.run(&["scan", "--no-identify", "--ports", &ports]).ends(0);
    drop(listener);
    sandbox.run(&["scan", "--no-identify", "--ports", &ports]).ends(0);
    let findings = sandbox.run(&["findings", "list", "--json"]).ends(0).json();
    assert_eq!(findings["data"][0]["state"]["state"], "missing");
}

#[test]
fn a_scan_of_one_address_says_nothing_of_names_elsewhere() {
    let network = Network::claim();
    let sandbox = Sandbox::new();
    sandbox.register_unit(&network.host(1));
    let code = crate::sandbox::credit_code(1);
    let until = chrono::Utc::now().date_naive() + chrono::Days::new(30);
    let text = format!("单位信用代码,资产,授权批准人,授权止\n{code},portal.invalid,虚构批准人,{until}\n");
    let file = sandbox.write("names.csv", text);
    sandbox.run(&["registry", "import", file.to_str().unwrap()]).ends(0);
    // A name server that nobody runs: every look-up fails.
    let scan = ["scan", "--ports", "61001", "--resolver", "127.0.0.1:1"];
    let narrow = sandbox.run(&[&scan[..], &[network.host(1).as_str()]].concat()).ends(0);
    assert!(!narrow.err.contains("portal.invalid"), "{}", narrow.err);
    sandbox.run(&scan).ends(0).says(&["portal.invalid"]);
}

#[test]
fn scans_run_side_by_side_and_the_register_stays_as_it_is_meanwhile() {
    let network = Network::claim();
    let sandbox = Sandbox::new();
    sandbox.register_unit(&format!("{}-{}", network.host(0), network.host(255)));
    let listener = std::net::TcpListener::bind((network.host(9), 0)).unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    let first = Scanning::start(&sandbox, "all");
    let run = sandbox.runs().remove(0);
    let second =
        sandbox.run(&["scan", "--no-identify", "--ports", &port, "--json", &network.host(9)]).ends(0).json();
    assert_eq!(second["data"]["totals"]["n_open"], 1, "{second}");
    assert_eq!(sandbox.runs().len(), 2);
    sandbox.run(&["runs", "resume", &run]).ends(75);
    let file = sandbox.write("none.csv", String::new());
    sandbox.run(&["registry", "import", file.to_str().unwrap()]).ends(75).says(&["perhaps a scan"]);
    drop(first);
}

#[test]
fn a_run_that_was_killed_is_finished_by_resume() {
    let network = Network::claim();
    let sandbox = Sandbox::new();
    sandbox.register_unit(&format!("{}-{}", network.host(0), network.host(255)));
    let greeter = Greeter::start(&network.host(77));
    let n_probes = 256 * (N_QUIET + 1);
    let scanning = Scanning::start(&sandbox, &format!("{QUIET_PORTS},{}", greeter.port));
    let run = scanning.wait_for_progress();
    drop(scanning);

    let before = sandbox.run(&["runs", "list", "--json"]).ends(0).json();
    assert_eq!(before["data"][0]["state"], "interrupted");
    let n_before = before["data"][0]["n_done"].as_u64().unwrap();
    assert!(n_before > 0 && n_before < n_probes, "cut off in the middle: {n_before}");

    let resumed = sandbox.run(&["runs", "resume", &run, "--json"]).ends(0).json();
    let totals = &resumed["data"]["totals"];
    assert_eq!(totals["n_open"], 1);
    assert_eq!(totals["n_refused"], n_probes - 1, "every probe has one end: {totals}");
    let shown = sandbox.run(&["runs", "show", &run, "--json"]).ends(0).json();
    let seen = shown["data"]["observations"].as_array().unwrap();
    assert_eq!(seen.len(), 1, "the open port is there once");
    assert_eq!(seen[0]["port"], greeter.port);
    assert!(greeter.n_accepted() <= 2, "asked again only if it was asked in the last second before the kill");
    sandbox.run(&["runs", "resume", &run]).ends(66).says(&["nothing to resume"]);
}

#[test]
fn a_run_goes_on_under_the_authorisations_of_the_day_it_goes_on() {
    let network = Network::claim();
    let sandbox = Sandbox::new();
    let (kept, ended) = (network.host(1), network.host(2));
    sandbox.register_unit(&kept);
    sandbox.register_asset(&ended, 30);
    let greeters = [&kept, &ended].map(|host| Greeter::start(host));
    let ports = format!("1-60000,{},{}", greeters[0].port, greeters[1].port);
    let scanning = Scanning::start(&sandbox, &ports);
    let run = scanning.wait_for_progress();
    drop(scanning);
    // What was begun yesterday: its manifest says so, and an authorisation has ended since.
    let manifest = sandbox.path("data").join("runs").join(&run).join("manifest.toml");
    let today = model::interval::civil_date(chrono::Utc::now());
    let text = std::fs::read_to_string(&manifest).unwrap();
    let yesterday = text.replace(&format!("\"{today}\""), &format!("\"{}\"", today.pred_opt().unwrap()));
    assert_ne!(text, yesterday, "the manifest tells its day");
    std::fs::write(&manifest, yesterday).unwrap();
    sandbox.register_asset(&ended, -1);
    let n_before = greeters[1].n_accepted();

    let resumed = sandbox.run(&["runs", "resume", &run, "--json"]).ends(0).json();
    let totals = &resumed["data"]["totals"];
    assert!(totals["n_not_admitted"].as_u64().unwrap() > 0, "{totals}");
    assert_eq!(greeters[1].n_accepted(), n_before, "nothing more was asked of it");
    let shown = sandbox.run(&["runs", "show", &run]).ends(0);
    assert!(shown.out.contains(&format!("{ended} is out of scope")), "{}", shown.out);
    // What was seen of either while it was authorised is judged.
    let findings = sandbox.findings();
    // Others on this machine may listen on all addresses, on ports of their own.
    let is_found = |host: &str, port: u16| {
        let is_it = |key: &serde_json::Value| key["target"]["addr"] == host && key["port"] == port;
        findings.iter().any(|one| is_it(&one["key"]))
    };
    let found = (is_found(&kept, greeters[0].port), is_found(&ended, greeters[1].port));
    assert_eq!(found, (true, n_before > 0), "{findings:?}");
}

#[test]
fn a_full_disk_stops_the_scan_by_name_and_resume_finishes_it() {
    if !is_root() {
        // tests/run works as root or through sudo; only root can mount the small disk.
        return;
    }
    let network = Network::claim();
    let sandbox = Sandbox::new();
    let disk = SmallDisk::mount(&sandbox, "data", "16m");
    sandbox.register_unit(&format!("{}-{}", network.host(0), network.host(255)));
    disk.fill_but_for(200 * 1024);
    sandbox.run(&["scan", "--no-identify", "--ports", QUIET_PORTS]).ends(74).says(&["full", "runs resume"]);
    disk.grow("64m");
    let run = sandbox.runs().remove(0);
    sandbox.run(&["runs", "resume", &run]).ends(0);
    let listed = sandbox.run(&["runs", "list", "--json"]).ends(0).json();
    assert_eq!(listed["data"][0]["n_done"], 256 * N_QUIET);
}

/// A scan at work; killed when dropped.
struct Scanning<'a> {
    sandbox: &'a Sandbox,
    child: Child,
}

impl Scanning<'_> {
    fn start<'s>(sandbox: &'s Sandbox, ports: &str) -> Scanning<'s> {
        let mut command = sandbox.command();
        // Fast enough for a short test, slow enough to be cut off.
        let rates = ["--host-rate", "10000", "--net-rate", "10000"];
        command
            .args(["scan", "--ports", ports, "--no-identify"])
            .args(rates)
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let scanning = Scanning { sandbox, child: command.spawn().unwrap() };
        scanning.wait_for_progress();
        scanning
    }

    /// Waits until some probes are written down, and gives the id of the run.
    fn wait_for_progress(&self) -> String {
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            let listed: Ran = self.sandbox.run(&["runs", "list", "--json"]).ends(0);
            let run = &listed.json()["data"][0];
            if run["n_done"].as_u64().is_some_and(|n| n > 0) {
                return run["run"].as_str().unwrap().to_owned();
            }
            assert!(Instant::now() < deadline, "no progress in a minute");
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

impl Drop for Scanning<'_> {
    fn drop(&mut self) {
        // SIGKILL; a process that has ended by itself is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
