//! What assessments of TLS become: runs, findings that open and close by the rules, figures of the report.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::names::{NAME, SelfSigned, name_server};
use crate::sandbox::{Network, Sandbox};
use crate::windows::{interrupt, register_window, scan_until_it_waits, window};

/// A sandbox whose unit owns an address, and a policy that closes findings after two runs however close.
struct Place {
    sandbox: Sandbox,
    network: Network,
}

impl Place {
    fn new() -> Place {
        let (network, sandbox) = (Network::claim(), Sandbox::new());
        sandbox.register_unit(&network.host(1));
        let policy = include_str!("../../policy/exposure.toml");
        let hasty = policy.replacen("refused_hours = 12", "refused_hours = 0", 1);
        assert_ne!(policy, hasty, "the policy has its hours");
        sandbox.write("hasty.toml", hasty);
        Place { sandbox, network }
    }

    fn free(&self) -> String {
        TcpListener::bind((self.network.host(1), 0)).unwrap().local_addr().unwrap().to_string()
    }

    /// A server with nothing but one old suite.
    fn weak(&self, address: &str) -> SelfSigned {
        SelfSigned::start_with(&self.sandbox.path(""), address, &["-tls1_2", "-cipher", "AES128-SHA"])
    }

    fn modern(&self, address: &str) -> SelfSigned {
        SelfSigned::start(&self.sandbox.path(""), address)
    }

    /// Assesses a server and says how a finding of it stands after that.
    fn state_after_run(&self, address: &str, code: i32, check: &str) -> Option<Value> {
        self.sandbox.run(&["--policy", "hasty.toml", "tls", address, "--json"]).ends(code);
        self.finding(check)
    }

    fn finding(&self, check: &str) -> Option<Value> {
        let listed = self.sandbox.run(&["findings", "list", "--all", "--json"]).ends(0).json();
        let mut found: Vec<Value> = listed["data"].as_array().unwrap().clone();
        found.retain(|finding| finding["key"]["check"] == check);
        assert!(found.len() < 2, "one of a kind: {found:?}");
        found.pop()
    }

    fn newest_run(&self) -> Value {
        let run = self.sandbox.runs().remove(0);
        self.sandbox.run(&["runs", "show", &run, "--json"]).ends(0).json()["data"].clone()
    }
}

const CHECK: &str = "tls.no-aead";

#[test]
fn a_fault_is_found_and_closed_once_two_runs_have_seen_it_corrected() {
    let place = Place::new();
    let address = place.free();
    let weak = place.weak(&address);
    let found = place.state_after_run(&address, 0, CHECK).unwrap();
    assert_eq!((&found["state"]["state"], &found["severity"]), (&"open".into(), &"medium".into()));
    assert_eq!(found["evidence"]["method"], "tls");
    assert_eq!(found["evidence"]["observed"][0]["what"][0], "speaks TLS 1.2");
    let shown = place.sandbox.run(&["findings", "show", found["id"].as_str().unwrap()]).ends(0);
    assert!(shown.out.contains("没有") && shown.out.contains("AEAD"), "{}", shown.out);
    drop(weak);
    let _modern = place.modern(&address);
    for (state, proof) in [("missing", "corrected"), ("closed", "corrected")] {
        let found = place.state_after_run(&address, 0, CHECK).unwrap();
        assert_eq!((&found["state"]["state"], &found["state"]["proof"]), (&state.into(), &proof.into()));
    }
}

#[test]
fn silence_closes_nothing_and_a_refusal_is_a_step() {
    let place = Place::new();
    let address = place.free();
    let weak = place.weak(&address);
    place.state_after_run(&address, 0, CHECK).unwrap();
    drop(weak);
    let listener = TcpListener::bind(&address).unwrap();
    std::thread::spawn({
        let listener = listener.try_clone().unwrap();
        move || {
            // Connections are kept until the listener is shut down, and never answered.
            let kept: Vec<TcpStream> = listener.incoming().take(64).flatten().collect();
            drop(kept);
        }
    });
    let found = place.state_after_run(&address, 20, CHECK).unwrap();
    assert_eq!(found["state"]["state"], "open");
    assert!(found["unverifiable_since"].is_string(), "{found}");
    let nobody = place.free();
    let weak = place.weak(&nobody);
    place.sandbox.run(&["tls", &nobody]).ends(0);
    drop(weak);
    place.sandbox.run(&["tls", &nobody]).ends(20);
    let port: u64 = nobody.rsplit(':').next().unwrap().parse().unwrap();
    let findings = place.sandbox.findings();
    let refused = findings.iter().filter(|finding| finding["key"]["port"] == port);
    let states: Vec<&Value> = refused.map(|finding| &finding["state"]).collect();
    assert!(states.len() > 3, "{states:?}");
    for state in states {
        assert_eq!((&state["state"], &state["proof"]), (&"missing".into(), &"refused".into()), "{state}");
    }
}

#[test]
fn what_a_scan_tells_of_a_certificate_goes_on_as_a_finding_of_the_assessment() {
    let place = Place::new();
    let address = place.free();
    let _server = place.modern(&address);
    let port = address.rsplit(':').next().unwrap();
    let scan = ["scan", "--ports", port, "--method", "connect"];
    place.sandbox.run(&scan).ends(0);
    let before = place.finding("certificate.self-signed").unwrap();
    place.sandbox.run(&["tls", "--unit", "示例市虚构测试局"]).ends(0);
    let (old, new) =
        (place.finding("certificate.self-signed").unwrap(), place.finding("tls.cert-self-signed").unwrap());
    assert_eq!((&old["state"]["state"], &old["state"]["proof"]), (&"closed".into(), &"superseded".into()));
    assert_eq!(new["first_seen"], before["first_seen"]);
    let shown = place.sandbox.run(&["findings", "show", old["id"].as_str().unwrap()]).ends(0);
    assert!(shown.out.contains("superseded by tls.cert-self-signed"), "{}", shown.out);
    place.sandbox.run(&scan).ends(0);
    assert_eq!(place.finding("certificate.self-signed").unwrap()["state"], old["state"], "told once");
}

#[test]
fn a_scan_with_assessments_tells_each_fact_once_and_reports_it() {
    let place = Place::new();
    let address = place.free();
    let _server = place.weak(&address);
    let port = address.rsplit(':').next().unwrap();
    let scan = ["scan", "--ports", port, "--method", "connect", "--tls", "--json"];
    let scanned = place.sandbox.run(&scan).ends(0).json();
    assert_eq!(scanned["data"]["tls"]["state"], "judged", "{scanned}");
    assert_eq!(scanned["data"]["tls"]["totals"]["n_open"], 1);
    assert!(place.finding("certificate.self-signed").is_none());
    assert_eq!(place.finding("tls.cert-self-signed").unwrap()["state"]["state"], "open");
    assert_eq!(place.sandbox.runs().len(), 2);

    let built = place.sandbox.run(&["report", "build", "--json"]).ends(0).json();
    let read = |key: &str| {
        let path = place.sandbox.path("").join(built["data"][key].as_str().unwrap());
        std::fs::read_to_string(path).unwrap()
    };
    let report: Value = serde_json::from_str(&read("json")).unwrap();
    let figure = |id: &str| {
        let figures = report["figures"].as_array().unwrap();
        figures.iter().find(|figure| figure["id"] == id).unwrap()["value"].as_u64().unwrap()
    };
    assert_eq!((figure("tls.servers"), figure("tls.untold")), (1, 0));
    assert_eq!((figure("tls.no-tlcp"), figure("tls.poor")), (1, 1));
    assert_eq!(figure("certificates.within-90"), 1, "one certificate, though scan and assessment saw it");
    let tables = report["tables"].as_array().unwrap();
    let servers = &tables.iter().find(|table| table["id"] == "tls").unwrap()["rows"];
    assert_eq!(servers[0]["grade"], "T");
    assert!(servers[0]["caps"]["zh"].as_str().unwrap().contains("自签名"), "{servers}");
    assert!(read("html_zh").contains("五、TLS 与国密") && read("html_en").contains("TLS servers by grade"));
    let folder = place.sandbox.path("data/runs").join(place.sandbox.runs().remove(0));
    assert!(folder.join("tls.parquet").is_file() && folder.join("tls.jsonl").is_file());
}

#[test]
fn two_runs_agree_and_cannot_be_exported_as_a_sweep() {
    let place = Place::new();
    let addresses = [place.free(), place.free()];
    let _servers = addresses.each_ref().map(|address| place.modern(address));
    let records = || {
        place.sandbox.run(&["tls", &addresses[0], &addresses[1]]).ends(0);
        let mut run = place.newest_run();
        run["tls"].as_array_mut().unwrap().iter_mut().for_each(|record| drop(record["at"].take()));
        (run["run"].as_str().unwrap().to_owned(), run["tls"].clone())
    };
    let (first, second) = (records(), records());
    assert_eq!(first.1, second.1);
    assert_eq!(first.1[1]["server"]["given"], addresses[1]);
    let shown = place.sandbox.run(&["runs", "show", &first.0]).ends(0);
    assert!(shown.out.contains("ssl-labs") && shown.out.contains(&addresses[0]), "{}", shown.out);
    place
        .sandbox
        .run(&["runs", "export", &first.0, "--format", "csv"])
        .ends(64)
        .says(&["assessed TLS servers"]);
    place.sandbox.run(&["runs", "diff", &first.0, &second.0]).ends(64).says(&["runs show"]);
}

#[test]
fn a_killed_run_goes_on_with_the_servers_that_are_missing() {
    let place = Place::new();
    // At another address: there is one connection at a time to each.
    place.sandbox.register_asset(&place.network.host(2), 30);
    let (address, stuck) = (place.free(), TcpListener::bind((place.network.host(2), 0)).unwrap());
    let _server = place.modern(&address);
    let silent = stuck.local_addr().unwrap().to_string();
    let mut command = place.sandbox.command();
    command.args(["tls", &address, &silent]).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let runs = place.sandbox.run(&["runs", "list", "--json"]).ends(0).json();
        if runs["data"][0]["n_done"] == 1 {
            break;
        }
        assert!(Instant::now() < deadline, "no record in a minute: {runs}");
        std::thread::sleep(Duration::from_millis(20));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    drop(stuck);
    let kept = place.newest_run()["tls"].clone();
    assert_eq!(kept.as_array().unwrap().len(), 1, "cut off in the middle: {kept}");
    let run = place.sandbox.runs().remove(0);
    let resumed = place.sandbox.run(&["runs", "resume", &run, "--json"]).ends(0).json();
    assert_eq!(resumed["data"]["state"], "judged", "{resumed}");
    let records = place.newest_run()["tls"].clone();
    assert_eq!(records[0], kept[0], "it was not asked again");
    assert_eq!(records[1]["reached"], "refused");
    place.sandbox.run(&["runs", "resume", &run]).ends(66);
}

#[test]
fn a_server_outside_its_window_is_waited_for() {
    let place = Place::new();
    let night = place.network.host(2);
    register_window(&place.sandbox, &night, &window(3));
    let listener = TcpListener::bind((night, 0)).unwrap();
    let outside = listener.local_addr().unwrap().to_string();
    let address = place.free();
    let _server = place.modern(&address);
    let (waiting, said) = scan_until_it_waits(&place.sandbox, &["tls", &outside, &address]);
    listener.set_nonblocking(true).unwrap();
    assert!(listener.accept().is_err(), "nothing is asked outside the window");
    assert_eq!(place.newest_run()["tls"].as_array().unwrap().len(), 1, "the other was asked meanwhile");
    assert_eq!(interrupt(waiting), Some(20), "{said}");
    let states = place.sandbox.run(&["runs", "list", "--json"]).ends(0).json();
    assert_eq!(states["data"][0]["state"], "interrupted");
}

#[test]
fn a_unit_is_assessed_by_its_names_and_findings_belong_to_them() {
    let place = Place::new();
    place.sandbox.register_asset(NAME, 30);
    let resolver = name_server(&place.network.host(1), &[&place.network.host(1)]);
    let address = place.free();
    let _server = place.weak(&address);
    let port = address.rsplit(':').next().unwrap();
    let scan = ["scan", "--ports", port, "--method", "connect", "--resolver", &resolver];
    place.sandbox.run(&scan).ends(0);
    // The name at its usual port, where nobody listens, and where the scan has seen TLS.
    place.sandbox.run(&["tls", "--unit", "示例市虚构测试局", "--resolver", &resolver]).ends(20);
    let found = place.finding(CHECK).unwrap();
    assert_eq!(found["key"]["target"]["name"], NAME, "{found}");
    assert!(place.finding("tls.cert-name-mismatch").is_none());
    let servers = place.newest_run()["tls"].clone();
    let at =
        |port: u64| servers.as_array().unwrap().iter().find(|one| one["server"]["port"] == port).unwrap();
    assert_eq!(at(443)["reached"], "refused");
    assert_eq!(at(port.parse().unwrap())["server"]["name"], NAME);
}

/// Says what a mail server says until STARTTLS, and passes everything after that on to a server of TLS.
fn mail_server(address: &str, tls: String) -> String {
    let listener = TcpListener::bind((address, 0)).unwrap();
    let own = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let tls = tls.clone();
            std::thread::spawn(move || greet_and_pass_on(stream, &tls));
        }
    });
    own
}

fn greet_and_pass_on(mut stream: TcpStream, tls: &str) -> std::io::Result<()> {
    stream.write_all(b"220 mail.lab.example ESMTP\r\n")?;
    let mut lines = BufReader::new(stream.try_clone()?);
    loop {
        let mut line = String::new();
        if lines.read_line(&mut line)? == 0 {
            return Ok(());
        }
        if line.to_ascii_uppercase().starts_with("STARTTLS") {
            break stream.write_all(b"220 go ahead\r\n")?;
        }
        stream.write_all(b"250-mail.lab.example\r\n250 STARTTLS\r\n")?;
    }
    let server = TcpStream::connect(tls)?;
    let (mut from, mut to) = (server.try_clone()?, stream.try_clone()?);
    std::thread::spawn(move || {
        let _ = std::io::copy(&mut from, &mut to);
        let _ = to.shutdown(std::net::Shutdown::Write);
    });
    let mut server = server;
    let mut buffer = [0; 4096];
    loop {
        match lines.read(&mut buffer)? {
            0 => return server.shutdown(std::net::Shutdown::Write),
            n => server.write_all(&buffer[..n])?,
        }
    }
}

#[test]
fn mail_that_goes_over_to_tls_and_ipv6_are_assessed_alike() {
    let place = Place::new();
    let address = place.free();
    let _server = place.weak(&address);
    let mail = mail_server(&place.network.host(1), address);
    let asked = ["tls", &mail, "--starttls", "smtp"];
    place.sandbox.run(&asked).ends(0);
    let found = place.finding(CHECK).unwrap();
    assert_eq!(
        (&found["evidence"]["service"], &found["key"]["port"]),
        (&"smtp".into(), &mail.rsplit(':').next().unwrap().parse::<u64>().unwrap().into(),)
    );
    assert_eq!(place.newest_run()["tls"][0]["server"]["start_tls"], "smtp");

    place.sandbox.register_asset("::1", 30);
    let Ok(listener) = TcpListener::bind(("::1", 0)) else { return };
    let address = listener.local_addr().unwrap().to_string();
    drop(listener);
    let _server = place.weak(&address);
    place.sandbox.run(&["tls", &address]).ends(0);
    let on_six = place.sandbox.findings();
    assert!(on_six.iter().any(|one| one["key"]["target"]["addr"] == "::1" && one["key"]["check"] == CHECK));
}

#[test]
fn checks_of_ones_own_weigh_the_findings() {
    let place = Place::new();
    let address = place.free();
    let _server = place.weak(&address);
    let checks = include_str!("../../policy/tls/checks.toml");
    let at = checks.find("id = \"tls.no-aead\"").unwrap();
    let own = format!(
        "{}{}",
        &checks[..at],
        checks[at..].replacen("severity = \"medium\"", "severity = \"high\"", 1)
    );
    place.sandbox.write("own.toml", own);
    place.sandbox.run(&["--policy", "own.toml", "tls", &address]).ends(0);
    assert_eq!(place.finding(CHECK).unwrap()["severity"], "high");
}
