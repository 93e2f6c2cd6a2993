//! Runs for other programs, and from them: what is written is valid and reads back, and what nmap itself saw of the same
//! target says the same.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;

use crate::sandbox::{Network, Sandbox};

/// Ports above the ephemeral range, where next to nothing listens on every address of a machine.
const QUIET_PORTS: &str = "61001-61200";

/// Greets whoever calls with this, and hangs up when the caller has said something or gone.
fn greet(address: &str, port: u16, greeting: &'static [u8]) {
    let listener = TcpListener::bind((address, port)).unwrap();
    std::thread::spawn(move || {
        let answer = |mut stream: TcpStream| {
            // A caller that has gone away is no concern of the greeter.
            let _ = stream.write_all(greeting);
            let _ = stream.read(&mut [0; 512]);
        };
        listener.incoming().flatten().for_each(answer);
    });
}

/// Two hosts: one greets as SSH with what a spreadsheet would take for a formula, and one answers a web browser.
fn two_hosts() -> (Network, Sandbox) {
    let network = Network::claim();
    let sandbox = Sandbox::new();
    sandbox.register_unit(&format!("{}-3", network.host(1)));
    greet(&network.host(1), 61_022, b"SSH-2.0-OpenSSH_9.2p1 =Fictional\r\n");
    greet(&network.host(2), 61_025, b"220 mail.example ESMTP Postfix\r\n");
    (network, sandbox)
}

fn scan(sandbox: &Sandbox) -> String {
    sandbox.run(&["scan", "--method", "connect", "--ports", QUIET_PORTS]).ends(0);
    sandbox.runs().remove(0)
}

fn export(sandbox: &Sandbox, run: &str, format: &str) -> String {
    sandbox.run(&["runs", "export", run, "--format", format]).ends(0).out
}

/// Valid against the DTD that comes with nmap.
#[track_caller]
fn check_dtd(sandbox: &Sandbox, xml: &str) {
    let file = sandbox.write("checked.xml", xml);
    let args = ["--noout", "--dtdvalid", "/usr/share/nmap/nmap.dtd"];
    let valid = Command::new("xmllint").args(args).arg(file).output().unwrap();
    assert!(valid.status.success(), "{}\n{xml}", String::from_utf8_lossy(&valid.stderr));
}

/// What `nmap` says of a target on loopback, with these arguments ahead.
fn nmap(to: &Path, target: &str, args: &[&str]) {
    assert!(target.starts_with("127."), "only loopback is scanned");
    let ran =
        Command::new("nmap").args(args).args(["-n", "-Pn", "-oX"]).arg(to).arg(target).output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
}

#[test]
fn nmaps_own_tools_read_what_is_written_and_nmap_sees_the_same_ports() {
    let (network, sandbox) = two_hosts();
    // What a service is, each says in words of its own.
    sandbox.run(&["scan", "--method", "connect", "--no-identify", "--ports", QUIET_PORTS]).ends(0);
    let ours = export(&sandbox, &sandbox.runs()[0], "nmap-xml");
    check_dtd(&sandbox, &ours);
    let (ours, theirs) = (sandbox.write("ours.xml", &ours), sandbox.path("theirs.xml"));
    let target = format!("{}-3", network.host(1));
    nmap(&theirs, &target, &["-sT", "-p", QUIET_PORTS]);
    let compared = Command::new("ndiff").arg("--xml").args([&ours, &theirs]).output().unwrap();
    let told = String::from_utf8_lossy(&compared.stdout).into_owned();
    assert!(compared.stderr.is_empty(), "{}", String::from_utf8_lossy(&compared.stderr));
    assert!(told.contains("<nmaprun "), "they differ in who wrote them: {told}");
    assert!(!told.contains("<hostdiff>"), "and in no host, port or state: {told}");
    // It would have told.
    let without = std::fs::read_to_string(&ours).unwrap().replace("portid=\"61022\"", "portid=\"61023\"");
    let without = sandbox.write("without.xml", without);
    let compared = Command::new("ndiff").arg("--xml").args([&without, &theirs]).output().unwrap();
    assert!(String::from_utf8_lossy(&compared.stdout).contains("<hostdiff>"));
}

#[test]
fn python_libnmap_reads_what_is_written() {
    let (network, sandbox) = two_hosts();
    let run = scan(&sandbox);
    let xml = sandbox.write("ours.xml", export(&sandbox, &run, "nmap-xml"));
    let script = "import sys; from libnmap.parser import NmapParser\n\
                  for host in NmapParser.parse_fromfile(sys.argv[1]).hosts:\n  \
                  for service in host.services:\n    \
                  if service.open(): print(host.address, service.port, service.protocol, service.service)\n";
    // Debian's own interpreter is the one that Debian's package is for.
    let read = Command::new("/usr/bin/python3").args(["-c", script]).arg(xml).output().unwrap();
    assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
    let told = String::from_utf8_lossy(&read.stdout).into_owned();
    let told: BTreeSet<&str> = told.lines().collect();
    let expected = [(network.host(1), "61022 tcp ssh"), (network.host(2), "61025 tcp smtp")];
    let expected: Vec<String> = expected.iter().map(|(host, rest)| format!("{host} {rest}")).collect();
    assert_eq!(told, expected.iter().map(String::as_str).collect());
}

#[test]
fn every_form_tells_the_same_endpoints() {
    let (network, sandbox) = two_hosts();
    let run = scan(&sandbox);
    let expected = BTreeSet::from([(network.host(1), 61_022), (network.host(2), 61_025)]);

    let lines = export(&sandbox, &run, "jsonl");
    let lines: Vec<serde_json::Value> =
        lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines[0]["format"], "sentrypost-observations/1");
    assert_eq!(
        (lines[0]["run"].as_str(), lines[0]["method"].as_str()),
        (Some(run.as_str()), Some("connect"))
    );
    let observed = lines.iter().flat_map(|line| line["observations"].as_array().into_iter().flatten());
    let observed =
        observed.map(|seen| (seen["addr"].as_str().unwrap().to_owned(), seen["port"].as_u64().unwrap()));
    assert_eq!(observed.collect::<BTreeSet<_>>(), expected);
    assert_eq!(lines.last().unwrap()["n_observations"], 2, "the last line says that nothing is missing");

    let csv = export(&sandbox, &run, "csv");
    let rows: Vec<&str> = csv.strip_prefix('\u{feff}').unwrap().lines().collect();
    assert!(rows[0].starts_with("run,method,address,"), "{}", rows[0]);
    let open = rows.iter().filter(|row| row.contains(",open,"));
    let open = open.map(|row| row.split(',').collect::<Vec<_>>());
    let open = open.map(|cells| (cells[2].to_owned(), cells[5].parse::<u64>().unwrap()));
    assert_eq!(open.collect::<BTreeSet<_>>(), expected);
    assert!(csv.contains(",'=Fictional,"), "a stranger's formula is text: {csv}");

    let grep = export(&sandbox, &run, "grep");
    // What testssl.sh looks for in the first line.
    let first = grep.lines().next().unwrap();
    assert!(
        first.contains("Nmap 7.") && first.contains(" scan initiated ") && first.contains(" -oG "),
        "{first}"
    );
    let line = format!(
        "Host: {} ()\tPorts: 61022/open/tcp//ssh//OpenSSH 9.2p1/\tIgnored State: closed (199)",
        network.host(1)
    );
    assert!(grep.lines().any(|found| found == line), "{grep}");
    assert!(grep.contains(&format!("Host: {} ()\tStatus: Up", network.host(3))), "{grep}");
}

#[test]
fn a_file_in_the_way_is_written_over_only_if_told_so() {
    let (_network, sandbox) = two_hosts();
    let run = scan(&sandbox);
    let file = sandbox.write("report.csv", "示例");
    let to = file.to_str().unwrap();
    let refused = sandbox.run(&["runs", "export", &run, "--format", "csv", "-o", to]).ends(74);
    refused.says(&["report.csv exists already"]);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "示例");
    sandbox.run(&["runs", "export", &run, "--format", "csv", "-o", to, "--overwrite"]).ends(0);
    assert!(std::fs::read_to_string(&file).unwrap().contains(",open,"));
    let left: Vec<_> = std::fs::read_dir(file.parent().unwrap()).unwrap().flatten().collect();
    assert!(left.iter().all(|entry| !entry.file_name().to_string_lossy().ends_with(".part")), "{left:?}");
    sandbox.run(&["runs", "export", &run, "--format", "xml"]).ends(64).says(&["nmap-xml, jsonl, csv, grep"]);
}

#[test]
fn what_nmap_saw_becomes_a_run_with_findings_and_the_same_file_changes_nothing() {
    let (network, sandbox) = two_hosts();
    let file = sandbox.path("theirs.xml");
    nmap(&file, &format!("{}-5", network.host(1)), &["-sT", "-sV", "--version-light", "-p", QUIET_PORTS]);
    let file = file.to_str().unwrap();
    let told = sandbox.run(&["import", "nmap-xml", file, "--json"]).ends(0);
    let (four, five) = (network.host(4), network.host(5));
    let told = told.says(&[&format!("not imported: {four} is out of scope"), &five]).json();
    let told = &told["data"];
    assert_eq!((told["n_hosts"].as_u64(), told["n_out_of_scope"].as_u64()), (Some(3), Some(2)));
    assert_eq!(told["tool"]["name"], "nmap");
    let run = told["run"].as_str().unwrap().to_owned();

    let shown = sandbox.run(&["runs", "show", &run, "--json"]).ends(0).json();
    let manifest = &shown["data"]["manifest"];
    assert_eq!(
        (manifest["method"].as_str(), manifest["tool"]["name"].as_str()),
        (Some("imported"), Some("nmap"))
    );
    let words = manifest["tool"]["command_line"].as_str().unwrap();
    assert!(words.contains("--version-light") && words.contains(QUIET_PORTS), "{words}");
    let seen = shown["data"]["observations"].as_array().unwrap();
    let seen: Vec<_> = seen.iter().map(|seen| (seen["port"].as_u64(), seen["method"].as_str())).collect();
    assert_eq!(seen, [(Some(61_022), Some("imported")), (Some(61_025), Some("imported"))]);
    let n_findings = sandbox.findings().len();
    assert!(n_findings >= 2, "{:?}", sandbox.findings());

    let again = sandbox.run(&["import", "nmap-xml", file]).ends(0);
    again.says(&["imported before", "nothing was changed"]);
    assert_eq!((sandbox.runs().len(), sandbox.findings().len()), (1, n_findings));
    // What came in goes out again, and a report can be made of it.
    check_dtd(&sandbox, &export(&sandbox, &run, "nmap-xml"));
    sandbox.run(&["report", "build"]).ends(0);
}

/// A file of nmap's with `<host>` elements in it, of a scan of the ports 61001 to 61200 a minute ago.
fn written(hosts: &str) -> String {
    let at = chrono::Utc::now().timestamp() - 60;
    format!(
        "<?xml version=\"1.0\"?>\n<nmaprun scanner=\"nmap\" args=\"nmap\" start=\"{at}\" version=\"7.93\">\n\
         <scaninfo type=\"syn\" protocol=\"tcp\" numservices=\"200\" services=\"{QUIET_PORTS}\"/>\n{hosts}\n\
         <runstats><finished time=\"{at}\" exit=\"success\"/><hosts up=\"1\" total=\"1\"/></runstats></nmaprun>\n"
    )
}

fn host(addr: &str, ports: &str) -> String {
    format!(
        "<host><status state=\"up\" reason=\"user-set\"/><address addr=\"{addr}\" addrtype=\"ipv4\"/><ports>{ports}\
         </ports></host>\n"
    )
}

const ALL_FILTERED: &str = r#"<extraports state="filtered" count="200"><extrareasons reason="no-response" count="200"/></extraports>"#;

#[test]
fn a_host_that_nobody_could_verify_is_neither_up_nor_gone() {
    let (network, sandbox) = two_hosts();
    let first = scan(&sandbox);
    let hosts = [1, 2].map(|n| host(&network.host(n), ALL_FILTERED)).concat();
    let file = sandbox.write("dark.xml", written(&hosts));
    // It was finished before our own scan began, so it says nothing of what that saw.
    let n_findings = sandbox.findings().len();
    let told = sandbox.run(&["import", "nmap-xml", file.to_str().unwrap(), "--json"]).ends(0).json();
    let second = told["data"]["run"].as_str().unwrap().to_owned();
    assert_eq!(sandbox.findings().len(), n_findings);

    let xml = export(&sandbox, &second, "nmap-xml");
    check_dtd(&sandbox, &xml);
    assert!(xml.contains("<status state=\"unknown\" reason=\"no-response\""), "{xml}");
    assert!(
        !xml.contains("state=\"up\"") && xml.contains("<hosts up=\"0\" down=\"0\" total=\"2\"/>"),
        "{xml}"
    );
    assert!(export(&sandbox, &second, "grep").contains("Status: Unknown"));

    let differ = |a: &str, b: &str, code: i32| {
        let ran = sandbox.run(&["runs", "diff", a, b, "--exit-code", "--json"]).ends(code).json();
        let entries = ran["data"]["entries"].as_array().unwrap().clone();
        let words = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
        let verdicts: Vec<String> = entries.iter().map(|entry| words(&entry["verdict"])).collect();
        (verdicts, ran["data"]["not_covered"]["n_ports"].as_u64().unwrap())
    };
    let cannot_tell = vec!["cannot-tell".to_owned(); 2];
    assert_eq!(differ(&first, &second, 20), (cannot_tell, 200), "the third host wasn't asked again");
    assert_eq!(differ(&second, &first, 20), (vec!["first-seen".to_owned(); 2], 0));
    assert_eq!(differ(&first, &first, 0), (Vec::new(), 0));
    sandbox.run(&["runs", "diff", &first, &second]).ends(0);
}

#[test]
fn only_what_is_proved_is_new_or_gone() {
    let (network, sandbox) = two_hosts();
    let first = scan(&sandbox);
    greet(&network.host(3), 61_099, b"SSH-2.0-OpenSSH_9.2p1 Fictional\r\n");
    let target = network.host(3);
    sandbox.run(&["scan", "--method", "connect", "--ports", QUIET_PORTS, &target]).ends(0);
    let second = sandbox.runs().remove(0);
    let told = sandbox.run(&["runs", "diff", &first, &second, "--exit-code"]).ends(10).out;
    assert!(told.contains(&format!("{target}:61099/tcp")) && told.contains("1 new, 2 not-covered"), "{told}");
    assert!(told.contains("not covered by the second run: 400 ports of 2 hosts"), "{told}");
    let told = sandbox.run(&["runs", "diff", &second, &first, "--exit-code"]).ends(10).out;
    assert!(told.contains("1 gone, 2 first-seen"), "{told}");
}

#[test]
fn masscans_open_ports_are_taken_and_nothing_is_concluded_of_the_others() {
    let (network, sandbox) = two_hosts();
    scan(&sandbox);
    let known = sandbox.findings().len();
    let at = chrono::Utc::now().timestamp();
    let line = |host: u8, port: u16| {
        format!(
            "{{ \"ip\": \"{}\", \"timestamp\": \"{at}\", \"ports\": [ {{\"port\": {port}, \"proto\": \"tcp\", \
             \"status\": \"open\", \"reason\": \"syn-ack\", \"ttl\": 64}} ] }}\n,\n",
            network.host(host)
        )
    };
    // With the comma too many that masscan leaves.
    let text = format!("[\n{}]\n", line(3, 61_150));
    let file = sandbox.write("masscan.json", text);
    sandbox.run(&["import", "masscan-json", file.to_str().unwrap()]).ends(0);
    assert_eq!(sandbox.findings().len(), known + 1, "{:?}", sandbox.findings());
    for finding in sandbox.findings() {
        assert_eq!(finding["state"]["state"], "open", "{finding}");
        assert!(finding["unverifiable_since"].is_null(), "{finding}");
    }
}

#[test]
fn a_file_that_is_wrong_anywhere_is_not_taken_and_its_good_hosts_are_if_told_so() {
    let (network, sandbox) = two_hosts();
    let open = r#"<port protocol="tcp" portid="61022"><state state="open" reason="syn-ack"/></port>"#;
    let bad = host(&network.host(2), &open.replace("61022", "610220"));
    let text =
        written(&format!("{}{bad}{}", host(&network.host(1), open), host(&network.host(3), ALL_FILTERED)));
    let file = sandbox.write("half.xml", &text);
    let file = file.to_str().unwrap();
    let refused = sandbox.run(&["import", "nmap-xml", file]).ends(65);
    refused.says(&["line 5: \"610220\" is not a port", "nothing was imported", "--good-hosts"]);
    assert!(sandbox.runs().is_empty() && sandbox.findings().is_empty());
    sandbox.run(&["import", "nmap-xml", file, "--good-hosts"]).ends(65);
    assert_eq!((sandbox.runs().len(), sandbox.findings().len()), (1, 1));

    let cut = sandbox.write("cut.xml", &text[..text.find("<runstats>").unwrap()]);
    sandbox.run(&["import", "nmap-xml", cut.to_str().unwrap()]).ends(65).says(&["the file ends too early"]);
    assert_eq!(sandbox.runs().len(), 1);
    let log = sandbox.run(&["audit", "--json"]).ends(0).json();
    assert_eq!(log["data"][0]["action"], "import-refused", "{log}");
}

#[test]
fn of_other_peoples_addresses_and_of_the_future_nothing_is_taken() {
    let (network, sandbox) = two_hosts();
    let open = r#"<port protocol="tcp" portid="61022"><state state="open" reason="syn-ack"/></port>"#;
    let foreign = sandbox.write("foreign.xml", written(&host("192.0.2.9", open)));
    let refused = sandbox.run(&["import", "nmap-xml", foreign.to_str().unwrap()]).ends(30);
    refused.says(&["line 4: not imported: 192.0.2.9 is out of scope: no registered asset holds it"]);
    let text = written(&host(&network.host(1), open));
    let year = (chrono::Utc::now() + chrono::TimeDelta::days(366)).timestamp().to_string();
    let future = sandbox.write("future.xml", text.replace(&text_time(&text), &year));
    sandbox.run(&["import", "nmap-xml", future.to_str().unwrap()]).ends(65).says(&["still to come"]);
    assert!(sandbox.runs().is_empty());
    let missing = sandbox.path("missing.xml");
    sandbox.run(&["import", "nmap-xml", missing.to_str().unwrap()]).ends(66);
    let folder = sandbox.path("data");
    sandbox.run(&["import", "nmap-xml", folder.to_str().unwrap()]).ends(65).says(&["is a folder"]);
}

/// The time of a file of [`written`].
fn text_time(text: &str) -> String {
    text.split("start=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
}
