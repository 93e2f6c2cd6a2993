//! Labs that really run: what starts answers as it should, and nothing outlives its lab.
//!
//! Each test claims a network octet of its own, so that tests run side by side. Debian's servers may be missing: what
//! is skipped must say why, and what runs must answer.

#![expect(clippy::unwrap_used, reason = "helpers of tests: a panic is how they fail")]

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, SystemTime};

use lab::{
    Condition, DownReport, Lab, LabError, LabOptions, LabPlan, LabState, Network, Origin, Phase, Ports,
    Program, Round, ServiceKind, ServiceRecord, down, spawn_holder,
};

/// A network octet that no other test on this machine uses: a listener on it is the claim, kept until this process
/// ends.
fn network() -> Network {
    static CLAIMS: Mutex<Vec<TcpListener>> = Mutex::new(Vec::new());
    for octet in 30..=250 {
        if let Ok(claim) = TcpListener::bind((Ipv4Addr::new(127, octet, 0, 1), 20_000)) {
            CLAIMS.lock().unwrap().push(claim);
            return Network::new(octet).unwrap();
        }
    }
    panic!("221 labs at once, or nothing may listen on 127.0.0.0/8");
}

fn plan(round: Round, wanted: impl Fn(&ServiceKind) -> bool) -> LabPlan {
    let mut plan = LabPlan::on_network(round, Ports::High, network());
    plan.services.retain(|service| wanted(&service.kind));
    plan
}

fn ours(kind: &ServiceKind) -> bool {
    matches!(kind, ServiceKind::Ours(_))
}

fn start(plan: LabPlan, dir: &Path) -> Lab {
    Lab::start(LabOptions::new(plan, dir.to_owned(), SystemTime::now())).unwrap()
}

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect_timeout(&address, Duration::from_secs(5)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    stream
}

/// Sends `request` and reads until the answer contains `expected`, or the peer has no more.
#[track_caller]
fn check(lab: &Lab, name: &str, request: &[u8], expected: &[u8]) {
    let service = lab.services().iter().find(|service| service.name == name).unwrap();
    if matches!(service.condition, Condition::Skipped { .. }) {
        return;
    }
    let mut stream = connect(service.address);
    stream.write_all(request).unwrap();
    let mut answer = Vec::new();
    let mut chunk = [0; 4096];
    while !answer.windows(expected.len()).any(|window| window == expected) {
        match stream.read(&mut chunk) {
            Ok(n) if n > 0 => answer.extend_from_slice(&chunk[..n]),
            ended => panic!("{name}: {ended:?} after {:?}", String::from_utf8_lossy(&answer)),
        }
    }
}

#[track_caller]
fn assert_nothing_is_left(dir: &Path, work_dir: &Path, services: &[ServiceRecord]) {
    assert_eq!(LabState::load(dir).unwrap(), None);
    assert!(!work_dir.exists());
    for service in services {
        assert!(
            TcpStream::connect_timeout(&service.address, Duration::from_secs(1)).is_err(),
            "{}",
            service.name
        );
        assert!(!service.condition.process().is_some_and(|process| process.is_alive()), "{}", service.name);
    }
}

#[test]
fn everything_starts_answers_and_leaves_nothing_behind() {
    let dir = tempfile::tempdir().unwrap();
    let lab = start(plan(Round::First, |_| true), dir.path());
    let services = lab.services().to_vec();
    for service in &services {
        match (&service.condition, &service.origin) {
            (Condition::Running { process }, Origin::Debian { .. }) => assert!(process.unwrap().is_alive()),
            (Condition::Running { process: None }, Origin::Ours) | (Condition::Absent, Origin::Nobody) => {}
            (Condition::Skipped { reason }, Origin::Debian { .. }) => assert!(!reason.is_empty()),
            (Condition::Skipped { .. }, Origin::Ours) if service.address.is_ipv6() => {}
            (condition, origin) => panic!("{} of {origin:?}: {condition:?}", service.name),
        }
    }
    assert_eq!(LabState::load(dir.path()).unwrap().unwrap(), *lab.state());
    assert_eq!(lab.state().phase, Phase::Ready);

    let http = b"GET / HTTP/1.1\r\nHost: portal.u01.lab.example\r\nConnection: close\r\n\r\n";
    check(&lab, "u01-portal", http, b"Server: nginx");
    check(&lab, "u01-ssh", b"", b"SSH-2.0-OpenSSH_");
    check(&lab, "u12-ssh", b"", b"SSH-2.0-OpenSSH_");
    check(&lab, "u02-redis", b"PING\r\n", b"+PONG\r\n");
    check(&lab, "u09-redis", b"PING\r\n", b"-NOAUTH");
    check(&lab, "u02-ftp", b"", b"220 (vsFTPd");
    check(&lab, "u02-ftp", ANONYMOUS, b"230 ");
    check(&lab, "u05-memcached", b"version\r\n", b"VERSION ");
    check(&lab, "u03-mariadb", b"", b"MariaDB");
    // SSLRequest; N means that it speaks, without TLS.
    check(&lab, "u04-postgresql", &[0, 0, 0, 8, 4, 0xd2, 0x16, 0x2f], b"N");

    let work_dir = lab.state().work_dir.clone();
    lab.stop().unwrap();
    assert_nothing_is_left(dir.path(), &work_dir, &services);
}

#[test]
fn our_own_services_speak_their_protocols() {
    let dir = tempfile::tempdir().unwrap();
    let lab = start(plan(Round::Second, ours), dir.path());
    check(&lab, "u03-telnet", b"\xff\xfb\x18admin\r\n", b"Password: ");
    check(&lab, "u06-ftp", b"USER anonymous\r\n", b"331 ");
    check(&lab, "u07-smtp", b"EHLO sentrypost.example\r\n", b"250 8BITMIME\r\n");
    check(&lab, "u09-mysql", b"", b"5.5.62-lab\0");
    check(&lab, "u09-mysql", &[1, 0, 0, 1, 0], b"#28000Access denied");
    check(&lab, "u10-redis-new", b"*1\r\n$4\r\nINFO\r\n", b"redis_version:6.2.0");
    check(&lab, "u11-redis", b"*1\r\n$4\r\nPING\r\n", b"-NOAUTH Authentication required.");
    check(&lab, "u08-mongodb", &mongodb_hello(), b"maxWireVersion");
    check(&lab, "u07-rdp", RDP_REQUEST, &[2, 0, 8, 0, 0, 0, 0, 0]);
    check(&lab, "u05-smb", &smb_negotiate(), &[0x02, 0x03, 0, 0]);
    check(&lab, "u08-ldap", &[0x30, 12, 2, 1, 1, 0x60, 7, 2, 1, 3, 4, 0, 0x80, 0], &[0x61, 7, 10, 1, 0]);
    check(&lab, "u04-mqtt", b"\x10\x0d\0\x04MQTT\x04\x02\0\x3c\0\x01x", &[0x20, 2, 0, 0]);
    check(&lab, "u07-portal", b"GET / HTTP/1.0\r\n\r\n", b"Server: LabWeb/1.0");
    check(&lab, "u09-console", b"GET / HTTP/1.0\r\n\r\n", b"Admin Console");
    check(&lab, "u12-six", b"GET / HTTP/1.0\r\n\r\n", b"Server: LabConsole/2.1");
    check(&lab, "u10-echo", "岗哨".as_bytes(), "岗哨".as_bytes());
    check(&lab, "u11-unknown", b"", b"LABGATE 7.1 READY");
    let mut question = name_query();
    let length = u16::try_from(question.len()).unwrap().to_be_bytes();
    question.splice(0..0, length);
    check(&lab, "u12-dns", &question, &[127, lab.state().network.octet(), 3, 30]);
}

const ANONYMOUS: &[u8] = b"USER anonymous\r\nPASS nobody@sentrypost.example\r\n";

#[test]
fn standard_ports_are_served_for_root_and_refused_to_others() {
    let dir = tempfile::tempdir().unwrap();
    let mut plan = LabPlan::on_network(Round::First, Ports::Standard, network());
    // ::1 has one port 18080 and up for all labs; what this test is about lies below 1024.
    plan.services.retain(|service| service.address.port() < 1024);
    let lab = match Lab::start(LabOptions::new(plan, dir.path().to_owned(), SystemTime::now())) {
        Ok(lab) => lab,
        Err(LabError::NeedsRoot) => {
            assert_eq!(LabState::load(dir.path()).unwrap(), None);
            return;
        }
        Err(error) => panic!("{error:?}"),
    };
    assert_eq!(lab.failed().count(), 0, "{:?}", lab.services());
    check(&lab, "u01-portal", b"GET / HTTP/1.0\r\n\r\n", "示例市虚构门户".as_bytes());
    check(&lab, "u02-ftp", ANONYMOUS, b"230 ");
    check(&lab, "u01-ssh", b"", b"SSH-2.0-OpenSSH_");
    check_tls(&lab, "u11-web", "Verify return code: 0 (ok)");
    check(&lab, "u10-echo", b"7", b"7");
}

/// What the openssl program says about the TLS server `name` when it trusts the lab's authority; `None` when that
/// server or program isn't there.
fn tls_report(lab: &Lab, name: &str) -> Option<String> {
    let service = lab.services().iter().find(|service| service.name == name).unwrap();
    if matches!(service.condition, Condition::Skipped { .. }) {
        return None;
    }
    let address = service.address.to_string();
    let ca = lab.state().authority_file();
    let output = Command::new("openssl")
        .args(["s_client", "-connect", &address, "-verify_hostname", &service.host_name, "-CAfile"])
        .arg(ca)
        .args(["-min_protocol", "TLSv1", "-cipher", "ALL:@SECLEVEL=0"])
        .env("OPENSSL_CONF", "/dev/null")
        .stdin(Stdio::null())
        .output()
        .ok()?;
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[track_caller]
fn check_tls(lab: &Lab, name: &str, expected: &str) {
    if let Some(report) = tls_report(lab, name) {
        assert!(report.contains(expected), "{name}: {report}");
    }
}

/// Whether the certificate of `name` is still valid in `days`.
#[track_caller]
fn check_valid_in(lab: &Lab, name: &str, days: u32, expected: bool) {
    let Some(report) = tls_report(lab, name) else { return };
    let seconds = (days * 24 * 60 * 60).to_string();
    let mut x509 = Command::new("openssl")
        .args(["x509", "-noout", "-checkend", &seconds])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    x509.stdin.take().unwrap().write_all(report.as_bytes()).unwrap();
    assert_eq!(x509.wait().unwrap().success(), expected, "{name} in {days} days");
}

#[test]
fn each_tls_server_has_the_fault_it_is_there_for() {
    let dir = tempfile::tempdir().unwrap();
    let tls = |kind: &ServiceKind| {
        matches!(kind, ServiceKind::Debian(Program::OpenSslServer(_) | Program::NginxHttps))
    };
    let lab = start(plan(Round::First, tls), dir.path());
    assert_eq!(lab.failed().count(), 0, "{:?}", lab.services());
    check_tls(&lab, "u01-portal-tls", "Verify return code: 0 (ok)");
    check_tls(&lab, "u11-web", "Verify return code: 0 (ok)");
    check_tls(&lab, "u02-web-expired", "Verify return code: 10 (");
    check_tls(&lab, "u03-portal-wrong-name", "Verify return code: 62 (");
    check_tls(&lab, "u04-web-self-signed", "Verify return code: 18 (");
    check_tls(&lab, "u05-web-rsa-1024", "Server public key is 1024 bit");
    check_tls(&lab, "u06-web-expiring", "Verify return code: 0 (ok)");
    check_valid_in(&lab, "u06-web-expiring", 9, true);
    check_valid_in(&lab, "u06-web-expiring", 11, false);
    check_tls(&lab, "u07-portal-sha1", "sigalg: RSA-SHA1\n");
    check_tls(&lab, "u08-web-old-tls", "Protocol  : TLSv1.1");
}

/// Its own test, since the first round is where it runs.
#[test]
fn the_screen_of_round_one_needs_no_password() {
    let dir = tempfile::tempdir().unwrap();
    let lab = start(plan(Round::First, ours), dir.path());
    check(&lab, "u06-vnc", b"RFB 003.008\n\x01\x01", b"lab-kiosk:0");
    assert!(lab.services().iter().all(|service| service.name != "u10-redis-new"));
}

#[test]
fn the_name_server_answers_over_udp() {
    let dir = tempfile::tempdir().unwrap();
    let plan = plan(Round::First, ours);
    let (server, octet) = (plan.name_server().unwrap().socket_addr(), plan.network.octet());
    let _lab = start(plan, dir.path());
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    socket.send_to(&name_query(), server).unwrap();
    let mut answer = [0; 512];
    let (n, from) = socket.recv_from(&mut answer).unwrap();
    assert_eq!(from, server);
    assert!(answer[..n].ends_with(&[127, octet, 3, 30]));
}

#[test]
fn a_busy_port_fails_its_own_service_and_no_other() {
    let dir = tempfile::tempdir().unwrap();
    let plan = plan(Round::First, |kind| ours(kind) || *kind == ServiceKind::Debian(Program::Memcached));
    let taken = ["u03-telnet", "u05-memcached"];
    let _listeners =
        taken.map(|name| TcpListener::bind(plan.service(name).unwrap().address.socket_addr()).unwrap());
    let lab = start(plan, dir.path());
    let failed: Vec<_> = lab.failed().collect();
    assert_eq!(failed.iter().map(|service| service.name.as_str()).collect::<Vec<_>>(), taken);
    for service in failed {
        let Condition::Failed { reason, is_taken: true } = &service.condition else { panic!("{service:?}") };
        assert!(
            reason.contains("already in use") && reason.contains(&service.address.to_string()),
            "{reason}"
        );
    }
    check(&lab, "u11-unknown", b"", b"LABGATE");
}

#[test]
fn one_folder_holds_one_lab() {
    let dir = tempfile::tempdir().unwrap();
    let lab = start(plan(Round::First, ours), dir.path());
    let second =
        Lab::start(LabOptions::new(plan(Round::First, ours), dir.path().to_owned(), SystemTime::now()));
    assert!(matches!(second, Err(LabError::AlreadyRunning { .. })), "{second:?}");
    assert!(matches!(down(dir.path()), Err(LabError::HeldHere)));
    lab.stop().unwrap();
    start(plan(Round::First, ours), dir.path()).stop().unwrap();
}

/// Set in the copy of this test program that plays the background process of `lab up`.
const HOLDER_DIR: &str = "LAB_TEST_HOLDER_DIR";
const HOLDER_NETWORK: &str = "LAB_TEST_HOLDER_NETWORK";

/// Runs the lab here if this is the copy; else starts the copy, which runs only the test `name`.
fn holder(name: &str, network: Network, dir: &Path) -> Option<LabState> {
    if let Ok(dir) = std::env::var(HOLDER_DIR) {
        let octet = std::env::var(HOLDER_NETWORK).unwrap().parse().unwrap();
        let plan = LabPlan::on_network(Round::First, Ports::High, Network::new(octet).unwrap());
        lab::hold(LabOptions::new(plan, dir.into(), SystemTime::now())).unwrap();
        return None;
    }
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", name, "--test-threads=1"])
        .env(HOLDER_DIR, dir)
        .env(HOLDER_NETWORK, network.octet().to_string());
    Some(spawn_holder(command, dir, Duration::from_secs(60)).unwrap())
}

#[test]
fn down_ends_a_holder_in_the_background() {
    let dir = tempfile::tempdir().unwrap();
    let Some(state) = holder("down_ends_a_holder_in_the_background", network(), dir.path()) else { return };
    assert_eq!(down(dir.path()).unwrap(), DownReport::Stopped);
    assert_nothing_is_left(dir.path(), &state.work_dir, &state.services);
}

#[test]
fn down_clears_up_after_a_holder_that_was_killed() {
    let dir = tempfile::tempdir().unwrap();
    let Some(state) = holder("down_clears_up_after_a_holder_that_was_killed", network(), dir.path()) else {
        return;
    };
    assert!(Command::new("kill").args(["-9", &state.holder.pid().to_string()]).status().unwrap().success());
    assert!(matches!(down(dir.path()).unwrap(), DownReport::Cleaned { .. }));
    assert_nothing_is_left(dir.path(), &state.work_dir, &state.services);
}

#[test]
fn a_holder_that_ends_early_is_reported_with_what_it_said() {
    let dir = tempfile::tempdir().unwrap();
    let mut command = Command::new("sh");
    command.args(["-c", "echo no such network >&2; exit 4"]);
    match spawn_holder(command, dir.path(), Duration::from_secs(30)) {
        Err(LabError::HolderEnded { log_tail }) => assert_eq!(log_tail, "no such network"),
        other => panic!("{other:?}"),
    }
}

fn name_query() -> Vec<u8> {
    let mut bytes = vec![0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    for label in ["switch", "u03", "lab", "example", ""] {
        bytes.push(u8::try_from(label.len()).unwrap());
        bytes.extend_from_slice(label.as_bytes());
    }
    bytes.extend_from_slice(&[0, 1, 0, 1]);
    bytes
}

const RDP_REQUEST: &[u8] = &[3, 0, 0, 19, 14, 0xe0, 0, 0, 0, 0, 0, 1, 0, 8, 0, 3, 0, 0, 0];

fn mongodb_hello() -> Vec<u8> {
    let document = b"\x10\0\0\0\x10hello\0\x01\0\0\0\0";
    let mut body = vec![0, 0, 0, 0, 0];
    body.extend_from_slice(document);
    let mut bytes = Vec::new();
    for field in [16 + i32::try_from(body.len()).unwrap(), 5, 0, 2013] {
        bytes.extend_from_slice(&field.to_le_bytes());
    }
    bytes.extend(body);
    bytes
}

/// SMB 2 negotiation that offers 2.1 and 3.0.2; the answer names the latter.
fn smb_negotiate() -> Vec<u8> {
    let mut message = b"\xfeSMB".to_vec();
    message.extend_from_slice(&[64, 0]);
    message.resize(64, 0);
    message.extend_from_slice(&[36, 0, 2, 0, 1, 0, 0, 0]);
    message.resize(64 + 36, 0);
    message.extend_from_slice(&[0x10, 0x02, 0x02, 0x03]);
    let length = u32::try_from(message.len()).unwrap().to_be_bytes();
    [&length[..], &message].concat()
}
